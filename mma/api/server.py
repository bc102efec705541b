"""uvicorn around the application: in the foreground, or in a thread beside a worker."""

from __future__ import annotations

import errno
import socket
import threading
import time
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from ..errors import ConfigError
from .doors import Doors

GOODBYE_S = 3
"""Open streams are given so long when the server ends."""


class Server:
    """A server in a thread; signals stay with the program."""

    def __init__(self, app: FastAPI, sock: socket.socket) -> None:
        self._server = uvicorn.Server(config(app))
        self._socket = sock
        self._thread = threading.Thread(target=self._serve_here, name="api", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        return url_of(self._socket)

    def begin(self) -> None:
        """Start, and wait until it answers."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)

    def shutdown(self) -> None:
        """End, and wait for it."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(GOODBYE_S + 5)
        with suppress(OSError):
            self._socket.close()

    def _serve_here(self) -> None:
        self._server.run([self._socket])


def url_of(sock: socket.socket) -> str:
    """Where a socket listens, as a URL."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def config(app: FastAPI) -> uvicorn.Config:
    """uvicorn's settings; the caller's address is the one that a proxy tells, where the settings name that proxy."""
    proxies = app.state.settings.api.proxies
    return uvicorn.Config(
        app,
        http=Doors(proxies).protocol(),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=GOODBYE_S,
        h11_max_incomplete_event_size=65536,
    )


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises
    ------
    ConfigError
        An address that is none, or is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"the API's address {host}:{port}: {error}") from error
    try:
        sock.bind(address)
        sock.listen(1024)
    except (OSError, OverflowError) as error:
        sock.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            told = f"another program listens at {host}:{port}; take another port (--port N, or port under [api])"
            raise ConfigError(told) from error
        raise ConfigError(f"the API's address {host}:{port}: {error}") from error
    return sock
