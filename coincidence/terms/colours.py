"""Colours: what two bands differ by, one number for each light curve, scattered about its class's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skymaps import FloatArray, IntArray

ALONG = np.array([2.5, 1.0, 0.0, -0.6, -1.0, -1.2])
"""By how much a colour moves each of u, g, r, i, z and y, where it moves g - r by one: as one over the wavelength, the
way in which the temperature of a black body (where it is cool) and dust change them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """How g - r scatters in a class, mag."""

    mean: float
    sigma: float

    def mag(self, band: IntArray) -> FloatArray:
        """What the mean colour adds in a band (column of the templates), with r as told."""
        return np.asarray(self.mean * ALONG[band])

    def variance(self, band: IntArray) -> FloatArray:
        """How much wider a magnitude in this band scatters than one in r, mag^2."""
        return np.asarray((self.sigma * ALONG[band]) ** 2)

    def apart(self, band: IntArray, first: IntArray) -> FloatArray:
        """How much more than the first point's a scatter of the colour moves a magnitude in this band, mag."""
        return np.asarray(self.sigma * (ALONG[band] - ALONG[first]))
