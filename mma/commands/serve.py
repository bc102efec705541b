"""The REST interface alone, on a database that is there."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import closing

from ..errors import ConfigError
from ..store import Store
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
        uvicorn.Server(config(create_app(store, settings))).run([sock])
