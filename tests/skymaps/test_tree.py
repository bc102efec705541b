"""The tree of a map finds what a plain search finds, and stays small whatever the map is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skymaps
from skymaps import SkyIndex, SkyMap, healpix
from skymaps.lookup import Kind
from skymaps.tree import NARROW, tree

from .strategies import sky_points


def map_of(lower, order):
    """A map of these cells with a density of its own for each."""
    density = np.linspace(2.0, 1.0, lower.size)
    density /= (density * healpix.area_sr(order)).sum()
    return SkyMap.from_cells(lower, order, density, [None] * 3)


def chains(pixels, depth):
    """The whole sky, cut down to ``depth`` at each of these order-29 pixels and nowhere else."""
    shift = 2 * (29 - depth)
    first = np.unique(np.array(pixels, dtype=np.int64) >> shift) << shift
    begins, ends = np.append(0, first + (1 << shift)), np.append(first, healpix.N_PIXELS)
    lower, order = healpix.ranges_to_cells(begins[begins < ends], ends[begins < ends])
    lower, order = np.append(lower, first), np.append(order, np.full(first.size, depth, dtype=np.int8))
    rank = np.argsort(lower)
    return lower[rank], order[rank]


def walked(found, top, pixel):
    """Row of the cell of one pixel, by the tree's own description."""
    entry, order = int(found[pixel >> 2 * (29 - top)]), top
    while entry < 0:
        order += 2
        entry = int(found[-16 * entry + ((pixel << 2 >> 2 * (30 - order)) & 15)])
    return entry


@given(st.lists(st.integers(0, healpix.N_PIXELS - 1), min_size=1, max_size=12), st.integers(0, 29), st.booleans())
def test_a_tree_leads_where_a_search_does(pixels, depth, gaps):
    """Cells of every order, the finest included; some taken out."""
    lower, order = chains(pixels, depth)
    if gaps and lower.size > 2:
        lower, order = lower[::2], order[::2]
    found, top = tree(lower, order)
    assert found is not None
    edges = np.concatenate([lower, lower - 1, lower + healpix.span(order) - 1, pixels])
    for pixel in edges[edges >= 0].tolist():
        row = int(np.searchsorted(lower, pixel, side="right")) - 1
        held = row >= 0 and pixel < lower[row] + healpix.span(order[row])
        assert walked(found, top, pixel) == (row if held else lower.size)


@given(st.lists(st.integers(0, healpix.N_PIXELS - 1), min_size=1, max_size=12), st.integers(0, 29), st.booleans())
def test_the_index_answers_as_the_map(pixels, depth, gaps):
    lower, order = chains(pixels, depth)
    sky = map_of(lower[::2], order[::2]) if gaps and lower.size > 2 else map_of(lower, order)
    index = SkyIndex()
    index.add("a", sky, 1.0)
    ra, dec = healpix.pixel_centre(29, np.concatenate([lower, np.array(pixels, dtype=np.int64)]))
    ra, dec = np.append(ra, sky_points(50)[0]), np.append(dec, sky_points(50)[1])
    found = index.match(ra, dec)
    assert (found.alert == np.flatnonzero(sky.probdensity_at(ra, dec) > 0)).all()
    assert (found.probdensity == sky.probdensity_at(ra, dec)[found.alert]).all()
    assert (found.credible_level == sky.credible_level_at(ra, dec)[found.alert]).all()


def test_a_tree_of_more_rows_than_16_bits_hold():
    lower = np.arange(12 << 12, dtype=np.int64) << 46
    order = np.full(lower.size, 6, dtype=np.int8)
    found, top = tree(lower, order)
    assert lower.size > NARROW
    assert found is not None
    assert found.dtype == np.int32
    assert top == 6
    assert (found == np.arange(lower.size)).all()


@pytest.mark.parametrize("order", [13, 28, 29])
def test_specks_on_a_black_sky_take_no_more_memory_than_a_map(order):
    """Fine cells far from each other, nothing between: a tree would be hundreds of bytes a cell; they get none."""
    random = np.random.default_rng(4)
    lower = np.unique(random.integers(0, 12 << 2 * order, 20_000)) << 2 * (29 - order)
    sky = map_of(lower, np.full(lower.size, order, dtype=np.int8))
    lookup = sky.lookup()
    assert lookup.kind is Kind.SPARSE
    assert sum(a.nbytes for a in lookup.arrays) <= 26 * lower.size
    index = SkyIndex()
    index.add("specks", sky)
    inside = random.choice(lower, 500)
    ra, dec = healpix.pixel_centre(29, np.append(inside, inside ^ (1 << 57)))
    found = index.match(ra, dec)
    level = sky.credible_level_at(ra, dec)
    assert (found.alert == np.flatnonzero(level <= 0.99)).all()
    assert (found.credible_level == level[found.alert]).all()
    assert (found.probdensity == sky.probdensity_at(ra, dec)[found.alert]).all()


def test_matches_keep_their_keys_when_regions_go():
    index = SkyIndex()
    index.add("a", skymaps.circle(10.0, 0.0, 1.0))
    found = index.match([10.0], [0.0])
    index.remove("a")
    index.add("b", skymaps.circle(10.0, 0.0, 1.0))
    assert found.key.tolist() == ["a"]
    assert index.match([10.0], [0.0]).key.tolist() == ["b"]
