"""What can be asked of events, candidates and objects: each field's name, unit, and what it is in the tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, select, tuple_

from coincidence import Kind as EventKind
from coincidence import Messenger, Stage, models
from coincidence.terms import TERMS
from skymaps.units import AB_ZERO_MAG

from ..store import one_of, tables

Kind = Literal["number", "text", "time", "flag"]
Column = ColumnElement[Any]

EVENT_STATES = ("active", "expired", "retracted", "unlocated")
CANDIDATE_STATES = ("active", "vetoed", "withdrawn")


SLACK = 1e-12
"""A value that we gave, given back as a limit, is within it: its way through ``exp`` or ``log`` moves it by less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something to filter and sort by."""

    kind: Kind
    column: Column
    """What is compared; NULL where it is not known."""

    text: str
    """What it is, in a line."""

    unit: str | None = None
    into: Callable[[float], float] = float
    """From the value that users write to the one compared."""

    falls: bool = False
    """The column falls where the value rises: a magnitude."""

    slack: float = 0.0
    """Of the column, for limits that belong to the range."""

    usual: tuple[str, ...] = ()
    """Texts that it is one of, but for what a table or settings of somebody's may have brought; empty: any."""

    among: Callable[[Sequence[str]], ColumnElement[bool]] | None = None
    """The condition that it is one of these texts, where something may have several; None: the column tells."""


def unix(value: datetime) -> float:
    """Unix seconds; a time without a zone is UTC."""
    from datetime import UTC

    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def _number(column: Column, text: str, unit: str | None = None) -> Field:
    return Field(kind="number", column=column, text=text, unit=unit)


def _text(column: Column, text: str, usual: Iterable[str] = ()) -> Field:
    return Field(kind="text", column=column, text=text, usual=tuple(map(str, usual)))


def _time(column: Column, text: str) -> Field:
    return Field(kind="time", column=column, text=text, unit="UTC")


def _flag(column: Column, text: str) -> Field:
    return Field(kind="flag", column=column, text=text)


def _ln(p: float) -> float:
    return math.log(p) if p > 0.0 else -math.inf


def _flux(mag: float) -> float:
    """Nanojansky of an AB magnitude; what is too bright for a float is infinite."""
    power = (AB_ZERO_MAG - mag) / 2.5
    return 10.0**power if power < 308.0 else math.inf


def _tagged(names: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a candidate has one of these tags, in whichever case they are written."""
    t = tables.tags.c
    having = select(t.event_id, t.object_id).where(one_of(t.tag, (name.lower() for name in names)))
    return tuple_(C.event_id, C.object_id).in_(having)


def _first_tag() -> Column:
    """A candidate's first tag by the alphabet; NULL where it has none."""
    t = tables.tags.c
    its = (t.event_id == C.event_id) & (t.object_id == C.object_id)
    return select(func.min(t.tag)).where(its).correlate(tables.candidates).scalar_subquery()


E, C, O = tables.events.c, tables.candidates.c, tables.objects.c  # noqa: E741 - tables, not numbers

EVENTS: Mapping[str, Field] = {
    "id": _text(E.id, "Exact id"),
    "messenger": _text(E.messenger, "gw, gamma, neutrino, xray, radio or optical", Messenger),
    "kind": _text(E.kind, "cbc, burst, grb, neutrino, supernova, flare, frb or transient", EventKind),
    "observatory": _text(E.observatory, "Mission or network"),
    "stage": _text(E.stage, "early_warning, preliminary, initial, update or retraction", Stage),
    "state": _text(E.state, "active, expired, retracted or unlocated", EVENT_STATES),
    "test": _flag(E.is_test, "A test, a mock or an injection"),
    "time": _time(E.time, "When it happened"),
    "issued": _time(E.issued, "When the newest notice was sent"),
    "far_hz": _number(E.far_hz, "False-alarm rate", "Hz"),
    "area50_deg2": _number(E.area50_deg2, "Area of the 50 % region", "deg2"),
    "area90_deg2": _number(E.area90_deg2, "Area of the 90 % region", "deg2"),
    "distance_mpc": _number(E.distance_mpc, "Mean distance", "Mpc"),
    "revision": _number(E.revision, "Number of notices"),
    "n_candidates": _number(E.n_candidates, "Candidates that stand"),
}
"""Of events."""

OBJECTS: Mapping[str, Field] = {
    "id": _text(O.id, "The survey's id of the object"),
    "survey": _text(O.survey, "Survey that saw it"),
    "ra": _number(O.ra, "ICRS right ascension", "deg"),
    "dec": _number(O.dec, "ICRS declination", "deg"),
    "first_seen": _time(O.first_seen, "First detection"),
    "last_seen": _time(O.last_seen, "Last detection"),
    "last_unseen": _time(O.last_unseen, "Last non-detection before the first detection"),
    "n_detections": _number(O.n_detections, "Detections"),
    "band": _text(O.band, "Band of the last detection"),
    "mag": Field(
        kind="number",
        column=case((O.flux_njy > 0.0, O.flux_njy)),
        text="AB magnitude of the last detection",
        unit="mag",
        into=_flux,
        falls=True,
        slack=SLACK,
    ),
    "flux_njy": _number(O.flux_njy, "Difference flux of the last detection", "nJy"),
    "reliability": _number(O.reliability, "Real/bogus score, 0 bogus to 1 real"),
    "star_score": _number(O.star_score, "Nearest catalogued source: 0 galaxy to 1 star"),
    "solar_system_arcsec": _number(O.solar_system_arcsec, "To the nearest known solar-system body", "arcsec"),
    "redshift": _number(O.redshift, "Redshift, where the survey tells one"),
    "classification": _text(O.classification, "What the survey or a broker takes it for"),
}
"""Of objects."""

_OF_CANDIDATE: Mapping[str, Field] = {
    "object": _text(C.object_id, "The survey's id of the object"),
    "state": _text(C.state, "active, vetoed or withdrawn", CANDIDATE_STATES),
    "reason": _text(C.reason, "Why it is vetoed or withdrawn"),
    "class": _text(C.counterpart, "Class of counterpart with the best odds", models.classes()),
    "probability": Field(
        kind="number",
        column=case((C.state == "active", C.log_odds - E.log_none)),
        text="That it is the counterpart, at most one candidate being so",
        into=_ln,
        slack=SLACK,
    ),
    "log_odds": _number(C.log_odds, "Natural log of the odds, summed over classes"),
    **{name: _number(C[name], f"Term of the best class: {name}") for name in TERMS},
    "chance_count": _number(C.chance_count, "Unrelated objects expected to score as high"),
    "credible_level": _number(C.credible_level, "Of the sky region at its position, 0 to 1"),
    "credible_volume": _number(C.credible_volume, "Of the region in 3-D, 0 to 1"),
    "delay_s": _number(C.delay_s, "First detection minus event", "s"),
    "earliest_s": _number(C.earliest_s, "Last non-detection minus event", "s"),
    "parameters": _text(C.parameters, "Parameter set of the score"),
    "tag": Field(kind="text", column=_first_tag(), text="Tag that somebody put on it", among=_tagged),
}

CANDIDATES: Mapping[str, Field] = {**_OF_CANDIDATE, **{name: f for name, f in OBJECTS.items() if name != "id"}}
"""Of one event's candidates: the score, and the object's own."""

SEARCHED: Mapping[str, Field] = {
    "event": _text(C.event_id, "Id of the event"),
    **CANDIDATES,
    **{f"event_{name}": f for name, f in EVENTS.items() if name != "id"},
}
"""Of the candidates of all events."""
