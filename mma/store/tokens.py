"""Tokens for the API: random, shown once, kept as a hash, named, revocable."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from ..errors import ConfigError, NotFoundError
from ..messages import iso
from . import tables
from .bulk import Row, columns_of, insert_new

PREFIX = "mma_"
"""So that scanners of leaked secrets can know one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Somebody who may ask."""

    name: str
    writes: bool
    """It may also change things."""


def digest(secret: str) -> str:
    """What is kept of a token: sha256, hex. It has 256 random bits, so that nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def add(connection: Connection, name: str, *, writes: bool, now: float) -> str:
    """A new token; it is nowhere else.

    Raises
    ------
    ConfigError
        There is a token of this name, revoked or not.
    """
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise ConfigError(f"token name {name!r}: write up to 100 printable characters")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {"name": name, "sha256": digest(secret), "writes": writes, "created": now, "revoked": None}
    if not insert_new(connection, tables.tokens, columns_of([row])):
        raise ConfigError(f"there is a token {name!r} already; choose another name, so that logs stay clear")
    return secret


def find(connection: Connection, secret: str) -> Token | None:
    """Whose token this is; None where it is none or was revoked."""
    t = tables.tokens.c
    row = connection.execute(
        select(t.name, t.writes).where(t.sha256 == digest(secret), t.revoked.is_(None))
    ).one_or_none()
    return Token(name=row.name, writes=row.writes) if row else None


def revoke(connection: Connection, name: str, now: float) -> None:
    """End a token at once.

    Raises
    ------
    NotFoundError
        No token of this name that is valid.
    """
    t = tables.tokens
    done = connection.execute(update(t).where(t.c.name == name, t.c.revoked.is_(None)).values(revoked=now))
    if not done.rowcount:
        raise NotFoundError(f"no valid token {name!r}; see 'mma token list'")


def listing(connection: Connection) -> list[Row]:
    """All tokens, without what would let anybody in."""
    t = tables.tokens.c
    rows = connection.execute(select(t.name, t.writes, t.created, t.revoked).order_by(t.name)).mappings()
    return [dict(row) | {"created": iso(row["created"]), "revoked": iso(row["revoked"])} for row in rows]
