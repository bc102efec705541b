"""When: onset between the last non-detection and the first detection, against an even background."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray

from ..parameters import Onset

DAY_S = 86400.0


def onset_cdf(onset: Onset, days: FloatArray) -> FloatArray:
    """Fraction of counterparts of a class that began by ``days`` after the event. Shape (n,)."""
    x = np.clip(days, onset.start_d, onset.end_d)
    return _CDF[onset.shape](onset, x)


def _box(onset: Onset, x: FloatArray) -> FloatArray:
    return (x - onset.start_d) / (onset.end_d - onset.start_d)


def _plateau_exponential(onset: Onset, x: FloatArray) -> FloatArray:
    flat, scale = onset.flat_d, onset.scale_d
    length = onset.end_d - onset.start_d
    y = x - onset.start_d

    def mass(t: FloatArray) -> FloatArray:
        late = np.maximum(t - flat, 0.0)
        return np.minimum(t, flat) - scale * np.expm1(-late / scale)

    return np.asarray(mass(y) / mass(np.asarray(length)), dtype=np.float64)


def _power_law(onset: Onset, x: FloatArray) -> FloatArray:
    length = onset.end_d - onset.start_d
    return np.asarray(
        np.log1p((x - onset.start_d) / onset.scale_d) / np.log1p(length / onset.scale_d), dtype=np.float64
    )


_CDF = {"box": _box, "plateau_exponential": _plateau_exponential, "power_law": _power_law}


def time(onset: Onset, first_seen_d: FloatArray, last_unseen_d: FloatArray, gap_d: float) -> FloatArray:
    """Log ratio of onset in the observed interval, counterpart class against an even background.

    ``ln{ T / (b - a) * integral_a^b h(x) dx }`` with the interval (a, b) from the last non-detection to
    the first detection, cut to the class's window of length T: interval censoring of the onset.
    Over an even background, with any cadence, its expectation, unlogged, is 1.

    Parameters
    ----------
    onset
        The class's onset density h and its window.
    first_seen_d
        First detection, days after the event. Shape (n,).
    last_unseen_d
        Last non-detection, days after the event; NaN where unknown: then ``gap_d`` before the first
        detection. Shape (n,).
    gap_d
        Assumed time since the previous look, days.

    Returns
    -------
    :
        Natural log; minus infinity where the onset lies outside the class's window. Shape (n,).
    """
    a = np.where(np.isnan(last_unseen_d), first_seen_d - gap_d, last_unseen_d)
    a = np.maximum(np.minimum(a, first_seen_d), onset.start_d)
    b = np.minimum(first_seen_d, onset.end_d)
    inside = b > a
    width = np.where(inside, b - a, 1.0)
    mass = onset_cdf(onset, b) - onset_cdf(onset, a)
    with np.errstate(divide="ignore"):
        value = np.log(np.where(inside, (onset.end_d - onset.start_d) / width * mass, 0.0))
    return np.asarray(value, dtype=np.float64)
