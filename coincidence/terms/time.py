"""When: onset between the last non-detection and the first detection, against an even background."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray

from ..parameters import Onset

SHORTEST_D = 10.0 / 86400.0
"""Onsets are not told apart closer than this: days."""


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


def _event(onset: Onset, x: FloatArray) -> FloatArray:
    y, length = x - onset.start_d, onset.end_d - onset.start_d
    late = np.expm1(-y / onset.scale_d) / np.expm1(-length / onset.scale_d)
    return np.asarray((1.0 - onset.late) * np.minimum(y / onset.flat_d, 1.0) + onset.late * late, dtype=np.float64)


_CDF = {"box": _box, "plateau_exponential": _plateau_exponential, "power_law": _power_law, "event": _event}


def interval(first_seen_d: FloatArray, last_unseen_d: FloatArray, gap_d: float) -> FloatArray:
    """Length of the interval in which an onset must lie, days; parameters as of ``time``."""
    a = np.where(np.isnan(last_unseen_d), first_seen_d - gap_d, last_unseen_d)
    return np.asarray(np.maximum(first_seen_d - a, SHORTEST_D), dtype=np.float64)


def onset_within(onset: Onset, end_d: FloatArray, width_d: FloatArray) -> FloatArray:
    """Probability that a class's onset lies within so many days before a day after the event. Shape (n,)."""
    return onset_cdf(onset, end_d) - onset_cdf(onset, end_d - width_d)


def onset_mass(onset: Onset, first_seen_d: FloatArray, last_unseen_d: FloatArray, gap_d: float) -> FloatArray:
    """Probability that a class's onset lies in the interval; parameters as of ``time``."""
    return onset_within(onset, first_seen_d, interval(first_seen_d, last_unseen_d, gap_d))


def time(onset: Onset, first_seen_d: FloatArray, last_unseen_d: FloatArray, gap_d: float) -> FloatArray:
    """Log ratio of onset in the observed interval, counterpart class against an even background.

    ``ln{ T / (b - a) * integral_a^b h(x) dx }`` with the interval (a, b) from the last non-detection to the
    first detection and T the length of the class's window: interval censoring of the onset. The
    interval is not cut at the event: an object unseen since the day before has the whole day for
    an unrelated onset, and only the part after the event for a counterpart's. So, summed over an even
    background of any cadence, the ratios add up to the number of objects in T.

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
        Natural log; minus infinity where no counterpart of this class can have begun then. Shape (n,).
    """
    width = interval(first_seen_d, last_unseen_d, gap_d)
    mass = onset_mass(onset, first_seen_d, last_unseen_d, gap_d)
    with np.errstate(divide="ignore"):
        value = np.log((onset.end_d - onset.start_d) / width * mass)
    return np.asarray(value, dtype=np.float64)
