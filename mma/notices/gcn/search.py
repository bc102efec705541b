"""IceCube's searches for neutrinos around superevents of LVK: every neutrino found is an event that follows one.

Schema: https://gcn.nasa.gov/schema/main/gcn/notices/icecube/lvk_nu_track_search.schema.json
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored

from .. import fields, names
from ..regions import Where
from ..sheet import Sheet
from . import region
from .missions import ICECUBE

HERE = "coincident_events"
P_VALUES = {"event_pval_generic": "generic", "event_pval_bayesian": "Bayesian"}
"""Of the two searches; null where one was not run."""


def decode(
    sheet: Sheet, *, issued: datetime, stage: Stage, follows: str | None, notice: str, is_test: bool
) -> tuple[Event, ...]:
    """The neutrinos, that with the least p-value told first. One that cannot be read costs none of the others."""
    rows = sheet.value(HERE)
    if rows is None:
        raise Ignored("IceCube search around a superevent found no neutrino")
    rows = rows if isinstance(rows, list) else [rows]
    start, found = _start(sheet), []
    for i, row in enumerate(rows):
        if isinstance(row, Mapping):
            found.append(_neutrino(Sheet(document=row, path=HERE), start, issued, stage, notice))
        else:
            sheet.leave(f"{HERE}[{i}]: {fields.shown(row)} is no neutrino")
    if not found:
        fields.wrong(HERE, rows, "is not a list of neutrinos")
    found.sort(key=lambda pair: pair[0])
    return tuple(
        replace(
            event,
            is_test=is_test or names.is_test_superevent(follows),
            follows=follows,
            remarks=(*sheet.remarks, *event.remarks, f"number {n} by p-value of {len(found)} found by the search"),
        )
        for n, (_, event) in enumerate(found, 1)
    )


def _start(sheet: Sheet) -> datetime:
    """The time of the superevent; where it is not told the middle of the search, which lies evenly around it."""
    if (told := sheet.time("trigger_time")) is not None:
        return told
    begin, end = sheet.time("observation_start"), sheet.time("observation_stop")
    if begin is None or end is None:
        return fields.time(sheet.document, "trigger_time")
    sheet.remarks.append("no trigger_time: the middle of the search stands in")
    return begin + (end - begin) / 2


def _neutrino(sheet: Sheet, start: datetime, issued: datetime, stage: Stage, notice: str) -> tuple[float, Event]:
    """The least p-value told of one neutrino, and its event."""
    told = {word: p for name, word in P_VALUES.items() if (p := sheet.number(name, 0.0, 1.0)) is not None}
    time = start + timedelta(seconds=sheet.number("event_dt", -1e6, 1e6) or 0.0)
    own = names.event_id("IceCube", None, next(iter(sheet.texts("id")), None), time)
    if own is None:
        raise DecodeError(f"{HERE}.id: missing")
    place = sheet.section("localization")
    retracted = stage is Stage.RETRACTION
    where = Where() if retracted else region.shape(place if place.document else sheet, ICECUBE, stage)
    values = ", ".join(f"{word} {p:g}" for word, p in told.items())
    event = Event(
        id=own,
        messenger=Messenger.NEUTRINO,
        kind=Kind.NEUTRINO,
        observatory="IceCube",
        issued=issued,
        stage=stage,
        time=time,
        region=where.region,
        is_guess=where.is_guess,
        notice=notice,
        remarks=(*sheet.remarks, *where.remarks, *((f"p-value: {values}",) if values else ())),
    )
    return min(told.values(), default=math.inf), event
