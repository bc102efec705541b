"""Tags on candidates: put them on, take them off, list those in use."""

from __future__ import annotations

import getpass
import time
from argparse import Namespace
from contextlib import closing
from typing import Any

from rich.table import Table

from ..answers import listing, queries
from ..engine import Vetting, additions
from ..errors import ConfigError, NotFoundError
from ..store import Store, tags
from .ask import show_rows
from .show import as_json, console, open_store, reading, settings_of, table


def tag(options: Namespace) -> None:
    """List tags, or change those of a candidate."""
    if options.list and options.object is not None:
        raise ConfigError("--list is of all events or of one: mma tag --list [EVENT]")
    if not options.tags and options.remove:
        raise ConfigError("which tag? mma tag EVENT OBJECT NAME... --remove")
    if options.object is None:
        _in_use(options)
    elif not options.tags:
        _its(options)
    else:
        _change(options)


def _in_use(options: Namespace) -> None:
    with reading(options) as connection:
        event = queries.event_id(connection, options.event) if options.event else None
        rows = tags.in_use(connection, event)
    show_rows(options, rows, _used, "no tags yet: 'mma tag EVENT OBJECT followed-up'")


def _used(rows: list[dict[str, Any]]) -> Table:
    return table("", [("tag", "left"), ("candidates", "right")], ((r["tag"], r["candidates"]) for r in rows))


def _its(options: Namespace) -> None:
    with closing(open_store(options)) as store:
        rows = _listed(store, _key(store, options))
    show_rows(options, rows, _table, f"{options.object} has no tags")


def _table(rows: list[dict[str, Any]]) -> Table:
    columns = [("tag", "left"), ("who", "left"), ("when (UTC)", "left")]
    return table("", columns, ((r["tag"], r["who"] or "-", r["time"][:16].replace("T", " ")) for r in rows))


def _listed(store: Store, key: tags.Key) -> list[dict[str, Any]]:
    with store.read() as connection:
        return tags.listing(connection, key)


def _change(options: Namespace) -> None:
    settings = settings_of(options)
    with closing(Store(settings.database, create=False)) as store:
        key = _key(store, options)
        vetting = Vetting(store=store, parameters=settings.score, prefix=settings.prefix, additions=additions(settings))
        who = options.by or getpass.getuser()
        vetting.tag(key, options.tags, who=who, now=time.time(), remove=options.remove)
        with store.read() as connection:
            found = listing.one(connection, *key)
    if found is None:
        raise NotFoundError(f"{key[1]} is no candidate of {key[0]}")
    if options.json:
        as_json(found)
    else:
        console().print(f"{key[1]} of {key[0]}: {', '.join(found['tags']) or 'no tags'}", markup=False)


def _key(store: Store, options: Namespace) -> tags.Key:
    """The candidate that is named, by ids or aliases."""
    with store.read() as connection:
        event, name = queries.event_id(connection, options.event), queries.object_id(connection, options.object)
        if queries.candidate_row(connection, event, name) is None:
            raise NotFoundError(f"{name} is no candidate of {event}")
    return event, name
