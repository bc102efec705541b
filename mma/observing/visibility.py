"""What can be observed from a site in a night: when a position is high in the dark, the share of a region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from skymaps import FloatArray, Region, healpix

from .nights import ASTRONOMICAL_DEG, STEP_S, Sky, Spell, altitude_deg, darkness, sky, spells, utc, vectors
from .sites import Site

Places = tuple[FloatArray, FloatArray, FloatArray]
"""Right ascensions and declinations in degrees, and the share of a region's probability that each stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """A position in a night."""

    site: Site
    ra: float
    dec: float
    night: date
    """Local date of the evening."""

    dark: Spell | None
    """Astronomical darkness; None: the Sun never is more than 18 degrees below the horizon."""

    above: dict[float, list[Spell]]
    """Altitude in degrees to the times of darkness when it is at least that high."""

    best: datetime | None
    """When it is highest in the dark; None: no darkness."""

    best_altitude: float | None
    """Degrees, then."""

    moon_separation: float | None
    """Degrees from the Moon, then."""

    moon_altitude: float | None
    """Degrees, then; negative: the Moon is down."""

    moon_lit: float
    """Illuminated fraction of the Moon, 0 to 1."""

    def hours(self, altitude: float) -> float:
        """How long it is at least that high in the dark."""
        return sum(spell.hours for spell in self.above[altitude])


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A region in a night."""

    site: Site
    night: date
    dark: Spell | None
    observable: dict[float, float]
    """Altitude in degrees to the region's probability that is at least that high some time in the dark, 0 to 1."""


def tonight(site: Site, ra: float, dec: float, night: date, altitudes: tuple[float, ...] = (30.0, 45.0)) -> Visibility:
    """When a position can be observed in a night.

    Parameters
    ----------
    ra, dec
        ICRS degrees.
    night
        Local date of the evening.
    altitudes
        Degrees above the horizon.

    Examples
    --------
    >>> from mma.observing.sites import CTAO_N, CTAO_S
    >>> tonight(CTAO_N, 83.633, 22.014, date(2027, 1, 10)).hours(45.0) > 5.0  # the Crab in January
    True
    >>> tonight(CTAO_S, 37.95, 89.26, date(2027, 1, 10)).hours(30.0)  # Polaris, from Chile
    0
    """
    over = sky(site, night)
    altitude = over.altitude(ra, dec)[:, 0]
    best = None
    if over.dark.any():
        best = int(np.argmax(np.where(over.dark, altitude, -np.inf)))
    target = vectors(ra, dec)[0]
    return Visibility(
        site=site,
        ra=ra,
        dec=dec,
        night=night,
        dark=darkness(over),
        above={
            limit: spells(over, np.minimum(altitude - limit, ASTRONOMICAL_DEG - over.sun_altitude))
            for limit in altitudes
        },
        best=None if best is None else utc(over.unix[best]),
        best_altitude=None if best is None else float(altitude[best]),
        moon_separation=None if best is None else float(_angle(target, over.moon[best])),
        moon_altitude=None if best is None else float(over.moon_altitude[best]),
        moon_lit=over.moon_lit,
    )


def share(site: Site, region: Region, night: date, altitudes: tuple[float, ...] = (30.0, 45.0)) -> Share:
    """How much of a region's probability can be observed in a night.

    Each cell counts whole, by its centre. A region is cut into cells of at most half a degree.
    """
    over = sky(site, night)
    return Share(site=site, night=night, dark=darkness(over), observable=observable(over, *cells(region), altitudes))


def observable(
    over: Sky, ra: FloatArray, dec: FloatArray, probability: FloatArray, altitudes: tuple[float, ...]
) -> dict[float, float]:
    """For each altitude in degrees the probability at positions that are as high some time in the dark.

    Parameters
    ----------
    ra, dec, probability
        ICRS degrees, and what each position stands for. Shapes (n,).
    """
    dark = over.zenith[over.dark][:: int(300.0 / STEP_S)]
    if not len(dark):
        return dict.fromkeys(altitudes, 0.0)
    highest = np.full(len(ra), -90.0)
    for start in range(0, len(ra), 4096):
        part = slice(start, start + 4096)
        highest[part] = altitude_deg((dark @ vectors(ra[part], dec[part]).T).max(axis=0))
    return {limit: float(probability[highest >= limit].sum()) for limit in altitudes}


CELLS = 800
"""A region is sampled by no more cells than this."""


def sample(region: Region, level: float = 0.9) -> Places:
    """Positions all over a credible region, and the share of its probability that each stands for. Each (n,)."""
    order = 3
    found = region.cells(order, level)
    while order < 13 and len(finer := region.cells(order + 1, level)) <= CELLS:
        order, found = order + 1, finer
    ra, dec = healpix.pixel_centre(order, found)
    weight = region.probdensity_at(ra, dec)
    total = weight.sum()
    return ra, dec, weight / total if total > 0.0 else np.full(len(ra), 1.0 / max(len(ra), 1))


FINEST = 7
"""HEALPix order of half a degree; smaller cells are added up, larger ones are cut."""


def cells(region: Region) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A region as cells of half a degree: right ascension and declination in degrees, probability. Shapes (n,).

    The probabilities add up to 1.
    """
    tiles = region.tiles()
    width = 1 << (2 * (29 - FINEST))
    first, last = tiles.lower // width, (tiles.upper - 1) // width
    count = last - first + 1
    start = np.cumsum(count) - count
    pixel = np.repeat(first - start, count) + np.arange(count.sum())
    mass = tiles.probdensity * healpix.area_sr(29) * (tiles.upper - tiles.lower)
    found, place = np.unique(pixel, return_inverse=True)
    probability = np.bincount(place, weights=np.repeat(mass / count, count))
    ra, dec = healpix.pixel_centre(FINEST, found)
    kept = probability > 0.0
    return ra[kept], dec[kept], probability[kept] / probability.sum()


def _angle(a: FloatArray, b: FloatArray) -> float:
    """Degrees between two unit vectors, right at all angles."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))
