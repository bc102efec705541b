"""Shapes of supernova light curves: templates, and real type Ia supernovae, as tables of magnitude by phase."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .cosmos import FloatArray, luminosity_mpc, modulus
from .sources import BANDS, IntArray

PHASE = np.arange(-45.0, 91.0)
"""Days from the peak in r, in the source's frame."""

NEVER = 99.0
"""Magnitude of what does not shine."""

RISE_D = 18.5
"""From explosion to peak of a type Ia supernova (Miller et al. 2020, ApJ 902 47: 18.5 d in r)."""


DARK_FROM = np.array([0.0, 0.3, 0.3, 0.55, 0.75, 0.9])
"""Redshift beyond which a band of ugrizy sees the near ultraviolet, or the templates end."""

DARK_MAG = 3.0
"""Fainter for each unit of redshift beyond: a type Ia supernova at peak is fainter by 1.2 mag at 3500 than at 6000
Angstrom, core collapse by more (ours, from the slope of the templates to z = 0.3 in g)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Magnitudes relative to the peak in r: ``mag[shape, z, band, phase]``."""

    z: FloatArray
    mag: FloatArray
    first: FloatArray
    """Phase at which each begins. Shape (shapes,)."""

    weight: FloatArray
    """How often each comes, relative to the others. Shape (shapes,)."""

    peak: FloatArray
    """Absolute magnitude in r of each; NaN: drawn. Shape (shapes,)."""

    def at(self, shape: IntArray, z: FloatArray, phase: FloatArray, band: IntArray) -> FloatArray:
        """Magnitude relative to the peak, ``NEVER`` before it begins; linear in phase, nearest in redshift, and
        fainter where a band sees the ultraviolet."""
        k = np.abs(self.z[:, None] - z[None, :]).argmin(axis=0)
        place = np.clip(phase - PHASE[0], 0.0, len(PHASE) - 1.001)
        low = place.astype(np.int64)
        share = place - low
        value = self.mag[shape, k, band, low] * (1 - share) + self.mag[shape, k, band, low + 1] * share
        value += DARK_MAG * np.maximum(z - DARK_FROM[band], 0.0)
        return np.where(phase < self.first[shape], NEVER, value)


def whole(rough: FloatArray, phase: FloatArray) -> tuple[FloatArray, float]:
    """A curve over all of ``PHASE``: flux as the square of time before its first point, straight after its last one.

    The square is 10 d long for a first point at the peak, and shorter for a fainter one, as the rise is a square too.
    """
    known = np.isfinite(rough)
    x, y = phase[known], rough[known]
    back = max(10.0 * 10.0 ** (-0.2 * max(y[0], 0.0)), 0.3)
    begin = x[0] - back
    with np.errstate(divide="ignore", invalid="ignore"):
        early = y[0] - 5.0 * np.log10(np.maximum(PHASE - begin, 1e-3) / back)
    last = min(10, len(x) - 1)
    slope = max((y[-1] - y[-1 - last]) / (x[-1] - x[-1 - last]), 0.01)
    middle = np.interp(PHASE, x, y)
    late = y[-1] + slope * (PHASE - x[-1])
    return np.where(x[0] > PHASE, early, np.where(x[-1] < PHASE, late, middle)), begin


def _bands(g: FloatArray, r: FloatArray) -> FloatArray:
    """All bands from g and r: colours to the red of r go half as far as g - r, u as far again (ours)."""
    colour = np.clip(g - r, -0.6, 1.5)
    out = {"u": g + 0.2 + 0.8 * colour, "g": g, "r": r, "i": r - 0.45 * colour + 0.05, "z": r - 0.6 * colour + 0.1}
    out["y"] = out["z"]
    return np.stack([out[name] for name in BANDS], axis=-2)


@lru_cache(maxsize=8)
def templates(path: Path) -> dict[str, Shapes]:
    """Templates by type, all of a type as often."""
    with np.load(path, allow_pickle=False) as data:
        types, z, mag, phase = data["types"], data["z"], data["mag"].astype(np.float64), data["phase"]
    made: dict[str, list[tuple[FloatArray, float]]] = {}
    for i, name in enumerate(types):
        table, begin = np.empty((len(z), 2, len(PHASE))), []
        for k in range(len(z)):
            for b in range(2):
                table[k, b], first = whole(mag[i, k, b], phase)
                begin.append(first)
        made.setdefault(str(name), []).append((_bands(table[:, 0], table[:, 1]), max(min(begin), PHASE[0])))
    return {
        name: Shapes(
            z=z,
            mag=np.stack([m for m, _ in some]),
            first=np.array([f for _, f in some]),
            weight=np.ones(len(some)),
            peak=np.full(len(some), np.nan),
        )
        for name, some in made.items()
    }


@lru_cache(maxsize=8)
def real_ia(folder: Path) -> Shapes:
    """Type Ia supernovae as ZTF saw them, with redshifts and peaks of the Bright Transient Survey.

    Those with both bands from a week before peak to 15 d after it, no gap longer than 8 d. The survey takes what is
    brighter than 18.5 mag, so each counts as ``10^(0.6 M)``, the inverse of the volume it is seen in.
    """
    with gzip.open(folder / "bts.csv.gz", "rt") as file:
        known = {row["ZTFID"]: row for row in csv.DictReader(file)}
    with gzip.open(folder / "ztf-snia-lightcurves.csv.gz", "rt") as file:
        points: dict[str, list[tuple[float, float, float, str]]] = {}
        for row in csv.DictReader(file):
            point = (float(row["mjd"]), float(row["mag"]), float(row["mag_error"]), row["band"].lower())
            points.setdefault(row["object"], []).append(point)
    curves, peaks = [], []
    for name, some in points.items():
        try:
            z = float(known[name]["redshift"])
        except (KeyError, ValueError):
            continue
        made = _curve(sorted(some), z)
        if made is not None:
            curves.append(made[0])
            peaks.append(made[1])
    peak, models = np.array(peaks), templates(folder / "sed-templates.npz")["Ia"]
    with np.errstate(invalid="ignore"):
        shift = np.clip(
            (models.mag - models.mag[:, 1:2]).mean(axis=0), -3.0, 3.0
        )  # from z = 0.05, where most of them are
    return Shapes(
        z=models.z,
        mag=np.stack(curves)[:, None] + shift,
        first=np.full(len(curves), -RISE_D),
        weight=10.0 ** (0.6 * (peak + 19.0)),
        peak=peak,
    )


def _curve(points: list[tuple[float, float, float, str]], z: float) -> tuple[FloatArray, float] | None:
    """Bands by phase relative to the peak in r, and the absolute magnitude of that; None where too little is known."""
    by_band = {}
    for name in "gr":
        rows = np.array([p[:3] for p in points if p[3] == name])
        if len(rows) < 6:
            return None
        by_band[name] = rows
    red = by_band["r"]
    best = np.argmin(red[:, 1] + 2.0 * red[:, 2])
    peak_time, peak_mag = red[best, 0], np.sort(red[:, 1])[:3].mean()
    curves = []
    for name in "gr":
        rows = by_band[name]
        phase = (rows[:, 0] - peak_time) / (1.0 + z)
        near = (phase > -RISE_D + 2.0) & (phase < 60.0)
        if not near.any() or phase[near][0] > -7.0 or phase[near][-1] < 15.0:
            return None
        if np.diff(phase[near & (phase < 16.0)]).max(initial=0.0) > 8.0:
            return None
        curves.append(_rising(phase[near], rows[near, 1] - peak_mag))
    mpc = luminosity_mpc(z)
    return _bands(curves[0], curves[1]), float(peak_mag - modulus(mpc))


def _rising(phase: FloatArray, mag: FloatArray) -> FloatArray:
    """A curve over ``PHASE`` that begins at ``-RISE_D`` and grows as the square of time to its first point."""
    smooth = np.array([np.average(mag, weights=np.exp(-0.5 * ((phase - x) / 1.5) ** 2)) for x in phase])
    with np.errstate(divide="ignore", invalid="ignore"):
        early = smooth[0] - 5.0 * np.log10(np.maximum(PHASE + RISE_D, 1e-3) / (phase[0] + RISE_D))
    late = smooth[-1] + 0.03 * (PHASE - phase[-1])
    return np.where(phase[0] > PHASE, early, np.where(phase[-1] < PHASE, late, np.interp(PHASE, phase, smooth)))
