"""Cells of CSV that spreadsheets open: a text of others must not become a formula."""

from __future__ import annotations

from typing import Any

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection), full-width forms too."""


def neutral(value: Any) -> Any:
    """A text that would begin a formula with an apostrophe before it, which spreadsheets hide; numbers as they are.

    Examples
    --------
    >>> neutral("=1+1"), neutral("ZTF18abc"), neutral(-2.5)
    ("'=1+1", 'ZTF18abc', -2.5)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(BEGINNINGS) else value
