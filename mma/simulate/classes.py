"""Light curves drawn for each kind of source: counterparts and what else the sky shows.

Absolute magnitudes and fades are those that the notes on the score give for each class; nothing here reads the score's
own light-curve models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from coincidence import DEFAULT
from coincidence.models import Onset
from skymaps import FloatArray
from skymaps.units import DAY_S

from .light import NOMINAL, Curve

Random = np.random.Generator


def modulus(mpc: float) -> float:
    """Distance modulus of a luminosity distance."""
    return float(5.0 * np.log10(mpc) + 25.0)


def kilonova(onset: float, mpc: float | None, random: Random) -> Curve:
    """Like AT2017gfo: M -15.5 +- 1.2 in all bands, half a day of rise, then 0.8 mag a day in r, faster in the blue."""
    return Curve(
        onset=onset,
        peak_mag=random.normal(-15.5, 1.2) + modulus(mpc or 100.0),
        rise_d=random.uniform(0.2, 0.7),
        rise_power=1.0,
        fade_mag_d=float(np.clip(random.normal(0.78, 0.25), 0.2, 2.0)),
        bluer_fade_mag_d=0.3,
    )


def afterglow(onset: float, mpc: float | None, random: Random) -> Curve:
    """Rises in minutes and falls as a power of time that may change; at 1 d magnitude 20.5 +- 1.8, or M -19 +- 2.5."""
    courses = DEFAULT.classes["afterglow"].light.courses
    shares = np.array([course[0] for course in courses])
    _, decay, *changes = courses[random.choice(len(courses), p=shares / shares.sum())]
    more, rise = float(random.normal(0.0, 0.3)), 0.005
    turns = tuple((day, index + more) for day, index in zip(changes[::2], changes[1::2], strict=True))
    told = random.normal(20.5, 1.8) if mpc is None else random.normal(-19.0, 2.5) + modulus(mpc)
    shape = Curve(onset=0.0, peak_mag=0.0, rise_d=rise, fade_mag_d=0.0, decay=decay + more, turns=turns)
    peak = told - float(shape.mag(np.array([DAY_S]), np.array([NOMINAL]))[0])
    return replace(shape, onset=onset, peak_mag=float(peak), bluer_mag=0.1)


def supernova(onset: float, mpc: float | None, random: Random) -> Curve:
    """First seen at its onset, and rising; M -18.5 +- 1."""
    mag = random.normal(-18.5, 1.0) + modulus(mpc) if mpc else random.uniform(17.0, 20.0)
    return _slow(onset, float(mag), random)


def collapse(onset: float, mpc: float | None, random: Random) -> Curve:
    """A supernova that explodes with the event; M -17 +- 1.2."""
    return _slow(onset, float(random.normal(-17.0, 1.2) + modulus(mpc or 100.0)), random)


def tde(onset: float, mpc: float | None, random: Random) -> Curve:
    """Rises for weeks, fades for months; M -19.5 +- 1."""
    mag = random.normal(-19.5, 1.0) + modulus(mpc) if mpc else random.uniform(17.0, 20.0)
    return Curve(onset=onset, peak_mag=float(mag), rise_d=random.uniform(15.0, 35.0), fade_mag_d=0.02)


def flare(onset: float, mpc: float | None, random: Random) -> Curve:
    """An active nucleus that brightens within days and stays so for months."""
    return Curve(
        onset=onset,
        peak_mag=random.uniform(16.5, 19.5),
        rise_d=random.uniform(0.5, 10.0),
        fade_mag_d=random.uniform(0.01, 0.1),
    )


COUNTERPARTS: Mapping[str, Callable[[float, float | None, Random], Curve]] = {
    "kilonova": kilonova,
    "afterglow": afterglow,
    "supernova": supernova,
    "tde": tde,
    "blazar": flare,
    "flare": flare,
    "agn_flare": flare,
    "superkilonova": collapse,
}


FROM_EVENT = frozenset({"kilonova", "afterglow"})
"""They begin with the event, however late the first of their light is seen."""


def other(onset: float, mpc: float, limit_mag: float, random: Random) -> Curve:
    """An unrelated transient that is no supernova: of any brightness that is seen, rising or fading fast, half like a
    kilonova but scattered three times as much."""
    is_alike = random.uniform() < 0.5
    mean, sigma = (-15.5, 3.6) if is_alike else (-17.0, 2.5)
    while (mag := random.normal(mean, sigma) + modulus(mpc)) > limit_mag:
        pass
    if is_alike:
        fade = float(random.normal(0.78, 0.75))
        return replace(kilonova(onset, mpc, random), peak_mag=float(mag), fade_mag_d=fade)
    return Curve(onset=onset, peak_mag=float(mag), rise_d=0.01, fade_mag_d=float(random.normal(0.0, 0.5)))


def cooling(onset: float, mpc: float, limit_mag: float, random: Random) -> Curve:
    """A supernova whose shock cools first, from M -17 +- 1 by a magnitude or two within days, then its slow rise."""
    while (mag := random.normal(-17.0, 1.0) + modulus(mpc)) > limit_mag:
        pass
    slow = Curve(onset=onset, peak_mag=float(mag), rise_d=16.0, fade_mag_d=0.05, bluer_mag=0.2)
    fade = float(np.clip(random.normal(0.5, 0.2), 0.1, 1.5))
    return Curve(
        onset=onset,
        peak_mag=float(mag),
        rise_d=1.5,
        rise_power=0.5,
        fade_mag_d=fade,
        bluer_fade_mag_d=0.1,
        again=slow,
    )


def peak(mpc: float | None, limit_mag: float, random: Random) -> float:
    """Apparent peak magnitude of an unrelated transient that a survey sees, at a distance where one is known."""
    if mpc is None:
        return float(background(1, limit_mag, random)[1][0])
    shares, means, sigmas = zip(*SUPERNOVAE, strict=True)
    while True:
        kind = random.choice(len(shares), p=shares)
        mag = random.normal(means[kind], sigmas[kind]) + modulus(mpc)
        if mag < limit_mag:
            return float(mag)


def unrelated(crossing: float, mag: float, limit_mag: float, random: Random) -> Curve:
    """A supernova of this peak magnitude that becomes as bright as the survey's limit at this Unix time."""
    curve = _slow(0.0, mag, random)
    return _slow(crossing - curve.crossing_d(limit_mag) * DAY_S, mag, random, like=curve)


def _slow(onset: float, mag: float, random: Random, like: Curve | None = None) -> Curve:
    return Curve(
        onset=onset,
        peak_mag=mag,
        rise_d=like.rise_d if like else random.uniform(10.0, 20.0),
        fade_mag_d=like.fade_mag_d if like else random.uniform(0.03, 0.1),
        bluer_fade_mag_d=0.01,
        bluer_mag=like.bluer_mag if like else random.normal(0.2, 0.4),
    )


def onset_d(model: Onset, random: Random) -> float:
    """Days from event to onset, drawn from a class's density by inverting its distribution."""
    u, length = random.uniform(), model.end_d - model.start_d
    if model.shape == "box":
        return float(model.start_d + u * length)
    if model.shape == "power_law":
        return float(model.start_d + model.scale_d * ((1.0 + length / model.scale_d) ** u - 1.0))
    if model.shape == "event":
        if u < 1.0 - model.late:
            return float(model.start_d + model.flat_d * u / (1.0 - model.late))
        part = (u - (1.0 - model.late)) / model.late
        return float(model.start_d - model.scale_d * np.log1p(part * np.expm1(-length / model.scale_d)))
    tail = model.scale_d * (1.0 - np.exp(-(length - model.flat_d) / model.scale_d))
    mass = u * (model.flat_d + tail)
    if mass < model.flat_d:
        return float(model.start_d + mass)
    return float(model.start_d + model.flat_d - model.scale_d * np.log1p(-(mass - model.flat_d) / model.scale_d))


SUPERNOVAE = ((0.3, -19.1, 0.4), (0.7, -17.0, 1.2))
"""Share by volume, mean absolute magnitude and scatter of type Ia supernovae and of the others: rates and luminosities
of Li et al. 2011 (MNRAS 412 1441 and 1473), rounded."""


def background(
    n: int, limit_mag: float, random: Random, luminosity: Sequence[tuple[float, float, float]] = SUPERNOVAE
) -> FloatArray:
    """Distances (Mpc) and apparent peak magnitudes of transients in a survey of limited depth. Shape (2, n).

    Drawn by rejection: even in comoving volume and proper time; absolute magnitudes a mixture of normals; kept where
    brighter than the limit. Astropy's Planck cosmology, not our own.
    """
    mpc_of, share = _volume()
    shares, means, sigmas = (np.array(column) for column in zip(*luminosity, strict=True))
    brightest = float((means - 4.5 * sigmas).min())
    near = 5.0 * np.log10(mpc_of) + 25.0 < limit_mag - brightest  # others are too faint but for 3 in 1e6
    mpc_of, weight = mpc_of[near], share[near] / share[near].sum()
    out = np.empty((2, 0))
    while out.shape[1] < n:
        tries = 20 * n + 1000
        z = random.choice(len(weight), tries, p=weight)
        mpc = mpc_of[z] * random.uniform(0.9995, 1.0005, tries)
        kind = random.choice(len(shares), tries, p=shares / shares.sum())
        mag = random.normal(means[kind], sigmas[kind]) + 5.0 * np.log10(mpc) + 25.0
        kept = mag < limit_mag
        out = np.concatenate([out, np.stack([mpc[kept], mag[kept]])], axis=1)
    return out[:, :n]


@lru_cache(maxsize=1)
def _volume() -> tuple[FloatArray, FloatArray]:
    """Luminosity distances on a fine grid of redshift, and the share of events at each."""
    from astropy.cosmology import Planck18

    z = np.linspace(1e-4, 1.5, 6000)
    weight = np.asarray(Planck18.differential_comoving_volume(z).value) / (1.0 + z)
    mpc = np.asarray(Planck18.luminosity_distance(z).value, dtype=np.float64)
    return mpc, weight / weight.sum()
