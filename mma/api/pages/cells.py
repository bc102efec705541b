"""Tables for a phone: each cell carries its column's heading, which the style shows where it is narrow."""

from __future__ import annotations

import re

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)
CELL = re.compile(r"<(td|th)\b(?![^>]*\bcolspan)")
TAG = re.compile(r"<[^>]*>")


def labelled(page: str) -> str:
    """A page of ours with the headings in its tables' cells. What is shown is escaped, so that every tag is ours.

    Examples
    --------
    >>> labelled("<table><thead><tr><th>P</th></tr></thead><tbody><tr><td>1 %</td></tr></tbody></table>")
    '<table><thead><tr><th>P</th></tr></thead><tbody><tr><td data-label="P">1 %</td></tr></tbody></table>'
    """
    return TABLE.sub(lambda found: _table(found[0]), page)


def _table(table: str) -> str:
    head, begin, body = table.partition("<tbody>")
    names = [TAG.sub("", name).strip() for name in HEAD.findall(head)]
    return head + begin + ROW.sub(lambda found: _row(found[0], names), body)


def _row(row: str, names: list[str]) -> str:
    left = iter(names)

    def with_name(found: re.Match[str]) -> str:
        name = next(left, "").replace('"', "&quot;")
        return f'{found[0]} data-label="{name}"' if name and found[1] == "td" else found[0]  # names say what they are

    return CELL.sub(with_name, row)
