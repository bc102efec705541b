"""Whether we live, numbers for Prometheus, and a list of the routes that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from starlette.responses import HTMLResponse, Response

from ..answers import learnt_rates, queries
from ..errors import OutageError
from ..messages import version
from ..store import Store
from . import responses
from .feed import Feed
from .problems import problem, problem_responses

router = APIRouter(tags=["about"])
TEXT = "text/plain; version=0.0.4; charset=utf-8"
METHODS = ("get", "post", "put", "patch", "delete")
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "code{background:#f2f2f2;padding:.1em .3em}dt{margin-top:1em}table{border-collapse:collapse}"
    "td{padding:.1em 1em .1em 0;vertical-align:top}summary{color:#555}"
)

GUARDS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""Of the page: it has its style within itself, and loads nothing."""


@router.get("/health", responses=responses.documented("The database answers") | problem_responses(503))
def health(request: Request) -> Response:
    """Whether the database answers, and which version this is."""
    try:
        with responses.store_of(request).read() as connection:
            connection.exec_driver_sql("SELECT 1")
    except OutageError:
        return problem(503, "the database does not answer now")
    return responses.json(request, {"status": "ok", "version": version()})


@router.get("/api/status", responses=responses.documented("How it goes") | problem_responses(503))
def status(request: Request) -> Response:
    """What came in, from where, and what became of it; what is known; what went out. Files without their folders."""
    with responses.store_of(request).read() as connection:
        found = queries.for_all(queries.status(connection))
    return responses.json(request, {"version": version(), **found})


@router.get("/api/rates", responses=responses.documented("Rates of unrelated transients") | problem_responses(503))
def rates(request: Request) -> Response:
    """The newest learnt set by survey, depth, latitude and detections: per square degree in 14 d, with its errors."""
    with responses.store_of(request).read() as connection:
        found = learnt_rates(connection, request.app.state.settings.score)
    return responses.json(request, found)


@router.get("/metrics", responses=responses.documented("Prometheus' text format", "text/plain"))
def metrics(request: Request) -> Response:
    """Numbers for Prometheus: what the database holds, who listens; of a worker, all of its own."""
    numbers: Callable[[], bytes] = request.app.state.numbers
    return Response(numbers(), headers={"Content-Type": TEXT})


class Collector:
    """What this interface can tell by itself."""

    def __init__(self, store: Store, feed: Feed) -> None:
        self._store, self._feed = store, feed

    def collect(self) -> Iterator[Metric]:
        """Every number, now."""
        yield GaugeMetricFamily("mma_api_streams", "Streams that are open.", self._feed.listeners)
        try:
            with self._store.read() as connection:
                counts = queries.totals(connection)
        except OutageError:
            yield GaugeMetricFamily("mma_api_database_up", "Whether the database answers.", 0.0)
            return
        yield GaugeMetricFamily("mma_api_database_up", "Whether the database answers.", 1.0)
        outcomes = CounterMetricFamily("mma_api_messages", "What became of all messages.", labels=["outcome"])
        for outcome, n in counts["messages"].items():
            outcomes.add_metric([outcome], n)
        yield outcomes
        yield GaugeMetricFamily("mma_api_outbox_waiting", "Messages to be published.", counts["waiting"])
        yield GaugeMetricFamily("mma_api_outbox_refused", "Messages that the broker refuses.", counts["refused"])
        yield GaugeMetricFamily("mma_api_dead_letters", "Messages set aside.", counts["dead_letters"])


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> Response:
    """The routes, as a page."""
    return HTMLResponse(page(request.app.openapi()), headers=GUARDS)


def page(document: dict[str, Any]) -> str:
    """A page of an OpenAPI document."""
    routes = "".join(
        _route(method, path, operations[method])
        for path, operations in document["paths"].items()
        for method in METHODS
        if method in operations
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>mma: the REST interface</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f"<h1>The REST interface</h1><p>{escape(document['info']['description'])} For programs: "
        f'<a href="openapi.json">openapi.json</a>.</p><dl>{routes}</dl></body></html>'
    )


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p.get('description', ''))}</td></tr>"
        for p in operation.get("parameters", ())
    )
    more = f"<details><summary>parameters</summary><table>{rows}</table></details>" if rows else ""
    text = escape(operation.get("description", operation.get("summary", "")))
    return f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{text}{more}</dd>"
