"""Text of any encoding as UTF-8, before anything else looks at it: byte order marks, UTF-16, Latin-1."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace

from .message import Message

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OPENINGS = (b"{", b"[", b"<")
"""Of JSON and XML."""

BLANK = b" \t\r\n"
HEAD = 200
DECLARED = re.compile(rb"""\s+encoding\s*=\s*["']([\w.-]+)["']""")
LATIN_1 = "not UTF-8: read as Latin-1"


def in_utf8(message: Message) -> tuple[Message, tuple[str, ...]]:
    """A message whose text is UTF-8 without a byte order mark, and a remark where that was guessed."""
    payload = message.payload
    encoding = _marked(payload)
    if encoding is not None:
        try:
            text = payload.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            return message, ()
        return replace(message, payload=_undeclared(text.encode())), ()
    start = payload[:HEAD].lstrip(BLANK)
    if start.startswith(OPENINGS) and not payload.isascii() and not _is_declared(start):
        try:
            payload.decode()
        except UnicodeDecodeError:
            return replace(message, payload=_undeclared(payload.decode("latin-1").encode())), (LATIN_1,)
    return (replace(message, payload=_undeclared(payload)) if _says_utf16(start) else message), ()


def _marked(payload: bytes) -> str | None:
    """The encoding that a byte order mark tells, or the zeros beside each of the first signs."""
    for mark, encoding in MARKS:
        if payload.startswith(mark):
            return encoding
    if 0 not in payload[:2]:
        return None
    even, odd = payload[:HEAD:2], payload[1:HEAD:2]
    if not any(even[:1]) and _is_text(odd):
        return "utf-16-be"
    return "utf-16-le" if not any(odd[:1]) and _is_text(even) else None


def _is_text(signs: bytes) -> bool:
    """Whether it opens JSON or XML, or is letters, digits, punctuation and blanks throughout."""
    return signs.startswith(OPENINGS) or (signs[:1].isalnum() and all(sign >= 32 or sign in BLANK for sign in signs))


def _is_declared(start: bytes) -> bool:
    """Whether XML names an encoding of one byte a sign, which its parser reads."""
    found = DECLARED.search(start) if start.startswith(b"<?xml") else None
    return found is not None and not found[1].lower().startswith((b"utf", b"us-ascii"))


def _says_utf16(start: bytes) -> bool:
    """Whether XML that is not UTF-16 says that it is, as some senders' libraries do."""
    found = DECLARED.search(start) if start.startswith(b"<?xml") else None
    return found is not None and found[1].lower().startswith((b"utf-16", b"utf16"))


def _undeclared(payload: bytes) -> bytes:
    """Without what XML declares of its encoding."""
    is_xml = payload[:HEAD].lstrip(BLANK).startswith(b"<?xml")
    return DECLARED.sub(b"", payload[:HEAD], count=1) + payload[HEAD:] if is_xml else payload
