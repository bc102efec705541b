"""Maps that the tests build, in every layout that the field uses: all must answer alike."""

from __future__ import annotations

import gzip
import io
import warnings

import healpy
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from hypothesis import given, settings

import skymaps
from skymaps import RegionError, SkyMap, healpix

from . import oracle
from .strategies import regions, shapes, skies, sky_points

NSIDE = 16


def density(seed: int = 0) -> np.ndarray:
    """A flat NESTED map of probability per pixel with large even parts, zeros and ties."""
    rng = np.random.default_rng(seed)
    values = np.repeat(rng.integers(0, 4, 12 * 4**2), 4**2).astype(float)
    values[1000:1300] = rng.uniform(size=300)
    return values / values.sum()


def fits_bytes(columns: list[fits.Column], **header: object) -> bytes:
    hdu = fits.BinTableHDU.from_columns(columns)
    for key, value in header.items():
        hdu.header[key.replace("_", "-")] = value
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(out)
    return out.getvalue()


def flat_bytes(
    values: np.ndarray, name: str = "PROB", form: str = "D", ordering: str = "NESTED", **header: object
) -> bytes:
    column = fits.Column(name=name, format=form, array=values.reshape(-1, int(form[:-1] or 1)).squeeze())
    return fits_bytes([column], ORDERING=ordering, NSIDE=NSIDE, INDXSCHM="IMPLICIT", **header)


def uniq_columns(sky: SkyMap) -> list[fits.Column]:
    uniq = healpix.to_uniq(sky.lower, sky.order)
    return [fits.Column("UNIQ", "K", array=uniq), fits.Column("PROBDENSITY", "D", array=sky.probdensity)]


def same(a: SkyMap, b: SkyMap, rel: float = 1e-12) -> None:
    points = sky_points(500)
    assert a.probdensity_at(*points) == pytest.approx(b.probdensity_at(*points), rel=rel)
    assert a.credible_level_at(*points) == pytest.approx(b.credible_level_at(*points), rel=rel)
    assert a.area_deg2(0.9) == pytest.approx(b.area_deg2(0.9), rel=rel)


@pytest.mark.parametrize("form", ["D", "12D", "1024D"])
@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
@pytest.mark.parametrize("name", ["PROB", "PROBABILITY", "PROBDENSITY"])
@pytest.mark.parametrize("zipped", [False, True])
def test_flat_layouts_are_one_map(form, ordering, name, zipped):
    prob = density()
    values = prob if ordering == "NESTED" else healpy.reorder(prob, n2r=True)
    if name == "PROBDENSITY":
        values = values * (values.size / (4 * np.pi))
    data = flat_bytes(values, name, form, ordering)
    sky = skymaps.read(gzip.compress(data) if zipped else data)
    ra, dec = sky_points(2000)
    pixel = healpy.ang2pix(NSIDE, ra, dec, nest=True, lonlat=True)
    assert sky.probdensity_at(ra, dec) == pytest.approx(prob[pixel] * prob.size / (4 * np.pi), rel=1e-12)
    assert sky.total == pytest.approx(1.0)
    assert len(sky.lower) < prob.size / 2


def test_merging_keeps_all_answers():
    """The same map cut into its finest pixels: densities equal, and levels where no two cells tie."""
    values = np.random.default_rng(1).uniform(size=12 * NSIDE**2)
    values[256:512] = 0.5  # one base pixel's quarter, even
    prob = values / values.sum()
    flat = SkyMap.from_tiles(4 * NSIDE**2 + np.arange(prob.size), prob * prob.size / (4 * np.pi))
    merged = skymaps.read(flat_bytes(prob))
    assert len(merged.lower) == prob.size - 256 + 1
    points = sky_points(500)
    assert merged.probdensity_at(*points) == pytest.approx(flat.probdensity_at(*points), rel=1e-12)
    even = merged.probdensity_at(*points) == merged.probdensity[np.argmin(merged.order)]
    assert merged.credible_level_at(*points)[~even] == pytest.approx(flat.credible_level_at(*points)[~even], rel=1e-9)


def test_explicit_pixels_are_the_implicit_map():
    prob = density()
    pixel = np.flatnonzero(prob)
    columns = [fits.Column("PIXEL", "J", array=pixel), fits.Column("PROB", "D", array=prob[pixel])]
    listed = skymaps.read(fits_bytes(columns, ORDERING="NESTED", NSIDE=NSIDE, INDXSCHM="EXPLICIT", OBJECT="PARTIAL"))
    points = sky_points(500)
    whole = skymaps.read(flat_bytes(prob))
    assert listed.probdensity_at(*points) == pytest.approx(whole.probdensity_at(*points), rel=1e-12)
    ring = healpy.nest2ring(NSIDE, pixel)
    columns[0] = fits.Column("PIXEL", "J", array=ring)
    same(skymaps.read(fits_bytes(columns, ORDERING="RING", NSIDE=NSIDE, INDXSCHM="EXPLICIT")), listed)


def test_files_of_healpy_are_read(tmp_path):
    """healpy writes vectors of 1024 (and drops to single precision unless told)."""
    prob = density()
    path = tmp_path / "map.fits"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        healpy.write_map(path, prob, nest=True, column_names=["PROB"], dtype=np.float64)
    same(skymaps.read(path), skymaps.read(flat_bytes(prob)))


def test_the_name_of_a_file_means_nothing(tmp_path):
    data = flat_bytes(density())
    for name, content in (("bayestar.fits.gz,0", data), ("bayestar.fits,1", gzip.compress(data)), ("x.fits", data)):
        (tmp_path / name).write_bytes(content)
        same(skymaps.read(tmp_path / name), skymaps.read(data))
        same(skymaps.read(str(tmp_path / name)), skymaps.read(data))


@given(skies())
def test_multi_order_in_any_order_of_rows(sky):
    columns = uniq_columns(sky)
    shuffle = np.random.default_rng(0).permutation(sky.lower.size)
    mixed = [fits.Column(c.name, c.format, array=c.array[shuffle]) for c in columns]
    again = skymaps.read(fits_bytes(mixed))
    assert (again.lower == sky.lower).all()
    assert (again.level == sky.level).all()


def test_unsigned_uniq_and_probability_per_cell():
    """Old maps have an unsigned UNIQ (TZERO 2^63); some have PROB for each cell."""
    sky = skymaps.read(flat_bytes(density()))
    uniq = healpix.to_uniq(sky.lower, sky.order).astype(np.uint64)
    prob = sky.probdensity * healpix.area_sr(sky.order)
    columns = [fits.Column("UNIQ", "K", bzero=2**63, array=uniq), fits.Column("PROB", "D", array=prob)]
    same(skymaps.read(fits_bytes(columns)), sky)


def test_metadata():
    layers = {"DISTMU": 100.0, "DISTSIGMA": 10.0, "DISTNORM": 1e-4}
    even = SkyMap.from_tiles(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)))
    columns = uniq_columns(even) + [fits.Column(k, "D", array=np.full(12, v)) for k, v in layers.items()]
    data = fits_bytes(
        columns,
        DATE_OBS="2019-04-25T08:18:05.012524",
        OBJECT="S1",
        CREATOR="it's",
        INSTRUME="L1, H1",
        DISTMEAN=150,
        DISTSTD=3.5,
    )
    sky = skymaps.read(data)
    assert sky.time is not None
    assert sky.time.isoformat() == "2019-04-25T08:18:05.012524+00:00"
    assert (sky.object_id, sky.creator, sky.instruments) == ("S1", "it's", ("H1", "L1"))
    assert sky.distance_mpc == (150.0, 3.5)
    assert sky.has_distance
    assert sky.to_dict() == {"type": "skymap", "sha256": sky.sha256}
    assert sky.sha256 is not None
    assert len(sky.sha256) == 64
    assert skymaps.read(fits_bytes(columns)).distance_mpc == pytest.approx((101.97, 9.9), rel=1e-2)


@given(regions)
@settings(max_examples=20)
def test_writing_and_reading_again(region):
    sky = skymaps.as_skymap(region)
    again = skymaps.read(skymaps.write_fits(sky))
    assert (again.lower == sky.lower).all()
    assert (again.probdensity == sky.probdensity).all()


def test_written_maps_are_read_by_ligo_skymap_and_astropy(tmp_path):
    layers = [np.full(12, v) for v in (100.0, 10.0, 1e-4)]
    even = SkyMap.from_tiles(
        np.arange(4, 16),
        np.full(12, 1 / (4 * np.pi)),
        *layers,
        object_id="S1",
        instruments=("H1", "L1"),
        creator="us" * 50,
    )
    skymaps.write_fits(even, tmp_path / "map.fits")
    table = oracle.read_sky_map(tmp_path / "map.fits")
    assert table["UNIQ"].tolist() == list(range(4, 16))
    assert table.meta["objid"] == "S1"
    assert table.meta["instruments"] == {"H1", "L1"}
    assert table.meta["distmean"] == pytest.approx(even.distance_mpc[0])
    with fits.open(tmp_path / "map.fits") as hdus:
        hdus.verify("exception")


@given(shapes)
@settings(max_examples=20)
def test_a_shape_as_a_map(shape):
    sky = skymaps.as_skymap(shape, 2e-5)
    assert sky.area_deg2(0.9) == pytest.approx(shape.area_deg2(0.9), rel=0.06)
    assert sky.total == pytest.approx(1.0)


@given(regions)
@settings(max_examples=20)
def test_coverage_holds_the_region(region):
    """MOC bytes, read by mocpy, contain every point of the region."""
    from mocpy import MOC

    ranges = skymaps.moc_ranges(region, 0.9, 8)
    assert (ranges[:, 0] < ranges[:, 1]).all()
    assert (ranges[1:, 0] > ranges[:-1, 1]).all()
    data = skymaps.write_moc(region, 0.9, 8)
    with fits.open(io.BytesIO(data)) as hdus:
        lower, order = healpix.from_uniq(np.asarray(hdus[1].data["UNIQ"], dtype=np.int64))
    ipix = (lower >> (2 * (29 - order.astype(np.int64)))).astype(np.uint64)
    coverage = MOC.from_healpix_cells(ipix, order.astype(np.uint8), 29)
    ra, dec = sky_points(300)
    inside = region.credible_level_at(ra, dec) <= 0.9
    if inside.any():
        assert coverage.contains_lonlat(ra[inside] * u.deg, dec[inside] * u.deg).all()
    with pytest.raises(RegionError, match="coverage map without probability"):
        skymaps.read(data)
