"""Tokens of the REST interface."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from contextlib import closing
from typing import Any

from rich.table import Table

from ..store import Store, tokens
from .ask import show_rows
from .show import as_json, open_store, reading, settings_of, table


def token(options: Namespace) -> None:
    """Do what the action says."""
    {"add": _add, "list": _list, "revoke": _revoke}[options.action](options)


def _add(options: Namespace) -> None:
    with closing(Store(settings_of(options).database)) as store, store.begin() as connection:
        secret = tokens.add(connection, options.name, writes=options.write, now=time.time())
    if options.json:
        as_json({"name": options.name, "writes": options.write, "token": secret})
    else:
        print(secret)
        print("This is shown once. Use it as: Authorization: Bearer TOKEN", file=sys.stderr)


def _list(options: Namespace) -> None:
    with reading(options) as connection:
        rows = tokens.listing(connection)
    show_rows(options, rows, _table, "no tokens")


def _table(rows: list[dict[str, Any]]) -> Table:
    columns = [("name", "left"), ("may", "left"), ("created", "left"), ("revoked", "left")]
    cells = ((r["name"], "write" if r["writes"] else "read", r["created"], r["revoked"] or "-") for r in rows)
    return table("", columns, cells)


def _revoke(options: Namespace) -> None:
    with closing(open_store(options, writes=True)) as store, store.begin() as connection:
        tokens.revoke(connection, options.name, time.time())
