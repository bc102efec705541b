"""Messages that were decided and are not sent: list, look at, let the worker try again; and where they go."""

from __future__ import annotations

import re
from argparse import Namespace
from contextlib import closing
from typing import Any

import orjson
from rich.table import Table

from ..errors import ConfigError, NotFoundError
from ..messages import iso
from ..store import facts
from ..store import outbox as stored
from .ask import show_rows
from .show import as_json, console, open_store, reading, table

A_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,200}")
"""What topics may be called, with room for the rest of their names."""


def outbox(options: Namespace) -> None:
    """Do what the action says."""
    {"list": _list, "show": _show, "retry": _retry, "prefix": _prefix}[options.action](options)


def _list(options: Namespace) -> None:
    with reading(options) as connection:
        rows = stored.unsent(connection)
    told = [row | {"created": iso(row["created"]), "refused": iso(row["refused"])} for row in rows]
    show_rows(options, told, _table, "nothing waits, and nothing is refused")


def _table(rows: list[dict[str, Any]]) -> Table:
    columns = [("number", "right"), ("topic", "left"), ("event", "left"), ("bytes", "right"), ("refused", "wrap")]
    cells = ((r["seq"], r["topic"], r["key"], r["bytes"], r["reason"] or "no: it waits") for r in rows)
    return table("", columns, cells)


def _show(options: Namespace) -> None:
    with reading(options) as connection:
        payload = stored.payload(connection, options.seq)
    if payload is None:
        raise NotFoundError(f"no message {options.seq}")
    as_json(orjson.loads(payload))


def _retry(options: Namespace) -> None:
    with closing(open_store(options, writes=True)) as store, store.begin() as connection:
        n = stored.again(connection, options.seq)
    if options.seq is not None and not n:
        raise NotFoundError(f"no message {options.seq} that is refused")
    if options.json:
        as_json({"waiting_again": n})
    else:
        console().print(f"{n} messages wait again; the worker sends them", markup=False)


def _prefix(options: Namespace) -> None:
    if options.prefix is not None:
        if not A_PREFIX.fullmatch(options.prefix):
            raise ConfigError(f"prefix {options.prefix!r}: topics have letters, digits and . _ - in their names")
        with closing(open_store(options, writes=True)) as store, store.begin() as connection:
            facts.change_prefix(connection, options.prefix)
    with reading(options) as connection:
        kept = facts.prefix(connection)
    if options.json:
        as_json({"prefix": kept})
    else:
        console().print(kept or "no prefix yet: nobody was to be told anything", markup=False)
