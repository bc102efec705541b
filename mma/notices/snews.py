"""SNEWS 2.0: coincident neutrino bursts as the supernova early warning system sends them over Hopskotch.

A coincidence (snews_cs, class ``CoincidenceTierAlert``) has an ``alert_type``, ``detector_names``,
``neutrino_times`` and ``p_values``; it has a time and no position. Its ``id`` holds the wall clock of the
sender, another one in every update, so the event is named by the second of its first neutrino: the times are
what updates share. What single detectors send to SNEWS (observations, heartbeats) is no alert.
"""

from __future__ import annotations

from datetime import datetime

import skymaps
from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.streams.message import Message

from . import fields
from .fields import Document

SENT = ("sent_time", "sent_time_utc", "machine_time")
SINGLE = ("neutrino_time", "neutrino_time_utc", "timing_series", "detector_status", "machine_time")
TEST_WORD = "TEST"
STAGE_WORDS = (("RETRACT", Stage.RETRACTION), ("UPDATE", Stage.UPDATE))
FAR_FIELDS = ("false_alarm_rate", "far")


def decode(message: Message) -> Event:
    """The supernova that one SNEWS coincidence alert tells of."""
    document = fields.unwrapped(fields.parse_json(message.payload))
    if "neutrino_times" not in document:
        raise Ignored(_why_not(document))
    times = sorted(fields.parse_time(text, "neutrino_times") for text in fields.texts(document, "neutrino_times"))
    if not times:
        raise DecodeError("neutrino_times: [] where at least one time was expected")
    kind = fields.maybe_text(document, "alert_type") or ""
    stage = next((stage for word, stage in STAGE_WORDS if word in kind.upper()), Stage.INITIAL)
    sender_id = fields.maybe_text(document, "id") or fields.maybe_text(document, "_id")
    is_test = is_test_message(document)
    return Event(
        id=f"SNEWS-{times[0]:%Y%m%dT%H%M%S}",
        messenger=Messenger.NEUTRINO,
        kind=Kind.SUPERNOVA,
        observatory="SNEWS",
        issued=_issued(document, times[-1]),
        stage=stage,
        time=times[0],
        region=None if stage is Stage.RETRACTION else skymaps.all_sky(),
        notice=fields.digest(message),
        aliases=(sender_id,) if sender_id else (),
        instruments=fields.texts(document, "detector_names"),
        far_hz=next((v for f in FAR_FIELDS if (v := fields.maybe_number(document, f, low=0.0))), None),
        is_test=is_test,
        remarks=() if stage is Stage.RETRACTION else ("neutrinos tell a time and no position: the whole sky",),
    )


def is_snews(document: Document) -> bool:
    """Whether an object looks like one of SNEWS's messages."""
    coincidence = {"neutrino_times", "detector_names"} <= document.keys()
    return coincidence or ("machine_time" in document and "is_test" in document)


def is_test_message(document: Document) -> bool:
    """``TEST`` in the type, or ``is_test``, which detectors send as true or as the text ``"True"``."""
    flag = document.get("is_test", False)
    if not isinstance(flag, bool | str):
        fields.wrong("is_test", flag, "is neither true nor false")
    told = flag if isinstance(flag, bool) else flag.strip().lower() == "true"
    return told or TEST_WORD in (fields.maybe_text(document, "alert_type") or "").upper()


def _why_not(document: Document) -> str:
    if any(name in document for name in SINGLE[:3]):
        return "one detector's observation: no SNEWS coincidence"
    if "machine_time" in document:
        return "SNEWS heartbeat"
    return "no SNEWS coincidence: neutrino_times is missing"


def _issued(document: Document, last: datetime) -> datetime:
    return next((t for name in SENT if (t := fields.maybe_time(document, name))), last)
