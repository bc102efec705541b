"""The events of a simulated night, each with its notices and the counterpart that is put there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

import skymaps
from skymaps import Region
from skymaps.units import DAY_S

from . import notices, sources
from .skymap import Ring, draw, ring_map
from .sources import Field, Galaxy, Source

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """An event and the counterpart that was put there."""

    event: str
    what: str
    object_id: str


Planned = tuple[Truth, list[bytes], Source]


def planned(field: Field, catalog: list[Galaxy], random: np.random.Generator) -> list[Planned]:
    """A merger, a burst, a neutrino track and a flare, within the field."""
    return [
        _merger(field, catalog, random),
        _burst(field, random),
        _track(field, random),
        _flare(field, random),
    ]


def _merger(field: Field, catalog: list[Galaxy], random: np.random.Generator) -> Planned:
    """A binary neutron star merger: a preliminary map, an hour later a better one; a kilonova near a galaxy."""
    time, name = START, "S260301a"
    ring = Ring(
        axis_ra=260.0,
        axis_dec=20.0,
        radius_deg=60.0,
        width_deg=2.0,
        bright_ra=200.0,
        bright_dec=28.0,
        concentration=25.0,
        distance_mpc=95.0,
        distance_error_mpc=22.0,
    )
    better = ring_map(ring, time, name)
    first = ring_map(replace(ring, width_deg=4.0, concentration=12.0, distance_error_mpc=30.0), time, name)
    while True:
        ra, dec, mpc = draw(better, random)
        if field.contains(ra, dec, 1.0):
            break
    catalog.append(Galaxy(name="host of the merger", ra=ra, dec=dec, distance_mpc=mpc))
    place = sources.beside(catalog[-1], random)
    modulus = 5.0 * np.log10(mpc) + 25.0
    kilonova = Source(
        id="ZTF26akilonv",
        kind="kilonova",
        ra=place[0],
        dec=place[1],
        onset=time.timestamp(),
        peak_mag=min(-16.0 + modulus, 19.5),
        rise_d=0.4,
        fade_mag_d=0.6,
        visits=(time.timestamp() + 0.45 * DAY_S,),
    )
    messages = [
        notices.igwn(first, name, time, "PRELIMINARY", time + timedelta(minutes=5)),
        notices.igwn(better, name, time, "INITIAL", time + timedelta(hours=1)),
    ]
    return Truth(event=name, what="kilonova", object_id=kilonova.id), messages, kilonova


def _burst(field: Field, random: np.random.Generator) -> Planned:
    """A gamma-ray burst seen by Fermi GBM, with an afterglow that the survey happens to catch."""
    time = START + timedelta(days=1.3)
    ra, dec = 205.0, 32.0
    region = skymaps.circle(ra, dec, 1.5, containment=0.68, systematic=skymaps.GBM_SYSTEMATIC["ground"])
    place = _draw_near(region, field, random)
    afterglow = Source(
        id="ZTF26aaftglw",
        kind="afterglow",
        ra=place[0],
        dec=place[1],
        onset=time.timestamp() + 60.0,
        peak_mag=17.5,
        rise_d=0.01,
        fade_mag_d=1.5,
        visits=(time.timestamp() - 1800.0, time.timestamp() + 3000.0, time.timestamp() + 10000.0),
    )
    message = notices.fermi_gbm("794101500", time, ra, dec, 1.5)
    return Truth(event="Fermi-GBM-794101500", what="afterglow", object_id=afterglow.id), [message], afterglow


def _track(field: Field, random: np.random.Generator) -> Planned:
    """An IceCube track with a supernova inside that exploded days before."""
    time = START + timedelta(days=2.7)
    ra, dec, radius = 180.0, 12.0, 0.5
    place = _draw_near(skymaps.circle(ra, dec, radius), field, random)
    supernova = Source(
        id="ZTF26asupern",
        kind="supernova",
        ra=place[0],
        dec=place[1],
        onset=time.timestamp() - 6.0 * DAY_S,
        peak_mag=18.0,
        rise_d=10.0,
    )
    message = notices.icecube(142000, 12345678, time, ra, dec, radius)
    return (
        Truth(event="IceCube-142000_12345678", what="supernova", object_id=supernova.id),
        [message],
        supernova,
    )


def _flare(field: Field, random: np.random.Generator) -> Planned:
    """A very-high-energy flare seen by CTAO, with its optical flare."""
    time = START + timedelta(days=3.4)
    ra, dec, radius = 228.0, 41.0, 0.05
    place = _draw_near(skymaps.circle(ra, dec, radius, containment=0.68), field, random)
    flare = Source(
        id="ZTF26aflarez",
        kind="flare",
        ra=place[0],
        dec=place[1],
        onset=time.timestamp() + 3600.0,
        peak_mag=17.0,
        rise_d=0.2,
        fade_mag_d=0.2,
    )
    message = notices.cta("SAG-20260304-01", time, ra, dec, radius)
    return Truth(event="CTAO-SAG-20260304-01", what="flare", object_id=flare.id), [message], flare


def _draw_near(region: Region, field: Field, random: np.random.Generator) -> tuple[float, float]:
    """A place drawn from a region, within the field."""
    tiles = region.tiles()
    weight = tiles.probdensity * (tiles.upper - tiles.lower)
    while True:
        cell = random.choice(len(weight), p=weight / weight.sum())
        pixel = np.array([random.integers(tiles.lower[cell], tiles.upper[cell])])
        ra, dec = skymaps.healpix.pixel_centre(29, pixel)
        if field.contains(float(ra[0]), float(dec[0])):
            return float(ra[0]), float(dec[0])
