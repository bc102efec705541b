"""Shapes against closed forms: containment, normalisation, areas, poles and RA 0/360."""

from __future__ import annotations

import healpy
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import skymaps
from skymaps import RegionError, healpix
from skymaps.shape import tiles_of, versine

from .strategies import annuli, asymmetrics, circles, containments, decs, ellipses, ras, regions, shapes, sky_points


def away(ra: float, dec: float, bearing_deg: float, angle_deg: float) -> tuple[float, float]:
    """The point at an angle from another, at a bearing north through east (spherical trigonometry)."""
    lon, lat, bearing, angle = np.radians([ra, dec, bearing_deg, angle_deg])
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    x, y, z = np.cos(angle) * up + np.sin(angle) * (np.cos(bearing) * north + np.sin(bearing) * east)
    return float(np.degrees(np.arctan2(y, x)) % 360.0), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


@given(shapes)
@settings(max_examples=10)
def test_integral_is_one(shape):
    for tiles, tolerance in ((shape.tiles(), 0.02), (tiles_of(shape, 5e-5), 0.01)):
        area = (tiles.upper - tiles.lower) * (4 * np.pi / healpix.N_PIXELS)
        ra, dec = healpix.cell_centre(tiles.lower, healpix.order_of(tiles.upper - tiles.lower))
        assert (tiles.probdensity * area).sum() == pytest.approx(1.0, abs=1e-12)
        assert (shape.probdensity_at(ra, dec) * area).sum() == pytest.approx(1.0, abs=tolerance)


@pytest.mark.parametrize(
    "shape",
    [
        skymaps.circle(10, 88, 30.0, 0.68),
        skymaps.circle(0, 0, 8.0, 0.68, skymaps.GBM_SYSTEMATIC["flight"]),
        skymaps.ellipse(200, -60, 40.0, 9.0, 20.0),
        skymaps.ellipse(200, -60, 120.0, 30.0, 20.0),
        skymaps.asymmetric(359, 30, 30.0, 5.0, 20.0, 8.0),
        skymaps.annulus(100, 20, 60.0, 3.0),
        skymaps.annulus(100, 20, 3.0, 10.0),
        skymaps.annulus(100, 20, 170.0, 20.0),
    ],
)
def test_integral_level_and_area_on_a_fine_grid(shape):
    """Sums over all pixels of order 8: mass 1; and the mass and area of each region as it states them."""
    area = 4 * np.pi / healpy.nside2npix(256)
    ra, dec = healpy.pix2ang(256, np.arange(healpy.nside2npix(256)), nest=True, lonlat=True)
    density, level = shape.probdensity_at(ra, dec), shape.credible_level_at(ra, dec)
    assert density.sum() * area == pytest.approx(1.0, abs=1e-4)
    for stated in (0.1, 0.5, 0.9, 0.99, 0.9999):
        inside = level <= stated
        assert density[inside].sum() * area == pytest.approx(stated, abs=4e-3)
        assert inside.sum() * area * (180 / np.pi) ** 2 == pytest.approx(shape.area_deg2(stated), rel=5e-3, abs=1.0)
    order = np.argsort(-density)
    assert (np.diff(level[order]) >= -1e-7).all()


@given(ras, decs, st.floats(0.01, 170.0), containments, st.floats(0.0, 360.0))
def test_circle_holds_its_containment(ra, dec, radius, containment, bearing):
    if containment <= np.sin(np.radians(radius) / 2) ** 2 + 1e-6:
        with pytest.raises(RegionError, match="even sky"):
            skymaps.circle(ra, dec, radius, 0.5 * np.sin(np.radians(radius) / 2) ** 2)
        return
    circle = skymaps.circle(ra, dec, radius, containment)
    assert circle.credible_level_at(*away(ra, dec, bearing, radius)) == pytest.approx(containment, rel=1e-6)
    assert circle.area_deg2(containment) == pytest.approx(
        4 * np.pi * np.sin(np.radians(radius) / 2) ** 2 * (180 / np.pi) ** 2, rel=1e-9
    )


@pytest.mark.parametrize(("level", "factor"), [(0.5, 1.17741), (0.68, 1.509592), (0.9, 2.145966), (0.95, 2.447747)])
def test_containment_factors(level, factor):
    """sqrt(-2 ln(1 - a)), the Rayleigh distribution: radius over sigma where the sphere is flat."""
    assert skymaps.Circle.from_sigma(20.0, 30.0, 0.01).radius_at(level) == pytest.approx(0.01 * factor, rel=1e-5)


def test_radius_on_the_sphere_is_not_flat():
    """cos r = 1 + ln(1 - a (1 - exp(-2 k))) / k: 43.99 degrees at sigma 20, where the plane would say 42.92."""
    assert skymaps.Circle.from_sigma(0.0, 90.0, 20.0).radius_at(0.9) == pytest.approx(43.991977, abs=1e-4)


@given(circles)
def test_systematic_only_widens(circle):
    plain = skymaps.circle(circle.ra, circle.dec, circle.radius_deg, circle.containment)
    assert circle.area_deg2(0.9) >= plain.area_deg2(0.9) * (1 - 1e-9)


def test_systematic_adds_in_quadrature():
    """One component of weight 1: sigma^2 is that of the radius plus that of the systematic."""
    wide = skymaps.circle(10.0, 0.0, 2.145966, 0.9, ((1.0, 2.0),))
    assert wide.probdensity_at(10.0, 0.0) == pytest.approx(1 / (2 * np.pi * np.radians(1) ** 2 * 5), rel=2e-3)


@given(ras, decs, st.floats(0.1, 30.0), st.floats(0.1, 30.0), st.floats(0.0, 360.0), containments)
def test_ellipse_contour_passes_its_axes(ra, dec, a, b, angle, containment):
    if containment <= np.sin(np.radians(a) / 2) * np.sin(np.radians(b) / 2) * 1.01:
        return
    ellipse = skymaps.ellipse(ra, dec, a, b, angle, containment)
    for bearing, axis in ((angle, a), (angle + 90, b), (angle + 180, a), (angle + 270, b)):
        level = ellipse.credible_level_at(*away(ra, dec, bearing, axis))
        assert level == pytest.approx(containment, abs=1e-4)


@given(ras, decs, st.floats(0.05, 60.0), st.sampled_from([0.5, 0.9]), st.integers(0, 1000))
def test_round_ellipse_is_a_circle(ra, dec, radius, containment, seed):
    if containment <= np.sin(np.radians(radius) / 2) ** 2 * 1.05:
        return
    points = sky_points(50, seed)
    near = [away(ra, dec, 7.0 * i, radius * i / 20) for i in range(1, 50) if radius * i / 20 < 180]
    points = (np.append(points[0], [p[0] for p in near]), np.append(points[1], [p[1] for p in near]))
    circle = skymaps.circle(ra, dec, radius, containment)
    ellipse = skymaps.ellipse(ra, dec, radius, radius, 33.0, containment)
    assert ellipse.probdensity_at(*points) == pytest.approx(circle.probdensity_at(*points), rel=1e-6, abs=1e-200)
    assert ellipse.credible_level_at(*points) == pytest.approx(circle.credible_level_at(*points), abs=1e-6)


def test_asymmetric_errors_are_coordinate_differences_in_right_ascension():
    """IceCube's box at dec 60: RA errors of 2 degrees are one degree on the sky."""
    box = skymaps.asymmetric(180.0, 60.0, 2.0, -4.0, 1.5, -0.5)
    assert box.credible_level_at(*away(180.0, 60.0, 90.0, 1.0)) == pytest.approx(0.9, abs=1e-9)
    assert box.credible_level_at(*away(180.0, 60.0, 270.0, 2.0)) == pytest.approx(0.9, abs=1e-9)
    assert box.credible_level_at([180.0, 180.0], [61.5, 59.5]) == pytest.approx(0.9, abs=1e-9)
    assert box.area_deg2(0.9) == pytest.approx(np.pi / 4 * (1.0 + 2.0) * (1.5 + 0.5), rel=1e-3)


@given(asymmetrics, st.floats(0.0, 1.0), st.sampled_from([0.0, 90.0, 180.0, 270.0]))
def test_asymmetric_is_continuous_at_its_seams(box, fraction, bearing):
    sides = [away(box.ra, box.dec, bearing + side, 5.0 * fraction) for side in (-1e-7, 1e-7)]
    low, high = box.probdensity_at([p[0] for p in sides], [p[1] for p in sides])
    assert low == pytest.approx(high, rel=1e-4)


@given(annuli, st.floats(0.0, 360.0))
def test_annulus_holds_its_containment(ring, bearing):
    outer = ring.radius_deg + ring.half_width_deg
    if outer >= 180 or ring.half_width_deg >= ring.radius_deg:
        return
    for angle in (outer, ring.radius_deg - ring.half_width_deg):
        level = ring.credible_level_at(*away(ring.ra, ring.dec, bearing, angle))
        assert level == pytest.approx(ring.containment, abs=1e-4)
    peak = ring.probdensity_at(*away(ring.ra, ring.dec, bearing, ring.radius_deg))
    assert ring.probdensity_at(*ring.centre()) == pytest.approx(peak, rel=1e-6)


def test_thin_annulus_is_a_gaussian_across():
    """2 pi sin R times the density across is a normal of sigma = half width / 1.645."""
    ring = skymaps.annulus(30.0, -40.0, 70.0, 0.1)
    sigma = np.radians(0.1 / 1.6448536)
    expected = 1 / (2 * np.pi * np.sin(np.radians(70)) * np.sqrt(2 * np.pi) * sigma)
    assert ring.probdensity_at(*away(30.0, -40.0, 10.0, 70.0)) == pytest.approx(expected, rel=1e-5)


@given(regions, st.sampled_from([0.5, 0.9, 0.99]), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_cells_never_miss(region, level, seed):
    """Every point of a credible region lies in one of the cells, points near the centre above all."""
    rng = np.random.default_rng(seed)
    ra0, dec0 = region.centre()
    near = [
        away(ra0, dec0, b, a) for b, a in zip(rng.uniform(0, 360, 300), 10 ** rng.uniform(-2, 1.5, 300), strict=True)
    ]
    ra, dec = sky_points(300, seed)
    ra, dec = np.append(ra, [p[0] for p in near]), np.append(dec, [p[1] for p in near])
    inside = region.credible_level_at(ra, dec) <= level
    for order in (4, 7):
        cells = region.cells(order, level)
        assert (np.diff(cells) > 0).all()
        assert np.isin(healpix.pixel_at(ra[inside], dec[inside], order), cells).all()


@given(ras, decs, st.floats(1e-4, 3.14), st.integers(0, 5))
@example(0.0, 0.0, 2.44, 4)
def test_discs_never_miss(ra, dec, radius, order):
    """Every pixel with its centre in the disc; healpy's NESTED query forgets some of large discs."""
    lon, lat = healpix.pixel_centre(order, np.arange(12 << (2 * order)))
    inside = np.flatnonzero(versine(lon, lat, ra, dec) < 1 - np.cos(radius))
    assert np.isin(inside, healpix.disc(ra, dec, radius, order)).all()


def test_the_antipode_is_not_the_centre():
    shape = skymaps.ellipse(0.0, -90.0, 1.0, 2.0, 0.0)
    assert shape.credible_level_at(0.0, 90.0) == 1.0
    assert shape.probdensity_at(0.0, 90.0) == pytest.approx(0.0)


@given(circles)
def test_cells_of_a_circle_are_few(circle):
    order = 7
    disc = healpix.disc(circle.ra, circle.dec, circle.reach(0.9) + healpix.max_pixel_radius(order), order)
    assert set(circle.cells(order, 0.9)) <= set(disc)


@given(st.one_of(ellipses, circles), st.sampled_from([0.3, 0.9]))
@settings(max_examples=20)
def test_levels_are_uniform(shape, level):
    """Of the shape's own probability, the share within a level is that level."""
    tiles = tiles_of(shape, 5e-5)
    ra, dec = healpix.cell_centre(tiles.lower, healpix.order_of(tiles.upper - tiles.lower))
    mass = tiles.probdensity * (tiles.upper - tiles.lower) * (4 * np.pi / healpix.N_PIXELS)
    assert mass[shape.credible_level_at(ra, dec) <= level].sum() == pytest.approx(level, abs=0.05)


@given(ras, decs)
def test_an_even_sky_is_even(ra, dec):
    sky = skymaps.all_sky()
    assert sky.probdensity_at(ra, dec) == pytest.approx(1 / (4 * np.pi))
    assert sky.credible_level_at(ra, dec) <= 0.0
    assert sky.area_deg2(0.5) == pytest.approx(360**2 / np.pi / 2)


@given(st.one_of(shapes, st.builds(skymaps.all_sky)), st.integers(0, 100))
def test_records_come_back(region, seed):
    again = skymaps.from_dict(region.to_dict())
    points = sky_points(20, seed)
    assert type(again) is type(region)
    assert (again.probdensity_at(*points) == region.probdensity_at(*points)).all()


@given(shapes)
def test_right_ascension_wraps(shape):
    """0 and 360 degrees are one meridian, 370 is 10."""
    dec = np.linspace(-90, 90, 19)
    zero = shape.probdensity_at(np.zeros(19), dec)
    assert shape.probdensity_at(np.full(19, 360.0), dec) == pytest.approx(zero, rel=1e-6, abs=1e-20)


@given(shapes)
def test_a_pole_is_one_point(shape):
    for pole in (-90.0, 90.0):
        density = shape.probdensity_at(np.arange(0.0, 360.0, 30.0), np.full(12, pole))
        assert density == pytest.approx(density[0], rel=1e-6, abs=1e-20)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: skymaps.circle(-1, -1, 1), "ra -1"),
        (lambda: skymaps.circle(361, 0, 1), "ra 361"),
        (lambda: skymaps.circle(10, 91, 1), "dec 91"),
        (lambda: skymaps.circle(float("nan"), 0, 1), "ra nan"),
        (lambda: skymaps.circle(0, float("nan"), 1), "dec nan"),
        (lambda: skymaps.circle(0, 0, 0), "radius 0 "),
        (lambda: skymaps.circle(0, 0, 360), "radius 360"),
        (lambda: skymaps.circle(0, 0, float("inf")), "radius inf"),
        (lambda: skymaps.circle(0, 0, 1, 1.0), "containment 1"),
        (lambda: skymaps.circle(0, 0, 1, 90), "containment 90"),
        (lambda: skymaps.circle(0, 0, 1, 0.9, ((0.5, 3.0),)), "weights"),
        (lambda: skymaps.circle(0, 0, 1, 0.9, ((1.0, -3.0),)), "sigma"),
        (lambda: skymaps.circle(0, 0, 100, 0.5), "radius 100: an even sky"),
        (lambda: skymaps.Circle.from_sigma(0, 0, 0), "sigma 0 "),
        (lambda: skymaps.ellipse(0, 0, 1, 0, 0), "semiminor axis 0"),
        (lambda: skymaps.ellipse(0, 0, 1, 1, float("nan")), "position angle nan"),
        (lambda: skymaps.asymmetric(0, 0, 1, 1, 0, 1), "dec plus 0"),
        (lambda: skymaps.annulus(0, 0, 0, 1), "radius 0"),
        (lambda: skymaps.annulus(0, 0, 90, 179, 0.5), "half width 179"),
        (lambda: skymaps.circle(0, 0, 1).probdensity_at(0, 91), "dec 91"),
        (lambda: skymaps.circle(0, 0, 1).probdensity_at(float("nan"), 0), "ra nan"),
        (lambda: skymaps.from_dict({"type": "blob"}), "blob"),
        (lambda: skymaps.from_dict({}), "type None"),
        (lambda: skymaps.from_dict({"type": "skymap", "sha256": "00"}), "FITS"),
        (lambda: skymaps.from_dict({"type": "circle", "ra": 1.0}), "circle"),
    ],
)
def test_what_cannot_be_is_refused(make, match):
    with pytest.raises(RegionError, match=match):
        make()
