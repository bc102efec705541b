"""How the cost of a match grows: ``python -m benchmarks.growth`` prints it and draws docs/explanation/growth.*."""

from __future__ import annotations

from pathlib import Path

from skymaps import SkyIndex

from . import workload
from .report import cpu

REGIONS = (10, 100, 1000, 10_000)
ALERTS = (100, 1000, 10_000, 100_000)
MOST_HITS = 20_000_000
"""Combinations with more hits than this are left out: they say nothing new."""

DOCS = Path(__file__).parents[1] / "docs" / "explanation"

Measured = tuple[int, int, int, float]
"""Regions, alerts, hits, seconds."""


def measure() -> list[Measured]:
    """Every combination, least CPU time of some repeats."""
    rows = []
    for n_regions in REGIONS:
        regions = workload.regions(n_regions)
        index = workload.index_of(regions)
        for n_alerts in ALERTS:
            ra, dec = workload.alerts(n_alerts, regions)
            expected = len(index.match(ra[:100], dec[:100])) / 100 * n_alerts
            if expected > MOST_HITS:
                continue
            seconds, hits = cpu(lambda: _hits(index, ra, dec), 3 if expected > 1e6 else 7)  # noqa: B023
            rows.append((n_regions, n_alerts, hits, seconds))
    return rows


def _hits(index: SkyIndex, ra: object, dec: object) -> int:
    return sum(len(part) for part in index.match_parts(ra, dec))  # type: ignore[arg-type]


def table(rows: list[Measured]) -> str:
    """The measurements as a Markdown table."""
    lines = ["| regions | alerts | hits | CPU time | per hit | per alert and region |", "|---|---|---|---|---|---|"]
    for regions, alerts, hits, seconds in rows:
        each = f"{seconds / max(hits, 1) * 1e9:.0f} ns"
        pair = f"{seconds / regions / alerts * 1e9:.2f} ns"
        lines.append(f"| {regions:,} | {alerts:,} | {hits:,} | {seconds * 1e3:.3g} ms | {each} | {pair} |")
    return "\n".join(lines)


def draw(rows: list[Measured]) -> None:
    """Time against hits, one line for each number of regions."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.0, 4.0), layout="constrained")
    for regions in REGIONS:
        its = [row for row in rows if row[0] == regions]
        axes.loglog([row[2] for row in its], [row[3] for row in its], "o-", label=f"{regions:,} regions")
    axes.set(xlabel="hits (alert inside region, scored)", ylabel="CPU time / s")
    axes.grid(alpha=0.3)
    axes.legend()
    DOCS.mkdir(exist_ok=True)
    for suffix in ("svg", "png"):
        figure.savefig(DOCS / f"growth.{suffix}", dpi=150)


if __name__ == "__main__":
    measured = measure()
    print(table(measured))
    draw(measured)
