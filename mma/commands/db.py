"""The database: bring it up to date, forget old nights, look for damage, copy it."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from ..errors import ConfigError, MmaError
from ..store import Store, as_url, current_revision, forget, masked, path_of
from .show import as_json, console, open_store, settings_of


def db(options: Namespace) -> None:
    """Do what the action says."""
    {"upgrade": _upgrade, "prune": _prune, "check": _check, "backup": _backup}[options.action](options)


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
        gone = forget(store, nights, time.time(), force=options.force)
    if options.json:
        as_json(gone)
    else:
        console().print("deleted: " + (", ".join(f"{n:,} {name}" for name, n in gone.items()) or "nothing"))


def _check(options: Namespace) -> None:
    """Say what is damaged, and what to do; fail where anything is."""
    from ..store import RESTORE, Finding, findings, mend

    mended: list[str] = []
    try:
        with closing(open_store(options, writes=options.mend)) as store:
            mended = mend(store) if options.mend else []
            found = list(findings(store))
    except MmaError as error:
        found = [Finding(what=str(error), advice=RESTORE)]
    if options.json:
        as_json({"damaged": [{"what": one.what, "advice": one.advice} for one in found], "mended": mended})
    else:
        out = console()
        for sha256 in mended:
            out.print(f"mended: map {sha256}", markup=False)
        for one in found:
            out.print(f"damaged: {one.what}", f"  to do: {one.advice}", sep="\n", markup=False, soft_wrap=True)
    if found:
        raise ConfigError(f"{len(found)} damaged")
    if not options.json:
        console().print("the database is whole")


def _backup(options: Namespace) -> None:
    """Copy an SQLite database; PostgreSQL has its own program for it."""
    from ..store import backup

    database, file = settings_of(options).database, Path(options.file)
    source = path_of(make_url(as_url(database)))
    if source is None:
        command = f"pg_dump --format=custom --file={file} '{masked(database)}'"
        raise ConfigError(f"only SQLite is copied so; of PostgreSQL: {command}")
    n_bytes = backup(source, file)
    if options.json:
        as_json({"file": str(file), "bytes": n_bytes})
    else:
        console().print(f"{file}: {n_bytes:,} bytes", markup=False)
