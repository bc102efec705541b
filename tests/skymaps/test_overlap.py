"""The overlap integral against closed forms, brute force and the identity that its mean is 1."""

from __future__ import annotations

import healpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import skymaps
from skymaps import Circle, RegionError, SkyMap, healpix, overlap

from .strategies import annuli, circles, regions, shapes, skies, sky_points


def flat(density: np.ndarray) -> SkyMap:
    """A map from densities in NESTED order, not normalised."""
    order = healpy.nside2order(healpy.npix2nside(density.size))
    uniq = 4 ** (order + 1) + np.arange(density.size)
    return SkyMap.from_tiles(uniq, density / density.sum() * density.size / (4 * np.pi))


def hemisphere(nside: int, *axis: float) -> SkyMap:
    x, y, z = healpy.pix2vec(nside, np.arange(healpy.nside2npix(nside)), nest=True)
    return flat((np.stack([x, y, z], axis=1) @ np.array(axis) > 0).astype(float))


@pytest.mark.parametrize(
    ("sigma_a", "sigma_b", "separation", "expected"),
    [
        (1, 1, 0, 3282.80635),
        (1, 1, 2, 1207.89159),
        (5, 5, 10, 48.522379),
        (10, 5, 0, 52.524902),
        (0.5, 0.05, 0.1, 25492.592),
        (11.6, 0.3, 24.3, 5.6232149),
    ],
)
def test_two_circles_closed_form(sigma_a, sigma_b, separation, expected):
    """ln I = ln k1 + ln k2 - ln sinh k1 - ln sinh k2 + ln sinh K - ln K, evaluated with many digits."""
    a = Circle.from_sigma(359.9, 40.0, sigma_a)
    b = Circle.from_sigma(359.9, 40.0 + separation, sigma_b)
    assert overlap(a, b) == pytest.approx(expected, rel=1e-5)
    assert overlap(a, b) == overlap(b, a)
    assert overlap(a, skymaps.ellipse(359.9, 40.0 + separation, *[b.radius_deg] * 2, 0.0)) == pytest.approx(
        expected, rel=2e-3 if separation < 20 else 2e-2
    )


def test_even_skies_and_hemispheres():
    """The cases of ligo-raven's test suite, whose answers are known: 1, 1, 2, 0."""
    even, half = flat(np.ones(12 * 16**2)), hemisphere(32, 0, 1, 0)
    assert overlap(even, even) == pytest.approx(1.0, abs=1e-12)
    assert overlap(even, half) == pytest.approx(1.0, abs=1e-12)
    assert overlap(half, half) == pytest.approx(2.0, rel=0.02)
    assert overlap(half, hemisphere(32, 0, -1, 0)) == 0.0
    assert overlap(Circle.from_sigma(90.0, 0.0, 1.0), hemisphere(64, 0, 1, 0)) == pytest.approx(2.0, rel=0.02)


def test_disjoint_is_exactly_zero():
    one = flat(np.repeat([1.0, 0.0], 6))
    two = flat(np.repeat([0.0, 1.0], 6))
    assert overlap(one, two) == 0.0
    pixels = SkyMap.from_tiles([4], [3 / np.pi])
    assert overlap(pixels, skymaps.circle(225.0, -60.0, 1.0)) == 0.0
    with pytest.raises(RegionError, match="do not overlap"):
        skymaps.product(one, two)


@given(skies(), skies())
def test_maps_equal_their_flat_sum(a, b):
    """4 pi sum p_a p_b dA over the pixels of the finest order."""
    order = max(a.max_order, b.max_order)
    ra, dec = healpix.pixel_centre(order, np.arange(12 * 4**order))
    sums = (a.probdensity_at(ra, dec) * b.probdensity_at(ra, dec)).sum() * healpix.area_sr(order)
    assert overlap(a, b) == pytest.approx(4 * np.pi * sums, rel=1e-12)


@given(regions, regions)
@settings(max_examples=25)
def test_symmetric_to_the_last_bit(a, b):
    assert overlap(a, b) == overlap(b, a)
    assert overlap(a, skymaps.all_sky()) == 1.0


def brute_force(shape, sky, order: int) -> float:
    """The integral as a sum over pixels of one order about the shape; NaN where they would be too many."""
    ra0, dec0 = shape.anchor
    pixel = healpix.disc(ra0, dec0, shape.reach(1 - 1e-9), order)
    if pixel.size > 2_000_000:
        return np.nan
    ra, dec = healpix.pixel_centre(order, pixel)
    density = shape.probdensity_at(ra, dec)
    return 4 * np.pi * (density * sky.probdensity_at(ra, dec)).sum() / density.sum()


@given(shapes, skies())
@settings(max_examples=15)
def test_shape_with_map_equals_brute_force(shape, sky):
    """Against sums over ever finer pixels, where these agree with each other."""
    order = int(np.clip(np.log2(300 / shape.reach(1 - 1e-9)), 7, 25))
    coarse, fine = brute_force(shape, sky, order - 1), brute_force(shape, sky, order)
    if not abs(coarse - fine) < 5e-4 * (1 + fine):
        return  # the brute force is too coarse itself
    assert overlap(shape, sky) == pytest.approx(fine, rel=3e-3, abs=1e-3)


@pytest.mark.parametrize(("ra", "dec"), [(0.0, 90.0), (0.0, 0.0), (360.0, -41.8103), (45.0, 12.3), (77.0, -90.0)])
@pytest.mark.parametrize("sigma", [0.01, 0.02, 0.05, 0.2])
def test_small_circle_in_a_coarse_map(ra, dec, sigma):
    """Where ligo-raven 3.3 is off by factors: error circles smaller than the map's cells."""
    rng = np.random.default_rng(1)
    sky = flat(rng.uniform(size=12 * 16**2))
    circle = Circle.from_sigma(ra, dec, sigma)
    order = int(np.log2(6000 / sigma / 60)) + 2
    near = healpix.disc(ra, dec, np.radians(6 * sigma), order)
    lon, lat = healpix.pixel_centre(order, near)
    weight = circle.probdensity_at(lon, lat)
    expected = 4 * np.pi * (weight * sky.probdensity_at(lon, lat)).sum() / weight.sum()
    assert overlap(circle, sky) == pytest.approx(expected, rel=1e-3)


def test_two_rings_that_cross():
    """Two thin great-circle rings crossing at right angles: 4 pi times two crossings of 1 / (2 pi)^2."""
    a, b = skymaps.annulus(0.0, 90.0, 90.0, 0.5), skymaps.annulus(0.0, 0.0, 90.0, 0.2)
    assert overlap(a, b) == pytest.approx(2 / np.pi, rel=2e-3)
    assert overlap(a, skymaps.circle(33.0, 0.0, 0.01)) == pytest.approx(
        4 * np.pi * a.probdensity_at(33, 0)[0], rel=2e-3
    )


@pytest.mark.parametrize("sigma", [0.1, 3.0])
def test_mean_over_rotations_is_one(sigma):
    """E[I] = 1 for unrelated directions: the identity that makes FAR / I a calibrated false-alarm rate."""
    sky = flat(np.random.default_rng(3).uniform(size=12 * 2**2) ** 4)
    ra, dec = healpix.pixel_centre(2, np.arange(192))
    values = [overlap(Circle.from_sigma(*centre, sigma), sky) for centre in zip(ra, dec, strict=True)]
    assert np.mean(values) == pytest.approx(1.0, abs=0.01)


@given(skies(), st.one_of(circles, annuli, skies()))
@settings(max_examples=20)
def test_product_is_the_normalised_product(a, b):
    if overlap(a, b) < 1e-6:
        return
    joint = skymaps.product(a, b)
    assert joint.total == pytest.approx(1.0, abs=1e-9)
    if isinstance(b, SkyMap):
        points = sky_points(50)
        expected = a.probdensity_at(*points) * b.probdensity_at(*points) * 4 * np.pi / overlap(a, b)
        assert joint.probdensity_at(*points) == pytest.approx(expected, rel=1e-9)


def gaussian(ra: float, dec: float, sigma_deg: float, nside: int) -> SkyMap:
    """``exp(-theta^2 / 2 sigma^2)``: RAVEN's own test map, which is not a von Mises-Fisher."""
    x, y, z = healpy.pix2vec(nside, np.arange(healpy.nside2npix(nside)), nest=True)
    cosine = np.stack([x, y, z], axis=1) @ healpy.ang2vec(ra, dec, lonlat=True)
    return flat(np.exp(-0.5 * (np.degrees(np.arccos(np.clip(cosine, -1, 1))) / sigma_deg) ** 2))


def test_concentric_gaussians_as_raven_integrates_them():
    # ligo-raven 3.3, test_overlap_integral.py concentric-gaussians: 53.087337 by its own quadrature
    assert overlap(gaussian(180, 0, 10, 128), gaussian(180, 0, 5, 128)) == pytest.approx(53.087337, rel=3e-3)


def test_gaussian_within_a_hemisphere():
    assert overlap(gaussian(270, 0, 1, 256), hemisphere(64, 0, -1, 0)) == pytest.approx(2.0, rel=0.01)
