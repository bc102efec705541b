"""Borders of regions: what is filled is what the region's cells cover, at the poles and across the seam too."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import skymaps
from mma.api.pages import outline, skyview
from skymaps import FloatArray, healpix

ORDER = 4
EDGE = 3.0
"""Points nearer than this to a border are left out, in units of the picture: borders are drawn by straight pieces."""


def filled(path: str, x: FloatArray, y: FloatArray) -> np.ndarray:
    """The even-odd rule, by counting the crossings of a ray to the right; by hand, and slowly."""
    inside = np.zeros(len(x), dtype=bool)
    for ring in rings_of(path):
        (ax, ay), (bx, by) = ring.T, np.roll(ring, -1, axis=0).T
        for i in range(len(x)):
            spans = (ay > y[i]) != (by > y[i])
            at = ax[spans] + (y[i] - ay[spans]) / (by[spans] - ay[spans]) * (bx[spans] - ax[spans])
            inside[i] ^= bool(np.sum(at > x[i]) % 2)
    return inside


def rings_of(path: str) -> list[FloatArray]:
    """Points of each ring of a path of ours."""
    found = []
    for ring in filter(None, path.split("z")):
        numbers = np.array([float(n) for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", ring)]).reshape(-1, 2)
        found.append(numbers.cumsum(axis=0))
    return found


def distance_to_border(path: str, x: FloatArray, y: FloatArray) -> FloatArray:
    nearest = np.full(len(x), np.inf)
    for ring in rings_of(path):
        fine = np.concatenate([ring + f * (np.roll(ring, -1, axis=0) - ring) for f in (0.0, 0.33, 0.67)])
        for start in range(0, len(fine), 2000):
            part = fine[start : start + 2000]
            nearest = np.minimum(nearest, np.hypot(x[:, None] - part[:, 0], y[:, None] - part[:, 1]).min(axis=1))
    return nearest


def check_whole(pixels: np.ndarray, order: int, seed: int = 0) -> None:
    """Points all over the sky are filled if and only if their cell is among the pixels."""
    random = np.random.default_rng(seed)
    ra = np.concatenate([random.uniform(0, 360, 150), [0.01, 359.99, 180.0, 10.0, 200.0]])
    dec = np.concatenate([np.degrees(np.arcsin(random.uniform(-1, 1, 150))), [0.0, 30.0, -30.0, 89.0, -89.0]])
    first = healpix.pixel_centre(order, pixels[:1])
    place = (float(first[0][0]), float(first[1][0]))
    path = outline.whole_sky_path(outline.rings(pixels, order), place, skyview.MIDDLE, skyview.whole_place)
    x, y = np.array(skyview.marks_whole(ra, dec)).T
    clear = distance_to_border(path, x, y) > EDGE
    wanted = np.isin(healpix.pixel_at(ra, dec, order), pixels)
    assert clear.sum() > 20 or len(pixels) > 200
    np.testing.assert_array_equal(filled(path, x, y)[clear], wanted[clear])


@pytest.mark.parametrize(
    "place",
    [(0.0, 90.0), (0.0, -90.0), (45.0, 90.0), (0.0, 0.0), (180.0, 0.0), (359.0, 60.0), (30.0, -80.0), (90.0, 41.8)],
    ids=str,
)
@pytest.mark.parametrize("radius", [8.0, 30.0, 80.0])
def test_circles_are_filled_wherever_they_are(place: tuple[float, float], radius: float) -> None:
    region = skymaps.circle(*place, radius)
    check_whole(region.cells(ORDER, 0.9), ORDER)


@pytest.mark.parametrize("place", [(0.0, 85.0), (0.0, -85.0), (100.0, 10.0), (270.0, 66.0)], ids=str)
def test_rings_around_a_pole_are_rings(place: tuple[float, float]) -> None:
    check_whole(skymaps.annulus(*place, 60.0, 8.0).cells(ORDER, 0.9), ORDER)


@given(st.sets(st.integers(0, 12 * 4**2 - 1), min_size=1, max_size=12 * 4**2 - 1))
@example({4, 5, 6, 132})  # a ring that begins on the meridian of the first cell's centre
@example({9, 10, 11, 31, 52, 53, 54, 60, 62, 63})  # one around the pole that winds back on itself
@example({128, 146, 147, 148, 161, 163, 169, 170, 171, 176})  # one that begins at the pole and goes around it
def test_any_set_of_cells_is_filled(pixels: set[int]) -> None:
    check_whole(np.array(sorted(pixels), dtype=np.int64), 2)


def test_borders_of_one_cell_have_its_corners() -> None:
    import healpy

    (ring,) = outline.rings(np.array([1000]), 5)
    corners = healpy.boundaries(32, 1000, nest=True).T
    assert np.abs(ring[:, None] - corners[None]).sum(axis=2).min(axis=0).max() < 1e-12


def test_a_whole_sky_has_no_border() -> None:
    assert outline.rings(np.arange(12 * 4**3), 3) == []
    path = skyview.whole_sky(skymaps.all_sky())[0]["d"]
    assert filled(path, np.array([400.0, 10.0]), np.array([200.0, 200.0])).all()


def test_mollweide_keeps_areas() -> None:
    """A circle's share of the ellipse is its share of the sky: pi a b is 4 pi sr."""
    region = skymaps.circle(150.0, -35.0, 25.0)
    pixels = region.cells(6, 0.9)
    (ring,) = rings_of(outline.whole_sky_path(outline.rings(pixels, 6), (150.0, -35.0), 180.0, skyview.whole_place, 3))
    x, y = ring.T
    area = abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2.0
    assert area / (np.pi * 400.0 * 200.0) == pytest.approx(len(pixels) / (12 * 4**6), rel=1e-3)


@given(st.floats(0, 360), st.floats(-90, 90), st.floats(0, 360), st.floats(0.01, 80.0))
def test_the_tangent_plane_keeps_directions_and_tangents(ra: float, dec: float, angle: float, away: float) -> None:
    """Snyder 1987: the radius on the plane is the tangent of the angle, and the azimuth stays."""
    east, north, towards = outline.frame(ra, dec)
    a, t = np.radians(angle), np.radians(away)
    point = np.cos(t) * towards + np.sin(t) * (np.sin(a) * east + np.cos(a) * north)
    xi, eta = outline.gnomonic(point[:, None], ra, dec)
    assert xi[0] == pytest.approx(np.degrees(np.tan(t)) * np.sin(a), abs=1e-6)
    assert eta[0] == pytest.approx(np.degrees(np.tan(t)) * np.cos(a), abs=1e-6)


def test_the_far_hemisphere_is_nowhere() -> None:
    assert np.isnan(outline.gnomonic(outline.vectors(np.array([190.0]), np.array([0.0])), 0.0, 0.0)).all()


@pytest.mark.parametrize("place", [(10.0, 89.9), (0.0, 0.0), (200.0, -90.0), (83.6, 22.0)], ids=str)
@pytest.mark.parametrize("radius", [0.01, 0.3, 5.0])
def test_a_part_shows_the_whole_of_a_circle(place: tuple[float, float], radius: float) -> None:
    region = skymaps.circle(*place, radius)
    frame = skyview.frame_of(region)
    assert frame.whole
    (path,) = skyview.part(region, frame, (0.9,))
    xy = np.concatenate(rings_of(path["d"]))
    assert xy.min() >= 0.0
    assert xy.max() <= skyview.SIZE
    centre = skyview.marks_part(np.array(place[:1]), np.array(place[1:]), frame)[0]
    assert centre is not None
    reach = np.hypot(*(xy - np.array(centre)).T)
    scale = skyview.SIZE / 2.0 / frame.half_deg
    np.testing.assert_allclose(reach, np.degrees(np.tan(np.radians(radius))) * scale, atol=0.12 * reach.max())


def test_great_circles() -> None:
    """The galactic centre, Sgr A* (Reid & Brunthaler 2004), lies 0.05 degrees from the plane; the equinox on both."""
    plane, ecliptic = skyview.galactic_plane(), skyview.ecliptic()
    centre = outline.vectors(np.array([266.41682]), np.array([-29.00782]))
    assert np.degrees(np.arccos((plane * centre).sum(axis=0).max())) < 0.3
    assert np.degrees(np.arcsin(np.abs(outline.frame(*skyview.GALACTIC_POLE)[2] @ centre)))[0] == pytest.approx(
        0.046, abs=0.002
    )
    equinox = outline.vectors(np.array([0.0]), np.array([0.0]))
    assert (ecliptic * equinox).sum(axis=0).max() > 1 - 1e-9
    assert np.degrees(np.arcsin(ecliptic[2].max())) == pytest.approx(23.4393, abs=1e-3)


def test_lines_break_at_the_seam() -> None:
    for piece in skyview.whole_line(skyview.ecliptic()).split("M")[1:]:
        steps = np.array([float(n) for n in re.findall(r"-?[\d.]+", piece)]).reshape(-1, 2)[1:]
        assert np.abs(steps).max() < 20.0
