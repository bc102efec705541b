"""How much one message may cost, whoever sent it: what is small is read at once, what is larger apart from the loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ..errors import CostlyError, DecodeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of one message."""

    values: int
    """Values of Avro, JSON or a table: each becomes an object."""

    text: int
    """Bytes of XML, or of a table."""

    unpacked: int
    """Bytes of a container's blocks or of a map, unpacked."""

    documents: bool
    """Whether astropy reads tables, and archives are opened: what these cost cannot be told beforehand."""


WHOLE = Budget(values=20_000_000, text=256 << 20, unpacked=512 << 20, documents=True)
"""A flat map of NSIDE 1024 with distances has 400 MB."""

SMALL = Budget(values=400_000, text=1 << 20, unpacked=8 << 20, documents=False)
"""What takes less than half a second, and some ten MB."""

_now: ContextVar[Budget] = ContextVar("budget", default=WHOLE)


@contextmanager
def small() -> Iterator[None]:
    """Within, what costs more than a little raises ``CostlyError``."""
    token = _now.set(SMALL)
    try:
        yield
    finally:
        _now.reset(token)


def now() -> Budget:
    """The limits that hold here."""
    return _now.get()


def refuse(what: str) -> CostlyError | DecodeError:
    """The complaint about what is over the limits that hold here."""
    return CostlyError(what) if _now.get() is SMALL else DecodeError(what)


def values(n: int, what: str) -> None:
    """Refuse more values than may be."""
    if n > (most := _now.get().values):
        raise refuse(f"{what}: about {n} values, more than the {most} of one message")


def text(n_bytes: int, what: str) -> None:
    """Refuse more text than may be."""
    if n_bytes > (most := _now.get().text):
        raise refuse(f"{what}: {n_bytes} bytes, more than the {most} of one message")


def document(what: str) -> None:
    """Refuse what is only read apart."""
    if not _now.get().documents:
        raise refuse(what)


def json(payload: bytes) -> None:
    """Refuse JSON of more values than may be, as its signs tell."""
    if len(payload) > (most := _now.get().values):
        n = payload.count(b",") + payload.count(b"[") + payload.count(b"{") + payload.count(b":")
        if n > most:
            values(n, "JSON")
