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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hue:
    """What the points of each light curve tell of how far its colour is off the mean; each of shape (n curves,)."""

    band: IntArray
    """Of the first point: offsets are told in it."""

    value: FloatArray
    variance: FloatArray

    def apart(self, band: IntArray) -> tuple[FloatArray, FloatArray]:
        """By how much a look in another band than the first point's is off, and the variance of that."""
        step = ALONG[band] - ALONG[self.band]
        return step * self.value, step**2 * self.variance

    def untold(self, colour: Colour) -> Hue:
        """The same before anything was measured."""
        nothing = np.zeros(len(self.band))
        return Hue(band=self.band, value=nothing, variance=nothing + colour.sigma**2)


def hue(
    curve: IntArray, first: IntArray, band: IntArray, residual: FloatArray, variance: FloatArray, colour: Colour
) -> Hue:
    """What points tell of the colour: a regression on it, with a free offset and the class's scatter as prior.

    Parameters
    ----------
    curve
        Which light curve each point belongs to. Shape (m,), like the three after the next.
    first
        Band of each light curve's first point. Shape (n,).
    residual
        What was measured less the mean curve, mag.
    """
    n, weight, at = len(first), 1.0 / variance, ALONG[band]

    def over(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(curve, weight * values, minlength=n), dtype=np.float64)

    w, x, y = over(np.ones(len(curve))), over(at), over(residual)
    precision = 1.0 / colour.sigma**2 + over(at**2) - x**2 / w
    return Hue(band=first, value=(over(at * residual) - x * y / w) / precision, variance=1.0 / precision)
