"""The REST interface alone, on a database that is there."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import closing
from dataclasses import replace
from functools import partial
from socket import socket

from ..answers import cone
from ..engine import look_seldom
from ..errors import ConfigError
from ..store import Store
from .show import settings_of

PORT = 8000


def serve(options: Namespace) -> None:
    """Answer until told to stop."""
    import uvicorn

    from ..api import Numbers, config, create_app, stand_back, url_of

    settings = settings_of(options)
    host = options.host or settings.api.host
    port = next(p for p in (options.port, settings.api.port, PORT) if p is not None)
    if not 0 <= port <= 65535:
        raise ConfigError(f"--port {port}: not a port")
    settings = replace(settings, api=replace(settings.api, host=host))
    numbers = None if options.numbers is None else Numbers(options.numbers).read
    with closing(Store(settings.database, create=False)) as store, closing(_door(options, host, port)) as sock:
        server = uvicorn.Server(config(create_app(store, settings, numbers)))
        if options.socket is None:
            url = url_of(sock)
            print(f"{url}/docs\npages: {url}/", file=sys.stderr, flush=True)
        else:
            stand_back(partial(setattr, server, "should_exit", True))
        cone.ranges(0.0, 0.0, 1.0)  # what the first question about the sky would have to load
        look_seldom()
        server.run([sock])


def _door(options: Namespace, host: str, port: int) -> socket:
    """Where to listen: an address, or what the worker listens at that this is beside."""
    from ..api import bound

    return bound(host, port) if options.socket is None else socket(fileno=options.socket)
