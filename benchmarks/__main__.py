"""``make bench``: every target beside a peer, in one run, on one core; fails where the answers disagree."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from . import report, workload  # noqa: E402 - after the number of threads is set

SUITES = ("regions", "hostile", "overlap", "decoding", "walk", "storing", "galaxies", "live", "api")
"""Modules with a function ``run`` that gives rows."""


def main(names: list[str]) -> int:
    """Run some suites, or all."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = []
    if not workload.DATA.is_dir():
        print(
            f"no recorded data in {workload.DATA.parent} (set MMA_DATA): regions are made ones, and what needs"
            " real messages is left out",
            file=sys.stderr,
        )
    for name in names or SUITES:
        print(f"{name} ...", file=sys.stderr)
        rows += importlib.import_module(f"benchmarks.{name}").run()
    rows.sort(key=lambda row: row.number)
    report.show(rows)
    if not names:
        report.save(rows, Path(__file__).parent / "results.json")
    return 0 if all(row.agrees for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
