"""Distance: the ansatz against quadrature and ligo.skymap; cosmology against astropy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import skymaps
from skymaps import RegionError, cosmology, distance, healpix


def tail_moment(z: float, k: int, low: float = 0.0) -> float:
    """Integral from ``low`` of r^k exp(-(r - z)^2/2 + min(z,0)^2/2), by quadrature."""
    width = 12.0 if z > -1 else 60.0 / abs(z)
    start, end = max(low, z - 12.0), max(z, 0.0) + width
    shift = 0.5 * min(z, 0.0) ** 2
    return quad(lambda r: r**k * np.exp(-0.5 * (r - z) ** 2 + shift), start, end, epsabs=0, epsrel=1e-11, limit=200)[0]


@given(st.floats(-300.0, 50.0), st.floats(0.1, 500.0))
def test_moments_equal_quadrature(z, sigma):
    """Down to mu = -300 sigma, where the plain formulas have lost all digits."""
    j2, j3, j4 = (tail_moment(z, k) for k in (2, 3, 4))
    mean, std = distance.moments(np.array([z * sigma]), np.array([sigma]))
    assert mean[0] == pytest.approx(sigma * j3 / j2, rel=1e-7)
    assert std[0] == pytest.approx(sigma * np.sqrt(j4 / j2 - (j3 / j2) ** 2), rel=1e-5)


@given(st.floats(-100.0, 20.0), st.floats(0.01, 3.0))
def test_survival_equals_quadrature(z, fraction):
    mean = distance.moments(np.array(z), np.array(1.0))[0]
    r = float(mean * fraction)
    expected = tail_moment(z, 2, r) / tail_moment(z, 2)
    assert distance.survival(np.array(r), np.array(z), np.array(1.0)) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_plain_chi_distribution():
    """mu = 0 is a chi distribution with 3 degrees of freedom: mean 2 sqrt(2/pi), variance 3 - mean^2."""
    mean, std = distance.moments(np.array([0.0]), np.array([10.0]))
    expected = 2 * np.sqrt(2 / np.pi)
    assert mean == pytest.approx(10 * expected, rel=1e-10)
    assert std == pytest.approx(10 * np.sqrt(3 - expected**2), rel=1e-10)


def test_line_of_sight_of_at2017gfo():
    """ligo.skymap's conditional_pdf and parameters_to_moments at the parameters of the GWTC-1 map."""
    mu, sigma, norm = np.array([36.456402]), np.array([7.4394909]), np.array([0.00072232661])
    assert distance.density(np.array([40.7]), mu, sigma, norm) == pytest.approx(0.05452998, rel=1e-5)
    logs = [np.log(0.05452998 / (3 * 40.7**2 / d**3)) for d in (200, 400, 1000)]
    assert logs == pytest.approx([4.474878, 6.55432, 9.303192], abs=1e-3)
    mean, std = distance.moments(mu, sigma)
    assert (mean[0], std[0]) == pytest.approx((39.371304, 7.160629), rel=1e-5)
    assert quad(lambda d: float(distance.density(np.array(d), mu, sigma, norm)[0]), 0, 100)[0] == pytest.approx(
        1.0, rel=1e-5
    )


@pytest.mark.parametrize("bad", [(np.inf, 1.0, 0.0), (np.nan, 1.0, 1.0), (10.0, 0.0, 1.0), (10.0, 1.0, 0.0)])
def test_bad_lines_of_sight_are_unknown_and_counted(bad):
    mu, sigma, norm = (np.append(np.full(11, good), b) for good, b in zip((100.0, 10.0, 1e-4), bad, strict=True))
    sky = skymaps.SkyMap.from_tiles(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)), mu, sigma, norm)
    ra, dec = healpix.pixel_centre(0, np.arange(12))
    values = [*sky.distance_parameters_at(ra, dec), *sky.distance_moments_at(ra, dec)]
    values += [sky.distance_density_at(ra, dec, 100.0), sky.credible_volume_at(ra, dec, 100.0)]
    for value in values:
        assert np.isfinite(value[:11]).all()
    for value in (values[0], values[5], values[6]):
        assert np.isnan(value[11])
    assert sky.n_bad_distance == 1
    assert sky.prob_bad_distance == pytest.approx(1 / 12)


def test_a_map_without_layers_knows_no_distance():
    sky = skymaps.SkyMap.from_tiles(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)))
    assert not sky.has_distance
    assert sky.distance_mpc is None
    assert np.isnan(sky.distance_moments_at([0.0, 1.0], [0.0, 1.0])).all()
    assert np.isnan(sky.distance_density_at(0.0, 0.0, 10.0)).all()
    assert np.isnan(sky.credible_volume_at(0.0, 0.0, 10.0)).all()


def even_shells() -> skymaps.SkyMap:
    """The same distance everywhere: credible volumes are one-dimensional."""
    full = np.ones(12)
    norm = 1 / (distance.SQRT_2PI**0 * (100.0**2 + 10.0**2))
    return skymaps.SkyMap.from_tiles(np.arange(4, 16), full / (4 * np.pi), 100 * full, 10 * full, norm * full)


@given(st.floats(60.0, 140.0))
def test_credible_volume_of_even_shells(mpc):
    """Denser than at mpc is |d - mu| < |mpc - mu|: a difference of two survival functions."""
    sky = even_shells()
    step = 6 * sky.distance_mpc[0] / 1000
    gap = abs(np.floor(mpc / step) * step - 100.0)
    ends = distance.survival(np.array([100 - gap, 100 + gap]), np.full(2, 100.0), np.full(2, 10.0))
    assert sky.credible_volume_at(10.0, 10.0, mpc) == pytest.approx(ends[0] - ends[1], abs=1e-4)


def test_credible_volume_does_not_depend_on_the_batch():
    sky = even_shells()
    alone = sky.credible_volume_at(10.0, 10.0, 95.0)[0]
    assert sky.credible_volume_at([10.0, 20.0], [10.0, 20.0], [95.0, 20000.0])[0] == alone
    assert sky.credible_volume_at(10.0, 10.0, 0.01)[0] == pytest.approx(1.0, abs=1e-3)


def test_distance_computed_where_the_header_has_none():
    mean, std = even_shells().distance_mpc
    expected = distance.moments(np.array(100.0), np.array(10.0))
    assert (mean, std) == pytest.approx((float(expected[0]), float(expected[1])), rel=1e-6)


def test_cosmology_is_planck18():
    from astropy.cosmology import Planck18

    z = np.array([1e-6, 0.001, 0.0098, 0.1, 1.0, 3.0, 10.0])
    mpc = cosmology.distance_mpc(z)
    assert mpc == pytest.approx(Planck18.luminosity_distance(z).value, rel=2e-6)
    assert cosmology.redshift(mpc) == pytest.approx(z, rel=1e-7)
    assert cosmology.comoving_weight(z) == pytest.approx(Planck18.differential_comoving_volume(z).value, rel=5e-6)
    assert cosmology.distance_mpc(0.0) == 0.0
    for bad in (-0.1, 31.0, float("nan")):
        with pytest.raises(RegionError, match="redshift"):
            cosmology.distance_mpc(bad)
    with pytest.raises(RegionError, match="distance"):
        cosmology.redshift(-1.0)
