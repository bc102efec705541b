"""Sources below their reference: a counterpart adds light, and never takes any away."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray, IntArray

from ..curves import LightCurves
from ..models import ClassModel, Photometry
from .points import flux_errors


def below(
    curves: LightCurves, objects: IntArray, event_s: FloatArray, model: ClassModel, photometry: Photometry
) -> FloatArray:
    """Log ratio of negative difference fluxes, counterpart class against background.

    A difference flux of ``-below_sigma`` errors or less cannot be that of added light, whatever its brightness: it is a
    subtraction that went wrong, or a variable source. Of the class a part f shows one, by a fault; as many of the
    transients that the prior counts, and for each of these n more sources that vary: ``ln[f / (f + n)]``.
    It is 0 where nothing is below, so that summed over such a background the ratios are as many as those transients.
    What was never above its reference (f: ``below_fraction`` of the class, n: ``below_number``) and what was both
    (``fault_fraction``, ``both_number``) are told apart. Of the latter only what was measured since the event, or since
    the first detection if that was before, speaks: until then there was no light to add.

    Parameters
    ----------
    objects
        Object of each pair. Shape (n,).
    event_s
        Time of each pair's event, Unix seconds. Shape (n,).

    Returns
    -------
    :
        Natural log, 0 where nothing is below. Shape (n,).
    """
    n, error = len(objects), flux_errors(curves)
    owner, point = curves.spread(objects)
    with np.errstate(invalid="ignore", divide="ignore"):
        signal = curves.flux_njy[point] / error[point]
    is_above, is_low = signal > photometry.signal_to_noise_min, signal < -photometry.below_sigma
    since = event_s.copy()
    np.minimum.at(since, owner[is_above], curves.time[point[is_above]])
    is_late = is_low & (curves.time[point] >= since[owner])
    above, low, late = (np.bincount(owner[which], minlength=n) > 0 for which in (is_above, is_low, is_late))
    only = np.log(model.below_fraction / (model.below_fraction + photometry.below_number))
    both = np.log(photometry.fault_fraction / (photometry.fault_fraction + photometry.both_number))
    return np.where(low & ~above, only, np.where(late, both, 0.0))
