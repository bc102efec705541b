"""A server asked over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

import httpx

import skymaps
from skymaps import Region

from ..errors import ConfigError, MmaError, NotFoundError, OutageError
from ..messages import StreamFilter
from .filters import Asked
from .known import Row
from .source import NOTE, PAGE
from .sse import Events

TRIES = 3
"""Times that a busy server is asked."""

LONGEST_WAIT_S = 20.0
QUIET_S = 45.0
"""A stream with no sign of life for so long is lost: the server gives one every 15 s."""

PATIENCE_S = 300.0
"""A stream that worked is tried again for so long."""


class Remote:
    """A server."""

    def __init__(self, url: str, token: str | None = None, timeout_s: float = 60.0) -> None:
        self._url, self._timeout_s = url.rstrip("/"), timeout_s
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            self._http = httpx.Client(base_url=self._url, headers=headers, timeout=timeout_s, follow_redirects=True)
        except (httpx.InvalidURL, ValueError) as error:
            raise ConfigError(f"{url!r}: {error}") from error

    def events(self, asked: Asked) -> Iterator[Row]:
        """Events."""
        return self._listed("/api/events", _params(asked), asked.limit)

    def event(self, name: str) -> Row:
        """One event."""
        return self._json(f"/api/events/{_part(name)}")

    def candidates(self, event: str, asked: Asked) -> Iterator[Row]:
        """An event's candidates."""
        return self._listed(f"/api/events/{_part(event)}/candidates", _params(asked), asked.limit)

    def candidate(self, event: str, name: str) -> Row:
        """One candidate."""
        return self._json(f"/api/candidates/{_part(event)}/{_part(name)}")

    def object_(self, name: str) -> Row:
        """One object."""
        return self._json(f"/api/objects/{_part(name)}")

    def cone(self, ra: float, dec: float, radius_deg: float, limit: int | None) -> Iterator[Row]:
        """Objects within a radius."""
        return self._listed("/api/cone", {"ra": ra, "dec": dec, "radius": radius_deg}, limit)

    def associations(self, event: str | None) -> list[Row]:
        """Associations."""
        return self._of_event("/api/associations", event)

    def groups(self, event: str | None) -> list[Row]:
        """Groups of events."""
        return self._of_event("/api/groups", event)

    def _of_event(self, path: str, event: str | None) -> list[Row]:
        found: list[Row] = self._json(path, {} if event is None else {"event": event})["items"]
        return found

    def region(self, event: str) -> Region:
        """An event's newest region: a shape as its notice told it, or the map as the server keeps it."""
        row = self.event(event)
        shape, sha256 = row.get("region"), row["skymap_sha256"]
        if shape is not None:
            return skymaps.from_dict(shape)
        if sha256 is None:
            raise NotFoundError(f"{row['id']} has no region (yet)")
        data = self._get(f"/api/skymaps/{sha256}.fits").content
        return replace(skymaps.read(data), sha256=sha256)

    def tag(self, event: str, name: str, tags: Sequence[str], *, remove: bool) -> Row:
        """Tags put on a candidate, or taken off, one after the other."""
        path, how = f"/api/candidates/{_part(event)}/{_part(name)}/tags", "DELETE" if remove else "PUT"
        return [_document(self._send(how, f"{path}/{_part(tag)}")) for tag in tags][-1]

    def tags(self, event: str | None) -> list[Row]:
        """Tags in use."""
        return self._of_event("/api/tags", event)

    def status(self) -> Row:
        """What came in and what became of it."""
        return self._json("/api/status")

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def messages(self, stream_filter: StreamFilter, after: int | None, idle_s: float | None) -> Iterator[Row]:
        """Published messages; a stream that breaks is taken up after the last number."""
        events = Events(after=after)
        wanted = {
            "event": stream_filter.event,
            "messenger": stream_filter.messenger,
            "probability_min": stream_filter.probability,
            "kind": stream_filter.kind,
            "type": stream_filter.type,
            "tag": sorted(stream_filter.tags) or None,
            "test": stream_filter.tests or None,
        }
        params = {name: value for name, value in wanted.items() if value is not None}
        begun, told, remarks = False, time.monotonic(), set[str]()
        while True:
            lost = time.monotonic()
            try:
                for row in self._stream(params, events, idle_s):
                    begun = True
                    if row is not None and row["kind"] == NOTE:
                        if row["body"]["text"] not in remarks:  # it comes again with each connection
                            remarks.add(row["body"]["text"])
                            yield row
                    elif row is not None:
                        yield row
                        told = time.monotonic()
                    lost = time.monotonic()
                    if idle_s is not None and time.monotonic() - told >= idle_s:
                        return
            except httpx.ReadTimeout as error:
                if idle_s is not None and time.monotonic() - told >= idle_s:
                    return
                if not begun:  # servers show that they are there more often than this
                    raise OutageError(f"{self._url}: the stream: nothing for {QUIET_S:.0f} s") from error
            except (httpx.TransportError, OutageError) as error:
                if not begun or time.monotonic() - lost > PATIENCE_S:
                    raise OutageError(f"{self._url}: the stream: {error}") from error
            time.sleep(events.retry_s)

    def _stream(self, params: Mapping[str, Any], events: Events, idle_s: float | None) -> Iterator[Row | None]:
        """Messages of one connection, None for a sign of life."""
        events.forget()
        asked = dict(params) | ({} if events.last is None else {"after": events.last})
        quiet = QUIET_S if idle_s is None else min(QUIET_S, max(idle_s, 0.1))
        timeout = httpx.Timeout(self._timeout_s, read=quiet)
        with self._http.stream("GET", "/api/stream", params=asked, timeout=timeout) as answer:
            if not answer.is_success:
                answer.read()
                _refuse(answer)
            for line in answer.iter_lines():
                yield from events.feed(line)

    def _listed(self, path: str, params: Mapping[str, Any], limit: int | None) -> Iterator[Row]:
        def every() -> Iterator[Row]:
            cursor: dict[str, Any] = {}
            size = {"limit": min(PAGE, limit or PAGE)}
            while True:
                answer = self._json(path, {**params, **size, **cursor})
                yield from answer["items"]
                if answer["next"] is None:
                    return
                cursor = {"cursor": answer["next"]}

        return islice(every(), limit)

    def _json(self, path: str, params: Mapping[str, Any] | None = None) -> Row:
        return _document(self._get(path, params))

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> httpx.Response:
        return self._send("GET", path, params)

    def _send(self, method: str, path: str, params: Mapping[str, Any] | None = None) -> httpx.Response:
        """An answer that is one; a server that says it is busy is asked again."""
        for left in range(TRIES - 1, -1, -1):
            try:
                answer = self._http.request(method, path, params=dict(params or {}))
            except httpx.TransportError as error:
                raise OutageError(f"{self._url} does not answer: {error}") from error
            if answer.is_success:
                return answer
            wait_s = _wait_s(answer)
            if not left or wait_s is None:
                break
            time.sleep(wait_s)
        _refuse(answer)
        return answer


def _document(answer: httpx.Response) -> Row:
    try:
        found: Row = answer.json()
    except ValueError as error:
        raise MmaError(f"{answer.url} answers with no JSON: is it an mma server?") from error
    return found


def _wait_s(answer: httpx.Response) -> float | None:
    """How long a busy server wants to be left alone; None where asking again is of no use."""
    after = answer.headers.get("retry-after", "")
    if answer.status_code not in (429, 503) or not after.isdigit() or float(after) > LONGEST_WAIT_S:
        return None
    return float(after)


def _refuse(answer: httpx.Response) -> None:
    """The error that an answer is.

    Raises
    ------
    NotFoundError, ConfigError, OutageError, MmaError
    """
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"{answer.url} answers {answer.status_code} {answer.reason_phrase}: is it an mma server?"
    if answer.status_code == 404:
        raise NotFoundError(detail)
    if answer.status_code in (400, 401, 403, 406, 422):
        raise ConfigError(detail)
    if answer.status_code in (429, 502, 503, 504):
        raise OutageError(f"{answer.url.host}: {detail}")
    raise MmaError(detail)


def _params(asked: Asked) -> dict[str, Any]:
    filters = {name: v.isoformat() if isinstance(v, datetime) else v for name, v in asked.filters.items()}
    more = {name: value for name, value in asked.more.items() if value is not None}
    return {**filters, **more, "sort": asked.sort}


def _part(name: str) -> str:
    """A name as part of a path."""
    return quote(name, safe="")
