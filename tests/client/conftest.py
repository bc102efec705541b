"""A filled store and a simulated night, each asked directly and through a real server on the loopback interface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mma.api import create_app
from mma.api.server import Server, bound
from mma.client import Client
from mma.commands.demo import load_galaxies
from mma.commands.replay import play
from mma.config.settings import Api, Settings
from mma.simulate import night
from mma.store import Store
from tests.api.filling import fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """The same database by both ways."""

    path: Path
    store: Store
    url: str
    local: Client
    http: Client

    @property
    def clients(self) -> tuple[Client, Client]:
        return self.local, self.http


def both_ways(path: Path) -> Iterator[Both]:
    store = Store(str(path))
    settings = replace(Settings(), api=Api(rate_limit=0.0))
    server = Server(create_app(store, settings), bound("127.0.0.1", 0))
    server.begin()
    local, http = Client(str(path)), Client(server.url)
    yield Both(path=path, store=store, url=server.url, local=local, http=http)
    local.close()
    http.close()
    server.shutdown()
    store.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Made-up rows with every field known and unknown; nothing writes to it."""
    path = tmp_path_factory.mktemp("filled") / "mma.sqlite"
    store = Store(str(path))
    fill(store)
    store.close()
    yield from both_ways(path)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a small night that the engine has played."""
    folder = tmp_path_factory.mktemp("night")
    night.write(folder, 1500, 3)
    settings = replace(Settings(), database=str(folder / "night.sqlite"))
    load_galaxies(folder, settings)
    play([folder / "notices", folder / "alerts"], settings, folder / "published.jsonl")
    return folder / "night.sqlite"


@pytest.fixture(scope="session")
def played(simulated: Path) -> Iterator[Both]:
    """That night, both ways."""
    yield from both_ways(simulated)
