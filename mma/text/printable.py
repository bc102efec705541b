"""Text of others for a terminal: control characters, by which it could steer the screen, are shown and not sent."""

from __future__ import annotations

_KEPT = "\t\n"
_HIDDEN = {
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    *range(0x200E, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
}
"""Controls of ASCII and of Latin 1, line separators, and what turns the direction of writing."""

_ESCAPED = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _HIDDEN} | {
    ord(kept): kept for kept in _KEPT
}


def printable(text: str) -> str:
    r"""The text with its control characters written out; tabs and line ends stay.

    Examples
    --------
    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\n'
    """
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_ESCAPED).encode("utf-8", "backslashreplace").decode()  # half a character has no bytes
