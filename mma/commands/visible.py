"""When and from where an event's region and candidates, or a position, can be observed."""

from __future__ import annotations

import re
from argparse import Namespace
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from skymaps import Region, times

from ..errors import ConfigError, NotFoundError
from ..observing import CTAO_N, CTAO_S, Share, Site, Spell, Visibility, coming_night, share, site, tonight
from .ask import BEGINS_A_NUMBER, position
from .show import as_json, console, settings_of, table

ALTITUDES = (30.0, 45.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What somebody wants to observe."""

    name: str
    places: tuple[tuple[str, float, float], ...]
    """Name, right ascension and declination in ICRS degrees."""

    region: Region | None = None


def visible(options: Namespace) -> None:
    """A table, or a document, for each site."""
    found = _target(options)
    answers = []
    for place in [site(text) for text in options.site] if options.site else [CTAO_N, CTAO_S]:
        night = _night(options.night) or coming_night(place, datetime.now(UTC))
        whole = share(place, found.region, night, ALTITUDES) if found.region is not None else None
        rows = [(name, tonight(place, ra, dec, night, ALTITUDES)) for name, ra, dec in found.places]
        answers.append((place, night, whole, rows))
    if options.json:
        as_json({"target": found.name, "sites": [_document(*answer) for answer in answers]})
        return
    for answer in answers:
        _print(found, *answer)


def _target(options: Namespace) -> Target:
    """A position as it was written; else an event or object by its name."""
    if BEGINS_A_NUMBER.match(options.target):
        try:
            return Target(name=options.target, places=(("", *position(options.target)),))
        except ConfigError:
            if not re.search(r"[A-Za-z]", options.target):
                raise
    from ..client import Client

    with Client(settings_of(options).database) as client:
        try:
            event = client.event(options.target)
        except NotFoundError as error:
            try:
                found = client.object(options.target)
            except NotFoundError:
                raise NotFoundError(f"{error}; no object {options.target!r} either") from None
            return Target(name=found.id, places=((found.id, found["ra"], found["dec"]),))
        best = [(c.object, c["ra"], c["dec"]) for c in client.candidates(event.id, limit=max(options.limit, 1))]
        try:
            region = client.region(event.id)
        except NotFoundError:
            region = None
    centre = [] if region is None else [("densest point", *region.centre())]
    if not (best or centre):
        raise NotFoundError(f"{event.id} has no region (yet), and no candidates")
    return Target(name=event.id, places=tuple(centre + best), region=region)


def _night(text: str | None) -> date | None:
    try:
        return None if text is None else times.read(text, day_part=0.0).date()
    except ValueError as error:
        raise ConfigError(f"--night {text!r}: write the evening's date, 2027-03-01") from error


def _print(target: Target, place: Site, night: date, whole: Share | None, rows: list[tuple[str, Visibility]]) -> None:
    out = console()
    first = rows[0][1]
    dark = "the Sun stays above -18°" if first.dark is None else f"dark {_spells([first.dark])} UTC"
    moon = f"Moon {first.moon_lit:.0%} lit"
    out.print(f"[bold]{place.name}[/bold]  night of {night.isoformat()}  {dark}  {moon}")
    if whole is not None:
        parts = ", ".join(f"{p:.1%} above {limit:g}°" for limit, p in whole.observable.items())
        out.print(f"observable of {target.name}'s whole probability: {parts}", markup=False)
    columns = [
        ("target", "left"),
        ("RA", "right"),
        ("Dec", "right"),
        *((f"above {limit:g}° in the dark", "left") for limit in ALTITUDES),
        ("highest", "right"),
        ("at", "left"),
        ("Moon", "right"),
    ]
    out.print(table("", columns, (_row(name, seen) for name, seen in rows)))
    out.print("")


def _row(name: str, seen: Visibility) -> tuple[str, ...]:
    return (
        name,
        f"{seen.ra:.4f}",
        f"{seen.dec:+.4f}",
        *(_spells(seen.above[limit]) or "never" for limit in ALTITUDES),
        "-" if seen.best_altitude is None else f"{seen.best_altitude:.0f}°",
        "-" if seen.best is None else f"{seen.best:%H:%M}",
        _moon(seen),
    )


def _moon(seen: Visibility) -> str:
    if seen.moon_separation is None or seen.moon_altitude is None:
        return "-"
    return f"{seen.moon_separation:.0f}°" + (" (down)" if seen.moon_altitude < 0.0 else "")


def _spells(spells: list[Spell]) -> str:
    return ", ".join(f"{spell.start:%H:%M} - {spell.end:%H:%M}" for spell in spells)


def _document(place: Site, night: date, whole: Share | None, rows: list[tuple[str, Visibility]]) -> dict[str, Any]:
    first = rows[0][1]
    return {
        "site": {
            "name": place.name,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "height_m": place.height_m,
        },
        "night": night.isoformat(),
        "dark": _spell(first.dark),
        "moon_lit": first.moon_lit,
        "observable": None if whole is None else {f"{limit:g}": p for limit, p in whole.observable.items()},
        "targets": [{"name": name or None, **_seen(seen)} for name, seen in rows],
    }


def _seen(seen: Visibility) -> dict[str, Any]:
    return {
        "ra": seen.ra,
        "dec": seen.dec,
        "above": {f"{limit:g}": [_spell(spell) for spell in spells] for limit, spells in seen.above.items()},
        "best": None if seen.best is None else _iso(seen.best),
        "best_altitude_deg": seen.best_altitude,
        "moon_separation_deg": seen.moon_separation,
        "moon_altitude_deg": seen.moon_altitude,
    }


def _spell(spell: Spell | None) -> dict[str, Any] | None:
    return None if spell is None else {"start": _iso(spell.start), "end": _iso(spell.end), "hours": spell.hours}


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
