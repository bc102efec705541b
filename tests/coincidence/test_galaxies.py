"""Galaxies: chances, light radii, completeness of catalogues, one galaxy in several of them."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincidence import Galaxies
from coincidence.completeness import Catalog, Completeness, coverage, in_plane, together
from coincidence.counts import (
    bearing_deg,
    bloom_counts,
    directional_radius,
    driver_counts,
    hogg_counts,
    p_chance,
    r_magnitude,
)
from coincidence.galaxies import merged
from tests.coincidence.galaxies import galaxies


@pytest.mark.parametrize(
    ("arcsec", "mag", "saguaro", "path"),
    [(2, 20, 0.00286983, 0.00269411), (5, 22, 0.07882314, 0.07549979), (10.31, 12.4, 0.0002370752, 0.0002074976)],
)
def test_chances_as_saguaro_and_path_compute_them(arcsec: float, mag: float, saguaro: float, path: float) -> None:
    r, m = np.array([arcsec]), np.array([mag])
    assert p_chance(r, bloom_counts(m))[0] == pytest.approx(saguaro, rel=1e-4)
    assert p_chance(r, hogg_counts(m))[0] == pytest.approx(path, rel=1e-4)


def test_counts_of_driver_2016() -> None:
    """Published in the tests of astropath."""
    assert driver_counts(np.array([20.0, 21.0])).tolist() == pytest.approx([0.00013535847, 0.00036538945], rel=1e-5)


def test_counts_grow_with_depth() -> None:
    mag = np.linspace(10.0, 28.0, 100)
    for counts in (bloom_counts, hogg_counts):
        assert (np.diff(counts(mag)) > 0).all()
    assert (np.diff(driver_counts(mag)) >= 0).all()


def test_a_magnitude_without_a_known_band_is_none() -> None:
    found = r_magnitude(np.array([15.0, 15.0, 15.0, np.nan]), np.array(["r", None, "?", "r"], dtype=object))
    assert found[0] == 15.0
    assert np.isnan(found[1:]).all()


def test_light_radius_of_an_ellipse_by_hand() -> None:
    """Semi-axes 10 and 5, position angle 30: along, across, and half between, 50 / sqrt(62.5)."""
    size, ratio, angle = np.full(3, 10.0), np.full(3, 0.5), np.full(3, 30.0)
    found = directional_radius(size, ratio, angle, np.array([30.0, 120.0, 75.0]))
    assert found.tolist() == pytest.approx([10.0, 5.0, 50.0 / np.sqrt(62.5)])
    assert directional_radius(size, ratio, angle, np.array([210.0, 300.0, 255.0])) == pytest.approx(found)


@given(st.floats(0.05, 1.0), st.floats(0, 180), st.floats(-360, 360))
def test_a_light_radius_lies_between_the_axes_and_on_the_ellipse(ratio: float, angle: float, bearing: float) -> None:
    radius = directional_radius(np.array([2.0]), np.array([ratio]), np.array([angle]), np.array([bearing]))[0]
    along, across = (radius * f(np.radians(bearing - angle)) for f in (np.cos, np.sin))
    assert (along / 2.0) ** 2 + (across / (2.0 * ratio)) ** 2 == pytest.approx(1.0)
    assert 2.0 * ratio * (1 - 1e-12) <= radius <= 2.0 * (1 + 1e-12)


def test_without_a_shape_a_galaxy_is_round() -> None:
    nothing = np.array([np.nan])
    assert directional_radius(np.array([3.0]), nothing, np.array([20.0]), np.array([70.0]))[0] == 3.0
    assert directional_radius(np.array([3.0]), np.array([0.2]), nothing, np.array([70.0]))[0] == 3.0


def test_bearings_go_from_north_through_east_across_ra_zero() -> None:
    ra, dec = np.array([0.0, 0.0, 0.0, 0.0]), np.zeros(4)
    to_ra, to_dec = np.array([0.0, 0.01, 0.0, 359.99]), np.array([0.01, 0.0, -0.01, 0.0])
    assert bearing_deg(ra, dec, to_ra, to_dec) % 360 == pytest.approx([0.0, 90.0, 180.0, 270.0])


def test_completeness_between_points_and_beyond_the_last() -> None:
    curve = Completeness.parse("10:1, 60:0.5")
    assert curve.at(np.array([0.0, 10.0, 35.0, 60.0, 60.1])).tolist() == pytest.approx([1.0, 1.0, 0.75, 0.5, 0.0])
    assert Completeness.parse(str(curve)) == curve
    assert not Completeness.parse("").at(np.array([1.0])).any()


@pytest.mark.parametrize("text", ["50", "50:x", "0:1,50:1.2", "0:1,0:0.5", "50:1,20:0.5", "-5:1", "0:1:2"])
def test_a_completeness_that_makes_no_sense_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="completeness"):
        Completeness.parse(text)


def test_two_catalogues_are_as_complete_as_the_better_one_where_both_look() -> None:
    one = Catalog(name="one", completeness=Completeness.parse("0:0.8,100:0.8"))
    south = Catalog(name="south", completeness=Completeness.parse("0:0.9,100:0.3"), dec_max=0.0)
    ra, dec = np.array([192.85948, 192.85948, 266.4]), np.array([27.12825, -20.0, -29.0])  # pole, south, centre
    covered = coverage((one, south), ra, dec)
    assert covered.tolist() == [[True, False], [True, True], [False, False]]
    found = together((one, south), covered, np.array([0.0, 100.0]))
    assert found.tolist() == [[0.8, 0.8], [0.9, 0.8], [0.0, 0.0]]


def test_the_galactic_plane_is_ten_degrees_either_side() -> None:
    from astropy.coordinates import SkyCoord

    b = np.array([-10.1, -9.9, 0.0, 9.9, 10.1])
    places = SkyCoord(l=np.linspace(0, 300, 5), b=b, unit="deg", frame="galactic").icrs
    assert in_plane(places.ra.deg, places.dec.deg).tolist() == [False, True, True, True, False]


BOTH = (Catalog(name="first", priority=0), Catalog(name="second", priority=1))


def same(first: dict[str, object], second: dict[str, object], order: tuple[int, int] = (0, 1)) -> Galaxies:
    rows = [{"catalog": "first"} | first, {"catalog": "second"} | second]
    return merged(galaxies(*(rows[i] for i in order), catalogs=BOTH))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_galaxy_in_two_catalogues_has_the_first_ones_distance_and_what_the_second_knows(order) -> None:
    found = same({"distance_mpc": 101.0}, {"mag": 14.0, "band": "B", "ra": 150.0003}, order)
    assert found.distance_mpc.tolist() == [101.0]
    assert (found.mag.tolist(), found.band.tolist(), found.catalog.tolist()) == ([14.0], ["B"], ["first"])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_spectrum_goes_before_a_photometric_redshift_whatever_the_priority(order) -> None:
    found = same({"kind": "photo", "distance_error_mpc": 60.0, "distance_mpc": 140.0}, {}, order)
    assert (found.kind.tolist(), found.catalog.tolist()) == (["spec"], ["second"])


def test_what_differs_in_distance_or_place_stays_two() -> None:
    assert len(same({}, {"distance_mpc": 200.0})) == 2
    assert len(same({}, {"dec": 40.0 + 3.0 / 3600.0})) == 2
    large = {"semi_major_arcsec": 60.0}
    assert len(same(large, large | {"dec": 40.0 + 3.0 / 3600.0})) == 1
    assert len(merged(galaxies({}, {}, catalogs=BOTH))) == 2  # of one catalogue, which knows its own


@given(st.permutations(range(8)), st.integers(0, 2**32 - 1))
def test_merging_does_not_depend_on_the_order(order: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = [
        {
            "name": str(i), "catalog": random.choice(["first", "second", "third"]),
            "ra": (359.9999 + random.uniform(0, 1e-3)) % 360.0, "dec": 89.0 + random.choice([0, 3e-4]),
            "distance_mpc": random.choice([100.0, 104.0, 300.0]), "kind": random.choice(["spec", "photo"]),
            "mag": random.choice([14.0, 15.0, np.nan]), "band": "r",
        }
        for i in range(8)
    ]  # fmt: skip
    plain, shuffled = (merged(galaxies(*(rows[i] for i in some), catalogs=BOTH)) for some in (range(8), order))
    one, two = (np.argsort(g.name.astype(str)) for g in (plain, shuffled))
    for f in fields(Galaxies):
        if f.name != "catalogs":
            assert repr(getattr(plain, f.name)[one].tolist()) == repr(getattr(shuffled, f.name)[two].tolist())
