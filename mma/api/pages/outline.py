"""The border of a set of HEALPix cells as closed rings, and rings as paths of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from skymaps import FloatArray, IntArray

Ring = FloatArray
"""Unit vectors of a closed line, the first point not repeated. Shape (n, 3)."""

Plane = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
"""From longitude and declination in degrees to the picture's x and y."""

NORTH_WEST, SOUTH_WEST, SOUTH_EAST, NORTH_EAST = 2, 0, 6, 4  # places in healpy's list of neighbours
SIDES = (NORTH_WEST, SOUTH_WEST, SOUTH_EAST, NORTH_EAST)
"""In the order in which healpy goes around a cell: from its northern corner by the western one."""

LONGEST_DEG = 2.0
"""Sides of cells are curves: drawn by pieces no longer than this."""


def rings(pixels: IntArray, order: int) -> list[Ring]:
    """Lines between the cells and what is not among them.

    Parameters
    ----------
    pixels
        NESTED pixels of this order, ascending. Shape (n,).
    """
    import healpy

    if not len(pixels) or len(pixels) == 12 << (2 * order):
        return []
    near = np.array(healpy.get_all_neighbours(1 << order, pixels, nest=True))[list(SIDES)].T
    place = np.searchsorted(pixels, near).clip(0, len(pixels) - 1)
    cell, side = np.nonzero(pixels[place] != near)
    pieces = max(1, int(np.ceil(58.6 / LONGEST_DEG / (1 << order))))
    around = np.moveaxis(np.array(healpy.boundaries(1 << order, pixels[np.unique(cell)], step=pieces, nest=True)), 1, 2)
    around = np.concatenate([around, around[:, :1]], axis=1)  # and back to the northern corner
    row = np.searchsorted(np.unique(cell), cell)
    lines = around[row[:, None], side[:, None] * pieces + np.arange(pieces + 1)]
    return _chained(lines)


def _chained(lines: FloatArray) -> list[Ring]:
    """Lines put together end to end. Where two cells touch at a corner any way on will do: filling counts crossings.

    Parameters
    ----------
    lines
        Shape (n, points, 3).
    """
    ends = np.round(lines[:, (0, -1)] * 1e8).astype(np.int64) + 0
    starting: dict[bytes, list[int]] = {}
    for i, start in enumerate(ends[:, 0]):
        starting.setdefault(start.tobytes(), []).append(i)
    found = []
    free = np.ones(len(lines), dtype=np.bool_)
    for first in range(len(lines)):
        if not free[first]:
            continue
        ring, i = [], first
        while free[i]:
            free[i] = False
            ring.append(lines[i, :-1])
            onward = starting[ends[i, 1].tobytes()]
            i = next((j for j in onward if free[j]), first)
        found.append(np.concatenate(ring))
    return found


def whole_sky_path(
    found: Sequence[Ring], inside: tuple[float, float], middle: float, plane: Plane, digits: int = 1
) -> str:
    """Rings as one path of a picture of the whole sky, to be filled by the even-odd rule and cut at its border.

    Longitudes go on beyond the border, and what is drawn there again is cut: so nothing tears at the seam. A ring that
    goes around a pole is closed over the northern one; where that fills the wrong side, the whole sky is added.

    Parameters
    ----------
    inside
        Right ascension and declination of a point that must be filled, degrees.
    middle
        Right ascension in the middle of the picture, degrees; it grows to the left.
    plane
        Takes longitudes beyond -180 to 180 degrees, too.
    """
    paths, crossings = [], 0
    for ring in found:
        lon, dec = _unwrapped(ring, middle)
        crossings += _below(lon, dec, middle - inside[0], inside[1])
        turns = round((lon[-1] - lon[0]) / 360.0)
        if turns:
            paths += [as_path(*_over_the_top(lon + 360.0 * i, dec, turns, plane), digits) for i in range(abs(turns))]
            continue
        paths += [as_path(*plane(lon + offset, dec), digits) for offset in _offsets(lon, 360.0)]
    if crossings % 2 == 0:
        paths.append(as_path(*_around(plane), digits))
    return "".join(paths)


def _unwrapped(ring: Ring, middle: float) -> tuple[FloatArray, FloatArray]:
    """Longitude from the middle, growing to the right, without jumps, and declination; closed. Shape (n + 1,).

    A pole has every right ascension: it becomes two points, below its neighbours on the ring.
    """
    x, y, z = ring.T
    flat = np.hypot(x, y)
    lon, dec = middle - np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, flat))
    for pole in np.flatnonzero(flat < 1e-7)[::-1]:
        before, after = lon[pole - 1], lon[(pole + 1) % len(lon)]
        lon = np.concatenate([lon[:pole], [before, after], lon[pole + 1 :]])
        dec = np.insert(dec, pole, dec[pole])
    lon, dec = np.append(lon, lon[0]), np.append(dec, dec[0])
    step = (np.diff(lon) + 180.0) % 360.0 - 180.0
    start = (lon[0] + 180.0) % 360.0 - 180.0
    return start + np.concatenate([[0.0], np.cumsum(step)]), dec


def _below(lon: FloatArray, dec: FloatArray, at: float, above: float) -> int:
    """How often a ring crosses the meridian ``at`` south of declination ``above``."""
    turn = np.floor((lon - at) / 360.0)
    turn[-1] = turn[0] + round((lon[-1] - lon[0]) / 360.0)  # one may begin on the meridian: its end is the same point
    crosses = np.flatnonzero(turn[1:] != turn[:-1])
    edge = at + 360.0 * np.maximum(turn[1:], turn[:-1])[crosses]
    a, b = lon[:-1][crosses], lon[1:][crosses]
    height = dec[:-1][crosses] + (dec[1:] - dec[:-1])[crosses] * (edge - a) / (b - a)
    return int(np.sum(height < above))


def _over_the_top(lon: FloatArray, dec: FloatArray, turns: int, plane: Plane) -> tuple[FloatArray, FloatArray]:
    """A line that comes back whole turns away, from border to border and back outside, above the northern pole.

    It is drawn as often as a part of it is in the picture: one that winds back on itself is longer than its turns.
    """
    start = int(np.abs(dec).argmin())  # not a pole, which is in the picture whatever its longitude
    lon = np.concatenate([lon[start:-1], lon[:start] + 360.0 * turns])
    dec = np.concatenate([dec[start:-1], dec[:start]])
    onward = 1 if turns > 0 else -1
    there = lon + _offsets(lon, 360.0 * abs(turns), beyond=1)[::onward, None]
    x, y = plane(there.ravel(), np.tile(dec, len(there)))
    corners_x, corners_y = _around(plane)
    top = [1, 0][::onward]
    return np.append(x, corners_x[top]), np.append(y, corners_y[top])


def _offsets(lon: FloatArray, whole: float, beyond: int = 0) -> FloatArray:
    """By how much a line is moved, in multiples of ``whole``, to have every part of it in the picture, ascending."""
    first, last = np.ceil((-180.0 - lon.max()) / whole), np.floor((180.0 - lon.min()) / whole)
    return np.arange(first - beyond, last + beyond + 1) * whole


def _around(plane: Plane) -> tuple[FloatArray, FloatArray]:
    """A rectangle around the whole picture: top left, top right, bottom right, bottom left."""
    x, y = plane(np.array([-1080.0, 1080.0, 0.0, 0.0]), np.array([0.0, 0.0, 90.0, -90.0]))
    left, right, top, bottom = x[0], x[1], y[2] - abs(y[3] - y[2]), y[3] + abs(y[3] - y[2])
    return np.array([left, right, right, left]), np.array([top, top, bottom, bottom])


def tangent_path(found: Sequence[Ring], ra: float, dec: float, plane: Plane, digits: int = 1) -> str:
    """Rings as one path of a picture of a part of the sky; all of them within 85 degrees of its middle.

    Parameters
    ----------
    ra, dec
        Of the middle, degrees.
    plane
        From the tangent plane's xi (to the east) and eta (to the north), in degrees, to the picture.
    """
    return "".join(as_path(*plane(*gnomonic(ring.T, ra, dec)), digits) for ring in found)


def gnomonic(points: FloatArray, ra: float, dec: float) -> tuple[FloatArray, FloatArray]:
    """Position on the plane that touches the sky at (ra, dec), in degrees to the east and to the north of there.

    Snyder 1987, USGS Professional Paper 1395, eqs. 22-4 and 22-5, for unit
    vectors of shape (3, n); NaN on the far hemisphere.
    """
    east, north, towards = frame(ra, dec)
    depth = towards @ points
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(depth > 1e-6, depth, np.nan)
        return np.degrees(east @ points / depth), np.degrees(north @ points / depth)


def frame(ra: float, dec: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Unit vectors to the east, to the north and to a position in degrees."""
    a, d = np.radians(ra), np.radians(dec)
    east = np.array([-np.sin(a), np.cos(a), 0.0])
    north = np.array([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
    return east, north, np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def vectors(ra: FloatArray, dec: FloatArray) -> FloatArray:
    """Unit vectors of positions in degrees. Shape (3, n)."""
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def as_path(x: FloatArray, y: FloatArray, digits: int, closed: bool = True) -> str:
    """A line as SVG tells it: a start and short steps, points that are the same at this resolution left out."""
    scale = 10**digits
    points = np.round(np.stack([x, y], axis=1) * scale).astype(np.int64)
    keep = np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))
    points = points[keep]
    steps = np.diff(points, axis=0)
    first = f"M{points[0, 0] / scale:g} {points[0, 1] / scale:g}"
    rest = "".join(f"l{a / scale:g} {b / scale:g}" for a, b in steps.tolist())
    return first + rest + ("z" if closed else "")
