"""Galaxy catalogues: import, list, remove."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from .. import galaxies
from ..errors import ConfigError, NotFoundError
from ..store import Store, catalogs
from .show import as_json, console, number, settings_of, table


def catalog(options: Namespace) -> None:
    """Do what the action says."""
    {"import": _import, "list": _list, "remove": _remove}[options.action](options)


def _import(options: Namespace) -> None:
    path = Path(options.file)
    name = options.name or path.name.split(".")[0]
    columns = {}
    for pair in options.column:
        ours, equals, theirs = pair.partition("=")
        if not equals or ours not in galaxies.NAMES:
            raise ConfigError(f"--column {pair}: write OURS=THEIRS, with OURS one of {', '.join(galaxies.NAMES)}")
        columns[ours] = theirs
    found, left_out = galaxies.read(path, name, columns)
    with Store(settings_of(options).database).begin() as connection:
        catalogs.replace(connection, name, found)
    if options.json:
        as_json({"catalog": name, "galaxies": len(found), "left_out": left_out})
    else:
        console().print(f"{len(found)} galaxies in {name}; {left_out} rows without position or distance left out")


def _list(options: Namespace) -> None:
    with Store(settings_of(options).database).read() as connection:
        rows = catalogs.listing(connection)
    if options.json:
        as_json(rows)
        return
    columns = [
        ("catalogue", "left"),
        ("galaxies", "right"),
        ("nearest Mpc", "right"),
        ("farthest Mpc", "right"),
    ]
    cells = ((r["catalog"], r["galaxies"], number(r["nearest_mpc"]), number(r["farthest_mpc"], ".0f")) for r in rows)
    console().print(table("", columns, cells) if rows else "no catalogues: 'mma catalog import FILE'")


def _remove(options: Namespace) -> None:
    with Store(settings_of(options).database).begin() as connection:
        n = catalogs.remove(connection, options.name)
    if not n:
        raise NotFoundError(f"no catalogue {options.name!r}")
    if options.json:
        as_json({"catalog": options.name, "removed": n})
    else:
        console().print(f"{n} galaxies of {options.name} removed", markup=False)
