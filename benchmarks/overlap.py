"""Region against region beside ligo-raven: row 6, and the error circle smaller than a map's cells."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import skymaps
from skymaps import Circle, SkyMap, healpix

from . import workload
from .report import Row, cpu, seconds

SMALL_DEG = 0.02
"""Sigma of the small circles in degrees."""

N_SMALL = 200


def run() -> list[Row]:
    """All rows."""
    return [maps(), small_circles()]


def raven(*arguments: Any, **options: Any) -> float:
    """ligo-raven's overlap integral; its warnings are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ligo.raven.search import skymap_overlap_integral

        return float(skymap_overlap_integral(*arguments, **options))


def columns(skymap: SkyMap) -> tuple[Any, Any]:
    """Density per sr and UNIQ, as raven takes a multi-order map."""
    return np.array(skymap.probdensity), healpix.to_uniq(skymap.lower, skymap.order)


def flat(skymap: SkyMap, order: int) -> Any:
    """Probability of each NESTED pixel of an order that no cell is finer than."""
    ra, dec = healpix.pixel_centre(order, np.arange(12 << (2 * order)))
    return skymap.probdensity_at(ra, dec) * healpix.area_sr(order)


def maps() -> Row:
    """Row 6: a gravitational-wave map with a burst's."""
    gw = min(workload.recorded(), key=lambda m: m.max_order)
    grb = skymaps.as_skymap(skymaps.circle(*gw.centre(), 4.0, 0.68, skymaps.GBM_SYSTEMATIC["ground"]))
    order = max(gw.max_order, grb.max_order)
    skymaps.overlap(gw, grb)
    ours, value = cpu(lambda: skymaps.overlap(gw, grb), 30)
    (gw_density, gw_uniq), (grb_density, grb_uniq) = columns(gw), columns(grb)
    theirs, near = cpu(lambda: raven(gw_density, grb_density, gw_uniq, grb_uniq), 5)
    gw_flat, grb_flat = flat(gw, order), flat(grb, order)
    theirs_flat, exact = cpu(lambda: raven(gw_flat, grb_flat), 2)
    off = abs(value / exact - 1.0)
    symmetric = value == skymaps.overlap(grb, gw)
    return Row(
        number=6,
        work=f"overlap of two maps, {gw.lower.size:,} and {grb.lower.size:,} cells",
        ours=seconds(ours),
        peer=f"{seconds(theirs)} ligo-raven, multi-order (flat order {order}: {seconds(theirs_flat)})",
        ratio=theirs / ours,
        target="at least 30x, 1e-12 of the flat result, symmetric",
        met=theirs / ours >= 30,
        agrees=off <= 1e-12 and symmetric,
        agreement=f"raven flat to {off:.0e}; swapped {'the same' if symmetric else 'DIFFERENT'}; "
        f"raven multi-order is off by {abs(near / value - 1.0):.1%}",
    )


def small_circles() -> Row:
    """Small error circles, drawn from the map that they are laid on, against brute force on fine pixels."""
    gw = max((m for m in workload.recorded()), key=lambda m: m.area_deg2(0.9))
    random = np.random.default_rng(7)
    prob = gw.probdensity * healpix.area_sr(gw.order)
    ra, dec = healpix.cell_centre(
        *(a[random.choice(prob.size, N_SMALL, p=prob / prob.sum())] for a in (gw.lower, gw.order))
    )
    ra, dec = (ra + random.normal(0, 0.2, N_SMALL)) % 360.0, np.clip(dec + random.normal(0, 0.2, N_SMALL), -89.9, 89.9)
    density, uniq = columns(gw)
    ours, exact, theirs = [], [], []
    for ra0, dec0 in zip(ra.tolist(), dec.tolist(), strict=True):
        circle = Circle.from_sigma(ra0, dec0, SMALL_DEG)
        exact.append(brute_force(circle, gw))
        ours.append(skymaps.overlap(circle, gw))
        tiles = skymaps.as_skymap(skymaps.circle(ra0, dec0, circle.radius_at(0.9)))
        theirs.append(raven(density, columns(tiles)[0], uniq, columns(tiles)[1]))
    good, bad = np.array(ours) / exact, np.array(theirs) / exact
    worst = float(np.abs(good - 1.0).max())
    wrong = float(((bad > 10.0) | (bad < 0.1)).mean())
    return Row(
        number=6,
        work=f"overlap of a {SMALL_DEG} deg circle with a coarse map, {N_SMALL} places",
        ours=f"within {worst:.2%}",
        peer=f"ligo-raven multi-order: off by more than ten in {wrong:.0%}",
        ratio=None,
        target="within 1 % where raven is off by more than ten in 90 %",
        met=worst <= 0.01 and wrong >= 0.9,
        agrees=worst <= 0.01,
        agreement="brute force on pixels a hundredth of the circle",
    )


def brute_force(circle: Circle, skymap: SkyMap) -> float:
    """Mean of the map over the circle, weighted by it, times 4 pi: on pixels much smaller than either."""
    order = int(np.log2(58.6 / SMALL_DEG)) + 6
    near = healpix.disc(circle.ra, circle.dec, np.radians(6 * SMALL_DEG), order)
    ra, dec = healpix.pixel_centre(order, near)
    weight = circle.probdensity_at(ra, dec)
    return float(4.0 * np.pi * (weight * skymap.probdensity_at(ra, dec)).sum() / weight.sum())
