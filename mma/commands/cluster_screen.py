"""What people see of a cluster on one machine: the workers' shares, and whether the counterparts were found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table
from sqlalchemy import Connection

from ..answers import queries
from ..cluster import ALERTS
from ..simulate import night
from ..store import Store, message_log, sources
from .show import console, number, table


class Shares:
    """What each worker has done, and how fast it goes."""

    def __init__(self) -> None:
        self._rates: dict[str, tuple[float, int, float]] = {}
        """Worker to when it was heard of, what it had read then, and how many a second before that."""

    def table(self, connection: Connection) -> Table:
        """A line for each worker."""
        rows = sorted(told(connection), key=lambda row: str(row["worker"]))
        total = sum(row["messages"] for row in rows) or 1
        columns = [("worker", "left"), *((name, "right") for name in ("read", "share", "a second", "waiting"))]
        return table(
            "",
            [*columns, ("trouble", "wrap")],
            (
                (
                    row["worker"],
                    f"{row['messages']:,}",
                    f"{row['messages'] / total:.0%}",
                    f"{self._rate(row):.0f}",
                    number(row["lag"], ",d"),
                    "; ".join(f"{about}: {text}" for about, text in sorted(row["troubles"].items())) or "none",
                )
                for row in rows
            ),
        )

    def _rate(self, row: dict[str, Any]) -> float:
        """Messages a second between the last two times that the worker told."""
        now, messages = float(row["told"]), int(row["messages"])
        heard, read, rate = self._rates.get(row["worker"], (now, messages, 0.0))
        if now > heard:
            rate = (messages - read) / (now - heard)
        self._rates[row["worker"]] = (now, messages, rate)
        return rate


def told(connection: Connection) -> list[dict[str, Any]]:
    """What the workers tell of the alerts."""
    return [row for row in sources.listing(connection) if ALERTS in row["topics"]]


def results(folder: Path, store: Store) -> None:
    """Each event, its best candidate, and what became of the counterpart that was put there."""
    rows, n_found = [], 0
    truths = list(night.truths(folder))
    with store.read() as connection:
        known = {event["id"]: event for event in queries.events(connection)}
        for truth in truths:
            found = queries.candidates(connection, truth.event) if truth.event in known else []
            true = next((c for c in found if c["object"] == truth.object_id), None)
            n_found += true is not None
            best = f"{found[0]['object']}  P {found[0]['probability']:.3f}" if found else "-"
            where = "not found" if truth.event in known else "the event had not come yet"
            if true:
                where = f"found, rank {true['rank']} of {len(found)}  P {true['probability']:.3f}"
            rows.append((truth.event, best, f"{truth.what} {truth.object_id}", where))
        set_aside = message_log.dead_letters(connection, limit=3)
    columns = ("event", "first candidate", "what was put there", "")
    console().print()
    console().print(table("", [(name, "left") for name in columns], rows))
    console().print(f"\n{n_found} of {len(truths)} counterparts that were put into the night are among the candidates.")
    for letter in set_aside:
        console().print(f"set aside: {letter['topic']} {letter['reason']}", markup=False)
