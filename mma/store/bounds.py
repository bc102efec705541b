"""How much of a message that could not be handled is kept: enough to handle it again, in a row that has bounds."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from ..streams import Message

LARGEST_BODY = 64 << 20
"""Bytes; a larger one is not kept at all, as a part of it says something else."""

LARGEST_KEY = 1 << 20
"""Bytes. Fink's keys are Avro schemas."""

LARGEST_HEADERS = 64 << 10
"""Bytes of all names and values."""

SHOWN = 200
"""Bytes kept of what is cut."""


def bounded(message: Message) -> tuple[Message, str]:
    """The message as it is kept, and a remark on what is not, empty where nothing is missing."""
    remarks: list[str] = []
    payload, key, headers = message.payload, message.key, message.headers
    if len(payload) > LARGEST_BODY:
        remarks.append(_not_kept("body", payload, 0))
        payload = b""
    if key is not None and len(key) > LARGEST_KEY:
        remarks.append(_not_kept("key", key, SHOWN))
        key = key[:SHOWN]
    if sum(len(name) + len(value) for name, value in headers.items()) > LARGEST_HEADERS:
        every = b"".join(name.encode("utf-8", "backslashreplace") + value for name, value in headers.items())
        remarks.append(_not_kept("headers", every, SHOWN))
        headers = {name[:SHOWN]: value[:SHOWN] for name, value in list(headers.items())[:SHOWN]}
    if not remarks:
        return message, ""
    return replace(message, payload=payload, key=key, headers=headers), "; ".join(remarks)


def _not_kept(what: str, content: bytes, n_kept: int) -> str:
    kept = f"the first {n_kept} kept" if n_kept else "not kept"
    return f"{what} of {len(content)} bytes {kept}, sha256 {hashlib.sha256(content).hexdigest()}"
