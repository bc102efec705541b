"""The schema: migrations make what the tables say, upgrades repeat without harm, foreign databases are refused."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import mma.store
from mma.errors import ConfigError, OutageError
from mma.store import Store, as_url, bulk, current_revision, masked, migrate
from mma.store.tables import metadata
from tests.mma.world import World, detection, superevent


def test_a_fresh_upgrade_is_what_the_tables_say(database: str):
    store = Store(database)
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        names = set(inspect(connection).get_table_names())
        assert names == set(metadata.tables) | {"alembic_version"}
        for table in metadata.sorted_tables:
            found = inspect(connection).get_pk_constraint(table.name)["constrained_columns"]
            assert found == [column.name for column in table.primary_key]
    store.close()


def test_opening_again_changes_nothing(database: str):
    store = Store(database)
    World(store).hears(superevent(), detection())
    store.close()
    for _ in range(2):
        again = Store(database, create=False)
        again.upgrade()
        assert World(again).objects("S270301ab") == ["ZTF27aaaaaaa"]
        again.close()


def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(mma.store.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [migrate.HEAD]
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_upgrade_and_downgrade_leave_nothing_behind(database: str):
    from alembic import command

    store = Store(database)
    config = Config()
    config.set_main_option("script_location", str(Path(mma.store.__file__).parent / "migrations"))
    with store.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with store.read() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    store.upgrade()
    with store.read() as connection:
        assert current_revision(connection) == migrate.HEAD
    store.close()


def test_a_database_of_a_newer_version_is_left_alone(database: str):
    store = Store(database)
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(ConfigError, match="9999, of a newer version"):
        Store(database)


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 100)
    with pytest.raises(ConfigError, match="not a database"):
        Store(str(path))
    assert path.read_text().startswith("not a database")


def test_a_database_of_someone_else_is_left_alone(tmp_path):
    path = tmp_path / "theirs.sqlite"
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE events (what TEXT)")
    theirs.close()
    with pytest.raises(ConfigError, match="tables of another program: events"):
        Store(str(path))
    with closing(sqlite3.connect(path)) as theirs:
        assert theirs.execute("SELECT name FROM sqlite_master").fetchall() == [("events",)]


def test_a_failing_upgrade_leaves_nothing(database: str):
    class Interrupted(Store):
        def upgrade(self) -> None:
            with self.begin() as connection:
                migrate.upgrade(connection)
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Interrupted(database)
    store = Store(database)
    World(store).hears(superevent())
    store.close()


def test_several_workers_may_be_the_first(database: str):
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: Store(database), range(4)))
    for store in stores:
        store.close()


def test_writers_of_one_database_wait_for_one_another(database: str):
    first, second = Store(database), Store(database)
    World(first).hears(superevent("S1a"))
    with ThreadPoolExecutor(2) as pool:
        worlds = [World(first), World(second)]
        jobs = [
            pool.submit(world.hears, *(superevent(f"S{n}{letter}") for letter in "bcdefg"), batch_size=1)
            for n, world in enumerate(worlds, 1)
        ]
        for job in jobs:
            job.result()
    assert len(World(first).events()) == 13
    first.close()
    second.close()


def test_questions_make_no_file(tmp_path):
    with pytest.raises(ConfigError, match="no database at"):
        Store(str(tmp_path / "none.sqlite"), create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("nonsense://x", ConfigError, "nonsense"),
        ("postgresql://mma:secret@127.0.0.1:1/db", OutageError, "127.0.0.1"),
        ("oracle+none://mma:secret@h/db", ConfigError, "oracle"),
        ("://", ConfigError, "database"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(url, error, says):
    with pytest.raises(error, match=says) as caught:
        Store(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://mma:secret@host:5432/db", "postgresql://mma:***@host:5432/db"),
        ("postgresql+psycopg://mma:a:b@c/d@host/db", "postgresql+psycopg://mma:***@host/db"),
        ("postgresql://mma@host/db?password=secret&x=1", "postgresql://mma@host/db?password=***&x=1"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("mma.sqlite", "mma.sqlite"),
        ("/data/a:b@c.sqlite", "/data/a:b@c.sqlite"),
    ],
)
def test_passwords_are_masked(url, shown):
    assert masked(url) == shown


def test_a_path_is_an_sqlite_file():
    assert as_url("a/b.sqlite") == "sqlite:///a/b.sqlite"
    assert as_url("postgresql://h/d") == "postgresql+psycopg://h/d"
    assert as_url("postgresql+psycopg://h/d") == "postgresql+psycopg://h/d"


@pytest.mark.parametrize("n", [1, 500])
def test_a_server_that_goes_away_is_an_outage_and_comes_back(postgres_database: str, n):
    store, other = Store(postgres_database), Store(postgres_database)
    columns = {
        "source": [f"{i}" for i in range(n)],
        "outcome": ["read"] * n,
        "reason": [""] * n,
        "n": [1] * n,
        "last": [None] * n,
    }

    def write_after_the_end() -> None:
        with store.begin() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with other.begin() as theirs:
                theirs.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            bulk.insert_new(connection, metadata.tables["intake"], columns)

    with pytest.raises(OutageError):
        write_after_the_end()
    with store.begin() as connection:
        bulk.insert_new(connection, metadata.tables["intake"], columns)
    with other.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM intake")).scalar_one() == n
    store.close()
    other.close()


def test_the_drivers_own_errors_are_outages_too(postgres_database: str):
    """COPY is the driver's: its errors do not come in SQLAlchemy's wrapping."""
    store = Store(postgres_database)
    with pytest.raises(OutageError, match="server closed"), store.begin():
        raise psycopg.OperationalError("server closed the connection")
    with pytest.raises(psycopg.DataError), store.begin():
        raise psycopg.DataError("one row is wrong")
    store.close()
