"""Where: the region's density at the alert against an even sky."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray


def sky(probdensity: FloatArray, floor: float) -> FloatArray:
    """Log ratio of a region's density to that of an even sky, softened by the chance that the region is wrong.

    ``ln[(1 - e) 4 pi p + e]``: Ashton et al. 2018 (ApJ 860 6) for a point, with a floor ``e``.
    Its expectation over an even sky, unlogged, is 1.

    Parameters
    ----------
    probdensity
        Probability per steradian at each alert. Shape (n,).
    floor
        Probability that the region is wrong altogether.

    Returns
    -------
    :
        Natural log. Shape (n,).

    Examples
    --------
    >>> sky(np.array([1 / (4 * np.pi), 0.0]), 1e-3).round(3) + 0.0
    array([ 0.   , -6.908])
    """
    return np.asarray(np.log((1.0 - floor) * 4.0 * np.pi * probdensity + floor), dtype=np.float64)
