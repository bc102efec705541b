"""What a gamma-ray alert must be before it leaves: more than what we take in from others.

The schema says what a valid alert is. Beyond it an alert that is sent has times with a zone, an ellipse named the right
way round, a flux with its energy range, and no time that is still to come; and our own engine can read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from coincidence import Event
from mma.errors import DecodeError, Ignored
from mma.streams import Message

from .. import fields
from ..fields import Document
from . import alert, voevent
from .schema import TIMES, validate

CLOCK = timedelta(seconds=60)
"""Error of a clock that we put up with."""

BEGINNINGS = ("trigger_time", "observation_start")
ZONE = re.compile(r"(?i)\d\s*(z|utc|gmt|[+-]\d\d(:?\d\d)?)$")
FLUXES = ("flux", "flux_upper_limit")
Decode = Callable[[Message], Event]
DECODERS: dict[str, Decode] = {"json": alert.check, "voevent": voevent.check}


def problems(document: Document, now: datetime | None = None) -> list[str]:
    """Everything that is wrong with an alert that is to be sent, field by field; empty where nothing is.

    Parameters
    ----------
    now
        The time, aware; None where the alert is not of now, as in a simulation.

    Examples
    --------
    >>> alert = {"$schema": "urn:mma:gamma:1", "mission": "CTAO", "id": "1", "alert_type": "retraction"}
    >>> problems(alert | {"alert_datetime": "2026-03-01T00:00:00"})[0]
    "alert_datetime: '2026-03-01T00:00:00' has no time zone; write Z behind it for UTC"
    """
    found = validate(dict(document))
    checks = (_claim, _zones, _shape, _flux, _exposure)
    return found or [*(problem for check in checks for problem in check(document)), *_clock(document, now)]


def read_back(payload: bytes, form: str) -> Event | None:
    """The event that our own engine makes of an alert as it is sent; None for an upper limit, which is none.

    Raises
    ------
    DecodeError
        It would be set aside, or something in it left out, and why.
    """
    try:
        return DECODERS[form](Message(payload=payload, topic="mma.gamma"))
    except Ignored:
        return None


def _claim(document: Document) -> Iterator[str]:
    """Limits are no events: as an update one would change nothing."""
    if document["alert_type"] == "update" and not alert.is_detection(document):
        name = "detection" if "detection" in document else "flux_upper_limit"
        yield f"{name}: an update without a detection leaves the event as it is; retract it"


def _zones(document: Document) -> Iterator[str]:
    for name in TIMES:
        if name in document and not ZONE.search(document[name].strip()):
            yield f"{name}: {document[name]!r} has no time zone; write Z behind it for UTC"


def _shape(document: Document) -> Iterator[str]:
    axes = document.get("ra_dec_error")
    if isinstance(axes, list) and len(axes) > 1 and axes[0] < axes[1]:
        yield f"ra_dec_error: the semi-major axis, {axes[0]:g}, is smaller than the semi-minor one, {axes[1]:g}"


def _flux(document: Document) -> Iterator[str]:
    for name in FLUXES:
        if name in document and "energy_range_tev" not in document:
            yield f"energy_range_tev: missing, and {name} needs it"


def _exposure(document: Document) -> Iterator[str]:
    """A livetime that does not fit between the beginning and the end, or the message that tells of it."""
    livetime, begun = document.get("observation_livetime"), fields.maybe_time(document, "observation_start")
    ended = fields.maybe_time(document, "observation_stop")
    if not isinstance(livetime, int | float) or begun is None:
        return
    name = "alert_datetime" if ended is None else "observation_stop"
    lasted = ((ended or fields.time(document, "alert_datetime")) - begun).total_seconds()
    if livetime > lasted + CLOCK.total_seconds() * (ended is None):
        yield f"observation_livetime: {livetime:g} s is more than the {lasted:g} s from observation_start to {name}"


def _clock(document: Document, now: datetime | None) -> Iterator[str]:
    """Times that are still to come, and beginnings after the message that tells of them."""
    issued = fields.time(document, "alert_datetime")
    if now is not None:
        for name in ("alert_datetime", *BEGINNINGS):
            time = fields.maybe_time(document, name)
            if time is not None and time > now + CLOCK:
                yield f"{name}: {document[name]} is in the future; it is {now:%Y-%m-%dT%H:%M:%SZ} now"
    for name in BEGINNINGS:
        time = fields.maybe_time(document, name)
        if time is not None and time > issued + CLOCK:
            yield f"{name}: {document[name]} is after alert_datetime, {document['alert_datetime']}"


__all__ = ["DecodeError", "problems", "read_back"]
