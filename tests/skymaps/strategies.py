"""Hypothesis strategies for positions and regions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import skymaps

ras = st.one_of(st.sampled_from([0.0, 1e-9, 45.0, 180.0, 359.9999999, 360.0]), st.floats(0.0, 360.0))
decs = st.one_of(st.sampled_from([-90.0, -89.999999, 0.0, 41.8103, 89.999999, 90.0]), st.floats(-90.0, 90.0))
containments = st.sampled_from([0.393, 0.5, 0.68, 0.9, 0.95])
systematics = st.sampled_from([(), *skymaps.GBM_SYSTEMATIC.values()])

circles = st.builds(skymaps.circle, ras, decs, st.floats(0.01, 40.0), containments, systematics)
ellipses = st.builds(
    skymaps.ellipse, ras, decs, st.floats(0.5, 30.0), st.floats(0.1, 10.0), st.floats(-180.0, 360.0), containments
)
asymmetrics = st.builds(
    skymaps.asymmetric,
    ras,
    st.floats(-80.0, 80.0),
    *[st.floats(0.3, 8.0)] * 4,
    containments,
)
annuli = st.builds(skymaps.annulus, ras, decs, st.floats(2.0, 178.0), st.floats(0.1, 5.0), containments)
shapes = st.one_of(circles, ellipses, asymmetrics, annuli)


@st.composite
def skies(draw: st.DrawFn) -> skymaps.SkyMap:
    """Maps of mixed order that cover the sky, with zeros and ties."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    uniq = [np.arange(4, 16)]
    for _ in range(draw(st.integers(0, 4))):
        finest = uniq[-1]
        split = rng.choice(finest, max(1, finest.size // 3), replace=False)
        uniq[-1] = np.setdiff1d(finest, split)
        uniq.append((4 * split[:, np.newaxis] + np.arange(4)).ravel())
    cells = np.concatenate(uniq)
    density = rng.integers(0, 5, cells.size) * 10.0 ** rng.uniform(-2, 2, cells.size).round(0)
    density[0] += 1.0
    area = np.pi / 3 / 4.0 ** ((np.log2(cells) // 2) - 1)
    return skymaps.SkyMap.from_tiles(cells, density / (density * area).sum())


regions = st.one_of(shapes, skies(), st.builds(skymaps.all_sky))


def sky_points(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random positions in degrees, even on the sphere."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.0, 360.0, n), np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, n)))
