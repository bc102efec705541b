"""A document whose optional fields never cost the notice: what is wrong is read if that is safe, else left out.

Either way a remark says so, and goes with the event. What a notice must have is read with ``need_text`` and by the
decoders themselves: which event it is, and when.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from mma.errors import DecodeError
from mma.streams import Message
from skymaps import positions

from . import fields
from .fields import Document, joined, shown

T = TypeVar("T")
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One object of a document, and what was odd about its fields."""

    document: Document
    path: str = ""
    """Where it stands in the whole document."""
    remarks: list[str] = field(default_factory=list)
    """Shared by all sheets of a document."""

    def __contains__(self, name: str) -> bool:
        return self.document.get(name) is not None

    def value(self, name: str) -> Any:
        """What stands there; None for null, and for text or a list that is empty."""
        value = self.document.get(name)
        is_empty = not value.strip() if isinstance(value, str) else isinstance(value, list) and not value
        return None if is_empty else value

    def needs_text(self, name: str) -> str:
        """Text without which the notice is none."""
        found = self.text(name)
        return found or fields.wrong(joined(self.path, name), self.document.get(name), "where text was expected")

    def text(self, name: str) -> str | None:
        """Text, or a number in its place."""
        return self._one(name, as_text)

    def texts(self, name: str) -> tuple[str, ...]:
        """One text or a list of texts, as GCN's ``id`` and ``event_name`` are."""
        value = self.value(name)
        items = [] if value is None else value if isinstance(value, list) else [value]
        found = (self._tried(joined(self.path, name), item, as_text) for item in items if item is not None)
        return tuple(text for text in found if text)

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """A finite number within bounds."""
        return self._one(name, lambda value, path: as_number(value, path, low, high))

    def right_ascension(self, name: str = "ra") -> float | None:
        """Degrees from 0 to 360 of a number, or of text such as 05h34m31s; a turn too many or too few is taken off."""
        return self._one(name, as_right_ascension)

    def declination(self, name: str = "dec") -> float | None:
        """Degrees of a number, or of text such as +22d00m52s."""
        return self._one(name, as_declination)

    def flag(self, name: str) -> bool | None:
        """True or false."""
        return self._one(name, as_flag)

    def time(self, name: str) -> datetime | None:
        """A date and time."""
        return self._one(name, as_time)

    def section(self, name: str) -> Sheet:
        """An object inside this one; without fields where there is none."""
        value, path = self.document.get(name), joined(self.path, name)
        if value is not None and not isinstance(value, Mapping):
            self.leave(f"{path}: {shown(value)} is not an object")
            value = None
        return Sheet(document=value or {}, path=path, remarks=self.remarks)

    def probabilities(self, name: str) -> dict[str, float]:
        """Class to probability; classes without one are left out."""
        inner = self.section(name)
        found = {key: inner.number(key, 0.0, 1.0) for key in inner.document}
        return {key: value for key, value in found.items() if value is not None}

    def leave(self, reason: object) -> None:
        """Remark that a field is left out."""
        self.remarks.append(f"{reason}: left out")

    def _one(self, name: str, read: Callable[[Any, str], T]) -> T | None:
        value, path = self.value(name), joined(self.path, name)
        if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
            value = value[0]
        return None if value is None else self._tried(path, value, read)

    def _tried(self, path: str, value: Any, read: Callable[[Any, str], T]) -> T | None:
        try:
            found = read(value, path)
        except DecodeError as error:
            self.leave(error)
            return None
        if is_other(value, found):
            self.remarks.append(f"{path}: {shown(value)} read as {shown(found)}")
        return found


def is_other(value: Any, found: Any) -> bool:
    """Whether a value was read as one of another kind, so that a remark is due; digits are text as well."""
    numbers = (int, float)
    if isinstance(value, numbers) and isinstance(found, numbers) and not isinstance(found, bool):
        return bool(value != found and value != 360)  # the same place, written otherwise
    if isinstance(found, str | datetime):
        return False
    kinds = [numbers if isinstance(v, numbers) and not isinstance(v, bool) else type(v) for v in (value, found)]
    return kinds[0] != kinds[1]


def as_text(value: Any, path: str) -> str:
    """Text, or the digits of a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        fields.wrong(path, value, "is not text")
    if isinstance(value, str):
        return value.strip()
    number = fields.as_number(value, path)
    return f"{value:.0f}" if number.is_integer() else repr(value)


def as_number(value: Any, path: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A number, or text that is nothing but one, perhaps with a percent sign."""
    if not isinstance(value, str):
        return fields.as_number(value, path, low, high)
    plain = value.strip().rstrip("%").rstrip()
    number = fields.parse_number(plain, path, -math.inf, math.inf)
    return fields.as_number(number / 100.0 if "%" in value else number, path, low, high)


def as_right_ascension(value: Any, path: str) -> float:
    """Degrees, from 0 to 360."""
    return _angle(value, path, lambda told: positions.right_ascension(told, wraps=True), "right ascension")


def as_declination(value: Any, path: str) -> float:
    """Degrees."""
    return _angle(value, path, positions.declination, "declination")


def _angle(value: Any, path: str, read: Callable[[str | float], float], what: str) -> float:
    told = value.strip() if isinstance(value, str) else fields.as_number(value, path)
    try:
        return read(told)
    except ValueError:
        fields.wrong(path, value, f"is no {what}")


def as_flag(value: Any, path: str) -> bool:
    """True or false, or a word or number for them."""
    found = value if isinstance(value, bool) else WORDS.get(str(value).strip().lower())
    return fields.wrong(path, value, "is neither true nor false") if found is None else found


def as_time(value: Any, path: str) -> datetime:
    """A date and time."""
    return fields.parse_time(value, path) if isinstance(value, str) else fields.wrong(path, value, "is not text")


def issued_of(sheet: Sheet, message: Message, time: datetime | None, name: str = "alert_datetime") -> datetime:
    """When the notice was sent; where it does not tell the time of receipt, else of the trigger."""
    if told := sheet.time(name):
        return told
    if (receipt := fields.received(message)) is not None:
        sheet.remarks.append(f"no {name}: the time of receipt stands in")
        return receipt
    if time is not None:
        sheet.remarks.append(f"no {name}: the trigger time stands in")
        return time
    raise DecodeError(f"{name}: missing, and so is the time of the event")
