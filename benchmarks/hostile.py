"""What the index is not made for, and must survive: row 16."""

from __future__ import annotations

import resource
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

import skymaps
from coincidence import ActiveEvents, AlertBatch, Event, Kind, Messenger, Stage
from skymaps import FloatArray, IntArray, SkyIndex, SkyMap, healpix

from . import workload
from .regions import rss
from .report import Row, cpu, seconds

N_FINE, N_EVENTS, N_BURST = 3_000_000, 10_000, 1_000_000
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def run() -> list[Row]:
    """All rows."""
    return [fine(), *crowd()]


def fine() -> Row:
    """A map of millions of order-13 cells: in, asked, out."""
    lower, order = _patch(N_FINE)
    density = np.append(np.linspace(2.0, 1.0, N_FINE), np.full(lower.size - N_FINE, 0.01))
    density /= (density * healpix.area_sr(order)).sum()
    before = rss()
    made, sky = cpu(lambda: SkyMap.from_cells(lower, order, density, [None] * 3), 1)
    index = SkyIndex()
    added, _ = cpu(lambda: index.add("fine", sky), 1)
    weight = rss() - before
    ra, dec = healpix.pixel_centre(29, np.random.default_rng(1).integers(0, lower[N_FINE], 10_000))
    index.match(ra, dec)
    asked, found = cpu(lambda: index.match(ra, dec))
    level = sky.credible_level_at(ra, dec)
    right = np.array_equal(found.credible_level, level[level <= workload.LEVEL])
    removed, _ = cpu(lambda: index.remove("fine"), 1)
    return Row(
        number=16,
        work=f"a map of {lower.size:,} cells of order 13",
        ours=f"{seconds(made)} from arrays, {seconds(added)} to add, {seconds(asked)} for 10,000 alerts, "
        f"{seconds(removed)} to remove; {weight / 1e6:.0f} MB",
        peer="-",
        ratio=None,
        target="at most 100 bytes a cell; to add under 2 s",
        met=weight <= 100 * lower.size and made + added < 2.0,
        agrees=right,
        agreement="every level is the map's own",
    )


def _patch(n: int) -> tuple[IntArray, npt.NDArray[np.int8]]:
    """A corner of the sky in n cells of order 13, the rest in as few as there can be."""
    fine = np.arange(n, dtype=np.int64) * healpix.span(13)
    lower, order = healpix.ranges_to_cells(np.array([n * healpix.span(13)]), np.array([healpix.N_PIXELS]))
    return np.append(fine, lower), np.append(np.full(n, 13, dtype=np.int8), order)


def crowd() -> list[Row]:
    """Ten thousand events open at once; then a million alerts in one cell, inside hundreds of them."""
    regions = workload.regions(N_EVENTS, seed=3)
    active = ActiveEvents()
    placed, _ = cpu(lambda: [active.update(_event(i, region)) for i, region in enumerate(regions)], 1)
    ra, dec = workload.alerts(10_000, regions)
    return [visit(active, regions, ra, dec, placed), burst(active)]


def visit(active: ActiveEvents, regions: list[skymaps.Region], ra: FloatArray, dec: FloatArray, placed: float) -> Row:
    """One visit against all of them, with their windows."""
    alerts = _alerts(ra, dec)
    active.match(alerts)
    matched, pairs = cpu(lambda: active.match(alerts), 3)
    some = range(0, N_EVENTS, 500)
    wrong = 0
    names = np.array(pairs.events, dtype=object)[pairs.event]
    for i in some:
        expected = np.flatnonzero(regions[i].credible_level_at(ra, dec) <= workload.LEVEL)
        wrong += not np.array_equal(pairs.alert[names == f"E{i}"], expected)
    return Row(
        number=16,
        work=f"{ra.size:,} alerts x {N_EVENTS:,} events open at once, with their windows",
        ours=f"{seconds(matched)} for {len(pairs):,} pairs; {seconds(placed / N_EVENTS)} to take in each event",
        peer="-",
        ratio=None,
        target="100 ns a pair",
        met=matched <= 100e-9 * len(pairs),
        agrees=wrong == 0,
        agreement=f"{len(some)} events asked alone: {wrong} differ",
    )


def burst(active: ActiveEvents) -> Row:
    """So many alerts in one cell that their pairs fit no memory."""
    random = np.random.default_rng(9)
    ra, dec = 150.0 + random.uniform(-0.05, 0.05, N_BURST), 20.0 + random.uniform(-0.05, 0.05, N_BURST)
    alerts = _alerts(ra, dec)
    few = len(active.match(alerts.take(np.arange(1000))))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken, (pairs, most) = cpu(lambda: _count(active, alerts), 1)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return Row(
        number=16,
        work=f"{N_BURST:,} alerts in one cell x {N_EVENTS:,} events open at once",
        ours=f"{seconds(taken)} for {pairs:,} pairs, at most {most:,} at once; {peak / 1e6:.0f} MB more at the peak",
        peer="-",
        ratio=None,
        target="at most 0.5 GB more",
        met=peak <= 0.5e9,
        agrees=abs(pairs / N_BURST - few / 1000) <= 0.02 * few / 1000,
        agreement=f"{pairs / N_BURST:.1f} events an alert, {few / 1000:.1f} for the first thousand alone",
    )


def _event(i: int, region: skymaps.Region) -> Event:
    return Event(
        id=f"E{i}",
        messenger=Messenger.GAMMA,
        kind=Kind.GRB,
        observatory="made",
        issued=EPOCH,
        stage=Stage.INITIAL,
        time=EPOCH,
        region=region,
        notice=f"n{i}",
    )


def _alerts(ra: FloatArray, dec: FloatArray) -> AlertBatch:
    """Detections an hour after all events."""
    time = (EPOCH + timedelta(hours=1)).timestamp()
    row = {"id": "a", "object_id": "o", "survey": "made", "band": "r", "time": time, "first_seen": time}
    return replace(AlertBatch.from_rows([row]).take(np.zeros(ra.size, dtype=np.int64)), ra=ra, dec=dec)


def _count(active: ActiveEvents, alerts: AlertBatch) -> tuple[int, int]:
    """Pairs of all parts, and of the largest."""
    sizes = [len(part) for part in active.match_parts(alerts)]
    return sum(sizes), max(sizes)
