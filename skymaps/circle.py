"""Circle: von Mises-Fisher, alone or a mixture about one centre."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .errors import RegionError
from .lookup import Kind, Lookup, unit
from .region import SQDEG_PER_SR, FloatArray
from .shape import MIN_RADIUS_DEG, Shape, bisect, check_containment, check_position, check_radius, versine

Mixture = tuple[tuple[float, float], ...]

GBM_SYSTEMATIC: dict[str, Mixture] = {
    "flight": ((0.897, 7.52), (0.103, 55.6)),
    "ground": ((0.804, 3.72), (0.196, 13.7)),
    "final": ((0.900, 3.71), (0.100, 14.3)),
    "human": ((0.900, 3.71), (0.100, 14.3)),
}
"""Fermi-GBM core and tail systematic: (weight, sigma in degrees); Connaughton et al. 2015, ApJS 216, 32."""


class Circle(Shape):
    """A von Mises-Fisher distribution, or a mixture of several about one centre.

    A component has density ``kappa / (2 pi (1 - exp(-2 kappa))) exp(-kappa (1 - cos theta))`` (Fisher 1953,
    doi 10.1098/rspa.1953.0064), kappa = 1 / sigma^2 with sigma in radians, and holds the probability
    ``(1 - exp(-kappa (1 - cos theta))) / (1 - exp(-2 kappa))`` within theta. Kappa follows exactly from the
    radius and its containment. With a systematic, each component's sigma^2 is that of the radius plus its own.
    """

    def __init__(
        self, ra: float, dec: float, radius_deg: float, containment: float = 0.9, systematic: Mixture = ()
    ) -> None:
        self.ra, self.dec = check_position(ra, dec)
        self.radius_deg = check_radius(radius_deg, "radius")
        self.containment = check_containment(containment)
        self.systematic = tuple((float(w), float(s)) for w, s in systematic)
        kappa = kappa_of(self.radius_deg, self.containment)
        if not self.systematic:
            self._set([1.0], [kappa])
            return
        weights = [w for w, _ in self.systematic]
        if not (min(weights) > 0 and abs(sum(weights) - 1.0) < 1e-6):
            raise RegionError(f"systematic weights {weights} are not positive with sum 1")
        if not all(np.isfinite(s) and 0 <= s < 180 for _, s in self.systematic):
            raise RegionError("systematic sigma is not 0 to 180 degrees")
        self._set(weights, [1.0 / (1.0 / kappa + np.radians(s) ** 2) for _, s in self.systematic])

    def _set(self, weights: list[float], kappas: list[float]) -> None:
        weight, self.kappa = np.array(weights), np.array(kappas)
        self.weight = weight / weight.sum()
        self._peak = self.weight * self.kappa / (2.0 * np.pi * -np.expm1(-2.0 * self.kappa))
        self._share = self.weight / -np.expm1(-2.0 * self.kappa)

    @classmethod
    def from_sigma(cls, ra: float, dec: float, sigma_deg: float) -> Self:
        """The von Mises-Fisher distribution of kappa = 1 / sigma^2; its radius holds 0.9."""
        sigma = np.radians(check_radius(sigma_deg, "sigma"))
        kappa = 1.0 / sigma**2
        versine = min(-np.log1p(0.9 * np.expm1(-2.0 * kappa)) / kappa, 2.0)
        circle = cls(ra, dec, float(np.degrees(2.0 * np.arcsin(np.sqrt(versine / 2.0)))), 0.9)
        circle._set([1.0], [kappa])
        return circle

    def _versine(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """1 - cos of the angle from the centre, without loss at small angles."""
        return versine(ra, dec, self.ra, self.dec)

    def density(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Probability per steradian at each position (degrees)."""
        return self._density(self._versine(ra, dec))

    def level(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Credible level at each position (degrees)."""
        return self._level(self._versine(ra, dec))

    def lookup(self) -> Lookup:
        """The centre and the components, for compiled loops."""
        components = np.stack([self._peak, self.kappa, self._share], axis=1).ravel()
        values = np.concatenate([unit(self.ra, self.dec), components])
        return Lookup(kind=Kind.CIRCLE, n=self.kappa.size, arrays=(values,))

    def _density(self, x: FloatArray) -> FloatArray:
        if self.kappa.size == 1:
            return np.asarray(self._peak[0] * np.exp(-self.kappa[0] * x))
        return np.asarray(np.exp(-np.multiply.outer(x, self.kappa)) @ self._peak)

    def _level(self, x: FloatArray) -> FloatArray:
        if self.kappa.size == 1:
            return np.asarray(np.minimum(-self._share[0] * np.expm1(-self.kappa[0] * x), 1.0))
        return np.asarray(np.minimum(-np.expm1(-np.multiply.outer(x, self.kappa)) @ self._share, 1.0))

    def _edge(self, level: float) -> float:
        """1 - cos of the radius of a credible region."""
        if level >= 1.0:
            return 2.0
        if self.kappa.size == 1:
            return float(min(-np.log1p(-level / self._share[0]) / self.kappa[0], 2.0))
        log = bisect(lambda t: float(self._level(np.array([np.exp(t)]))[0]) - level, -90.0, np.log(2.0))
        return float(np.exp(log))

    def area_deg2(self, level: float) -> float:
        """Area of the credible region (a disc) in square degrees."""
        return float(2.0 * np.pi * self._edge(level) * SQDEG_PER_SR)

    def radius_at(self, level: float) -> float:
        """Radius in degrees of the credible region."""
        return float(np.degrees(self.reach(level)))

    @property
    def anchor(self) -> tuple[float, float]:
        """The centre in degrees."""
        return self.ra, self.dec

    def reach(self, level: float) -> float:
        """Radius in radians of the credible region."""
        return float(2.0 * np.arcsin(np.sqrt(min(self._edge(level) / 2.0, 1.0))))

    def threshold(self, level: float) -> float:
        """Density per sr on the edge of the credible region."""
        return float(self._density(np.array([self._edge(level)]))[0])

    def bounds(self, ra: FloatArray, dec: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
        """Least and greatest density per sr within ``radius`` (radians) of each position."""
        angle = 2.0 * np.arcsin(np.sqrt(self._versine(ra, dec) / 2.0))
        near, far = np.maximum(angle - radius, 0.0), np.minimum(angle + radius, np.pi)
        return self._density(2.0 * np.sin(far / 2.0) ** 2), self._density(2.0 * np.sin(near / 2.0) ** 2)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able record for `from_dict`."""
        return {
            "type": "circle",
            "ra": self.ra,
            "dec": self.dec,
            "radius_deg": self.radius_deg,
            "containment": self.containment,
            "systematic": [list(pair) for pair in self.systematic],
        }


def kappa_of(radius_deg: float, containment: float) -> float:
    """Concentration of the von Mises-Fisher distribution that holds ``containment`` within a radius.

    Solves ``(1 - exp(-kappa x)) / (1 - exp(-2 kappa)) = containment``, x = 1 - cos radius; no flat approximation.
    Where the radius is small this is kappa = 1 / sigma^2 with sigma = radius / sqrt(-2 ln(1 - containment)).
    """
    x = 2.0 * np.sin(np.radians(max(radius_deg, MIN_RADIUS_DEG)) / 2.0) ** 2
    if containment <= x / 2.0:
        raise RegionError(f"radius {radius_deg:g}: an even sky holds {x / 2:.3f} within it, more than {containment}")
    start = -np.log1p(-containment) / x
    if start > 20.0:
        return float(start)

    def excess(log: float) -> float:
        kappa = np.exp(log)
        return float(np.expm1(-kappa * x) / np.expm1(-2.0 * kappa)) - containment

    return float(np.exp(bisect(excess, -30.0, float(np.log(start)) + 1e-9)))
