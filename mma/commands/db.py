"""The database: bring it up to date, forget old nights."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import closing

from ..errors import ConfigError
from ..store import Store, current_revision
from ..store.retention import NIGHT_S, prune
from .show import as_json, console, open_store, settings_of


def db(options: Namespace) -> None:
    """Do what the action says."""
    {"upgrade": _upgrade, "prune": _prune}[options.action](options)


def _upgrade(options: Namespace) -> None:
    """Opening a database to write brings it up to date: workers do it too, and wait for one another."""
    with closing(open_store(options, writes=True)) as store, store.read() as connection:
        revision = current_revision(connection)
    if options.json:
        as_json({"schema": revision})
    else:
        console().print(f"schema {revision}: up to date")


def _prune(options: Namespace) -> None:
    settings = settings_of(options)
    nights = settings.keep_nights if options.keep is None else options.keep
    if nights <= 0:
        raise ConfigError("how many nights to keep? --keep N, or keep_nights in the settings")
    with closing(Store(settings.database, create=False)) as store:
        gone = prune(store, time.time() - nights * NIGHT_S)
    if options.json:
        as_json(gone)
    else:
        console().print("deleted: " + ", ".join(f"{n:,} {name}" for name, n in gone.items()))
