"""Streams by the URLs that people paste, with credentials from where GCN and hop keep them.

``kafka://HOST[:PORT]/TOPIC,TOPIC``: any Kafka; where ``hop auth`` has credentials for the host they are used.
``gcn://gcn.nasa.gov/TOPIC,...``: GCN, with ``GCN_CLIENT_ID`` and ``GCN_CLIENT_SECRET`` from the environment.

Behind a question mark, joined by ``&``: ``ca=FILE`` (the authority that signed the broker's certificate, PEM),
``tls=yes`` or ``tls=no``, and for a broker that is like GCN's, ``gcn://HOST:PORT/...?token=URL`` (where tokens are).
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from ..errors import ConfigError
from ..text import did_you_mean

OPTIONS = ("ca", "tls", "token")
WITHOUT_SCHEME = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}(?:/.*)?")
"""A host and its port, which no file is called by."""

KAFKA_PORT = 9092


class Config(dict[str, Any]):
    """librdkafka's settings for a stream. They hold secrets and are not shown."""

    def __repr__(self) -> str:
        return f"Config({len(self)} settings, not shown)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A stream's URL, taken apart."""

    scheme: str
    """``kafka`` or ``gcn``."""

    host: str
    port: int | None
    user: str
    """Whose credential, where hop's store has several; ``""`` for any."""

    topics: tuple[str, ...]
    ca: str | None
    """PEM file of the authority that signed the broker's certificate."""

    tls: bool | None
    token: str | None
    """Where a broker that is like GCN's has its tokens."""

    @property
    def name(self) -> str:
        """Host, with the port where one is told."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def server(self) -> str:
        """Host and port."""
        return self.name if self.port is not None else f"{self.name}:{KAFKA_PORT}"


def split(url: str) -> Address:
    """A stream's URL, taken apart.

    Raises
    ------
    ConfigError
        Not such a URL, or one with a password in it: secrets do not belong into settings and shell histories.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:  # its text repeats what may be a password
        raise ConfigError("stream URL: the port is no number; a password belongs into 'hop auth add'") from error
    if parts.password is not None:
        raise ConfigError("stream URL with a password: put it into 'hop auth add', and leave only the user here")
    if parts.scheme not in ("kafka", "gcn") or not parts.hostname:
        raise ConfigError(f"stream {url!r}: write kafka://HOST:PORT/TOPIC,TOPIC or gcn://gcn.nasa.gov/TOPIC,TOPIC")
    options = _options(parts)
    address = Address(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port,
        user=parts.username or "",
        topics=tuple(name for name in parts.path.strip("/").split(",") if name),
        ca=options.get("ca"),
        tls={"yes": True, "no": False}[options["tls"]] if "tls" in options else None,
        token=options.get("token"),
    )
    _check(address)
    return address


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name, value in options.items():
        if name not in OPTIONS:
            raise ConfigError(f"stream of {parts.hostname}: unknown option {name!r}; {did_you_mean(name, OPTIONS)}")
        if name == "tls" and value not in ("yes", "no"):
            raise ConfigError(f"stream of {parts.hostname}: tls is yes or no, not {value!r}")
    return options


def _check(address: Address) -> None:
    """What would send a secret in the clear, or cannot be."""
    if address.ca is not None and not Path(address.ca).is_file():
        raise ConfigError(f"stream of {address.name}: no file {address.ca}")
    if address.scheme == "kafka" and address.token is not None:
        raise ConfigError(f"stream of {address.name}: 'hop auth' knows where tokens are; token= is for gcn://")
    if address.scheme == "gcn" and (address.port is None) != (address.token is None):
        raise ConfigError(f"stream of {address.name}: a broker of one's own is gcn://HOST:PORT/TOPIC?token=URL")
    if address.scheme == "gcn" and address.tls is False and not is_loopback(address.host):
        raise ConfigError(f"stream of {address.name}: tls=no would send tokens in the clear")
    if address.token is not None:
        token = urlsplit(address.token)
        if token.username is not None:
            raise ConfigError(f"stream of {address.name}: token= with credentials: they come from the environment")
        if token.scheme != "https" and not (token.scheme == "http" and is_loopback(token.hostname or "")):
            raise ConfigError(f"stream of {address.name}: token= is an https URL")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("10.0.0.1")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def config(address: Address, environment: Mapping[str, str] = os.environ) -> Config:
    """librdkafka's settings for a stream: address and credentials; for GCN, those of its own client."""
    return _gcn(address, environment) if address.scheme == "gcn" else _kafka(address)


def hint(address: Address) -> str:
    """What to do where the broker shuts us out: nothing we know of, where we came with credentials."""
    if address.scheme == "gcn" or _hop_credential(address) is not None:
        return ""
    return f"no credentials for {address.host}: 'hop auth add'"


def _gcn(address: Address, environment: Mapping[str, str]) -> Config:
    client, secret = environment.get("GCN_CLIENT_ID"), environment.get("GCN_CLIENT_SECRET")
    if not client or not secret:
        raise ConfigError("GCN asks for credentials: set GCN_CLIENT_ID and GCN_CLIENT_SECRET (https://gcn.nasa.gov)")
    settings = Config(client_id=client, client_secret=secret)
    if address.token is None:
        settings["domain"] = address.host
    else:
        settings |= {"bootstrap.servers": address.server, "sasl.oauthbearer.token.endpoint.url": address.token}
    if address.tls is False:
        settings["security.protocol"] = "sasl_plaintext"
    return _with_authority(settings, address)


def _kafka(address: Address) -> Config:
    settings = Config({"bootstrap.servers": address.server})
    credential = _hop_credential(address)
    if credential is not None:
        settings |= dict(credential())
        if (address.tls or address.ca) and str(settings["security.protocol"]).upper() == "SASL_PLAINTEXT":
            raise ConfigError(f"stream of {address.name}: the credential of 'hop auth' says no TLS (SASL_PLAINTEXT)")
        if address.tls is False:
            settings["security.protocol"] = "SASL_PLAINTEXT"
    elif address.tls or (address.ca and address.tls is None):
        import certifi

        settings |= {"security.protocol": "SSL", "ssl.ca.location": certifi.where()}
    return _with_authority(settings, address)


def _with_authority(settings: Config, address: Address) -> Config:
    if address.ca is not None:
        settings |= {"ssl.ca.location": address.ca, "https.ca.location": address.ca}
    return settings


def _hop_credential(address: Address) -> Any:
    """The ``hop auth`` credential for a host; None where there is none, which means no authentication."""
    from hop import auth

    try:
        known = auth.load_auth()
    except FileNotFoundError:
        known = []
    except (RuntimeError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(f"hop's credentials cannot be read: {error}") from error
    names, user = (address.host, address.name, address.server), address.user
    fits = [c for c in known if c.hostname in names or (user and c.username == user and not c.hostname)]
    fits = [c for c in fits if not user or c.username == user]
    if user and not fits:
        raise ConfigError(f"no credential of user {user!r} for {address.name} in hop's store: 'hop auth add'")
    return fits[0] if fits else None
