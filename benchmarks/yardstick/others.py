"""Unrelated sources that are no supernovae: dwarf novae, novae, flare stars, nuclei, moving bodies, artefacts."""

from __future__ import annotations

import numpy as np

from . import cosmos, places
from .cosmos import DAY_S, FloatArray
from .schedule import Looks
from .sources import IntArray, Light, Sources, flux_njy, usual
from .supernovae import Patch

DWARF_NOVAE_DEG2_YEAR = 0.03
"""Outbursts of cataclysmic variables not known before, at 30 deg of latitude: ZTF's 329 candidates of a year (Szkody et
al. 2020, AJ 159 198) over 15,000 deg2 and one year; more in the plane, as exp(-|b| / 25 deg) (ours)."""

NOVA_SHARE = 0.03
"""Of these, fast novae, brighter and slower (ours)."""

FAST_EXTRAGALACTIC = 5e-7
"""Fast blue transients (AT2018cow-like to Ibn) with half-widths of 2 to 10 d, per Mpc^3 and year: 0.5 % of core
collapse (Ho et al. 2023, ApJ 949 120: luminous ones at most 0.1 %, all below 1 %)."""

FLARES_DEG2_DAY = 0.02
"""Flares of M dwarfs that reach r = 20.5, per deg2 and day at 30 deg of latitude: 0.12 to 22.5 with no star seen
before (Berger et al. 2013, ApJ 779 18), scaled by 10^(-0.6 (22.5 - 20.5) / 1.5) (ours)."""

NUCLEI_DEG2 = 0.01
"""Active nuclei that begin to vary enough for a first alert, per deg2 in two months (ours)."""

ORBITLESS_DEG2 = 0.02
"""Moving bodies near the ecliptic in no catalogue, per deg2 and exposure (ours: one in 2,000 of those to 20.5)."""

KNOWN_DEG2 = 0.05
"""Known bodies in the stream, per deg2 and exposure: far fewer than there are, as each is told by its orbit (ours)."""

ARTEFACTS_DEG2 = 0.02
"""Artefacts, most with a real/bogus score below 0.5 (Duev et al. 2019: 1.7 % of the bogus above it), per exposure."""


def _plane(ra: FloatArray, dec: FloatArray, scale_deg: float, random: np.random.Generator) -> np.ndarray:
    """Which of even places are kept, so that density falls with latitude from 3 times its value at 30 deg."""
    falls = np.exp(-(np.abs(places.galactic_latitude(ra, dec)) - 30.0) / scale_deg) / 3.0
    return random.uniform(size=len(ra)) < falls


def _even(
    cells: tuple[IntArray, IntArray], expected: float, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    return places.even(*cells, int(random.poisson(expected)), random)


def galactic(cells: tuple[IntArray, IntArray], patch: Patch, random: np.random.Generator) -> list[Sources]:
    """Dwarf novae and novae of our Galaxy, and flare stars."""
    years = patch.days / cosmos.YEAR_D + 20.0 / cosmos.YEAR_D
    ra, dec = _even(cells, 3.0 * DWARF_NOVAE_DEG2_YEAR * patch.area_deg2 * years, random)
    kept = _plane(ra, dec, 25.0, random)
    ra, dec = ra[kept], dec[kept]
    n = len(ra)
    onset = patch.start + random.uniform(-20.0, patch.days, n) * DAY_S
    nova = random.uniform(size=n) < NOVA_SHARE
    peak = np.where(nova, random.uniform(15.0, 20.0, n), patch.deepest_mag - random.exponential(1.2, n))
    chosen = usual(n, random) | {"on_star": random.uniform(size=n) < 0.6}
    outbursts = Sources(
        what="dwarf nova", ra=ra, dec=dec, onset=onset, light=_outburst(onset, peak, nova, random), **chosen
    )
    return [outbursts]


def _outburst(onset: FloatArray, peak: FloatArray, nova: np.ndarray, random: np.random.Generator) -> Light:
    """A rise of a day, a plateau of days, a fade of about 0.7 mag/d (Szkody et al. 2020; Cannizzo & Mattei 1998)."""
    n = len(onset)
    rise, plateau = random.uniform(0.3, 1.5, n), np.where(nova, random.uniform(0, 2, n), random.gamma(2.0, 2.0, n))
    fade = np.where(nova, random.uniform(0.1, 0.7, n), random.uniform(0.4, 1.1, n))
    colour = random.normal(0.0, 0.12, n)

    def light(row: IntArray, time: FloatArray, band: IntArray) -> FloatArray:
        age = (time - onset[row]) / DAY_S
        after = np.maximum(age - rise[row] - plateau[row], 0.0)
        mag = peak[row] + fade[row] * after + colour[row] * (band - 2) + 0.05 * np.maximum(age - rise[row], 0.0)
        return np.where(age > 0, flux_njy(mag) * np.clip(age / rise[row], 0.0, 1.0), 0.0)

    return light


def fast(cells: tuple[IntArray, IntArray], patch: Patch, random: np.random.Generator) -> list[Sources]:
    """Fast extragalactic transients: peaks of -16.5 to -20, days long."""
    z_max = min(float(cosmos.redshift(10.0 ** (0.2 * (patch.deepest_mag + 20.5) - 5.0))), 1.0)
    years = patch.years_of_sky * (patch.days + 25.0) / patch.days
    n = int(random.poisson(cosmos.number(FAST_EXTRAGALACTIC, 2.7, z_max) * years))
    z = cosmos.redshifts(n, 2.7, z_max, random)
    mpc = cosmos.luminosity_mpc(z)
    peak = random.normal(-18.0, 1.0, n) + cosmos.modulus(mpc)
    kept = peak < patch.deepest_mag + 0.3
    z, mpc, peak = z[kept], mpc[kept], peak[kept]
    n = len(z)
    onset = patch.start + random.uniform(-25.0, patch.days, n) * DAY_S
    rise, fade = random.uniform(1.0, 4.0, n), random.uniform(0.1, 0.35, n)

    def light(row: IntArray, time: FloatArray, band: IntArray) -> FloatArray:
        age = (time - onset[row]) / DAY_S / (1.0 + z[row])
        mag = peak[row] + fade[row] * np.maximum(age - rise[row], 0.0) + 0.06 * (2 - band) * (age / 10.0 - 1.0)
        return np.where(age > 0, flux_njy(mag) * np.clip(age / rise[row], 0.0, 1.0) ** 1.5, 0.0)

    ra, dec = places.even(*cells, n, random)
    chosen = usual(n, random) | {"mpc": mpc, "offset_kpc": random.gamma(2.0, 3.0, n)}
    return [Sources(what="fast", ra=ra, dec=dec, onset=onset, light=light, **chosen)]


def nuclei(cells: tuple[IntArray, IntArray], patch: Patch, random: np.random.Generator) -> list[Sources]:
    """Active nuclei: difference fluxes of either sign that wander over months."""
    ra, dec = _even(cells, NUCLEI_DEG2 * patch.area_deg2, random)
    n = len(ra)
    period = np.exp(random.uniform(np.log(40.0), np.log(600.0), (3, n)))
    phase = random.uniform(0.0, 2.0 * np.pi, (3, n))
    size = flux_njy(patch.deepest_mag - random.exponential(0.6, n)) * 0.5
    colour = random.normal(-0.15, 0.1, n)

    def light(row: IntArray, time: FloatArray, band: IntArray) -> FloatArray:
        days = (time - patch.start) / DAY_S
        waves = np.sin(2.0 * np.pi * days / period[:, row] + phase[:, row]) * np.sqrt(period[:, row] / 200.0)
        return size[row] * waves.sum(axis=0) * 10.0 ** (-0.4 * colour[row] * (2 - band))

    z = random.uniform(0.1, 1.5, n)
    chosen = usual(n, random) | {"on_nucleus": random.uniform(size=n) < 0.7, "mpc": cosmos.luminosity_mpc(z)}
    chosen["offset_kpc"] = np.full(n, 0.1)
    return [Sources(what="nucleus", ra=ra, dec=dec, onset=np.full(n, patch.start), light=light, **chosen)]


def single(
    cells: tuple[IntArray, IntArray], looks: Looks, side_deg: float, random: np.random.Generator
) -> list[Sources]:
    """What is in one exposure only: moving bodies, artefacts, and flares of M dwarfs (an hour long)."""
    area = side_deg**2
    made = []
    for what, density in (
        ("orbitless", ORBITLESS_DEG2),
        ("asteroid", KNOWN_DEG2),
        ("artefact", ARTEFACTS_DEG2),
        ("flare star", 3.0 * FLARES_DEG2_DAY * 2.0 / 24.0),
    ):
        look = random.integers(0, max(len(looks.time), 1), int(random.poisson(density * area * len(looks.time))))
        ra = looks.ra[look] + random.uniform(-0.5, 0.5, len(look)) * side_deg / np.cos(np.radians(looks.dec[look]))
        dec = np.clip(looks.dec[look] + random.uniform(-0.5, 0.5, len(look)) * side_deg, -89.9, 89.9)
        if what in ("orbitless", "asteroid"):
            kept = random.uniform(size=len(look)) < np.exp(-np.abs(places.ecliptic_latitude(ra, dec)) / 10.0)
        elif what == "flare star":
            kept = _plane(ra, dec, 30.0, random)
        else:
            kept = np.ones(len(look), dtype=np.bool_)
        look, ra, dec = look[kept], ra[kept] % 360.0, dec[kept]
        made.append(_once(what, looks, look, ra, dec, random))
    return [sources for sources in made if len(sources)]


def _once(
    what: str, looks: Looks, look: IntArray, ra: FloatArray, dec: FloatArray, random: np.random.Generator
) -> Sources:
    n, time = len(look), looks.time[look]
    # as many fainter by a magnitude as 10^0.3, to the limit of the exposure
    flux = flux_njy(looks.limit_mag[look] - random.exponential(1.0 / (0.3 * np.log(10.0)), n))
    lasts = 0.03 * DAY_S if what == "flare star" else 60.0

    def light(row: IntArray, at: FloatArray, band: IntArray) -> FloatArray:
        age = at - time[row]
        if what == "flare star":  # fades e-fold in 20 min, bluer than anything else
            return np.where(age > -60.0, flux[row] * np.exp(-np.maximum(age, 0.0) / 1200.0), 0.0)
        return np.where(np.abs(age) < lasts, flux[row], 0.0)

    chosen = usual(n, random)
    if what == "artefact":
        chosen["reliability"] = random.beta(1.5, 5.0, n)
    if what == "asteroid":
        chosen["solar_system_arcsec"] = np.abs(random.normal(0.0, 1.0, n))
    if what == "flare star":
        chosen["on_star"] = random.uniform(size=n) < 0.9
    return Sources(what=what, ra=ra, dec=dec, onset=time, light=light, **chosen)
