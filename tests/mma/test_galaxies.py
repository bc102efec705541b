"""Galaxy catalogues from the tables people have; what is wrong with a table is named."""

from __future__ import annotations

import math

import numpy as np
import pyarrow
import pytest
from astropy.table import MaskedColumn, Table
from pyarrow import parquet

from mma import galaxies
from mma.errors import ConfigError
from skymaps import cosmology

SKY_DEG2 = 4.0 * math.pi * (180.0 / math.pi) ** 2


def read(path, **columns):
    return galaxies.read(path, "test", columns)


def csv(tmp_path, text: str, name: str = "g.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


FORMATS = {"fits": "fits", "ecsv": "ascii.ecsv", "vot": "votable", "csv": "ascii.csv", "parquet": "parquet"}


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same(tmp_path, suffix):
    table = Table({"objname": ["A", "B"], "ra": [10.5, 350.0], "dec": [-5.0, 80.0], "bestdist": [40.0, 90.0]})
    path = tmp_path / f"g.{suffix}"
    if suffix == "parquet":
        columns = {name: table[name].tolist() for name in table.colnames} | {"nested": [[1], [2]]}
        parquet.write_table(pyarrow.table(columns), path)
    else:
        table.write(path, format=FORMATS[suffix])
    found, left_out = read(path)
    assert left_out == 0
    assert found.name.tolist() == ["A", "B"]
    assert found.ra.tolist() == [10.5, 350.0]
    assert found.dec.tolist() == [-5.0, 80.0]
    assert found.distance_mpc.tolist() == [40.0, 90.0]
    assert set(found.kind) == {"indep"}
    assert set(found.catalog) == {"test"}


def test_rows_without_position_or_distance_are_left_out_and_counted(tmp_path):
    text = "ra,dec,dist\n10,10,50\n,10,50\n10,,50\n10,10,\n10,10,-5\n10,10,0\n10,95,50\n370,10,60\n"
    found, left_out = read(csv(tmp_path, text))
    assert left_out == 6
    assert found.ra.tolist() == [10.0, 10.0]
    assert found.distance_mpc.tolist() == [50.0, 60.0]


def test_a_redshift_stands_in_for_a_distance(tmp_path):
    found, _ = read(csv(tmp_path, "ra,dec,z,e_z,dist\n1,1,0.01,0.001,\n1,1,0.01,,77\n1,1,0,,\n"))
    expected = float(cosmology.distance_mpc(np.array([0.01]))[0])
    assert found.distance_mpc.tolist() == pytest.approx([expected, 77.0])
    assert found.kind.tolist() == ["spec", "indep"]
    slope = (float(cosmology.distance_mpc(np.array([0.0101]))[0]) - expected) / 1e-4
    assert found.distance_error_mpc[0] == pytest.approx(slope * 0.001)
    assert np.isnan(found.distance_error_mpc[1])


def test_sexagesimal_positions_are_hours_and_degrees_whatever_the_column_is_called(tmp_path):
    found, _ = read(csv(tmp_path, "alpha,delta,d\n13:09:48,-23:22:53,40\n"), ra="alpha", dec="delta")
    assert found.ra.tolist() == pytest.approx([15.0 * (13 + 9 / 60 + 48 / 3600)])
    assert found.dec.tolist() == pytest.approx([-(23 + 22 / 60 + 53 / 3600)])


def test_kinds_of_distance(tmp_path):
    found, _ = read(csv(tmp_path, "ra,dec,dist,z_type\n1,1,1,phot\n1,1,2,spec\n1,1,3,other\n"))
    assert found.kind.tolist() == ["photo", "spec", "indep"]


def test_density_counts_galaxies_as_near_or_nearer(tmp_path):
    found, _ = read(csv(tmp_path, "ra,dec,dist\n1,1,30\n1,1,10\n1,1,20\n1,1,10\n"))
    assert (found.density_deg2 * SKY_DEG2).tolist() == pytest.approx([4.0, 2.0, 3.0, 2.0])


def test_a_galaxy_without_a_name_has_none(tmp_path):
    names = MaskedColumn(["A", "x"], mask=[False, True])
    path = tmp_path / "g.ecsv"
    Table({"name": names, "ra": [1.0, 2.0], "dec": [1.0, 2.0], "dist": [1.0, 2.0]}).write(path)
    assert read(path)[0].name.tolist() == ["A", None]
    assert read(csv(tmp_path, "ra,dec,dist\n1,1,1\n"))[0].name.tolist() == [None]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("g.csv", "a,b,c\n1,2,3\n", "g.csv: no column for ra, dec, distance_mpc (or redshift); name it with --column"),
        ("g.csv", "ra,dec,c\n1,2,3\n", "no column for distance_mpc (or redshift)"),
        ("g.csv", "ra,dec,dist\n1,2,far\n", "column 'dist'"),
        ("g.csv", "ra,dec,dist\nhere,there,3\n", "column 'ra'"),
        ("g.csv", "", "g.csv: "),
        ("g.fits", "no FITS", "g.fits: cannot be read as fits"),
        ("g.vot", "no VOTable", "g.vot: cannot be read as votable"),
        ("g.parquet", "no Parquet", "g.parquet: cannot be read as parquet"),
        ("g.doc", "", "g.doc: not a table we read; there are .fits"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(tmp_path, name, text, says):
    with pytest.raises(ConfigError) as caught:
        read(csv(tmp_path, text, name))
    assert says in str(caught.value)


def test_a_file_or_column_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="no column 'alpha'; there are ra, dec, dist"):
        read(csv(tmp_path, "ra,dec,dist\n1,1,1\n"), ra="alpha")


@pytest.mark.realdata
def test_recorded_catalogues_are_read(data):
    for name in ("50MGC_catalog_short.fits", "CLU_mini.csv", "gwemopt-catalog_glade.csv"):
        found, _ = read(data / "galaxies" / name)
        assert len(found) > 0
        assert (found.distance_mpc > 0).all()
        assert ((found.ra >= 0) & (found.ra < 360)).all()
