"""SkyIndex equals asking every region, whatever was added, replaced and removed before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import skymaps
from skymaps import RegionError, SkyIndex

from .strategies import regions, sky_points

KEYS = st.integers(0, 5)
LEVELS = st.sampled_from([0.5, 0.9, 0.99, 1.0])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("replace"), KEYS, regions, LEVELS),
        st.tuples(st.just("remove"), KEYS, st.none(), st.none()),
    ),
    max_size=8,
)


def brute_force(active, ra, dec):
    """(row, key, level, density) of every pair, by asking each region."""
    pairs = []
    for key, (region, limit) in active.items():
        level, density = region.credible_level_at(ra, dec), region.probdensity_at(ra, dec)
        inside = level <= limit if limit < 1.0 else density > 0
        pairs += [(int(i), key, level[i], density[i]) for i in np.flatnonzero(inside)]
    return sorted(pairs)


@given(steps, st.integers(0, 1000))
@settings(max_examples=60)
def test_index_equals_brute_force(steps, seed):
    index, active = SkyIndex(), {}
    for what, key, region, level in steps:
        if what == "replace":
            index.replace(key, region, level)
            active[key] = (region, level)
        elif key in active:
            index.remove(key)
            del active[key]
    ra, dec = sky_points(150, seed)
    centres = [region.centre() for region, _ in active.values()]
    ra, dec = np.append(ra, [c[0] for c in centres]), np.append(dec, [c[1] for c in centres])
    found = index.match(ra, dec)
    expected = brute_force(active, ra, dec)
    assert len(index) == len(active)
    assert all(key in index for key in active)
    pairs = sorted(zip(found.alert, found.key, found.credible_level, found.probdensity, strict=True))
    assert [(i, k) for i, k, _, _ in pairs] == [(i, k) for i, k, _, _ in expected]
    assert np.array([p[2:] for p in pairs]) == pytest.approx(np.array([p[2:] for p in expected]))
    assert (np.diff(found.alert) >= 0).all()


def test_many_regions_grow_the_bitmap_and_slots_are_used_again():
    index = SkyIndex()
    for i in range(200):
        index.add(i, skymaps.circle(i * 1.8, 0.0, 0.5))
    assert index.match(90.0, 0.0).key.tolist() == [50]
    before = index.nbytes
    for i in range(0, 200, 2):
        index.remove(i)
    for i in range(0, 200, 2):
        index.add(("new", i), skymaps.circle(i * 1.8, 30.0, 0.5))
    assert index.nbytes <= before * 1.01
    assert index.match([90.0, 90.0], [0.0, 30.0]).key.tolist() == [("new", 50)]


def test_empty_index_and_empty_batch():
    index = SkyIndex()
    assert len(index.match([1.0, 2.0], [3.0, 4.0])) == 0
    index.add("a", skymaps.all_sky())
    assert len(index.match([], [])) == 0
    assert index.match([1.0, 2.0], [90.0, -90.0]).key.tolist() == ["a", "a"]


def test_large_batches_go_in_chunks(monkeypatch):
    index = SkyIndex()
    index.add("a", skymaps.circle(10.0, 10.0, 20.0))
    ra, dec = sky_points(1000)
    whole = index.match(ra, dec)
    monkeypatch.setattr("skymaps.index.PAIRS", 7)
    parts = index.match(ra, dec)
    assert (whole.alert == parts.alert).all()


def test_keys_are_unique_and_known():
    index = SkyIndex()
    index.add("a", skymaps.circle(0.0, 0.0, 1.0))
    with pytest.raises(RegionError, match="'a' is in the index"):
        index.add("a", skymaps.circle(0.0, 0.0, 1.0))
    with pytest.raises(KeyError):
        index.remove("b")
    with pytest.raises(RegionError, match=r"level 0\.0"):
        index.replace("a", skymaps.circle(0.0, 0.0, 1.0), 0.0)
    assert "a" in index
    with pytest.raises(RegionError, match="dec 100"):
        index.match(0.0, 100.0)
