"""The index under load and malice: compiled answers equal the formulas, time and memory stay bounded."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import healpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skymaps
from skymaps import SkyIndex, SkyMap, healpix, index, lookup

from .strategies import decs, regions, sky_points


def patch_map(order: int, parts: int) -> SkyMap:
    """One base pixel cut evenly to an order as far as it goes, the other eleven whole."""
    tiles = (4 << (2 * order)) + np.arange(parts, dtype=np.int64)
    width = parts * healpix.span(order)
    lower, orders = healpix.ranges_to_cells(np.array([width]), np.array([healpix.N_PIXELS]))
    rest = healpix.to_uniq(lower, orders)
    density = np.append(np.linspace(2.0, 1.0, parts), np.full(rest.size, 0.05))
    area = np.append(np.full(parts, healpix.area_sr(order)), healpix.area_sr(orders))
    return SkyMap.from_tiles(np.append(tiles, rest), density / (density * area).sum())


@given(regions, st.integers(0, 1000))
def test_compiled_answers_equal_the_formulas(region, seed):
    """Density and level of every pair, everywhere on the sky: far tails, poles, seams, antipodes."""
    found_in = SkyIndex()
    found_in.add("a", region, 1.0)
    ra0, dec0 = region.centre()
    ra, dec = sky_points(200, seed)
    ra, dec = np.append(ra, [ra0, ra0 + 180.0, 0.0, 0.0]), np.append(dec, [dec0, -dec0, 90.0, -90.0])
    found = found_in.match(ra, dec)
    density, level = region.probdensity_at(ra, dec)[found.alert], region.credible_level_at(ra, dec)[found.alert]
    assert found.probdensity == pytest.approx(density, rel=1e-8, abs=1e-200)
    assert found.credible_level == pytest.approx(level, rel=1e-8, abs=1e-12)
    missing = np.setdiff1d(np.arange(ra.size), found.alert)
    assert (region.probdensity_at(ra, dec)[missing] < 1e-300).all()


@given(st.one_of(st.floats(-1000.0, 1000.0), st.integers(-64, 64).map(lambda n: n * 11.25)), decs)
def test_pixels_are_healpix_own(ra, dec):
    lon, lat = np.array([ra]), np.array([dec])
    for order in (0, 7, 29):
        assert healpix.pixel_at(lon, lat, order) == healpy.ang2pix(1 << order, lon, lat, nest=True, lonlat=True)


def test_pixels_at_seams_caps_and_corners_are_healpix_own():
    rng = np.random.default_rng(1)
    z = np.append(np.linspace(-1, 1, 97), [2 / 3, -2 / 3, 0.99, -0.99])
    seams = np.meshgrid(np.arange(-720.0, 721.0, 5.625), np.append(np.degrees(np.arcsin(z)), np.linspace(-90, 90, 181)))
    caps = rng.uniform(0, 360, 50_000), rng.choice([-1, 1], 50_000) * (90 - 10 ** rng.uniform(-12, 0.5, 50_000))
    edges = healpy.boundaries(1 << 12, rng.integers(0, 12 << 24, 20_000), nest=True).transpose(0, 2, 1).reshape(-1, 3)
    for ra, dec in (seams, caps, healpy.vec2ang(edges, lonlat=True), sky_points(100_000)):
        lon, lat = np.ravel(ra), np.ravel(dec)
        assert (healpix.pixel_at(lon, lat) == healpy.ang2pix(1 << 29, lon, lat, nest=True, lonlat=True)).all()


def test_a_map_of_very_many_tiles():
    """300,000 cells of order 13: in and out like any other, and every answer the map's own."""
    sky = patch_map(13, 300_000)
    found_in = SkyIndex()
    found_in.add("fine", sky)
    inside = np.random.default_rng(2).integers(0, 300_000 * healpix.span(13), 2000)
    ra, dec = healpix.pixel_centre(29, inside)
    found = found_in.match(ra, dec)
    level = sky.credible_level_at(ra, dec)
    assert (found.alert == np.flatnonzero(level <= 0.99)).all()
    assert (found.credible_level == level[found.alert]).all()
    assert (found.probdensity == sky.probdensity_at(ra, dec)[found.alert]).all()
    assert sum(a.nbytes for a in sky.lookup().arrays) <= 60 * sky.lower.size
    assert found_in.nbytes < 40e6
    found_in.remove("fine")
    assert len(found_in.match(ra, dec)) == 0


def test_ten_thousand_events_at_once():
    """Every event is found where it is and nowhere else; the filter takes 20 blocks, and slots are used again."""
    ra, dec = sky_points(10_000, 3)
    found_in = SkyIndex()
    for i in range(ra.size):
        found_in.add(i, skymaps.circle(ra[i], dec[i], 0.05), 0.9)
    found = found_in.match(ra, dec)
    assert (np.bincount(found.alert[found.alert == found.key.astype(int)], minlength=ra.size) == 1).all()
    at, separation = found.key.astype(int), np.radians(0.05)
    vector = healpy.ang2vec(ra, dec, lonlat=True)
    chord = np.linalg.norm(vector[found.alert] - vector[at], axis=1)
    assert (chord <= 2 * np.sin(separation / 2) * (1 + 1e-9)).all()
    filled = found_in.nbytes
    for i in range(0, 10_000, 10):
        found_in.replace(i, skymaps.circle(ra[i], -dec[i], 0.05), 0.9)
    assert found_in.nbytes == pytest.approx(filled, rel=0.01)


def test_a_burst_in_one_cell_comes_in_bounded_parts(monkeypatch):
    """200,000 alerts in one pixel that 40 regions cover: 8 million pairs, a few thousand of them in memory at once."""
    monkeypatch.setattr(index, "PAIRS", 1 << 16)
    found_in = SkyIndex()
    for i in range(40):
        found_in.add(i, skymaps.circle(10.0, 10.0, 5.0 + 0.1 * i))
    ra, dec = np.full(200_000, 10.0), np.linspace(9.99, 10.01, 200_000)
    next(found_in.match_parts(ra, dec))
    tracemalloc.start()
    pairs, last = 0, -1
    for part in found_in.match_parts(ra, dec):
        assert len(part) <= 1 << 16
        assert part.alert[0] == last + 1
        assert (np.diff(part.alert) >= 0).all()
        pairs, last = pairs + len(part), int(part.alert[-1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pairs == 40 * ra.size
    assert peak < 40e6


def test_a_large_batch_is_sorted_and_counted_in_bounded_rows(monkeypatch):
    """Positions are looked at so many together, however few pairs they make; rows count through."""
    ra, dec = sky_points(1000)
    found_in = SkyIndex()
    found_in.add("a", skymaps.circle(10.0, 10.0, 20.0))
    whole = found_in.match(ra, dec)
    monkeypatch.setattr(index, "ROWS", 64)
    parts = list(found_in.match_parts(ra, dec))
    assert len(parts) == 16
    assert np.concatenate([part.alert for part in parts]).tolist() == whole.alert.tolist()
    assert np.concatenate([part.credible_level for part in parts]).tolist() == whole.credible_level.tolist()


def test_one_alert_may_have_more_pairs_than_a_part(monkeypatch):
    monkeypatch.setattr(index, "PAIRS", 3)
    found_in = SkyIndex()
    for i in range(10):
        found_in.add(i, skymaps.all_sky())
    parts = list(found_in.match_parts([1.0, 2.0], [0.0, 0.0]))
    assert [part.key.tolist() for part in parts] == [list(range(10))] * 2


def test_positions_of_any_kind_are_taken():
    """Lists, scalars, views that are not contiguous, arrays that cannot be written, single precision."""
    found_in = SkyIndex()
    found_in.add("a", skymaps.circle(10.0, 0.0, 1.0))
    frozen = np.array([10.0, 50.0])
    frozen.flags.writeable = False
    wide = np.array([[10.0, 0.0], [50.0, 0.0]])
    for ra, dec in (
        ([10.0, 50.0], 0.0),
        (frozen, frozen * 0),
        (wide[:, 0], wide[:, 1]),
        (np.float32([10, 50]), [0, 0]),
    ):
        assert found_in.match(ra, dec).alert.tolist() == [0]
    assert found_in.match(10.0, 0.0).key.tolist() == ["a"]


def test_importing_is_cheap():
    """Neither numba nor healpy is loaded before a region is asked."""
    code = "import sys, skymaps; sys.exit(any(name in sys.modules for name in ('numba', 'healpy', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_index_asked_while_empty_and_grown_later_keeps_its_layout() -> None:
    """The compiled loop is made for one layout of the slots; another one would be read with the wrong stride."""
    index = skymaps.SkyIndex()
    for n in (0, 1, 600):
        while len(index) < n:
            index.add(len(index), skymaps.circle((len(index) * 7.0) % 360.0, 10.0, 2.0))
        assert index._slots.dtype == lookup.SLOT
        assert index._slots.dtype.itemsize == lookup.SLOT.itemsize == 64
        found = index.match(np.array([0.0, 7.0]), np.array([10.0, 10.0]))
        expected = {
            (row, key)
            for key in range(n)
            for row, ra in enumerate((0.0, 7.0))
            if skymaps.circle((key * 7.0) % 360.0, 10.0, 2.0).credible_level_at(ra, 10.0)[0] <= 0.99
        }
        assert set(zip(found.alert.tolist(), found.key.tolist(), strict=True)) == expected
