"""Annulus: a ring about an axis, as two distant detectors see a burst."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from .errors import RegionError
from .lookup import Kind, Lookup, unit
from .region import SQDEG_PER_SR, FloatArray
from .shape import MIN_RADIUS_DEG, Shape, bisect, check_containment, check_position, check_radius, versine


class Annulus(Shape):
    """A ring: Gaussian in the angle from a circle about an axis, normalised on the sphere (IPN triangulation).

    ``density = C exp(-(theta - R)^2 / 2 s^2)``; the credible regions are ``|theta - R| <= delta``.
    """

    def __init__(
        self, ra: float, dec: float, radius_deg: float, half_width_deg: float, containment: float = 0.9
    ) -> None:
        self.ra, self.dec = check_position(ra, dec)
        self.radius_deg = check_radius(radius_deg, "radius")
        self.half_width_deg = check_radius(half_width_deg, "half width")
        self.containment = check_containment(containment)
        self._radius = np.radians(self.radius_deg)
        width = np.radians(max(self.half_width_deg, MIN_RADIUS_DEG))
        first = np.log(width / NormalDist().inv_cdf((1.0 + self.containment) / 2.0))
        if self._profile(np.exp(first + 4.0), width) > self.containment:
            raise RegionError(f"half width {half_width_deg}: an even sky holds more than {containment} within it")
        sigma = bisect(lambda t: self.containment - self._profile(np.exp(t), width), first - 2.0, first + 4.0)
        self._sigma = float(np.exp(sigma))
        self._delta, self._cumulative, self._peak = self._table(self._sigma)

    def _table(self, sigma: float) -> tuple[FloatArray, FloatArray, float]:
        """Distances from the ring, the probability within each, and the density on the ring."""
        last = max(self._radius, np.pi - self._radius)
        # Simpson's rule on a grid that has the two poles as nodes of their own
        delta = np.unique(
            np.append(np.linspace(0.0, min(9.0 * sigma, last), 4097), [self._radius, np.pi - self._radius])
        )
        delta = delta[delta <= min(9.0 * sigma, last) * (1.0 + 1e-12)]
        middle = 0.5 * (delta[1:] + delta[:-1])
        step = np.diff(delta)
        part = step / 6.0 * (self._rim(delta[:-1] + 1e-15, sigma) + 4.0 * self._rim(middle, sigma))
        part += step / 6.0 * self._rim(delta[1:] - 1e-15, sigma)
        cumulative = np.concatenate([[0.0], np.cumsum(part)])
        return delta, cumulative / cumulative[-1], float(1.0 / (2.0 * np.pi * cumulative[-1]))

    def _rim(self, delta: FloatArray, sigma: float) -> FloatArray:
        """Circumference (over 2 pi) of the two edges at this distance from the ring, times the Gaussian."""
        inner = np.where(delta <= self._radius, np.sin(self._radius - delta), 0.0)
        outer = np.where(delta <= np.pi - self._radius, np.sin(self._radius + delta), 0.0)
        return np.asarray((inner + outer) * np.exp(-0.5 * (delta / sigma) ** 2))

    def _profile(self, sigma: float, delta: float) -> float:
        grid, cumulative, _ = self._table(sigma)
        return float(np.interp(delta, grid, cumulative))

    def _distance(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Radians from the ring."""
        near, far = versine(ra, dec, self.ra, self.dec), versine(ra, dec, self.ra + 180.0, -self.dec)
        angle = 2.0 * np.arctan2(np.sqrt(near), np.sqrt(far))  # exact at both ends
        return np.asarray(np.abs(angle - self._radius))

    def _density(self, delta: FloatArray) -> FloatArray:
        return np.asarray(self._peak * np.exp(-0.5 * (delta / self._sigma) ** 2))

    def density(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Probability per steradian at each position (degrees)."""
        return self._density(self._distance(ra, dec))

    def level(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Credible level at each position (degrees)."""
        return np.asarray(np.interp(self._distance(ra, dec), self._delta, self._cumulative))

    def lookup(self) -> Lookup:
        """The ring and its table, for compiled loops."""
        values = np.concatenate([unit(self.ra, self.dec), [self._radius, self._sigma, self._peak]])
        return Lookup(kind=Kind.ANNULUS, n=self._delta.size, arrays=(values, self._delta, self._cumulative))

    def _edge(self, level: float) -> float:
        return float(np.interp(level, self._cumulative, self._delta))

    def area_deg2(self, level: float) -> float:
        """Area of the credible region in square degrees."""
        inner = max(self._radius - self._edge(level), 0.0)
        outer = min(self._radius + self._edge(level), np.pi)
        return float(4.0 * np.pi * np.sin((outer - inner) / 2) * np.sin((outer + inner) / 2) * SQDEG_PER_SR)

    @property
    def anchor(self) -> tuple[float, float]:
        """The axis of the ring in degrees."""
        return self.ra, self.dec

    def centre(self) -> tuple[float, float]:
        """The ring's point north of its axis (all its points are equally dense), in degrees."""
        dec = self.dec + self.radius_deg
        return (self.ra, dec) if dec <= 90.0 else ((self.ra + 180.0) % 360.0, 180.0 - dec)

    def reach(self, level: float) -> float:
        """Radians from the axis to the outer edge of the credible region."""
        return float(min(self._radius + self._edge(level), np.pi))

    def threshold(self, level: float) -> float:
        """Density per sr on the edge of the credible region."""
        return float(self._density(np.array([self._edge(level)]))[0])

    def bounds(self, ra: FloatArray, dec: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
        """Least and greatest density per sr within ``radius`` (radians) of each position."""
        delta = self._distance(ra, dec)
        return self._density(delta + radius), self._density(np.maximum(delta - radius, 0.0))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able record for `from_dict`."""
        return {
            "type": "annulus",
            "ra": self.ra,
            "dec": self.dec,
            "radius_deg": self.radius_deg,
            "half_width_deg": self.half_width_deg,
            "containment": self.containment,
        }
