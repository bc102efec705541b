"""What a benchmark measures, and the table of all of them."""

from __future__ import annotations

import gc
import json
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison on the same input, in one run."""

    number: int
    """Place in the table of targets."""

    work: str
    ours: str
    """What we took, with its unit: ``48 ms``."""

    peer: str
    """What the peer took, and who that is: ``1.36 s mocpy``."""

    ratio: float | None
    """Peer over ours; None where there is no peer."""

    target: str
    met: bool
    agrees: bool
    """Whether both gave the same answer."""

    agreement: str
    """What was compared, and how well it agreed."""


def cpu(work: Callable[[], T], repeat: int = 5) -> tuple[float, T]:
    """Least CPU seconds of this process over several runs, and the last result.

    Garbage is looked for before the runs and not while they go, as ``timeit`` does.
    """
    best, result = float("inf"), None
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeat):
            begun = time.process_time()
            result = work()
            best = min(best, time.process_time() - begun)
    finally:
        gc.enable()
    return best, result  # type: ignore[return-value]


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    for limit, unit, name in ((1e-3, 1e-6, "us"), (1.0, 1e-3, "ms")):
        if value < limit:
            return f"{value / unit:.3g} {name}"
    return f"{value:.3g} s"


def show(rows: Iterable[Row]) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False)
    for name in ("#", "work", "ours", "peer", "ratio", "target", "met", "answers"):
        table.add_column(name, justify="right" if name in ("#", "ratio") else "left")
    for r in rows:
        ratio = "-" if r.ratio is None else f"{r.ratio:.3g}x"
        answers = ("agree: " if r.agrees else "DISAGREE: ") + r.agreement
        table.add_row(str(r.number), r.work, r.ours, r.peer, ratio, r.target, "yes" if r.met else "NO", answers)
    Console(width=200).print(table)


def save(rows: Iterable[Row], path: Path) -> None:
    """Write all rows, with the machine they were measured on."""
    machine = {"python": platform.python_version(), "processor": platform.machine()}
    path.write_text(
        json.dumps(
            {"machine": machine, "rows": [asdict(r) for r in rows]}, indent=2, default=lambda value: value.item()
        )
        + "\n"
    )
