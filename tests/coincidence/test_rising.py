"""Supernovae on their way up, and what is seen only once: the contaminants that look most like a kilonova."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import skymaps
from coincidence import DEFAULT, Galaxies, score
from coincidence.completeness import Catalog, Completeness
from coincidence.curves import LightCurves
from tests.coincidence.light import curve, even_map, limit, point
from tests.coincidence.rows import alerts, event

CIRCLE = skymaps.Circle(150.0, 20.0, 3.0)


def galaxies(mpc: float | None, held: float = 0.0) -> Galaxies:
    """One galaxy just beside the alerts, or none; its catalogue holds a part of all hosts."""
    complete = Completeness.parse(f"0:{held},20000:{held}") if held else Completeness()
    known = np.array([] if mpc is None else [mpc], dtype=np.float64)
    one = np.ones(len(known))
    text = np.full(len(known), "test", dtype=object)
    return Galaxies(
        name=text,
        catalog=text,
        ra=150.0 * one,
        dec=20.0 * one + 0.001,
        distance_mpc=known,
        distance_error_mpc=1.0 * one,
        kind=np.full(len(known), "spec", dtype=object),
        density_deg2=0.01 * one,
        catalogs=(Catalog(name="test", completeness=complete),),
    )


def photometry(light: LightCurves, host_mpc: float | None, held: float = 0.0) -> float:
    row = alerts({"ra": 150.0, "dec": 20.0, "days": 2.0})
    merger = event(even_map(50.0, 12.0, CIRCLE))
    parameters = replace(DEFAULT, kinds=dict(DEFAULT.kinds) | {merger.kind: {"kilonova": 0.5}})
    (found,) = score(merger, row, galaxies(host_mpc, held), parameters, curves=light)
    told = found.terms["photometry"]
    assert told is not None
    return told


def square(peak: float, exploded: float, *days: float) -> list[dict[str, Any]]:
    """Flux as the square of the time, to a peak after 15 d; in g and r by turns."""
    return [point(t, peak + 5.0 * np.log10(15.0 / (t - exploded)), "gr"[k % 2]) for k, t in enumerate(days)]


@pytest.mark.parametrize("peak", [14.5, 15.5, 16.5])
def test_a_supernova_in_a_near_galaxy_that_just_exploded_is_no_kilonova(peak: float) -> None:
    """At 50 Mpc, two magnitudes above the limit at the second look after nothing: so do supernovae there."""
    rising = curve(limit(4.0, 20.6), limit(6.0, 20.6), *square(peak, 5.5, 8.0, 10.0))
    assert photometry(rising, 50.0) < 0.0
    alone = curve(limit(4.0, 20.6), limit(6.0, 20.6), *square(peak, 5.5, 8.0))
    assert photometry(alone, 50.0) < 1.5


def test_what_fades_in_a_near_galaxy_still_is_one() -> None:
    fading = curve(limit(-1.0, 20.6), point(1.0, 17.7), point(3.0, 19.6), limit(5.0, 20.6, "g"))
    assert photometry(fading, 50.0) > 4.0


def test_a_single_detection_is_worth_less_than_two() -> None:
    before, gone = limit(-1.0, 20.6), [limit(3.0 + k, 20.6) for k in (0, 2)]
    once = photometry(curve(before, point(1.0, 18.5), *gone), None)
    twice = photometry(curve(before, point(1.0, 18.5), point(1.03, 18.5), *gone), None)  # half an hour later
    assert twice > once + 0.3
    assert once < np.log(1.0 / DEFAULT.photometry.once_fraction)


def test_seen_once_and_in_no_galaxy_of_a_complete_catalogue_is_an_asteroid() -> None:
    seen = curve(limit(-1.0, 20.6), point(1.0, 18.5), limit(3.0, 20.6))
    unknown, most, all_hosts = (photometry(seen, None, held) for held in (0.0, 0.8, 0.99))
    assert all_hosts + 1.0 < most < unknown - 1.0
    assert all_hosts > unknown - np.log(100.0)  # no catalogue is complete to the last
    assert photometry(seen, 50.0, 0.99) > unknown - 0.5  # in a galaxy it is none


def test_a_slow_source_is_told_alike_long_before_and_long_after() -> None:
    """The rise ends at the peak: a supernova followed for months is not expected to grow for ever."""
    flat = [point(t, 17.5) for t in (12.0, 30.0, 60.0, 90.0)]
    parameters = replace(DEFAULT, kinds=dict(DEFAULT.kinds) | {event(CIRCLE).kind: {"tde": 0.1}})
    row = alerts({"ra": 150.0, "dec": 20.0, "days": 2.0})
    (found,) = score(event(CIRCLE), row, galaxies(None), parameters, curves=curve(limit(10.0, 18.5), *flat))
    assert abs(found.terms["photometry"] or 0.0) < 2.0
