"""What lies underneath: stars are not counterparts of explosions in galaxies."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray


def star(star_score: FloatArray, star_distance_arcsec: FloatArray, radius_arcsec: float) -> FloatArray:
    """Log ratio of galaxy to star for the catalogued source under an alert; 0 where there is none.

    ``ln[(1 - s + 0.02) / (s + 0.02)]`` with s from 0 (galaxy) to 1 (star): the Pan-STARRS score of
    Tachibana & Miller 2018 (PASP 130 128001), softened. Shape (n,).
    """
    with np.errstate(invalid="ignore"):
        under = (star_distance_arcsec <= radius_arcsec) & (star_score >= 0) & (star_score <= 1)
    s = np.where(under, star_score, 0.5)
    return np.asarray(np.where(under, np.log((1.02 - s) / (s + 0.02)), 0.0), dtype=np.float64)
