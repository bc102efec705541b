"""Questions to the store: events, candidates, objects, status."""

from __future__ import annotations

import re
import shlex
from argparse import Namespace
from typing import Any

from rich.markup import escape
from sqlalchemy import Connection

from skymaps import positions

from ..answers import UNTOLD, assumed, places, queries
from ..answers import cone as cones
from ..errors import ConfigError, NotFoundError
from ..store import events as stored
from ..store import groups, tags
from . import tables
from .show import as_json, console, ignored, number, reading, table, with_database

BEGINS_A_NUMBER = re.compile(r"[+-]?[\d.]")
"""What is meant as a position, unless it is a name."""


def events(options: Namespace) -> None:
    """List events."""
    with reading(options) as connection:
        rows = queries.events(connection, state=options.state, limit=options.limit)
    show_rows(options, rows, tables.events, "no events yet")
    if not options.json and (named := [row["id"] for row in rows if assumed(row)]):
        console().print(f"{', '.join(named)}: {UNTOLD}", markup=False, soft_wrap=True)


def candidates(options: Namespace) -> None:
    """List an event's candidates."""
    wanted = {tags.clean(name) for name in options.tag or ()}
    with reading(options) as connection:
        event = queries.event_id(connection, options.event)
        least = options.min_probability
        most = None if wanted or least is not None else options.limit
        rows = queries.candidates(connection, event, everything=options.all, limit=most)
        said = assumed(queries.event(connection, event))
    if wanted:
        rows = [row for row in rows if wanted & set(row["tags"])]
    if least is not None:
        rows = [row for row in rows if row["probability"] is not None and row["probability"] >= least]
    rows = rows[: options.limit]
    if not rows and not options.json and (found := _unlocated(options, event)):
        console().print(found, markup=False, soft_wrap=True)
        return
    which = f" tagged {' or '.join(sorted(wanted))}" if wanted else ""
    which += "" if least is None else f" with P {least:g} or more"
    show_rows(options, rows, tables.candidates, f"no candidates of {event}{which}" + ("" if options.all else " stand"))
    if rows and not options.json and said:
        console().print(f"{event}: {said}", markup=False, soft_wrap=True)


def _unlocated(options: Namespace, event: str) -> str | None:
    """What to do about an event without a region; None where it has one, or is retracted."""
    with reading(options) as connection:
        row = stored.event_row(connection, event)
    document = {} if row is None else row["document"]
    if row is None or document["region"] is not None or row["state"] == stored.RETRACTED:
        return None
    url = document.get("skymap_url")
    why = f": its map is by URL only, {url}" if url else ""
    how = f"mma event add --map FILE --name {shlex.quote(event)}{with_database(options)}"
    return f"{event} has no region (yet), so nothing can be its candidate{why}. With its map as a file: {how}"


def object_(options: Namespace) -> None:
    """Show one object."""
    with reading(options) as connection:
        answer = queries.object_(connection, options.object)
    if options.json:
        as_json(answer)
        return
    out = console()
    name = f"[bold]{escape(answer['id'])}[/bold] ({escape(answer['survey'])})"
    out.print(f"{name}  RA {answer['ra']:.6f}  Dec {answer['dec']:+.6f}")
    out.print(f"first seen {answer['first_seen']}, last seen {answer['last_seen']}")
    for event in answer["events"]:
        chance = f"P {event['probability']:.3f}" if event["state"] == "active" else event["reason"]
        line = f"  {event['event']}: {event['state']}, ln odds {number(event['log_odds'])}, {chance}"
        out.print(line, markup=False)
    columns = [
        ("time", "left"),
        ("band", "left"),
        ("mag", "right"),
        ("+-", "right"),
        ("flux nJy", "right"),
        ("+-", "right"),
        ("limit mag", "right"),
    ]
    rows = (
        (
            d["time"],
            d["band"] or "-",
            number(d["mag"]),
            number(d["mag_error"]),
            number(d["flux_njy"]),
            number(d["flux_error_njy"]),
            number(d["limit_mag"]),
        )
        for d in answer["light_curve"]
    )
    out.print(table("", columns, rows))


def cone(options: Namespace) -> None:
    """Objects near a position, or near an object or event that is named."""
    if options.rest:
        words = [options.position, options.radius, *map(str, options.rest)]
        place = " ".join(words[:-1])
        raise ConfigError(f'put quotes around the position: mma cone "{place}" {words[-1]}')
    radius = radius_deg(options.radius)
    with reading(options) as connection:
        ra, dec = _centre(connection, options.position)
        rows = cones.all_objects(connection, ra, dec, radius)
    show_rows(options, rows, tables.objects, "no objects there")


def _centre(connection: Connection, text: str) -> tuple[float, float]:
    try:
        return places.position(connection, text)
    except NotFoundError:
        if BEGINS_A_NUMBER.match(text):
            position(text)  # says what is wrong with it
        raise


def position(text: str) -> tuple[float, float]:
    """ICRS degrees of ``RA Dec`` in any writing."""
    try:
        return positions.read(text)
    except ValueError as error:
        raise ConfigError(f"position {error}") from error


def radius_deg(text: str) -> float:
    """Degrees of ``0.5``, ``30arcsec``, ``5arcmin`` or ``1deg``."""
    try:
        return positions.radius(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def associations(options: Namespace) -> None:
    """Events that may be one."""
    with reading(options) as connection:
        event = queries.event_id(connection, options.event) if options.event else None
        rows = queries.associations_(connection, event)
        together = groups.listing(connection, event)
    if options.json:
        as_json([row | {"group": _group_of(row, together)} for row in rows])
        return
    show_rows(options, rows, tables.associations, "no associations")
    if together:
        console().print(tables.groups(together))


def _group_of(row: dict[str, Any], together: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The group that holds both events of a pair; None for a pair that was left out."""
    both = {row["first"], row["second"]}
    return next((group for group in together if both <= set(group["members"])), None)


def status(options: Namespace) -> None:
    """What came in, what became of it."""
    with reading(options) as connection:
        answer = queries.status(connection)
    if options.json:
        as_json(answer)
        return
    out = console()
    columns = [
        ("source", "wrap"),
        ("read", "right"),
        ("decoded", "right"),
        ("set aside", "right"),
        ("ignored", "right"),
        ("newest", "left"),
    ]
    sources = answer["sources"].items()
    names = ("read", "decoded", "set_aside", "ignored")
    rows = [(name, *(s[n] for n in names), (s["last"] or "-")[:19]) for name, s in sources]
    rows.append(("all", *(answer["messages"][n] for n in names), ""))
    out.print(table("messages", columns, rows))
    for line in ignored(answer["sources"]):
        out.print(line, markup=False)
    if answer["live"]:
        out.print(tables.live(answer["live"]))
    states = ", ".join(f"{n} {state}" for state, n in sorted(answer["events"].items())) or "none"
    out.print(f"\nevents: {states}")
    out.print(f"objects: {answer['objects']}, detections: {answer['detections']}")
    for catalog in answer["catalogs"]:
        reach = "" if catalog["farthest_mpc"] is None else f" to {catalog['farthest_mpc']:.0f} Mpc"
        out.print(f"galaxies: {catalog['galaxies']} of {catalog['catalog']}{reach}", markup=False)
    published = answer["published"]
    waits = " for an 'mma run --publish'" if published["waiting"] else ""
    out.print(f"published: {published['sent']}, waiting: {published['waiting']}{waits}", markup=False)
    if answer["refused"]:
        out.print(f"refused by the broker: {answer['refused']}: see 'mma outbox list'")
    if answer["dead_letters"]:
        out.print(f"dead letters: {answer['dead_letters']}: see 'mma dead-letters'")


def show_rows(options: Namespace, rows: list[Any], draw: Any, nothing: str) -> None:
    """Rows as JSON, as a table, or the word for none."""
    if options.json:
        as_json(rows)
    elif rows:
        console().print(draw(rows))
    else:
        console().print(nothing, markup=False)
