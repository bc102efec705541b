"""What lies underneath: stars are not counterparts of explosions in galaxies, active nuclei flare by themselves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray
from skymaps.units import ARCSEC_PER_RAD

from ..models import ClassModel
from ..parameters import Parameters

BoolArray = npt.NDArray[np.bool_]


def context(
    star_score: FloatArray,
    star_distance_arcsec: FloatArray,
    on_agn: BoolArray | None,
    model: ClassModel,
    parameters: Parameters,
) -> FloatArray:
    """Log ratio of what lies under an alert, counterpart class against background; NaN where nothing is known.

    Parameters
    ----------
    star_score, star_distance_arcsec
        Of the nearest catalogued source: 0 galaxy to 1 star, and how near. Shape (n,).
    on_agn
        Whether a catalogued active nucleus is there; None where no catalogue of them is known. Shape (n,).
    """
    star = _star(star_score, star_distance_arcsec, model, parameters)
    if on_agn is None:
        return star
    its, usual = model.agn_fraction, parameters.underneath.agn_fraction
    return np.nan_to_num(star) + np.where(on_agn, np.log(its / usual), np.log((1.0 - its) / (1.0 - usual)))


def _star(score: FloatArray, arcsec: FloatArray, model: ClassModel, parameters: Parameters) -> FloatArray:
    """Log ratio of what the nearest catalogued source says.

    A part ``f`` lies on a star; of the rest a part ``n`` has nothing near, the same on both sides. Of sources that are
    near galaxies have the score's density ``2 (1 - s)``, stars ``2 s``. The score is that of Tachibana & Miller
    2018 (PASP 130 128001).
    """
    under = parameters.underneath
    its, usual, some = model.star_fraction, under.star_fraction, 1.0 - under.nothing_fraction
    with np.errstate(invalid="ignore"):
        near = (arcsec <= parameters.star_radius_arcsec) & (score >= 0) & (score <= 1)
        nothing = arcsec > parameters.star_radius_arcsec
    value = np.where(nothing, np.log((1.0 - its) / (1.0 - usual)), np.nan)
    galaxy, star = some * (1.0 - score[near]), score[near]
    value[near] = np.log(((1.0 - its) * galaxy + its * star) / ((1.0 - usual) * galaxy + usual * star))
    return np.asarray(value, dtype=np.float64)


def on_agn(ra: FloatArray, dec: FloatArray, agn_ra: FloatArray, agn_dec: FloatArray, radius_arcsec: float) -> BoolArray:
    """Whether any nucleus lies within a radius of each position, ICRS degrees. Shape (n,)."""
    if not len(agn_ra) or not len(ra):
        return np.zeros(len(ra), dtype=np.bool_)
    from scipy.spatial import cKDTree

    chord = 2.0 * np.sin(radius_arcsec / ARCSEC_PER_RAD / 2.0)
    apart, _ = cKDTree(_unit(agn_ra, agn_dec)).query(_unit(ra, dec), distance_upper_bound=chord)
    return np.asarray(np.isfinite(apart), dtype=np.bool_)


def _unit(ra: FloatArray, dec: FloatArray) -> FloatArray:
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
