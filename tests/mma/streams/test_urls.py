"""Streams by URL: what each part becomes, and what is refused before a secret goes anywhere."""

from __future__ import annotations

import pytest

from mma.errors import ConfigError
from mma.streams import urls

GCN = {"GCN_CLIENT_ID": "me", "GCN_CLIENT_SECRET": "hidden"}


@pytest.fixture(autouse=True)
def _no_credentials(tmp_path, monkeypatch):
    """Hop's store is empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def ca(tmp_path):
    """A file that may be an authority."""
    path = tmp_path / "ca.pem"
    path.write_text("pem")
    return path


def test_the_parts_of_a_url():
    address = urls.split("kafka://cta@broker.example:9094/a,b")
    assert (address.scheme, address.user, address.topics) == ("kafka", "cta", ("a", "b"))
    assert (address.name, address.server) == ("broker.example:9094", "broker.example:9094")
    bare = urls.split("kafka://broker.example")
    assert (bare.name, bare.server, bare.topics, bare.tls) == ("broker.example", "broker.example:9092", (), None)
    assert urls.split("kafka://[::1]:9/t").server == "[::1]:9"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://host/t", "write kafka://"),
        ("kafka:///t", "write kafka://"),
        ("topic", "write kafka://"),
        ("kafka://u:p@host/t", "with a password"),
        ("kafka://host:port/t", "the port is no number"),
        ("kafka://host/t?cafile=x", "unknown option 'cafile'; there are ca, tls, token"),
        ("kafka://host/t?tls=maybe", "tls is yes or no, not 'maybe'"),
        ("kafka://host/t?ca=/none.pem", "no file /none.pem"),
        ("kafka://host/t?token=https://t", "token= is for gcn://"),
        ("gcn://host:1/t", r"gcn://HOST:PORT/TOPIC\?token=URL"),
        ("gcn://gcn.nasa.gov/t?token=https://t", r"gcn://HOST:PORT/TOPIC\?token=URL"),
        ("gcn://gcn.nasa.gov/t?tls=no", "in the clear"),
        ("gcn://host:1/t?token=http://host/token", "token= is an https URL"),
        ("gcn://host:1/t?token=https://a:b@host/token", "token= with credentials"),
        ("gcn://10.0.0.1:1/t?token=https://t&tls=no", "in the clear"),
    ],
)
def test_what_is_wrong_is_named(url, says):
    with pytest.raises(ConfigError, match=says):
        urls.split(url)


def test_gcn_is_its_domain_or_a_broker_of_ones_own(ca):
    assert urls.config(urls.split("gcn://test.gcn.nasa.gov/t"), GCN) == {
        "client_id": "me", "client_secret": "hidden", "domain": "test.gcn.nasa.gov",
    }  # fmt: skip
    local = urls.config(urls.split(f"gcn://127.0.0.1:9/t?token=http://127.0.0.1:8/token&tls=no&ca={ca}"), GCN)
    assert local == {
        "client_id": "me",
        "client_secret": "hidden",
        "bootstrap.servers": "127.0.0.1:9",
        "sasl.oauthbearer.token.endpoint.url": "http://127.0.0.1:8/token",
        "security.protocol": "sasl_plaintext",
        "ssl.ca.location": str(ca),
        "https.ca.location": str(ca),
    }
    with pytest.raises(ConfigError, match="GCN_CLIENT_ID"):
        urls.config(urls.split("gcn://gcn.nasa.gov/t"), {})


def test_the_official_client_makes_of_it_what_gcn_wants():
    from gcn_kafka.core import get_config

    made = get_config("consumer", urls.config(urls.split("gcn://gcn.nasa.gov/t"), GCN))
    assert made["bootstrap.servers"] == "kafka.gcn.nasa.gov"
    assert made["sasl.oauthbearer.token.endpoint.url"] == "https://auth.gcn.nasa.gov/oauth2/token"
    assert made["security.protocol"] == "sasl_ssl"


def test_without_credentials_tls_is_by_wish(ca):
    assert urls.config(urls.split("kafka://host/t")) == {"bootstrap.servers": "host:9092"}
    assert urls.config(urls.split("kafka://host/t?tls=yes"))["security.protocol"] == "SSL"
    own = urls.config(urls.split(f"kafka://host/t?ca={ca}"))
    assert (own["security.protocol"], own["ssl.ca.location"]) == ("SSL", str(ca))


def test_a_credential_is_that_of_the_host_and_port(tmp_path, ca):
    store = tmp_path / "hop" / "auth.toml"
    store.parent.mkdir()
    store.write_text(
        '[[auth]]\nusername = "plain"\npassword = "x"\nhostname = "host:1"\nprotocol = "SASL_PLAINTEXT"\n'
        '[[auth]]\nusername = "safe"\npassword = "y"\nhostname = "host:2"\n'
        '[[auth]]\nusername = "any"\npassword = "z"\nhostname = "other"\n'
    )
    store.chmod(0o600)
    assert urls.config(urls.split("kafka://host:1/t"))["sasl.username"] == "plain"
    assert urls.config(urls.split("kafka://host:2/t"))["sasl.username"] == "safe"
    assert urls.config(urls.split("kafka://other:7/t"))["sasl.username"] == "any"
    assert "sasl.username" not in urls.config(urls.split("kafka://host:3/t"))
    assert urls.config(urls.split(f"kafka://host:2/t?ca={ca}"))["ssl.ca.location"] == str(ca)
    with pytest.raises(ConfigError, match="no TLS"):
        urls.config(urls.split("kafka://host:1/t?tls=yes"))
    with pytest.raises(ConfigError, match="no credential of user 'nobody'"):
        urls.config(urls.split("kafka://nobody@host:1/t"))


def test_settings_are_not_shown():
    settings = urls.config(urls.split("gcn://gcn.nasa.gov/t"), GCN)
    assert "hidden" not in f"{settings} {settings!r}"
