"""Bytes that are no map, or try to cost too much: always a RegionError that names what is wrong."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

import skymaps
from skymaps import RegionError, SkyMap

from .test_read import NSIDE, density, fits_bytes, flat_bytes

UNIQ = np.arange(4, 16)
EVEN = np.full(12, 1 / (4 * np.pi))


def multi_order(uniq=UNIQ, values=EVEN, name="PROBDENSITY", **header):
    return fits_bytes([fits.Column("UNIQ", "K", array=uniq), fits.Column(name, "D", array=values)], **header)


def with_card(data: bytes, key: str, value: str) -> bytes:
    """The bytes with one card's value overwritten, wherever the key first stands after the primary header."""
    at = data.index(f"{key:<8}=".encode(), 2880)
    return data[:at] + f"{key:<8}= {value:>20}".encode().ljust(80) + data[at + 80 :]


def changed(values, index, value):
    values = np.array(values, dtype=float)
    values[index] = value
    return values


FLAT = flat_bytes(density())


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "not a FITS file"),
        (b"hello", "not a FITS file"),
        (b"SIMPLE", "file ends"),
        (b"SIMPLE" + b" " * 2874, "file ends|SIMPLE"),
        (b"\x1f\x8b" + b"x" * 100, "gzip"),
        (gzip.compress(b"hello", mtime=0), "file ends"),
        (gzip.compress(FLAT, mtime=0)[:-2000], "file ends|gzip"),
        (FLAT[:9000], "file ends"),
        (fits.PrimaryHDU(np.ones(10)), "file ends"),
        (multi_order(values=EVEN * 2.01), "sum to 2.01"),
        (multi_order(values=EVEN * 0.49), "sum to 0.49"),
        (multi_order(values=EVEN * 0), "sum to 0"),
        (multi_order(values=EVEN * np.nan), "12 of 12 cells, 1 of the sky, have no value .12 NaN.*sum to 0"),
        (multi_order(values=EVEN * np.inf), "12 infinite.*sum to 0"),
        (multi_order(values=-EVEN), "12 negative or UNSEEN.*sum to 0"),
        (multi_order(uniq=np.append(UNIQ[:-1], 4)), "UNIQ 4 "),
        (multi_order(uniq=np.append(UNIQ[:-1], 17)), "UNIQ 17 "),
        (multi_order(uniq=np.append(UNIQ[:-1], 3)), "UNIQ 3 "),
        (multi_order(uniq=np.append(UNIQ[:-1], -5)), "UNIQ -5 "),
        (multi_order(uniq=np.append(UNIQ[:-1], 16 + 48)), "UNIQ"),
        (multi_order(uniq=np.append(UNIQ[:-1], 4**31)), "order 0 to 29"),
        (multi_order(name="SIGNIFICANCE"), "no column PROBDENSITY, PROB, PROBABILITY among UNIQ, SIGNIFICANCE"),
        (multi_order(COORDSYS="G"), "COORDSYS 'G'"),
        (with_card(multi_order(), "NAXIS2", "134217728"), "NAXIS2"),
        (with_card(multi_order(), "NAXIS2", "3000000"), "NAXIS2"),
        (with_card(multi_order(), "NAXIS2", "-1"), "NAXIS2"),
        (with_card(multi_order(), "NAXIS2", "0"), "NAXIS2"),
        (with_card(multi_order(), "NAXIS1", "17"), "NAXIS1"),
        (with_card(multi_order(), "TFIELDS", "1000000"), "TFIELDS"),
        (with_card(multi_order(), "TFORM2", "'999999999999999999D'"), "TFORM2"),
        (with_card(multi_order(), "TFORM2", "'PD(3)'"), "TFORM2"),
        (with_card(FLAT, "NAXIS2", "268435456"), "NAXIS2|NSIDE"),
        (with_card(FLAT, "NSIDE", "32"), "NSIDE 32"),
        (with_card(FLAT, "NSIDE", "'x'"), "NSIDE 'x'"),
        (with_card(FLAT, "ORDERING", "'NUNIQ'"), "ORDERING 'NUNIQ'"),
        (with_card(FLAT, "INDXSCHM", "'EXPLICIT'"), "INDXSCHM EXPLICIT without"),
        (fits_bytes([fits.Column("PROB", "J", array=np.ones(12))], ORDERING="RING"), "PROB does not hold real"),
        (fits_bytes([fits.Column("PROB", "D", array=np.ones(13) / 13)], ORDERING="RING"), "13 pixels"),
        (fits_bytes([fits.Column("PROB", "D", array=np.ones(108) / 108)], ORDERING="RING"), "NSIDE 3 "),
        (
            fits_bytes([fits.Column(n, "D", array=np.ones(12) / 12) for n in ("PROB", "DISTMU")], ORDERING="RING"),
            "column DISTMU without",
        ),
        (
            fits_bytes([fits.Column("UNIQ", "D", array=np.arange(4.0, 16.0)), fits.Column("PROB", "D", array=EVEN)]),
            "UNIQ",
        ),
        (
            fits_bytes(
                [fits.Column("PIXEL", "J", array=[0, 99999]), fits.Column("PROB", "D", array=[0.5, 0.5])],
                ORDERING="NESTED",
                NSIDE=NSIDE,
                INDXSCHM="EXPLICIT",
            ),
            "PIXEL holds",
        ),
        (
            fits_bytes(
                [fits.Column("PIXEL", "J", array=[7, 7]), fits.Column("PROB", "D", array=[0.5, 0.5])],
                ORDERING="NESTED",
                NSIDE=NSIDE,
                INDXSCHM="EXPLICIT",
            ),
            "twice",
        ),
        (fits_bytes([fits.Column("UNIQ", "K", array=UNIQ)]), "coverage map without probability"),
    ],
)
def test_each_is_refused_by_name(data, match):
    if isinstance(data, fits.PrimaryHDU):
        out = io.BytesIO()
        data.writeto(out)
        data = out.getvalue()
    with pytest.raises(RegionError, match=match):
        skymaps.read(data)


def test_two_gigabytes_announced_over_a_kilobyte():
    data = with_card(with_card(multi_order(), "NAXIS2", "99999999"), "NAXIS1", "16")[:6800]
    with pytest.raises(RegionError, match="NAXIS2"):
        skymaps.read(data, max_tiles=10**9)


def test_a_gzip_bomb_stops_at_the_limit():
    bomb = gzip.compress(FLAT[:2880] + b" " * 50_000_000)
    with pytest.raises(RegionError, match=r"no END|limit"):
        skymaps.read(bomb)
    header = with_card(FLAT, "NAXIS2", str(12 * 2048**2))
    header = with_card(header, "NSIDE", "2048")[: 2 * 2880]
    with pytest.raises(RegionError, match="limit of 1000000 bytes"):
        skymaps.read(gzip.compress(header + bytes(50_000_000)), max_bytes=1_000_000)


def test_limits_on_size_and_cells(tmp_path):
    (tmp_path / "x.fits").write_bytes(FLAT)
    with pytest.raises(RegionError, match="limit of 1000"):
        skymaps.read(tmp_path / "x.fits", max_bytes=1000)
    with pytest.raises(RegionError, match="limit of 1000"):
        skymaps.read(FLAT, max_bytes=1000)
    with pytest.raises(RegionError, match=r"limit of 10$"):
        skymaps.read(FLAT, max_tiles=10)
    with pytest.raises(RegionError, match="12 is not 1 to 11"):
        skymaps.read(multi_order(), max_tiles=11)
    with pytest.raises(RegionError, match="No such file"):
        skymaps.read(tmp_path / "nothing.fits")


def archive(**arrays: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def scan(pixels, llh) -> np.ndarray:
    return np.array(list(zip(pixels, llh, strict=True)), dtype=[("index", "i8"), ("llh", "f8")])


def test_likelihood_scan_finest_wins():
    """-ln L at nside 1 and 2: the pixel scanned finely is replaced, and its unscanned part keeps the coarse value."""
    data = archive(**{"nside-1": scan(range(12), [10.0] * 12), "nside-2": scan([0, 1], [8.0, 9.0])})
    sky = skymaps.read(data)
    assert sky.total == pytest.approx(1.0)
    weight = np.array([np.exp(2), np.exp(1), 1, 1, *[4.0] * 11])
    prob = np.sort(weight / weight.sum())
    found = sky.probdensity * np.pi / 3 / 4.0**sky.order
    assert np.sort(found) == pytest.approx(prob)
    assert sky.order.tolist().count(1) == 4


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"PK\x03\x04" + b"x" * 50, "not a likelihood scan"),
        (archive(a=np.ones(3)), "no array nside-N"),
        (archive(**{"nside-1": np.ones(12)}), "no fields index and llh"),
        (archive(**{"nside-3": scan([0], [1.0])}), "nside-3"),
        (archive(**{"nside-1": scan([12], [1.0])}), "outside the sky"),
        (archive(**{"nside-1": scan([1, 1], [1.0, 2.0])}), "twice"),
        (archive(**{"nside-1": scan([1], [np.nan])}), "no pixel has a finite llh"),
        (archive(**{"nside-1": np.array([object()])}), "not a likelihood scan"),
    ],
)
def test_bad_scans(data, match):
    with pytest.raises(RegionError, match=match):
        skymaps.read(data)


def test_zip_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("nside-1.npy", bytes(20_000_000))
    with pytest.raises(RegionError, match="1000000 bytes"):
        skymaps.read(out.getvalue(), max_bytes=1_000_000)


@given(st.binary(max_size=3000), st.integers(0, 8000), st.sampled_from([FLAT[:8640], multi_order()]))
def test_any_bytes_are_a_map_or_a_region_error(junk, at, good):
    for data in (junk, good[:at] + junk + good[at + len(junk) :], gzip.compress(good[:at] + junk)):
        try:
            skymaps.read(data, max_bytes=10_000_000)
        except RegionError:
            continue


def test_tiles_that_make_no_map():
    with pytest.raises(RegionError, match="12 cells but 11 values"):
        SkyMap.from_tiles(UNIQ, EVEN[:-1])
    with pytest.raises(RegionError, match="0 cells"):
        SkyMap.from_tiles([], [])
    with pytest.raises(RegionError, match="differ in length"):
        SkyMap.from_tiles(UNIQ, EVEN, [1.0], [1.0], [1.0])
