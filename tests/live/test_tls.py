"""TLS with an authority of our own, on a real broker: SCRAM and tokens behind it, and what a wrong authority says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mma.cluster import certificates
from mma.cluster.broker import USER, Broker
from mma.cluster.tokens import TokenEndpoint
from mma.streams import connect
from tests.live.conftest import Credentials
from tests.live.doing import topics, until


def test_scram_over_tls_for_source_sink_and_hop(
    broker: Broker, tls: tuple[Path, Path], hop_store: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    (topic,) = topics(broker, "tls")
    monkeypatch.setenv("XDG_CONFIG_HOME", hop_store("SCRAMTLS")["XDG_CONFIG_HOME"])
    server = f"kafka://{USER}@{broker.address('SCRAMTLS')}"
    sink = connect.sink(f"{server}?ca={tls[0]}")
    sink.write(topic, "key", '{"n": 1}')
    sink.flush()
    source = connect.source(f"{server}/{topic}?ca={tls[0]}", topic)
    assert [m.payload for m in until(lambda: source.poll(10, 0.5), 20)] == [b'{"n": 1}']
    source.close()
    environment = hop_store("SCRAMTLS", ca=tls[0])  # hop's own store can name the authority as well
    source = connect.source(f"{server}/{topic}", f"{topic}-2")
    assert len(until(lambda: source.poll(10, 0.5), 20)) == 1
    source.close()
    hop = Path(sys.executable).parent / "hop"
    told = subprocess.run(
        [hop, "subscribe", "-s", "EARLIEST", "-e", "-j", f"{server}/{topic}"],
        env=os.environ | environment, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert [json.loads(line) for line in told.stdout.decode().splitlines()] == [{"n": 1}], told.stderr


def test_tokens_over_tls_from_an_endpoint_with_tls(
    broker: Broker, tokens: TokenEndpoint, tls: tuple[Path, Path], gcn: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (topic,) = topics(broker, "tls")
    for name, value in gcn.items():
        monkeypatch.setenv(name, value)
    safe = TokenEndpoint(secret=tokens.secret, certificate=tls[1], _key=tokens._key)
    safe.up()
    server, options = f"gcn://{broker.address('OAUTHTLS')}", f"?token={safe.url}&ca={tls[0]}"
    sink = connect.sink(server + options)
    sink.write(topic, "key", "text")
    sink.flush()
    source = connect.source(f"{server}/{topic}{options}", topic)
    assert [m.payload for m in until(lambda: source.poll(10, 0.5), 20)] == [b"text"]
    source.close()
    safe.down()
    assert safe.given > 0


def test_a_wrong_authority_is_a_trouble_that_says_so(
    broker: Broker, hop_store: Credentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (topic,) = topics(broker, "tls")
    stranger, _ = certificates.make(tmp_path / "stranger")
    monkeypatch.setenv("XDG_CONFIG_HOME", hop_store("SCRAMTLS")["XDG_CONFIG_HOME"])
    server = f"kafka://{USER}@{broker.address('SCRAMTLS')}"
    sources = [connect.source(f"{server}/{topic}?ca={stranger}", topic), connect.source(f"{server}/{topic}", topic)]
    for source in sources:
        until(lambda source=source: source.poll(1, 0.5) or source.troubles.now, 20)
        until(lambda source=source: source.poll(1, 0.5) or "certificate" in source.troubles.now["broker"], 20)
        assert source.lag() is None
        source.close()


def test_without_tls_where_the_broker_wants_it_is_a_trouble(broker: Broker) -> None:
    (topic,) = topics(broker, "tls")
    source = connect.source(f"kafka://{broker.address('SCRAMTLS')}/{topic}", topic)
    until(lambda: source.poll(1, 0.5) or "broker" in source.troubles.now, 20)
    source.close()
