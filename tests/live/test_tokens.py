"""GCN's way of authentication: tokens that last seconds, an endpoint that goes away, on a real broker."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from urllib.request import urlopen

import gcn_kafka
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from mma.cluster.broker import Broker
from mma.cluster.tokens import AUDIENCE, CLIENT, ISSUER, TokenEndpoint
from mma.streams import connect
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, read, topics, troubles, until


def url(broker: Broker, tokens: TokenEndpoint, topic: str) -> str:
    return f"gcn://{broker.address('OAUTH')}/{topic}?token={tokens.url}&tls=no"


def test_tokens_are_proved_by_the_key_beside_them(tokens: TokenEndpoint) -> None:
    import base64
    import json

    with urlopen(tokens.jwks_url) as answer:
        keys = KeySet.import_key_set(json.load(answer))
    assert tokens.token("Basic " + base64.b64encode(b"gcn-client:guessed").decode()) is None
    right = base64.b64encode(f"{CLIENT}:{tokens.secret}".encode()).decode()
    given = tokens.token(f"Basic {right}")
    assert given is not None
    claims = jwt.decode(given["access_token"], keys).claims
    assert (claims["sub"], claims["iss"], claims["aud"]) == (CLIENT, ISSUER, AUDIENCE)
    assert claims["exp"] - time.time() <= tokens.lifetime_s
    assert "d" not in keys.keys[0].as_dict(private=False)


@pytest.mark.faults
def test_over_the_end_of_tokens_and_of_their_endpoint(
    broker: Broker, tokens: TokenEndpoint, gcn: dict[str, str], tmp_path: Path, start: Start
) -> None:
    (topic,) = topics(broker, "gamma")
    database, log = tmp_path / "mma.sqlite", tmp_path / "log"
    here = ("run", "--from", url(broker, tokens, topic), "--group", topic, "--db", str(database))
    worker = start(log, *here, **gcn)
    official = gcn_kafka.Consumer(
        {
            "bootstrap.servers": broker.address("OAUTH"),
            "security.protocol": "sasl_plaintext",
            "sasl.oauthbearer.token.endpoint.url": tokens.url,
            "auto.offset.reset": "earliest",
            "log_level": 0,
        },
        client_id=gcn["GCN_CLIENT_ID"],
        client_secret=gcn["GCN_CLIENT_SECRET"],
    )
    official.subscribe([topic])
    sent, heard, first = 0, 0, tokens.given
    while tokens.given < first + 8:  # two readers, three tokens each after their first
        produce(broker, topic, [gamma_alert(f"t{sent}")])
        sent += 1
        heard += sum(got.error() is None for got in official.consume(10, 0.5))
    until(lambda: read(database) == sent, 20)
    assert "token" not in troubles(database)
    while heard < sent:
        heard += sum(got.error() is None for got in official.consume(10, 5.0))
    official.close()

    tokens.down()
    try:
        told = until(lambda: "token" in troubles(database) and troubles(database), 30)
        assert "Failed to acquire SASL OAUTHBEARER token" in told["token"]
        until(lambda: "broker" in troubles(database), 20)  # the last token is over
        produce(broker, topic, [gamma_alert("meanwhile")])
        time.sleep(2)
        assert read(database) == sent
        assert worker.poll() is None
    finally:
        tokens.up()
    until(lambda: read(database) == sent + 1, 30)
    try:
        until(lambda: not troubles(database), 45)
    except AssertionError as error:
        raise AssertionError(troubles(database)) from error
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    assert log.read_text().count("Failed to acquire") == 1


def test_a_wrong_secret_is_a_trouble_that_says_so(
    broker: Broker, tokens: TokenEndpoint, gcn: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (topic,) = topics(broker, "gamma")
    for name, value in (gcn | {"GCN_CLIENT_SECRET": "guessed"}).items():
        monkeypatch.setenv(name, value)
    source = connect.source(url(broker, tokens, topic), topic)
    assert isinstance(source._consumer, gcn_kafka.Consumer)
    until(lambda: source.poll(1, 0.5) or "token" in source.troubles.now, 15)
    assert "invalid_client" in source.troubles.now["token"] or "401" in source.troubles.now["token"]
    assert source.lag() is None
    source.close()
