"""A real server on the loopback interface, on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from mma.api import create_app
from mma.api.server import Server, bound
from mma.config.settings import Api, Settings
from mma.store import Store
from tests.api.filling import fill
from tests.mma.conftest import database, postgres, postgres_database

__all__ = ["database", "postgres", "postgres_database"]

Serve = Callable[..., httpx.Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A function that serves a store and gives a client of it; ``api`` are settings of the interface."""
    opened: list[Any] = []

    def start(store: Store, **api: Any) -> httpx.Client:
        settings = replace(Settings(), api=Api(**({"rate_limit": 0.0} | api)))
        server = Server(create_app(store, settings), bound("127.0.0.1", 0))
        server.begin()
        client = httpx.Client(base_url=server.url, timeout=60.0)
        opened.extend([server.shutdown, client.close])
        return client

    yield start
    for close in reversed(opened):
        close()


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """A filled store, on each database."""
    opened = Store(database)
    fill(opened)
    yield opened
    opened.close()


@pytest.fixture
def client(store: Store, serve: Serve) -> httpx.Client:
    """A client of it."""
    return serve(store)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Store]:
    """A filled store on SQLite alone, for what has nothing to do with the database."""
    opened = Store(str(tmp_path / "mma.sqlite"))
    fill(opened)
    yield opened
    opened.close()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Store]:
    """An empty store, for an engine to fill."""
    opened = Store(str(tmp_path / "bare.sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def client_of_small(small: Store, serve: Serve) -> httpx.Client:
    """A client of the small store."""
    return serve(small)
