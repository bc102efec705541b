"""A database asked directly: no server needed. The answers are those of the REST interface, from the same questions."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func

from coincidence import DEFAULT
from skymaps import Region

from ..answers import (
    CANDIDATES,
    EVENTS,
    SORTABLE,
    Field,
    Listing,
    Order,
    ahead,
    cone,
    listing,
    queries,
    refuse_unknown,
    resolved,
    search,
    unix,
)
from ..engine import Vetting
from ..errors import ConfigError, NotFoundError
from ..messages import Filter, StreamFilter, facts, version
from ..store import Store, event_of, groups, maps, outbox, tables
from ..store import events as stored
from ..store import facts as kept
from ..store import tags as stored_tags
from .filters import Asked
from .known import Row
from .source import NOTE, PAGE

POLL_S = 0.5
"""How often the outbox is looked at."""


class Local:
    """A database."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._store = Store(database, create=False, writes=False)

    def events(self, asked: Asked) -> Iterator[Row]:
        """Events."""
        chosen = _conditions(asked, EVENTS)
        if asked.more.get("source_class") is not None:
            probability = tables.events.c.document["classes"][asked.more["source_class"]].as_float()
            chosen.append(func.coalesce(probability, -1.0) >= asked.more["source_class_min"])
        with self._store.read() as connection:
            _refuse_unknown(connection, EVENTS, asked)
        yield from self._listed(listing.events(chosen, _order(asked, "events")), asked.limit)

    def event(self, name: str) -> Row:
        """One event."""
        with self._store.read() as connection:
            return queries.event(connection, name)

    def candidates(self, event: str, asked: Asked) -> Iterator[Row]:
        """An event's candidates."""
        states = asked.filters.get("state") or ([] if asked.more.get("everything") else ["active"])
        others = _conditions(asked, {name: field for name, field in CANDIDATES.items() if name != "state"})
        with self._store.read() as connection:
            _refuse_unknown(connection, CANDIDATES, asked)
            name = queries.event_id(connection, event)
            found = listing.candidates(connection, name, others, states, _order(asked, "candidates"))
        yield from self._listed(found, asked.limit)

    def candidate(self, event: str, name: str) -> Row:
        """One candidate."""
        with self._store.read() as connection:
            found = queries.event_id(connection, event)
            row = listing.one(connection, found, name)
            if row is None:
                raise NotFoundError(f"{name!r} is no candidate of {found}")
            row["history"] = queries.history(connection, found, row["object"])
        return row

    def object_(self, name: str) -> Row:
        """One object."""
        with self._store.read() as connection:
            return queries.object_(connection, name)

    def cone(self, ra: float, dec: float, radius_deg: float, limit: int | None) -> Iterator[Row]:
        """Objects within a radius."""

        def page(place: Any, size: int) -> tuple[list[Row], Any]:
            with self._store.read() as connection:
                return cone.objects(connection, ra, dec, radius_deg, place, size)

        yield from _paged(page, limit)

    def associations(self, event: str | None) -> list[Row]:
        """Associations."""
        with self._store.read() as connection:
            name = queries.event_id(connection, event) if event is not None else None
            return queries.paired(connection, name)

    def groups(self, event: str | None) -> list[Row]:
        """Groups of events."""
        with self._store.read() as connection:
            name = queries.event_id(connection, event) if event is not None else None
            return groups.listing(connection, name)

    def region(self, event: str) -> Region:
        """An event's newest region."""
        with self._store.read() as connection:
            name = queries.event_id(connection, event)
            row = stored.event_row(connection, name)
            region = event_of(row["document"], maps.loader(connection)).region if row else None
        if region is None:
            raise NotFoundError(f"{name} has no region (yet)")
        return region

    def tag(self, event: str, name: str, tags: Sequence[str], *, remove: bool) -> Row:
        """Tags put on a candidate, or taken off, in the name of this account."""
        with self._store.read() as connection:
            found = queries.event_id(connection, event)
            row = listing.one(connection, found, name)
            prefix = kept.prefix(connection)  # what is told goes where everything went
        if row is None:
            raise NotFoundError(f"{name!r} is no candidate of {found}")
        with closing(Store(self._database, create=False)) as store:
            vetting = Vetting(store=store, parameters=DEFAULT, prefix=prefix)  # no score changes, whatever the settings
            vetting.tag((found, row["object"]), tags, who=getpass.getuser(), now=time.time(), remove=remove)
        return self.candidate(found, row["object"])

    def tags(self, event: str | None) -> list[Row]:
        """Tags in use."""
        with self._store.read() as connection:
            return stored_tags.in_use(connection, None if event is None else queries.event_id(connection, event))

    def status(self) -> Row:
        """What became of all messages."""
        with self._store.read() as connection:
            return {"version": version(), **queries.for_all(queries.status(connection))}

    def close(self) -> None:
        """Let go of all connections."""
        self._store.close()

    def messages(self, stream_filter: StreamFilter, after: int | None, idle_s: float | None) -> Iterator[Row]:
        """Published messages."""
        with self._store.read() as connection:
            stream_filter, remarks = resolved(connection, stream_filter)
        yield from ({"number": after, "kind": NOTE, "body": {"text": text}} for text in remarks)
        newest, last = self._newest(), time.monotonic()
        if (text := ahead(after, newest)) is not None:
            yield {"number": newest, "kind": NOTE, "body": {"text": text}}
        elif after and (gap := self._gap(after)):
            yield gap
        seen = newest if after is None else min(after, newest)
        wanted = Filter(stream_filter)
        while True:
            upto = self._newest()
            for row in self._between(seen, upto):
                body = json.loads(row["payload"])
                about = facts(body)
                if wanted.takes(about):
                    yield {"number": row["seq"], "kind": about.kind, "body": body}
                    last = time.monotonic()
            if upto > seen:
                seen = upto
                continue
            if idle_s is not None and time.monotonic() - last >= idle_s:
                return
            time.sleep(POLL_S if idle_s is None else min(POLL_S, idle_s))

    def _newest(self) -> int:
        """Number up to which nothing is added any more: whoever may have drawn a lower one is waited for."""
        with self._store.read() as connection:
            _, newest = outbox.span(connection)
            pending = outbox.writers(connection)
        while pending:
            time.sleep(POLL_S)
            with self._store.read() as connection:
                pending &= outbox.writers(connection)
        return newest

    def _between(self, seen: int, upto: int) -> Iterator[Row]:
        while seen < upto:
            with self._store.read() as connection:
                rows = outbox.after(connection, seen, upto, PAGE)
            yield from rows
            seen = rows[-1]["seq"] if len(rows) == PAGE else upto

    def _gap(self, after: int) -> Row | None:
        """Says that messages after this number may have been pruned; None where none can have been."""
        with self._store.read() as connection:
            if outbox.is_kept(connection, after):
                return None
            oldest, _ = outbox.span(connection)
        return {"number": after, "kind": "gap", "body": {"after": after, "oldest": oldest or None}}

    def _listed(self, found: Listing, limit: int | None) -> Iterator[Row]:
        def page(place: Any, size: int) -> tuple[list[Row], Any]:
            with self._store.read() as connection:
                return listing.page(connection, found, place, size)

        yield from _paged(page, limit)


def _paged(page: Callable[[Any, int], tuple[list[Row], Any]], limit: int | None) -> Iterator[Row]:
    """Rows of all pages; no connection is held while the caller has one of them."""

    def every() -> Iterator[Row]:
        place = None
        while True:
            rows, place = page(place, min(PAGE, limit or PAGE))
            yield from rows
            if place is None:
                return

    return islice(every(), limit)


def _conditions(asked: Asked, fields: Any) -> list[search.Condition]:
    found = []
    for name, value in asked.filters.items():
        base, _, end = name.rpartition("_")
        if end in ("min", "max") and base in fields:
            field: Field = fields[base]
            plain = unix(value) if field.kind == "time" else value
            found.append(search.limited(field, "gte" if end == "min" else "lte", plain))
        elif name in fields:
            try:
                found.append(search.chosen(fields[name], value if isinstance(value, list) else [value], name))
            except search.SearchError as error:
                raise ConfigError(str(error)) from error
    return found


def _refuse_unknown(connection: Connection, fields: Any, asked: Asked) -> None:
    try:
        refuse_unknown(connection, fields, asked.filters)
    except search.SearchError as error:
        raise ConfigError(str(error)) from error


def _order(asked: Asked, of: str) -> Order:
    order = listing.order_of(asked.sort, SORTABLE[of])
    if order is None:
        raise ConfigError(f"sort {asked.sort!r}: there are {', '.join(SORTABLE[of])}")
    return order
