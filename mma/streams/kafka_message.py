"""A message as Kafka's client gives it."""

from __future__ import annotations

import hashlib
from typing import Any

from .message import Message


def timestamp(got: Any) -> float | None:
    """When the broker got it, Unix seconds; None where nobody says."""
    kind, milliseconds = got.timestamp()
    return milliseconds / 1000.0 if kind else None


def as_message(got: Any, max_bytes: int, marks: dict[str, bytes] | None = None, source: str = "") -> Message:
    """What the client got; without its body, and with that fault, where body, key and headers are larger together."""
    payload, key, (headers, fault) = got.value() or b"", got.key(), _headers(got)
    size = len(payload) + len(key or b"") + sum(len(name) + len(value) for name, value in headers)
    if size > max_bytes:
        digest = hashlib.sha256(payload).hexdigest()
        fault = f"message: {size} bytes are more than the {max_bytes} of one message; sha256 of its body {digest}"
    return Message(
        payload=b"" if size > max_bytes else payload,
        source=source,
        topic=got.topic(),
        partition=got.partition(),
        offset=got.offset(),
        key=key,
        headers=dict(headers) | (marks or {}),
        timestamp=timestamp(got),
        fault=fault,
    )


def _headers(got: Any) -> tuple[list[tuple[str, bytes]], str | None]:
    """Names and values; none, and that fault, where a name is not UTF-8: the client cannot tell any of them then."""
    try:
        return [(name, value or b"") for name, value in got.headers() or ()], None
    except (SystemError, UnicodeDecodeError):
        return [], "message: the name of a header is not UTF-8"
