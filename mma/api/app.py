"""The application: routes, and what is around all of them. From the outside in: CORS, access, gzip, routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from threading import BoundedSemaphore

from anyio import to_thread
from fastapi import Depends, FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from ..config import Settings
from ..messages import version
from ..store import Store
from . import about, events, maps, objects, pages, problems, responses, searches, streaming, tags, verdicts, vo
from .access import Access
from .feed import Feed
from .hosts import hosts
from .parameters import only_known

TEXT = "Events, their optical candidates with every term of the score, objects, associations, sky maps, the stream."
ROUTERS = (events.router, maps.router, objects.router, searches.router, streaming.router,
           tags.router, verdicts.router, vo.router, about.router)  # fmt: skip


def create_app(store: Store, settings: Settings, numbers: Callable[[], bytes] | None = None) -> FastAPI:
    """The REST interface on a store.

    Parameters
    ----------
    store
        A file or a server: several threads read it at once.
    numbers
        A worker's metrics, for ``/metrics``; without, what can be told without one.
    """
    app = FastAPI(
        title="mma",
        version=version(),
        description=TEXT,
        docs_url=None,  # FastAPI's page fetches its scripts from elsewhere; ours is in about.py
        redoc_url=None,
        lifespan=_lifespan,
        dependencies=[Depends(only_known)],
    )
    app.state.store = store
    app.state.settings = settings
    app.state.feed = Feed(store)
    app.state.places = BoundedSemaphore(responses.STREAMS)
    app.state.once = maps.Once(maps.REMEMBERED_BYTES)
    registry = CollectorRegistry()
    registry.register(about.Collector(store, app.state.feed))
    app.state.numbers = numbers or partial(generate_latest, registry)
    problems.register(app)
    for router in ROUTERS:
        app.include_router(router)
    api = settings.api
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(
        Access,
        store=store,
        hosts=hosts(settings),
        reads_openly=api.read == "open",
        per_minute=api.rate_limit,
        upload_bytes=int(api.max_upload_mb * 1e6),
    )
    if api.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(api.cors),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Last-Event-ID", "If-None-Match"],
            expose_headers=["ETag", "Link", "Retry-After"],
        )
    pages.install(app)
    return app


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    """No more threads than the store has connections for."""
    to_thread.current_default_thread_limiter().total_tokens = responses.THREADS
    yield
