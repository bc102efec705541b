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

from . import fields, gcn_region, names
from .gcn_sources import ICECUBE
from .sheet import Sheet

HERE = "coincident_events"
P_VALUES = {"event_pval_generic": "generic", "event_pval_bayesian": "Bayesian"}
"""Of the two searches; null where one was not run."""


def decode(sheet: Sheet, *, issued: datetime, notice: str, is_test: bool) -> tuple[Event, ...]:
    """The neutrinos, that with the least p-value told first."""
    rows = sheet.value(HERE)
    if rows is None:
        raise Ignored("IceCube search around a superevent found no neutrino")
    rows = rows if isinstance(rows, list) else [rows]
    if not all(isinstance(row, Mapping) for row in rows):
        fields.wrong(HERE, rows, "is not a list of neutrinos")
    start = fields.time(sheet.document, "trigger_time")
    found = [_neutrino(Sheet(document=row, path=HERE), start, issued, notice) for row in rows]
    found.sort(key=lambda pair: pair[0])
    follows = sheet.text("ref_ID")
    return tuple(
        replace(
            event,
            is_test=is_test or names.is_test_superevent(follows),
            follows=follows,
            remarks=(*sheet.remarks, *event.remarks, f"number {n} by p-value of {len(found)} found by the search"),
        )
        for n, (_, event) in enumerate(found, 1)
    )


def _neutrino(sheet: Sheet, start: datetime, issued: datetime, notice: str) -> tuple[float, Event]:
    """The least p-value told of one neutrino, and its event."""
    told = {word: p for name, word in P_VALUES.items() if (p := sheet.number(name, 0.0, 1.0)) is not None}
    time = start + timedelta(seconds=sheet.number("event_dt", -1e6, 1e6) or 0.0)
    own = names.event_id("IceCube", None, next(iter(sheet.texts("id")), None), time)
    if own is None:
        raise DecodeError(f"{HERE}.id: missing")
    place = sheet.section("localization")
    where = gcn_region.shape(place if place.document else sheet, ICECUBE, Stage.INITIAL)
    values = ", ".join(f"{word} {p:g}" for word, p in told.items())
    event = Event(
        id=own,
        messenger=Messenger.NEUTRINO,
        kind=Kind.NEUTRINO,
        observatory="IceCube",
        issued=issued,
        stage=Stage.INITIAL,
        time=time,
        region=where.region,
        is_guess=where.is_guess,
        notice=notice,
        remarks=(*sheet.remarks, *where.remarks, *((f"p-value: {values}",) if values else ())),
    )
    return min(told.values(), default=math.inf), event
