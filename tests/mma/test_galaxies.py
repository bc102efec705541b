"""Galaxy catalogues from the tables people have; what is wrong with a table is named."""

from __future__ import annotations

import math

import numpy as np
import pyarrow
import pytest
from astropy.table import MaskedColumn, Table
from pyarrow import parquet

from mma import catalogs
from mma.errors import ConfigError
from skymaps import cosmology

SKY_DEG2 = 4.0 * math.pi * (180.0 / math.pi) ** 2


def read(path, **columns):
    return catalogs.read(path, "test", columns)


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


GLADE_LINE = (
    "{no} {pgc} {gwgc} {leda} null null null {kind} {ra} {dec} {b} 0.1 0 -20.1 11.2 0.05 10.4 0.05 10.1 0.06 10.2 0.02 "
    "10.3 0.02 0 null null 0.0098 0.0108 1 0.0004 0.0001 {mpc} {error} {flag} 3.5 1.1 0 -4.1 0.3"
)
GLADE_ROW = {
    "no": 1, "pgc": 45657, "gwgc": "NGC4993", "leda": "null", "kind": "G", "ra": 197.448776, "dec": -23.383831,
    "b": 13.32, "mpc": 40.7, "error": 2.4, "flag": 3,
}  # fmt: skip


def glade(tmp_path, *rows: dict[str, object]):
    lines = [GLADE_LINE.format(**(GLADE_ROW | row)) for row in rows]
    return csv(tmp_path, "\n".join(lines) + "\n", "GLADE+.txt")


def test_glade_plus_as_it_is_distributed(tmp_path):
    path = glade(
        tmp_path,
        {},
        {"flag": 1, "gwgc": "null", "error": "null", "b": "null"},
        {"flag": 2, "gwgc": "null", "leda": "UGC1", "kind": "Q"},
        {"flag": 0},
        {"mpc": "null", "ra": "null"},
    )
    found, left_out = read(path)
    assert left_out == 2
    assert found.name.tolist() == ["NGC4993", "1", "UGC1"]
    assert found.kind.tolist() == ["spec", "photo", "indep"]
    assert found.distance_mpc.tolist() == [40.7, 40.7, 40.7]
    assert found.distance_error_mpc.tolist() == pytest.approx([2.4, math.nan, 2.4], nan_ok=True)
    assert found.mag.tolist() == pytest.approx([13.32, math.nan, 13.32], nan_ok=True)
    assert found.band.tolist() == ["B", None, "B"]
    assert found.is_agn.tolist() == [False, False, True]
    assert found.catalogs[0].completeness.at(np.array([40.0, 130.0])).tolist() == pytest.approx([1.0, 0.55])


def test_ned_lvs_has_diameters_in_arcsec(tmp_path):
    columns = {
        "objname": ["NGC 1", "B", "C"], "ra": [10.0, 20.0, 30.0], "dec": [5.0, -5.0, 0.0],
        "objtype": ["G", "QSO", "G"], "z": [0.015, 0.03, 0.04], "z_unc": [1e-4, 1e-4, np.nan],
        "z_tech": ["SPEC", "SPEC", "PHOT"], "DistMpc": [60.0, 130.0, np.nan], "DistMpc_unc": [3.0, np.nan, np.nan],
        "DistMpc_method": ["zIndependent", "Redshift", "Redshift"], "m_Ks": [9.5, np.nan, 12.0],
        "Diam": [84.0, np.nan, 20.0], "Diam_ba": [0.5, np.nan, 1.2], "Diam_pa": [30.0, np.nan, 10.0],
    }  # fmt: skip
    path = tmp_path / "NEDLVS.fits"
    Table(columns).write(path)
    found, left_out = read(path)
    assert left_out == 0
    assert found.name.tolist() == ["NGC 1", "B", "C"]
    assert found.kind.tolist() == ["indep", "spec", "photo"]
    assert found.distance_mpc.tolist() == pytest.approx([60.0, 130.0, cosmology.distance_mpc(np.array([0.04]))[0]])
    assert found.semi_major_arcsec.tolist() == pytest.approx([42.0, math.nan, 10.0], nan_ok=True)
    assert found.axis_ratio.tolist() == pytest.approx([0.5, math.nan, math.nan], nan_ok=True)
    assert found.band.tolist() == ["K", None, "K"]
    assert found.is_agn.tolist() == [False, True, False]


def test_hecate_has_radii_in_arcmin_and_counts_of_measured_distances(tmp_path):
    text = (
        "PGC,OBJNAME,RA,DEC,R1,R2,PA,NDIST,D,E_D,DMETHOD,BT,AGN_HEC\n"
        "1,ESO1,10,5,1.5,0.6,30,4,12.0,0.7,N,13.1,N\n2,,11,5,,,,0,90.0,12.0,Z,,Y\n3,ESO3,11,5,,,,,,,,,\n"
    )
    found, left_out = read(csv(tmp_path, text, "HECATE_v1.1.csv"))
    assert left_out == 1
    assert found.name.tolist() == ["ESO1", "2"]
    assert found.kind.tolist() == ["indep", "spec"]
    assert found.semi_major_arcsec.tolist() == pytest.approx([90.0, math.nan], nan_ok=True)
    assert found.axis_ratio.tolist() == pytest.approx([0.4, math.nan], nan_ok=True)
    assert found.position_angle_deg.tolist() == pytest.approx([30.0, math.nan], nan_ok=True)
    assert found.is_agn.tolist() == [False, True]


def test_fifty_mpc_catalogue_whole_and_short(tmp_path):
    text = (
        "objname,ra,dec,bestdist,bestdist_error,logmass_src,d25,Bt0_leda,bestdist_method\n"
        "N1,1,1,20,2,g-i,2.0,12.5,CF3-Z\nN2,2,2,30,2,g-i,,,NED-D\n"
    )
    found, _ = read(csv(tmp_path, text))
    assert found.kind.tolist() == ["spec", "indep"]
    assert found.semi_major_arcsec.tolist() == pytest.approx([60.0, math.nan], nan_ok=True)
    short, _ = read(csv(tmp_path, "objname,ra,dec,bestdist,bestdist_error,logmass_src\nN1,1,1,20,2,g-i\n"))
    assert short.kind.tolist() == ["indep"]


def test_a_table_of_ones_own_with_magnitudes_and_shapes(tmp_path):
    text = "name,ra,dec,z,size,b2a,pa,Rmag\nA,1,2,0.02,30,0.5,120,15.5\nB,1,3,0.02,-1,0,,99\n"
    path = csv(tmp_path, text)
    found = catalogs.begin(
        path, "mine", {"semi_major_arcsec": "size", "mag": "Rmag"}, band="R", completeness="0:1,90:1"
    )
    (part,) = found.parts()
    assert part.mag.tolist() == pytest.approx([15.5, math.nan], nan_ok=True)
    assert part.band.tolist() == ["R", None]
    assert part.semi_major_arcsec.tolist() == pytest.approx([30.0, math.nan], nan_ok=True)
    assert part.axis_ratio.tolist() == pytest.approx([0.5, math.nan], nan_ok=True)
    assert str(found.catalog.completeness) == "0:1,90:1"


def test_active_nuclei_need_no_distance(tmp_path):
    path = csv(tmp_path, "name,ra,dec,z\nQ1,1,1,0.5\nQ2,2,2,\n")
    (part,) = catalogs.begin(path, "agn", is_agn=True).parts()
    assert part.kind.tolist() == ["agn", "agn"]
    assert part.is_agn.tolist() == [True, True]
    assert np.isnan(part.distance_mpc).tolist() == [False, True]


def test_parts_are_the_whole_whatever_their_size(tmp_path, monkeypatch):
    from mma.catalogs import tables

    table = Table({"objname": [f"G{i}" for i in range(25)], "ra": np.arange(25.0), "dec": np.arange(25.0) - 12.0})
    table["dist"] = [10.0 + i if i % 7 else math.nan for i in range(25)]
    whole, shares = {}, []
    for suffix in FORMATS:
        path = tmp_path / f"g.{suffix}"
        if suffix == "parquet":
            parquet.write_table(pyarrow.table({name: table[name].tolist() for name in table.colnames}), path)
        else:
            table.write(path, format=FORMATS[suffix])
        for rows in (4, 25, 1000):
            monkeypatch.setattr(tables, "ROWS", rows)
            found = catalogs.begin(path, "g")
            parts = list(found.parts(shares.append))
            names = [name for part in parts for name in part.name]
            assert whole.setdefault("names", names) == names
            assert found.left_out == 4
            assert shares[-1] == pytest.approx(1.0)
    assert len(whole["names"]) == 21


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("1 2 3\n", "G.txt", "3 values in its first line, GLADE+ has 40; a table of your own needs a line of names"),
        ("ra,dec,dist\n1,2\n", "g.csv", "2 values for 3 columns"),
    ],
)
def test_tables_that_are_not_what_they_seem(tmp_path, text, name, says):
    with pytest.raises(ConfigError, match=says.replace("+", "[+]")):
        read(csv(tmp_path, text, name))


def test_a_short_line_of_glade_plus_is_named(tmp_path):
    path = glade(tmp_path, {})
    path.write_text(path.read_text() + "2 null null\n")
    with pytest.raises(ConfigError, match="a line of 3 values: 2 null null"):
        read(path)


@pytest.mark.parametrize(
    ("more", "says"),
    [({"completeness": "50"}, "write MPC:FRACTION"), ({"band": "Q"}, "band 'Q' is not known; there are u, g, r")],
)
def test_options_that_make_no_sense_say_so(tmp_path, more, says):
    with pytest.raises(ConfigError, match=says):
        catalogs.begin(csv(tmp_path, "ra,dec,dist\n1,2,3\n"), "g", **more)


@pytest.mark.realdata
def test_recorded_catalogues_are_recognised(data):
    short = catalogs.begin(data / "galaxies/50MGC_catalog_short.fits", "50MGC")
    assert short.preset is not None
    assert short.preset.name == "50MGC"
    found = catalogs.read(data / "galaxies/50MGC_catalog_short.fits", "50MGC")[0]
    ngc = np.flatnonzero(found.name == "NGC4993")
    assert (found.distance_mpc[ngc].tolist(), found.distance_error_mpc[ngc].tolist()) == ([40.7], [1.5])
    clu, _ = catalogs.read(data / "galaxies/CLU_mini.csv", "CLU")
    assert np.isfinite(clu.axis_ratio).sum() == 4


def test_a_mass_in_stars_stands_for_a_magnitude(tmp_path):
    """A Milky Way of 6e10 solar masses in stars is of -21.5 in r at two of them for each of light, by definition."""
    table = "ra,dec,dist,mag,band,log_mass\n1,2,10,,,10.778\n1,3,10,12.5,B,10.778\n1,4,10,,,\n"
    found, _ = catalogs.read(csv(tmp_path, table), "g")
    absolute = 4.65 - 2.5 * np.log10(6e10 / 2.0)
    assert found.mag == pytest.approx([absolute + 30.0, 12.5, -15.0 + 30.0], abs=0.01)
    assert found.band.tolist() == ["r", "B", "r"]


def test_marks_of_nothing_are_no_names(tmp_path):
    marks = ["b'<NA>'", "<NA>", "b'---'", "---", "b'...'", "...", "b'nan'", "N/A", "b''"]
    rows = "".join(f"{mark},1,1,1\n" for mark in [*marks, "b'NGC 4993'", "NGC 1"])
    found, _ = read(csv(tmp_path, f"name,ra,dec,dist\n{rows}"))
    assert found.name.tolist() == [None] * len(marks) + ["NGC 4993", "NGC 1"]
