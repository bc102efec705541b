"""By which names the interface may be asked for: a page of a stranger must not reach one that is for this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ..config import Settings

HERE = ("localhost", "127.0.0.1", "::1")


def hosts(settings: Settings) -> frozenset[str] | None:
    """Names of the header ``Host`` that are answered; None for all.

    Without ``hosts`` in the settings: one that listens on this machine alone is asked for by this machine's own
    names, or those of its ``public_url``; one that listens to others, by any name.
    """
    named = settings.api.hosts
    if "*" in named or (not named and not _is_local(settings.api.host)):
        return None
    public = urlsplit(settings.public_url or "").hostname
    return frozenset(name.lower().strip("[]") for name in (*HERE, settings.api.host, *named, public) if name)


def is_among(header: str | None, names: frozenset[str] | None) -> bool:
    """Whether a header ``Host`` names one of these.

    Examples
    --------
    >>> is_among("LOCALHOST:8000", frozenset({"localhost"})), is_among("evil.example", frozenset({"localhost"}))
    (True, False)
    """
    if names is None or header is None:
        return True
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".") in names
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
