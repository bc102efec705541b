"""Magnitudes of galaxies of which only the mass in stars is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray

SUN_R_MAG = 4.65
"""Absolute r magnitude of the Sun (Willmer 2018, ApJS 236 47)."""

MASS_TO_LIGHT = 2.0
"""Mass of stars over light in r, solar: as of g - r = 0.55 (Bell et al. 2003, ApJS 149 289)."""

UNWEIGHED_MAG = -15.0
"""Absolute r magnitude of a galaxy that a table of masses could not weigh: a faint one. Ours."""


def weighed(
    log_mass: FloatArray, mpc: FloatArray, mag: FloatArray, band: npt.NDArray[Any]
) -> tuple[FloatArray, npt.NDArray[Any]]:
    """Magnitudes and bands, of those without one the magnitude in r by the mass.

    Parameters
    ----------
    log_mass
        log10 of the mass in stars over the Sun's; NaN unknown. Shape (n,), like the others.
    mpc
        Luminosity distance, Mpc.
    mag, band
        As the table tells them; NaN and None where it does not.
    """
    absolute = np.where(log_mass > 0, SUN_R_MAG - 2.5 * (log_mass - np.log10(MASS_TO_LIGHT)), UNWEIGHED_MAG)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_mass = absolute + 5.0 * np.log10(mpc) + 25.0
    is_told = np.isfinite(mag) | ~np.isfinite(by_mass)
    return np.where(is_told, mag, by_mass), np.where(is_told, band, "r").astype(object)
