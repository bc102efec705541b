"""One event whole: what is known of it, its notices, and each of these as it came."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from typing import Any

from coincidence import apart

from ..answers import queries
from ..errors import ConfigError
from ..export import measured
from ..messages import stage
from ..store import names, originals
from . import tables
from .show import as_it_is, as_json, console, number, open_store, reading, table

SHOWN = 5
"""Candidates of an event that are shown with it."""


def event(options: Namespace) -> None:
    """Show one event, or write one of its notices."""
    new = [name for name in ("map", "circle", "time", "kind", "name", "test") if getattr(options, name)]
    if options.event == "add":
        from .event_add import add

        add(options)
        return
    if new:
        raise ConfigError(f"--{new[0]} goes with 'mma event add'")
    if options.notice is not None and not options.raw:
        raise ConfigError("--notice N goes with --raw")
    if options.alias:
        _name(options)
    with reading(options) as connection:
        if options.raw:
            name = queries.event_id(connection, options.event)
            payload = originals.of_event(connection, name, options.notice).payload
            as_it_is(payload)
            return
        answer = queries.event(connection, options.event)
        best = queries.candidates(connection, answer["id"], limit=SHOWN)
    if options.json:
        as_json(answer)
        return
    out = console()
    for name, value in _lines(answer):
        out.print(f"{name:>14}  {value}", markup=False)
    if answer["gamma"]:
        out.print(f"\n{answer['observatory']} says", markup=False)
        for name, value in measured.lines(answer["gamma"]):
            out.print(f"{name:>14}  {value}", markup=False)
    columns = [("notice", "right"), ("issued (UTC)", "left"), ("stage", "left"), ("from", "wrap")]
    rows = ((n["number"], n["issued"][:19].replace("T", " "), n["stage"], n["place"]) for n in answer["notices"])
    out.print(table("", columns, rows))
    if best:
        out.print(tables.candidates(best, "the best candidates"))
    if answer["associations"]:
        out.print(tables.associations(answer["associations"]))


def _name(options: Namespace) -> None:
    """Give an event other names; one that is another event's is refused."""
    with closing(open_store(options, writes=True)) as store, store.begin() as connection:
        event_id = queries.event_id(connection, options.event)
        given = [name.strip() for name in options.alias]
        for name in given:
            if not name:
                raise ConfigError("--alias: an empty name")
            if (other := names.resolve(connection, name)) not in (None, event_id):
                raise ConfigError(f"--alias {name}: that is {other}")
        names.add(connection, [names.row_of(name, event_id, names.EVENT) for name in given if name != event_id])


def _lines(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """What is known, a line each."""
    classes, properties = apart(answer["classes"])
    area, distance = answer["area90_deg2"], answer["distance_mpc"]
    told = [
        ("event", answer["id"] + (" (test)" if answer["test"] else "")),
        ("also called", ", ".join(answer["aliases"])),
        ("from", f"{answer['observatory']}: {answer['kind']}, by {answer['messenger']}"),
        ("time", answer["time"] or "not known"),
        ("window", " to ".join((end or "open")[:19] for end in answer["window"])),
        ("state", f"{answer['state']}; {stage(answer)}"),
        ("false alarms", "" if answer["far_hz"] is None else f"{answer['far_hz']:.3g} Hz"),
        ("classes", ", ".join(f"{name} {p:.3g}" for name, p in classes.items())),
        ("properties", ", ".join(f"{name} {p:.3g}" for name, p in properties.items())),
        ("region", "none" if area is None else f"90 % in {area:.4g} deg2, 50 % in {answer['area50_deg2']:.4g}"),
        (
            "distance",
            "" if distance is None else f"{distance:.0f} +- {number(answer['distance_error_mpc'], '.0f')} Mpc",
        ),
        ("candidates", f"{answer['n_candidates']}; none of these: P {answer['p_none']:.3f}"),
        ("more", answer["url"] or ""),
        ("remarks", "; ".join(answer["remarks"])),
    ]
    return [(name, value) for name, value in told if value]
