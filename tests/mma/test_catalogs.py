"""Catalogues in the database: found around positions whatever their size, replaced whole, carried over from before."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import func, select, text

from coincidence import DEFAULT, Galaxies
from coincidence.completeness import Catalog, Completeness
from coincidence.hosts import associate
from mma import catalogs
from mma.answers import queries
from mma.cli import main
from mma.store import Store, galaxies, tables
from tests.coincidence.rows import alerts
from tests.mma.world import World, detection, superevent

SKY_DEG2 = 41252.96
EVENT = "S270301ab"


def made(ra: np.ndarray, dec: np.ndarray, mpc: np.ndarray, size: np.ndarray | None = None, name: str = "c") -> Galaxies:
    n = len(ra)
    more = {} if size is None else {"semi_major_arcsec": size}
    return Galaxies(
        name=np.array([f"{name}{i}" for i in range(n)], dtype=object), catalog=np.full(n, name, dtype=object), ra=ra,
        dec=dec, distance_mpc=mpc, distance_error_mpc=np.full(n, 1.0), kind=np.full(n, "spec", dtype=object),
        density_deg2=np.full(n, np.nan), **more,
    )  # fmt: skip


def moved(ra: np.ndarray, dec: np.ndarray, arcmin: np.ndarray, bearing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions that lie so far off, in that direction."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    there = SkyCoord(ra, dec, unit="deg").directional_offset_by(bearing * u.deg, arcmin * u.arcmin)
    return there.ra.deg, there.dec.deg


@pytest.fixture
def store(database: str):
    found = Store(database)
    yield found
    found.close()


def test_every_galaxy_that_can_be_a_host_is_found(store: Store):
    """As far as 60 kpc or 5 half-light radii, in every direction, at the poles and at RA 0."""
    random, n = np.random.default_rng(4), 4000
    ra, dec = random.uniform(0, 360, n), np.degrees(np.arcsin(random.uniform(-1, 1, n)))
    dec[:200], ra[200:400] = np.sign(random.normal(size=200)) * random.uniform(89.7, 90.0, 200), 0.0
    mpc = 10.0 ** random.uniform(1.15, 3.3, n)
    size = np.where(random.uniform(size=n) < 0.3, 10.0 ** random.uniform(0, 2.5, n), np.nan)
    reach = np.maximum(np.degrees(0.06 / mpc) * 60.0, np.nan_to_num(5.0 * 0.54 * size / 60.0))
    reach = np.minimum(reach, 15.0)
    there = moved(ra, dec, 0.999 * reach, random.uniform(0, 360, n))
    some = made(ra, dec, mpc, size)
    parts = (some.take(np.arange(n) % 4 == i) for i in range(4))
    assert galaxies.load(store, Catalog(name="c"), parts) == n
    with store.read() as connection:
        for start in range(0, n, 400):
            rows = slice(start, start + 400)
            near = galaxies.near(connection, there[0][rows], there[1][rows])
            assert set(some.name[rows]) <= set(near.name)
            hosts = associate(
                alerts(*({"ra": a, "dec": b} for a, b in zip(there[0][rows], there[1][rows], strict=True))),
                near, replace(DEFAULT, host_radius_arcmin=15.01),
            )  # fmt: skip
            assert set(some.name[rows]) <= set(hosts.name)


def test_few_others_are_read(store: Store):
    random, n = np.random.default_rng(4), 200_000
    ra, dec = random.uniform(0, 360, n), np.degrees(np.arcsin(random.uniform(-1, 1, n)))
    far = made(ra, dec, 1500.0 * random.uniform(size=n) ** (1 / 3) + 1.0)
    galaxies.load(store, Catalog(name="c"), iter([far]))
    with store.read() as connection:
        near = galaxies.near(connection, ra[:500], dec[:500])
    assert 500 <= len(near) < 700


def test_counts_of_nearer_galaxies_need_no_catalogue_in_memory(store: Store):
    random, n = np.random.default_rng(4), 5000
    mpc = 10.0 ** random.uniform(0, 3, n)
    some = made(random.uniform(0, 360, n), random.uniform(-60, 60, n), mpc)
    galaxies.load(store, Catalog(name="c"), (some.take(np.arange(i, n, 5)) for i in range(5)))
    with store.read() as connection:
        near = galaxies.near(connection, some.ra[:300], some.dec[:300])
        (row,) = galaxies.listing(connection)
    exact = dict(zip(some.name, catalogs.nearer_per_deg2(mpc), strict=True))
    ratio = near.density_deg2 / np.array([exact[name] for name in near.name])
    assert np.abs(np.log(ratio[near.distance_mpc > 3.0])).max() < 0.05  # of some hundred galaxies and more
    assert (row["galaxies"], row["nearest_mpc"], row["farthest_mpc"]) == (n, mpc.min(), mpc.max())


def test_all_columns_come_back(store: Store):
    full = replace(
        made(np.array([10.0, 11.0]), np.array([5.0, 5.0]), np.array([50.0, 300.0])),
        mag=np.array([14.0, np.nan]), band=np.array(["B", None], dtype=object),
        semi_major_arcsec=np.array([30.0, np.nan]), axis_ratio=np.array([0.5, np.nan]),
        position_angle_deg=np.array([45.0, np.nan]), is_agn=np.array([True, None], dtype=object),
    )  # fmt: skip
    known = Catalog(name="c", priority=3, completeness=Completeness.parse("0:1,90:0.5"), dec_min=-30.0, dec_max=40.0)
    galaxies.load(store, known, iter([full]))
    with store.read() as connection:
        near = galaxies.near(connection, full.ra, full.dec)
    assert near.catalogs == (known,)
    order = np.argsort(near.name.astype(str))
    for name in ("mag", "band", "semi_major_arcsec", "axis_ratio", "position_angle_deg", "is_agn", "kind", "catalog"):
        assert repr(getattr(near, name)[order].tolist()) == repr(getattr(full, name).tolist()), name


def test_an_import_that_breaks_off_leaves_the_earlier_catalogue(store: Store):
    place = np.array([10.0]), np.array([5.0])
    galaxies.load(store, Catalog(name="c"), iter([made(*place, np.array([50.0]))]))

    def breaks():
        yield made(*place, np.array([70.0]))
        raise OSError("disk")

    def distances() -> list[float]:
        with store.read() as connection:
            return galaxies.near(connection, *place).distance_mpc.tolist()

    with pytest.raises(OSError, match="disk"):
        galaxies.load(store, Catalog(name="c"), breaks())
    assert distances() == [50.0]
    galaxies.load(store, Catalog(name="c"), iter([made(*place, np.array([90.0]))]))
    assert distances() == [90.0]
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.galaxies)).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(tables.catalogs)).scalar_one() == 1


def test_the_catalogue_is_looked_into_even_where_it_has_nothing(store: Store):
    known = Catalog(name="c", completeness=Completeness.parse("0:1,90:1"))
    galaxies.load(store, known, iter([made(np.array([10.0]), np.array([5.0]), np.array([50.0]))]))
    with store.read() as connection:
        near = galaxies.near(connection, np.array([200.0]), np.array([-60.0]))
        assert len(galaxies.near(connection, np.empty(0), np.empty(0))) == 0
    assert (len(near), near.catalogs) == (0, (known,))


def test_galaxies_of_an_older_database_are_kept(database: str):
    from alembic import command
    from alembic.config import Config

    from mma.store.migrate import MIGRATIONS

    store = Store(database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
        for i, mpc in enumerate((40.0, 100.0, 800.0)):
            pixel = int(galaxies.healpix.pixel_at(np.array([10.0]), np.array([5.0]))[0])
            values = f"({i + 1}, 'old', 'g{i}', {pixel}, 10.0, 5.0, {mpc}, NULL, 'spec', 0.1)"
            connection.execute(text(f"INSERT INTO galaxies (id, catalog, name, hpx, ra, dec, distance_mpc, "
                                    f"distance_error_mpc, kind, density_deg2) VALUES {values}"))  # fmt: skip
    store.upgrade()
    with store.read() as connection:
        near = galaxies.near(connection, np.array([10.0]), np.array([5.0]))
        (row,) = galaxies.listing(connection)
    assert sorted(near.distance_mpc.tolist()) == [40.0, 100.0, 800.0]
    ranks = dict(zip(near.distance_mpc.tolist(), (near.density_deg2 * SKY_DEG2).tolist(), strict=True))
    assert 2.0 <= ranks[800.0] <= 3.0  # between the counts 4 % nearer and 4 % farther
    assert (row["catalog"], row["galaxies"], row["farthest_mpc"]) == ("old", 3, 800.0)
    with store.begin() as connection:
        galaxies.replace(connection, "new", made(np.array([10.0]), np.array([5.0]), np.array([60.0])))
    store.close()


def test_the_command_takes_priority_completeness_and_nuclei(capsys, tmp_path):
    database = ["--db", str(tmp_path / "mma.sqlite")]
    table = tmp_path / "mine.csv"
    table.write_text("name,ra,dec,dist\nA,10,20,30\n")
    assert main(["catalog", "import", str(table), *database, "--completeness", "0:1,50:0.9", "--dec", "-30", "90"]) == 0
    assert "completeness: 0:1,50:0.9" in capsys.readouterr().out
    assert main(["catalog", "import", str(table), "--name", "other", *database]) == 0
    assert "not known, so that a host in no catalogue says nothing" in capsys.readouterr().out
    assert main(["catalog", "import", str(table), "--name", "nuclei", "--agn", "--priority", "9", *database]) == 0
    capsys.readouterr()
    assert main(["catalog", "list", *database, "--json"]) == 0
    rows = {row["catalog"]: row for row in json.loads(capsys.readouterr().out)}
    assert [rows[name]["priority"] for name in ("mine", "other", "nuclei")] == [0, 1, 9]
    assert (rows["mine"]["completeness"], rows["nuclei"]["is_agn"]) == ("0:1,50:0.9", True)
    assert main(["catalog", "list", *database]) == 0
    assert "active nuclei" in capsys.readouterr().out
    for wrong, says in (
        (["--completeness", "half"], "write MPC:FRACTION"),
        (["--dec", "20", "10"], "southern end"),
        (["--band", "Q"], "band 'Q' is not known"),
    ):
        assert main(["catalog", "import", str(table), *wrong, *database]) == 1
        assert says in capsys.readouterr().err


def test_what_is_stored_is_scored_again_with_a_new_catalogue(capsys, tmp_path):
    database = str(tmp_path / "mma.sqlite")
    store = Store(database)
    world = World(store)
    world.hears(superevent(mpc=(60.0, 15.0)), detection("ZTF27a"))
    (before,) = world.ask(queries.candidates, EVENT)
    store.close()
    table = tmp_path / "mine.csv"
    table.write_text(f"name,ra,dec,dist\nA,{before['ra'] + 0.001},{before['dec']},60\n")
    assert main(["catalog", "import", str(table), "--db", database]) == 0
    assert "scored again with it: 1 events" in capsys.readouterr().out
    assert main(["candidates", EVENT, "--db", database, "--json"]) == 0
    (after,) = json.loads(capsys.readouterr().out)
    assert before["host"] is None
    assert after["host"]["name"] == "A"


@pytest.mark.realdata
def test_ngc_4993_is_found_through_the_database(store: Store, data):
    found = catalogs.begin(data / "galaxies/50MGC_catalog_short.fits", "50MGC")
    galaxies.load(store, found.catalog, found.parts())
    ra, dec = np.array([197.450354]), np.array([-23.381484])
    with store.read() as connection:
        near = galaxies.near(connection, ra, dec)
    hosts = associate(alerts({"ra": ra[0], "dec": dec[0]}), near, DEFAULT)
    best = int(np.argmax(hosts.weight))
    assert (hosts.name[best], hosts.kind[best]) == ("NGC4993", "indep")
    assert hosts.weight[best] > 0.7  # this table tells no brightness: NGC 4993 is held for an average galaxy
