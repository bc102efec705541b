"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """A text that cannot end its cell."""
    return " ".join(text.replace("|", "\\|").split())


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells that hold code have been made by the caller."""
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    lines += [f"| {' | '.join(' '.join(text.split()) for text in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
