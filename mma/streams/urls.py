"""Streams by the URLs that people paste, with credentials from where GCN and hop keep them.

``kafka://HOST[:PORT]/TOPIC,TOPIC``: any Kafka; where ``hop auth`` has credentials for the host they are used.
``gcn://gcn.nasa.gov/TOPIC,...``: GCN, with ``GCN_CLIENT_ID`` and ``GCN_CLIENT_SECRET`` from the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigError

Config = dict[str, Any]


def split(url: str) -> tuple[str, str, str, tuple[str, ...]]:
    """Scheme, host with port, user (or ``""``) and topics of a stream's URL.

    Raises
    ------
    ConfigError
        Not such a URL, or one with a password in it: secrets do not belong into settings and shell histories.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("kafka", "gcn") or not parts.hostname:
        raise ConfigError(f"stream {url!r}: write kafka://HOST:PORT/TOPIC,TOPIC or gcn://gcn.nasa.gov/TOPIC,TOPIC")
    if parts.password is not None:
        raise ConfigError("stream URL with a password: put it into 'hop auth add', and leave only the user here")
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    topics = tuple(name for name in parts.path.strip("/").split(",") if name)
    return parts.scheme, host, parts.username or "", topics


def config(url: str, environment: Mapping[str, str] = os.environ) -> Config:
    """librdkafka's settings for a stream: address and credentials. Holds secrets: never print it."""
    scheme, host, user, _ = split(url)
    return _gcn(host, environment) if scheme == "gcn" else _kafka(host, user)


def _gcn(domain: str, environment: Mapping[str, str]) -> Config:
    from gcn_kafka.core import get_config

    client, secret = environment.get("GCN_CLIENT_ID"), environment.get("GCN_CLIENT_SECRET")
    if not client or not secret:
        raise ConfigError("GCN asks for credentials: set GCN_CLIENT_ID and GCN_CLIENT_SECRET (https://gcn.nasa.gov)")
    named = {"group.id": "set by the reader"}
    settings: Config = get_config(  # type: ignore[no-untyped-call]
        "consumer", named, client_id=client, client_secret=secret, domain=domain
    )
    return settings


def _kafka(host: str, user: str) -> Config:
    address = {"bootstrap.servers": host if ":" in host else f"{host}:9092"}
    credential = _hop_credential(host, user)
    if credential is None:
        return address
    return address | dict(credential())


def _hop_credential(host: str, user: str) -> Any:
    """The ``hop auth`` credential for a host; None where there is none, which means no authentication."""
    from hop import auth

    try:
        known = auth.load_auth()
    except FileNotFoundError:
        known = []
    except (RuntimeError, KeyError) as error:
        raise ConfigError(f"hop's credentials cannot be read: {error}") from error
    plain = host.split(":")[0]
    fits = [c for c in known if c.hostname.split(":")[0] == plain or (user and c.username == user and not c.hostname)]
    fits = [c for c in fits if not user or c.username == user]
    if user and not fits:
        raise ConfigError(f"no credential of user {user!r} for {host} in hop's store: 'hop auth add'")
    return fits[0] if fits else None
