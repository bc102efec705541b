"""Maps as LVK writes them are read in one pass: the same map, to the last bit, as column by column."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

import skymaps
from skymaps import SkyMap

from .test_read import fits_bytes

NAMES = ("UNIQ", "PROBDENSITY", "DISTMU", "DISTSIGMA", "DISTNORM")


def cells(rng: np.random.Generator, n_columns: int) -> list[np.ndarray]:
    """Two base pixels at order 3, three at order 2, the rest whole: columns by UNIQ, some distances unusable."""
    uniq = [np.arange(4 + 5, 16), 64 + np.arange(2 * 16, 5 * 16), 256 + np.arange(2 * 64)]
    density = rng.uniform(size=sum(u.size for u in uniq))
    columns = [np.concatenate(uniq), density, *rng.uniform(10, 900, (3, density.size))]
    columns[1] /= (density * np.pi / 3 / 4.0 ** (np.log2(columns[0]) // 2 - 1)).sum()
    for column, at, value in ((2, 3, np.inf), (3, 50, -1.0), (4, 90, 0.0), (2, 100, 1e300)):
        columns[column][at] = value
    return columns[:n_columns]


def written(columns: list[np.ndarray], **header: object) -> bytes:
    kinds = ("K", "D", "D", "D", "D")
    triples = zip(NAMES, kinds, columns, strict=False)
    return fits_bytes([fits.Column(name, kind, array=a) for name, kind, a in triples], **header)


@pytest.mark.parametrize("n_columns", [2, 5])
@pytest.mark.parametrize("order", ["uniq", "sky", "backwards", "shuffled"])
def test_one_pass_is_column_by_column(n_columns: int, order: str) -> None:
    rng = np.random.default_rng(3)
    columns = cells(rng, n_columns)
    expected = SkyMap.from_tiles(*columns)
    sky_order = np.argsort(columns[0] << 2 * (29 - (np.log2(columns[0]) // 2 - 1).astype(int)))
    rows = {
        "uniq": np.arange(columns[0].size),
        "sky": sky_order,
        "backwards": sky_order[::-1],
        "shuffled": rng.permutation(columns[0].size),
    }[order]
    found = skymaps.read(written([a[rows] for a in columns]))
    for name in ("lower", "order", "probdensity", "distmu", "distsigma", "distnorm", "level"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))
    assert found.n_bad_distance == expected.n_bad_distance == (4 if n_columns == 5 else 0)
    assert found.prob_bad_distance == pytest.approx(expected.prob_bad_distance, rel=1e-12)
    assert found.distance_mpc == pytest.approx(expected.distance_mpc) if n_columns == 5 else found.distance_mpc is None


@pytest.mark.parametrize(("column", "at", "value", "complaint"), [
    (0, 9, 64 + 32, "UNIQ 96 lies in another cell"),
    (0, 9, 4 + 3, "UNIQ .* lies in another cell"),
    (0, 9, 3, "UNIQ 3 is no HEALPix cell"),
    (1, 9, 1e3, "probabilities sum to"),
])  # fmt: skip
def test_what_is_wrong_is_told(column: int, at: int, value: float, complaint: str) -> None:
    columns = cells(np.random.default_rng(3), 5)
    columns[column][at] = value
    with pytest.raises(skymaps.RegionError, match=complaint):
        skymaps.read(written(columns))


def test_scaled_columns_are_scaled() -> None:
    columns = cells(np.random.default_rng(3), 5)
    halved = [a / 2 if name == "DISTNORM" else a for name, a in zip(NAMES, columns, strict=True)]
    found = skymaps.read(written(halved, TSCAL5=2.0))
    assert np.array_equal(found.distnorm, SkyMap.from_tiles(*columns).distnorm)
