"""SNEWS 2.0: coincident neutrino bursts as the supernova early warning system sends them, over Hopskotch or GCN.

A coincidence (snews_cs, class ``CoincidenceTierAlert``) has an ``alert_type``, ``detector_names``,
``neutrino_times`` and ``p_values``; it has a time and no position. Its ``id`` holds the wall clock of the
sender, another one in every update, so the event is named by the second of its first neutrino: the times are
what updates share. What single detectors send to SNEWS (observations, heartbeats) is no alert.

GCN's form (https://github.com/nasa-gcn/gcn-schema/pull/352, a draft) has the same in the words of the unified schema:
``event_times_utc``, ``tier_data``, ``snews2_tier``; in an earlier draft its core fields stand in sections of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import skymaps
from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.streams import Message

from . import fields
from .fields import Document
from .sheet import Sheet, as_time, issued_of

SENT = ("sent_time", "sent_time_utc", "alert_datetime", "machine_time")
TIMES = ("neutrino_times", "event_times_utc", "trigger_time")
SINGLE = ("neutrino_time", "neutrino_time_utc", "timing_series")
SINGLE_TIERS = ("significance", "timing", "retraction")
HEARTBEAT = "SNEWS heartbeat"
TEST_WORD = "TEST"
STAGE_WORDS = (("RETRACT", Stage.RETRACTION), ("UPDATE", Stage.UPDATE))
FAR_FIELDS = ("false_alarm_rate", "far")
SECTIONS = ("alert", "event", "reporter", "datetime", "statistics")
MISSIONS = ("SNEWS", "SNEWS2", "SNEWS 2.0")


def decode(message: Message) -> Event:
    """The supernova that one SNEWS coincidence alert tells of."""
    sheet = Sheet(document=_flat(fields.unwrapped(fields.parse_json(message.payload))))
    _refuse_single(sheet)
    kind = " ".join(word for name in ("alert_type", "id", "_id") if (word := sheet.text(name))).upper()
    stage = next((stage for word, stage in STAGE_WORDS if word in kind), Stage.INITIAL)
    times = _times(sheet)
    retracted = stage is Stage.RETRACTION
    sender_id = sheet.text("id") or sheet.text("_id")
    number = sheet.number("record_number")
    region = None if retracted else skymaps.all_sky()
    remarks = () if retracted else ("neutrinos tell a time and no position: the whole sky",)
    return Event(
        id=f"SNEWS-{times[0]:%Y%m%dT%H%M%S}",
        messenger=Messenger.NEUTRINO,
        kind=Kind.SUPERNOVA,
        observatory="SNEWS",
        issued=_issued(sheet, message, times[-1]),
        stage=stage,
        time=times[0],
        region=region,
        notice=fields.digest(message),
        aliases=(sender_id,) if sender_id else (),
        instruments=sheet.texts("detector_names"),
        far_hz=next((v for f in FAR_FIELDS if (v := sheet.number(f, low=0.0)) is not None), None),
        is_test=_is_test(sheet, kind),
        series=None if number is None else "snews",
        number=None if number is None else round(number),
        remarks=(*dict.fromkeys(sheet.remarks), *remarks),
    )


def is_snews(document: Document) -> bool:
    """Whether an object looks like one of SNEWS's messages."""
    if "snews2_tier" in document or document.get("mission") in MISSIONS:
        return True
    return "neutrino_times" in document or ("machine_time" in document and "is_test" in document)


def _flat(document: Document) -> Document:
    """The fields of an early draft's sections beside the others."""
    inner = {k: v for s in SECTIONS if isinstance(document.get(s), Mapping) for k, v in document[s].items()}
    return {**inner, **document}


def _times(sheet: Sheet) -> list[datetime]:
    """Of the neutrinos, sorted; those that cannot be read are left out, but for the last one."""
    name = next((name for name in TIMES if sheet.value(name) is not None), None)
    if name is None:
        raise DecodeError("neutrino_times: missing in a SNEWS coincidence")
    value = sheet.value(name)
    found, errors = [], []
    for item in value if isinstance(value, list) else [value]:
        try:
            found.append(as_time(item, name))
        except DecodeError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    for complaint in errors:
        sheet.leave(complaint)
    return sorted(found)


def _is_test(sheet: Sheet, kind: str) -> bool:
    """``TEST`` in type or id, a tense, or ``is_test``, which detectors send as true or as the text ``"True"``."""
    tense = (sheet.text("alert_tense") or "").lower()
    drill = bool(sheet.flag("is_test") or sheet.flag("is_firedrill"))
    return drill or tense in ("test", "injection") or TEST_WORD in kind


def _refuse_single(sheet: Sheet) -> None:
    """Raise ``Ignored`` for what one detector says, whose messages lack the coincidence's fields."""
    tier = (sheet.text("snews2_tier") or sheet.text("tier") or "").lower()
    if tier.startswith("heartbeat"):
        raise Ignored(HEARTBEAT)
    if tier.startswith(SINGLE_TIERS) or ("neutrino_times" not in sheet and any(name in sheet for name in SINGLE)):
        raise Ignored("one detector's observation: no SNEWS coincidence")
    if "machine_time" in sheet and not any(name in sheet for name in TIMES):
        raise Ignored(HEARTBEAT)


def _issued(sheet: Sheet, message: Message, last: datetime) -> datetime:
    name = next((name for name in SENT if sheet.value(name) is not None), None)
    return last if name is None else issued_of(sheet, message, last, name)
