"""Sources below their reference: a counterpart adds light, and never takes any away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray

from ..curves import LightCurves
from ..models import ClassModel, Photometry
from .points import flux_errors


@dataclass(frozen=True, slots=True)
class Below:
    """Which pairs have a flux that cannot be that of added light; each of shape (n,)."""

    only: npt.NDArray[np.bool_]
    """Never above its reference."""

    both: npt.NDArray[np.bool_]
    """Above it, too, and below since the event, or since its first detection if that was before."""


def below(curves: LightCurves, objects: IntArray, event_s: FloatArray, photometry: Photometry) -> Below:
    """Sources below their reference by ``below_sigma`` errors or more.

    Until the event, or the first detection, there was no light to add: what was measured before says nothing.

    Parameters
    ----------
    objects
        Object of each pair. Shape (n,).
    event_s
        Time of each pair's event, Unix seconds. Shape (n,).
    """
    n, error = len(objects), flux_errors(curves)
    with np.errstate(invalid="ignore", divide="ignore"):
        signal = curves.flux_njy / error
    above, low = signal > photometry.signal_to_noise_min, signal < -photometry.below_sigma
    if not low.any():
        return Below(np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_))
    owner, point = curves.spread(objects)
    since = event_s.copy()
    np.minimum.at(since, owner[above[point]], curves.time[point[above[point]]])
    is_late = low[point] & (curves.time[point] >= since[owner])
    has_above, has_low, is_both = (np.bincount(owner[w], minlength=n) > 0 for w in (above[point], low[point], is_late))
    return Below(has_low & ~has_above, is_both & has_above)


def log_ratio(found: Below, model: ClassModel, photometry: Photometry) -> FloatArray:
    """Log ratio of what is below its reference, counterpart class against background.

    It is a subtraction that went wrong, or a variable source. Of the class a part f shows one, by a fault; as many of
    the transients that the prior counts, and for each of these n more sources that vary: ``ln[f / (f + n)]``.
    It is 0 where nothing is below, so that summed over such a background the ratios are as many as those transients.
    f is ``below_fraction`` of the class and n ``below_number`` for what was never above, ``fault_fraction`` and
    ``both_number`` for what was both. Shape (n,).
    """
    only = np.log(model.below_fraction / (model.below_fraction + photometry.below_number))
    both = np.log(photometry.fault_fraction / (photometry.fault_fraction + photometry.both_number))
    return np.where(found.only, only, np.where(found.both, both, 0.0))
