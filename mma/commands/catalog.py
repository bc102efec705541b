"""Galaxy catalogues: import, list, remove."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import closing
from pathlib import Path

from rich.progress import Progress

from .. import catalogs
from ..answers import queries
from ..config import Settings
from ..engine import Vetting, additions
from ..errors import ConfigError, NotFoundError
from ..store import Store, facts, galaxies
from .replay import bar
from .show import as_json, console, number, open_store, reading, settings_of, table


def catalog(options: Namespace) -> None:
    """Do what the action says."""
    {"import": _import, "list": _list, "remove": _remove}[options.action](options)


def _import(options: Namespace) -> None:
    path = Path(options.file)
    name = options.name or path.name.split(".")[0]
    south, north = options.dec or (-90.0, 90.0)
    if not -90.0 <= south < north <= 90.0:
        raise ConfigError(f"--dec {south:g} {north:g}: write the southern end and the northern end, -90 to 90")
    if not path.is_file():
        raise ConfigError(f"no file {path}")
    settings = settings_of(options)
    store = Store(settings.database)
    with store.read() as connection:
        priority = galaxies.next_priority(connection) if options.priority is None else options.priority
    found = catalogs.begin(
        path,
        name,
        _columns(options.column),
        completeness=options.completeness,
        priority=priority,
        dec=(south, north),
        band=options.band,
        is_agn=options.agn,
    )
    with bar() as progress:
        task = progress.add_task(f"importing {name}, %", total=100)
        parts = found.parts(lambda done: progress.update(task, completed=int(100 * done)))
        n = galaxies.load(store, found.catalog, parts, is_agn=found.is_agn)
        scored = _score_again(store, settings, progress)
    store.close()
    if options.json:
        as_json({"catalog": name, "galaxies": n, "left_out": found.left_out, "events_scored_again": scored})
        return
    known = f", read as {found.preset.name}" if found.preset else ""
    told = str(found.catalog.completeness) or "not known, so that a host in no catalogue says nothing"
    console().print(f"{n} galaxies in {name}{known}; {found.left_out} rows without position or distance left out")
    if not found.is_agn:
        console().print(f"completeness: {told}", markup=False)
    if scored:
        console().print(f"scored again with it: {scored} events")


def _score_again(store: Store, settings: Settings, progress: Progress) -> int:
    """The candidates of all events, with the hosts that are known now; how many events have any."""
    with store.read() as connection:
        names = [row["id"] for row in queries.events(connection) if row["n_candidates"]]
        tells = settings.publish is not None or facts.prefix(connection) is not None
    prefix = settings.prefix if tells else None
    vetting = Vetting(store=store, parameters=settings.score, prefix=prefix, additions=additions(settings))
    for name in progress.track(names, description="scoring again, events"):
        vetting.afresh(name, time.time())
    return len(names)


def _columns(pairs: list[str]) -> dict[str, str]:
    """Our column names to the table's own, as the user wrote them."""
    columns = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or ours not in catalogs.NAMES:
            raise ConfigError(f"--column {pair}: write OURS=THEIRS, with OURS one of {', '.join(catalogs.NAMES)}")
        columns[ours] = theirs
    return columns


def _list(options: Namespace) -> None:
    with reading(options) as connection:
        rows = galaxies.listing(connection)
    if options.json:
        as_json(rows)
        return
    columns = [
        ("catalogue", "left"),
        ("galaxies", "right"),
        ("nearest Mpc", "right"),
        ("farthest Mpc", "right"),
        ("priority", "right"),
        ("completeness", "left"),
    ]
    cells = (
        (
            r["catalog"],
            r["galaxies"],
            number(r["nearest_mpc"]),
            number(r["farthest_mpc"], ".0f"),
            r["priority"],
            "active nuclei" if r["is_agn"] else r["completeness"] or "-",
        )
        for r in rows
    )
    console().print(table("", columns, cells) if rows else "no catalogues: 'mma catalog import FILE'")


def _remove(options: Namespace) -> None:
    with closing(open_store(options, writes=True)) as store, store.begin() as connection:
        n = galaxies.remove(connection, options.name)
    if not n:
        raise NotFoundError(f"no catalogue {options.name!r}")
    if options.json:
        as_json({"catalog": options.name, "removed": n})
    else:
        console().print(f"{n} galaxies of {options.name} removed", markup=False)
