"""Ellipse: a Gaussian with up to four different half widths, drawn in an equal-area plane."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

import numpy as np

from .errors import RegionError
from .lookup import Kind, Lookup, unit
from .region import SQDEG_PER_SR, FloatArray
from .shape import MIN_RADIUS_DEG, Shape, bisect, check_containment, check_position, check_radius

_DIRECTIONS = 1440
"""Directions of the numerical integral where the plane's edge cuts the Gaussian; a multiple of 4."""

_UNCUT = 40.0
"""m^2/2 of a contour outside which exp(-40) is nothing: the plane's edge may cut it."""


class Ellipse(Shape):
    """A Gaussian in Lambert's azimuthal equal-area plane about a centre, with a width for each quadrant's axes.

    A point at angle theta lies ``2 sin(theta/2)`` from the origin of that plane, whose area element is the
    sphere's, so densities need no Jacobian, contours are exact and the integral is 1 (plane inside radius 2).
    With four equal widths sigma it *is* the von Mises-Fisher distribution of kappa = 1/sigma^2, because
    ``(2 sin(theta/2))^2 / 2 = 1 - cos theta``. With m the distance in units of the widths, the density is
    ``peak exp(-m^2/2)`` and the level ``1 - exp(-m^2/2)`` as long as the contour stays in the plane.
    """

    def __init__(
        self,
        ra: float,
        dec: float,
        half_axes_deg: tuple[float, float, float, float],
        angle_deg: float,
        containment: float,
        record: dict[str, Any],
    ) -> None:
        """``half_axes_deg``: along the angle (north through east), 90 degrees on, opposite, 270 degrees on."""
        self.ra, self.dec = check_position(ra, dec)
        if not np.isfinite(angle_deg):
            raise RegionError(f"position angle {angle_deg} is not a number of degrees")
        self.containment = check_containment(containment)
        self._record = record
        self._angle = np.radians(angle_deg)
        plane = 2.0 * np.sin(np.radians(np.maximum(half_axes_deg, MIN_RADIUS_DEG)) / 2.0)
        self._widths = plane / self._contour(plane)
        self._rates = self._rate(self._widths)
        self._mass = float(self._inside(np.array([np.inf]))[0])
        self._peak = 1.0 / (self._plane_area() * self._mass)
        self._safe = 2.0 / self._widths.max() ** 2  # m^2/2 of the largest contour that lies in the plane

    @classmethod
    def of_axes(cls, ra: float, dec: float, a_deg: float, b_deg: float, angle_deg: float, containment: float) -> Self:
        """From half axes and the position angle of the first."""
        a, b = check_radius(a_deg, "semimajor axis"), check_radius(b_deg, "semiminor axis")
        record = {
            "type": "ellipse",
            "ra": ra,
            "dec": dec,
            "semimajor_deg": a,
            "semiminor_deg": b,
            "position_angle_deg": angle_deg,
            "containment": containment,
        }
        return cls(ra, dec, (a, b, a, b), angle_deg, containment, record)

    @classmethod
    def of_errors(
        cls,
        ra: float,
        dec: float,
        ra_plus: float,
        ra_minus: float,
        dec_plus: float,
        dec_minus: float,
        level: float,
    ) -> Self:
        """From one-sided errors in right ascension (coordinate degrees) and declination."""
        ra, dec = check_position(ra, dec)
        given = {"ra plus": ra_plus, "ra minus": ra_minus, "dec plus": dec_plus, "dec minus": dec_minus}
        east, west, north, south = (check_radius(abs(value), name) for name, value in given.items())
        record = {
            "type": "asymmetric",
            "ra": ra,
            "dec": dec,
            "ra_plus_deg": east,
            "ra_minus_deg": west,
            "dec_plus_deg": north,
            "dec_minus_deg": south,
            "containment": level,
        }
        short = np.cos(np.radians(dec))
        return cls(ra, dec, (north, east * short, south, west * short), 0.0, level, record)

    def _rate(self, widths: FloatArray) -> FloatArray:
        """m^2 / rho^2 in evenly spread directions of the plane (middles, so none falls on a seam)."""
        phi = (np.arange(_DIRECTIONS) + 0.5) * (2.0 * np.pi / _DIRECTIONS)
        along = np.where(np.cos(phi) > 0, widths[0], widths[2])
        across = np.where(np.sin(phi) > 0, widths[1], widths[3])
        return np.asarray((np.cos(phi) / along) ** 2 + (np.sin(phi) / across) ** 2)

    def _plane_area(self) -> float:
        """Integral of exp(-m^2/2) over the unbounded plane."""
        w = self._widths
        return float(0.5 * np.pi * (w[0] + w[2]) * (w[1] + w[3]))

    def _inside(self, t: FloatArray) -> FloatArray:
        """Share of the unbounded Gaussian that lies in the plane's disc and within m^2/2 <= t. Shape (n,)."""
        weight = (1.0 / self._rates) / (1.0 / self._rates).sum()
        reach = np.minimum(2.0 * self._rates, t[:, np.newaxis])
        return np.asarray(-np.expm1(-reach) @ weight)

    @cached_property
    def _cut_table(self) -> tuple[FloatArray, FloatArray]:
        """m^2/2 and the share inside, for contours that the plane's edge cuts."""
        t = np.geomspace(self._safe, 2.0 * float(self._rates.max()), 513)
        return t, np.concatenate([self._inside(part) for part in np.array_split(t, 8)])

    def _contour(self, plane: FloatArray) -> float:
        """m of the contour that has these half axes in the plane and holds the containment."""
        plain = float(np.sqrt(-2.0 * np.log1p(-self.containment)))
        if (plane.max() / plain) ** 2 < 2.0 / 40.0:
            return plain
        even = 0.125 / np.pi * np.pi * (plane[0] + plane[2]) * (plane[1] + plane[3]) / 2.0
        if self.containment <= even:
            raise RegionError(f"half axes: an even sky holds {even:.3f} within them, more than {self.containment}")

        def excess(log: float) -> float:
            m = float(np.exp(log))
            self._widths = plane / m
            self._rates = self._rate(self._widths)
            held, whole = self._inside(np.array([0.5 * m * m, np.inf]))
            return float(held / whole) - self.containment

        return float(np.exp(bisect(excess, -12.0, float(np.log(plain)) + 1e-9)))

    def _half_m2(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """m^2/2 at each position."""
        along, across = self._plane(ra, dec)
        along = along / np.where(along > 0, self._widths[0], self._widths[2])
        across = across / np.where(across > 0, self._widths[1], self._widths[3])
        return np.asarray(0.5 * (along * along + across * across))

    def _plane(self, ra: FloatArray, dec: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coordinates in the equal-area plane, along the position angle and 90 degrees on (east of it)."""
        lat, lat0, lon = np.radians(dec), np.radians(self.dec), np.radians(ra - self.ra)
        sin_half2 = np.sin(0.5 * lon) ** 2
        east = np.cos(lat) * np.sin(lon)
        north = np.sin(lat - lat0) + 2.0 * np.cos(lat) * np.sin(lat0) * sin_half2
        haversine = np.sin(0.5 * (lat - lat0)) ** 2 + np.cos(lat) * np.cos(lat0) * sin_half2
        flat = np.hypot(north, east)
        stretch = 2.0 * np.sqrt(np.minimum(haversine, 1.0)) / np.maximum(flat, 1e-300)
        cos, sin = np.cos(self._angle), np.sin(self._angle)
        along, across = stretch * (north * cos + east * sin), stretch * (east * cos - north * sin)
        antipode = (flat < 1e-12) & (haversine > 0.5)  # it has no direction: any
        return np.where(antipode, 2.0, along), np.where(antipode, 0.0, across)

    def _level(self, t: FloatArray) -> FloatArray:
        level = -np.expm1(-t)
        if self._safe < _UNCUT:
            cut = t > self._safe
            level[cut] = np.interp(t[cut], *self._cut_table)
            level /= self._mass
        return np.minimum(level, 1.0)

    def density(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Probability per steradian at each position (degrees)."""
        return self._peak * np.exp(-self._half_m2(ra, dec))

    def level(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Credible level at each position (degrees)."""
        return self._level(self._half_m2(ra, dec))

    def lookup(self) -> Lookup:
        """The plane, the widths and the table of cut contours, for compiled loops."""
        centre = unit(self.ra, self.dec)
        north, east = unit(self.ra, self.dec + 90.0), unit(self.ra + 90.0, 0.0)
        cos, sin = np.cos(self._angle), np.sin(self._angle)
        along, across = north * cos + east * sin, east * cos - north * sin
        values = np.concatenate([centre, along, across, self._widths, [self._peak, self._mass, self._safe]])
        table = self._cut_table if self._safe < _UNCUT else (np.empty(0), np.empty(0))
        return Lookup(kind=Kind.ELLIPSE, n=table[0].size, arrays=(values, *table))

    def _edge(self, level: float) -> float:
        """m^2/2 of the contour of a credible level."""
        if level >= 1.0:
            return 700.0
        plain = float(-np.log1p(-max(level, 0.0) * self._mass))
        if plain <= self._safe:
            return plain
        highest = float(2.0 * self._rates.max())
        return bisect(lambda t: float(self._level(np.array([t]))[0]) - level, self._safe, highest)

    def area_deg2(self, level: float) -> float:
        """Area of the credible region in square degrees."""
        t = self._edge(level)
        if t <= self._safe:
            return float(self._plane_area() * t * SQDEG_PER_SR)
        rho2 = np.minimum(2.0 * t / self._rates, 4.0)
        return float(np.pi * rho2.mean() * SQDEG_PER_SR)

    @property
    def anchor(self) -> tuple[float, float]:
        """The densest point in degrees."""
        return self.ra, self.dec

    def reach(self, level: float) -> float:
        """Radians from the centre to the farthest point of the credible region."""
        rho = float(self._widths.max() * np.sqrt(2.0 * self._edge(level)))
        return float(2.0 * np.arcsin(min(rho / 2.0, 1.0)))

    def threshold(self, level: float) -> float:
        """Density per sr on the edge of the credible region."""
        return float(self._peak * np.exp(-self._edge(level)))

    def bounds(self, ra: FloatArray, dec: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
        """Least and greatest density per sr within ``radius`` (radians) of each position.

        The plane stretches lengths at most by 1 / cos(theta/2), so m moves by at most that much over the least width.
        """
        along, across = self._plane(ra, dec)
        theta = 2.0 * np.arcsin(np.minimum(0.5 * np.hypot(along, across), 1.0))
        cosine = np.cos(0.5 * np.minimum(theta + radius, np.pi))
        moved = np.minimum(radius / np.maximum(cosine, 1e-9), 4.0)
        far_along, far_across = np.abs(along) + moved, np.abs(across) + moved
        least = _half_m2_in_box(along, across, moved, self._widths)
        w = self._widths
        most = 0.5 * ((far_along / min(w[0], w[2])) ** 2 + (far_across / min(w[1], w[3])) ** 2)
        return self._peak * np.exp(-most), self._peak * np.exp(-least)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able record for `from_dict`."""
        return dict(self._record)


def _half_m2_in_box(along: FloatArray, across: FloatArray, moved: FloatArray, w: FloatArray) -> FloatArray:
    """Least m^2/2 within a square of half side ``moved`` about each point of the plane."""
    near = []
    for x, plus, minus in ((along, w[0], w[2]), (across, w[1], w[3])):
        gap = np.maximum(np.abs(x) - moved, 0.0)
        near.append(gap / np.where(x > 0, plus, minus))
    return np.asarray(0.5 * (near[0] ** 2 + near[1] ** 2))
