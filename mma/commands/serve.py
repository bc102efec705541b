"""The REST interface alone, on a database that is there."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import closing

from ..errors import ConfigError
from ..startup import look_seldom
from ..store import Store, cone
from .show import settings_of

PORT = 8000


def serve(options: Namespace) -> None:
    """Answer until told to stop."""
    import uvicorn

    from ..api import create_app
    from ..api.server import bound, config

    settings = settings_of(options)
    host = options.host or settings.api.host
    port = next(p for p in (options.port, settings.api.port, PORT) if p is not None)
    if not 0 <= port <= 65535:
        raise ConfigError(f"--port {port}: not a port")
    with closing(Store(settings.database, create=False)) as store, closing(bound(host, port)) as sock:
        at = f"[{host}]" if ":" in host else host
        print(f"http://{at}:{sock.getsockname()[1]}/docs", file=sys.stderr, flush=True)
        app = create_app(store, settings)
        cone.ranges(0.0, 0.0, 1.0)  # what the first question about the sky would have to load
        look_seldom()
        uvicorn.Server(config(app)).run([sock])
