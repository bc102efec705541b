"""A gamma-ray alert with faults, made one that its schema allows: fields are read if that is safe, else left out."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from mma.errors import DecodeError
from mma.streams import Message

from ..fields import Document, shown
from ..sheet import Sheet, as_declination, as_flag, as_number, as_right_ascension, as_text, issued_of
from .schema import properties, validate

NEEDED = frozenset({"$schema", "mission", "id"})
"""Which event it is. When it was, one of two fields tells: ``one of trigger_time, observation_start``."""

NEEDS = re.compile(r"\w+: missing, and (\w+) needs it")
REHEARSED = re.compile(r"test|drill|mock|rehears|inject|simul", re.IGNORECASE)
"""Tenses that no schema has and that say that an alert is none."""

NAME = re.compile(r"[$\w]+")
PERCENT = 50.0
DEFAULT_CONTAINMENT = 0.9
"""GCN's, for an error without one."""

READERS: dict[str, Callable[[Any, str], Any]] = {
    "number": as_number,
    "integer": as_number,
    "string": as_text,
    "boolean": as_flag,
}
ANGLES = {"ra": as_right_ascension, "dec": as_declination}


def readable(document: Document, message: Message) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The alert without its faults, and what they were.

    Raises
    ------
    DecodeError
        Where it does not say which event it is, or when.
    """
    sheet = Sheet(document=dict(document))
    found = {name: value for name, value in document.items() if not _is_nothing(name, value, sheet)}
    for _ in range(2 * len(document) + 5):
        problems = validate(found)
        if not any(_mended(problem, found, sheet, message) for problem in problems):
            break
    if left := [p for p in problems if not p.startswith("one of ra_dec_error")]:
        raise DecodeError("; ".join(left))
    return found, tuple(dict.fromkeys(sheet.remarks))


def _is_nothing(name: str, value: Any, sheet: Sheet) -> bool:
    """Whether a field is there and says nothing: blank text, or a number beyond all that computers hold."""
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        sheet.leave(f"{name}: {shown(value)} is not a finite number")
        return True
    return isinstance(value, str) and not value.strip()


def _mended(problem: str, document: dict[str, Any], sheet: Sheet, message: Message) -> bool:
    """Mend one fault; whether that was possible."""
    if problem.endswith("missing, and ra_dec_error needs it") and problem.startswith("containment"):
        document["containment_probability"] = DEFAULT_CONTAINMENT
        sheet.remarks.append(f"no containment of the error told: {DEFAULT_CONTAINMENT:g} taken")
        return True
    needs, named = NEEDS.match(problem), NAME.match(problem)
    name = needs[1] if needs else named[0] if named else ""
    if name == "alert_datetime":
        time = sheet.time("trigger_time") or sheet.time("observation_start")
        document[name] = issued_of(sheet, message, time, name).isoformat().replace("+00:00", "Z")
        return True
    if name == "alert_type" and (document.get(name) or not {"ra", "healpix_file"}.isdisjoint(document)):
        told = str(document.get(name))
        document[name] = _word(name, told) or ("retraction" if "retract" in told.lower() else "initial")
        sheet.remarks.append(f"{problem}: read as {document[name]}")
        return True
    if name not in document or name in NEEDED - {"id", "mission"}:
        return False
    return _read_or_left(name, problem, document, sheet, needs is not None)


def _read_or_left(name: str, problem: str, document: dict[str, Any], sheet: Sheet, is_alone: bool) -> bool:
    value = document[name]
    if name == "containment_probability" and isinstance(value, int | float) and PERCENT <= value < 100.0:
        document[name] = value / 100.0
        sheet.remarks.append(f"{name}: {value:g} read as percent")
        return True
    if isinstance(value, list) and len(value) == 1 and "array" not in _kinds(name):
        value = value[0]
    if name == "alert_tense" and REHEARSED.search(str(value)):
        document[name] = "test"
        sheet.remarks.append(f"{name}: {shown(value)} read as a test")
        return True
    for kind in () if is_alone else _kinds(name):
        try:
            read = _word(name, value) or (ANGLES.get(name) or READERS[kind])(value, name)
        except (KeyError, DecodeError):
            continue
        if type(read) is not type(document[name]) or read != document[name]:
            document[name] = round(read) if kind == "integer" and isinstance(read, float) else read
            sheet.remarks.append(f"{name}: {shown(value)} read as {shown(document[name])}")
            return True
    if name in NEEDED:
        return False
    del document[name]
    sheet.leave(problem)
    return True


def _word(name: str, value: Any) -> str | None:
    """The schema's word that this is in another case."""
    words = properties().get(name, {}).get("enum", ())
    return next((w for w in words if isinstance(value, str) and w.casefold() == value.strip().casefold()), None)


@cache
def _kinds(name: str) -> tuple[str, ...]:
    """JSON types that a field may have."""
    rule = properties().get(name, {})
    options = [rule, *rule.get("anyOf", ()), *rule.get("oneOf", ())]
    found = [kind for option in options if (kind := option.get("type"))]
    return tuple(k for kind in found for k in ([kind] if isinstance(kind, str) else kind))
