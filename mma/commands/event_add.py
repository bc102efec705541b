"""An event made by hand, of a map or a circle: as if its notice had come."""

from __future__ import annotations

import json
import shlex
from argparse import Namespace
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pybase64
from sqlalchemy import Connection

from coincidence.event import id_of_test, set_apart
from skymaps import positions, times

from ..answers import queries
from ..engine import Engine
from ..errors import ConfigError
from ..notices import given, lvk
from ..store import Store, resolve
from ..streams import Message
from .show import as_json, console, settings_of, with_database

SAME_S = 60.0
"""Between what a map and a notice say of when one event was."""

LARGEST = 256 << 20
"""Bytes of a map's file."""


def add(options: Namespace) -> None:
    """Check, take in, and say what came of it. Stored objects in its window and region are scored at once."""
    document = _document(options)
    set_apart(given.decode(_message(document, options)))
    settings = settings_of(options)
    with closing(Store(settings.database)) as store:
        with store.read() as connection:
            message = _message(_of_known(connection, document, options), options)
        event = set_apart(given.decode(message))
        engine = Engine(store, parameters=settings.score, prefix=settings.prefix, tells=settings.publish is not None)
        engine.handle([message])
        with store.read() as connection:
            found = queries.event(connection, queries.event_id(connection, event.id))
    if options.json:
        as_json(found)
        return
    area = "" if found["area90_deg2"] is None else f", 90 % in {found['area90_deg2']:.4g} deg2"
    out, there = console(), with_database(options)
    out.print(f"{found['id']}: {found['kind']} of {found['time'][:19]}{area}; {found['state']}", markup=False)
    out.print(f"{found['n_candidates']} candidates among what is stored. Next:", markup=False)
    for command in ("candidates", "event"):
        out.print(f"  mma {command} {shlex.quote(found['id'])}{there}", markup=False, soft_wrap=True)


def _message(document: dict[str, Any], options: Namespace) -> Message:
    return Message(payload=json.dumps(document).encode(), topic="mma event add", name=options.map)


def _of_known(connection: Connection, document: dict[str, Any], options: Namespace) -> dict[str, Any]:
    """The document under the id of the event that has its name, in any case, as a further notice of it.

    The event keeps its time, unless one is told; a map that is of another time is of another event.
    """
    name = document.get("name")
    if name is None:
        return document
    known = resolve(connection, id_of_test(name) if document.get("test") else name)
    if known is None:
        return document
    changed = document | {"name": known, "update": True}
    its = queries.event(connection, known)["time"]
    if options.time is None and its is not None:
        if abs((times.read(document["time"]) - times.read(its)).total_seconds()) > SAME_S:
            how = "say --time if it is its map all the same"
            raise ConfigError(f"--map {options.map}: of {document['time'][:19]}, and {known} of {its[:19]}; {how}")
        changed["time"] = its
    return changed


def _document(options: Namespace) -> dict[str, Any]:
    """What the options say; what they do not comes from the map's header."""
    if (options.map is None) == (options.circle is None):
        raise ConfigError('mma event add: --map FILE, or --circle "RA DEC R" with --time')
    document: dict[str, Any] = {"$schema": given.SCHEMA_ID, "issued": _iso(datetime.now(UTC))}
    told = {"name": options.name, "kind": options.kind, "time": options.time and _iso(_time(options.time))}
    if options.map is not None:
        content = _content(Path(options.map))
        document |= _of_header(content)
        document["skymap"] = pybase64.b64encode(content).decode()
    else:
        document["circle"] = _circle(options.circle)
    document |= {name: value for name, value in told.items() if value is not None}
    if "time" not in document:
        raise ConfigError("mma event add: when? --time 2027-03-01T02:00:00")
    document.setdefault("kind", "transient")
    if options.test:
        document["test"] = True
    return document


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"--map {path}: more than {LARGEST} bytes; compress it with gzip")
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--map {path}: {error.strerror}") from error
    if not given.is_map(content):
        raise ConfigError(f"--map {path}: not a HEALPix map as FITS")
    return content


def _of_header(content: bytes) -> dict[str, Any]:
    """What a map's header says of its event."""
    header = given.header_of(lvk.map_of(content, "map"))
    time = None if header.time is None else _iso(header.time)
    said: dict[str, Any] = {
        "name": header.name,
        "kind": header.kind.value,
        "time": time,
        "observatory": header.observatory,
    }
    return {name: value for name, value in said.items() if value is not None} | (
        {"test": True} if header.is_test else {}
    )


def _circle(text: str) -> dict[str, float]:
    place, _, radius = " ".join(text.replace(",", " ").split()).rpartition(" ")
    try:
        ra, dec = positions.read(place)
        radius_deg = positions.radius(radius)
    except ValueError as error:
        raise ConfigError(f'--circle {text!r}: {error}; write "RA DEC R", e.g. "197.45 -23.38 0.5deg"') from error
    return {"ra": ra, "dec": dec, "radius_deg": radius_deg}


def _time(text: str) -> datetime:
    try:
        return times.read(text)
    except ValueError as error:
        raise ConfigError(f"--time {text!r}: {error}") from error


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
