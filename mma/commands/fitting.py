"""Tables that fit the window: what has no room is left out by name, the least needed first, and that is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..text import printable

GAP = 2
"""Characters between columns."""

NARROW = 12
"""A column that wraps is this narrow at least, unless all that it says is shorter."""


class Fitting(Table):
    """A table that leaves columns out where the window is narrow."""

    def __init__(self, title: str, names: Sequence[tuple[str, str]], cells: Sequence[Sequence[str]]) -> None:
        super().__init__(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
        self.names = tuple(names)
        self.cells = cells
        self.spare: tuple[str, ...] = ()
        """Names of columns, those that go first at the beginning."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The columns that there is room for, and what was left out."""
        widths = {name: int(column.min_width or 0) for (name, _), column in zip(self.names, self.columns, strict=True)}
        kept, left_out = dict(widths), []
        for name in self.spare:
            if sum(kept.values()) + GAP * (len(kept) - 1) <= options.max_width:
                break
            if kept.pop(name, None) is not None:
                left_out.append(name)
        if not left_out:
            yield from super().__rich_console__(console, options)
            return
        which = [i for i, (name, _) in enumerate(self.names) if name in kept]
        rows = ([row[i] for i in which] for row in self.cells)
        yield table(str(self.title or ""), [self.names[i] for i in which], rows, ())
        names = ", ".join(left_out)
        yield Text(f"no room for {names}: a wider window, a pipe ('| less -S') or --json shows them", style="dim")


def table(
    title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]], spare: Sequence[str] | None = None
) -> Fitting:
    """A table; each column a name and ``left``, ``right`` or ``wrap`` (which gives way where it is narrow).

    Parameters
    ----------
    spare
        Names of columns that go where there is no room, the first of them first; from the right where none are named.
        The first column always stays.
    """
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    out = Fitting(title, columns, cells)
    out.spare = tuple([name for name, _ in columns[:0:-1]] if spare is None else spare)
    for i, (name, justify) in enumerate(columns):
        wraps = justify == "wrap"
        longest = max([len(name), *(cell_len(row[i]) for row in cells)])
        side: Literal["left", "right"] = "right" if justify == "right" else "left"
        out.add_column(name, justify=side, no_wrap=not wraps, min_width=min(longest, NARROW) if wraps else longest)
    for row in cells:
        out.add_row(*map(escape, row))
    return out
