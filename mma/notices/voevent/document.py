"""VOEvent 2.0 XML into plain data, with entities, DTDs and the network switched off.

Namespaces differ between senders (``voe:``, a default one, none, http and https): names are matched without
them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml import etree

from mma.errors import DecodeError
from mma.sandbox import root_of
from mma.streams import Message
from skymaps import times

from .. import fields
from ..sheet import Sheet, as_number, issued_of

VERSION = "2.0"
NOTHING = frozenset({"nan", "null", "none", "n/a", "undefined"})
"""Values that say that there is none."""
UNITS_DEG = {"": 1.0, "deg": 1.0, "degrees": 1.0, "degree": 1.0, "arcmin": 1 / 60, "arcsec": 1 / 3600}
FRAMES = frozenset({"FK5", "ICRS"})
"""FK5 at J2000 is ICRS to 0.03 arcsec, far below any error told here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One ``<Param>`` of ``<What>``."""

    value: str
    unit: str
    group: str
    """Name of its ``<Group>``, empty outside."""
    kind: str
    """Type of its ``<Group>``."""

    data_type: str
    utype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One ``<ObsDataLocation>``, its numbers still text."""

    observatory: str
    system: str
    time: str | None
    ra: str | None
    dec: str | None
    error: str | None
    unit: str = ""
    """Of position and error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One VOEvent."""

    ivorn: str
    role: str
    date: str | None
    params: dict[str, Param]
    groups: dict[str, dict[str, Param]]
    """Parameters by the name of their ``<Group>``."""

    places: tuple[Place, ...]
    description: str
    """What ``<WhereWhen>`` says of its coordinates."""
    citations: tuple[tuple[str, str], ...]
    """Pairs of cite and ivorn."""
    remarks: list[str] = field(default_factory=list)
    """What was odd about parameters: they are left out, and never cost the notice."""

    def text(self, name: str) -> str | None:
        """Value of a parameter, None where absent or empty."""
        param = self.params.get(name)
        return (param.value.strip() or None) if param else None

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """Value of a parameter as a number, None where absent, or none within bounds."""
        value = self.text(name)
        if value is None or value.lower() in NOTHING:
            return None
        try:
            return as_number(value, f"Param {name}", low, high)
        except DecodeError as error:
            self.leave(error)
            return None

    def leave(self, reason: object) -> None:
        """Remark that something is left out."""
        self.remarks.append(f"{reason}: left out")

    def flag(self, *names: str) -> bool:
        """Whether any of these parameters says true."""
        return any((self.text(name) or "").lower() in ("true", "1") for name in names)

    def degrees(self, name: str) -> float | None:
        """An angle in the unit that the parameter tells."""
        value = self.number(name)
        if value is None:
            return None
        unit = self.params[name].unit.strip().lower()
        if unit not in UNITS_DEG:
            self.leave(f"Param {name} unit: {unit!r} is not a unit of angle")
            return None
        return value * UNITS_DEG[unit]

    def issued(self, message: Message, time: datetime | None) -> datetime:
        """When the notice was sent; where that cannot be read, when it was received, or when it happened."""
        sheet = Sheet(document={"Who.Date": self.date}, remarks=self.remarks)
        return issued_of(sheet, message, time, "Who.Date")

    def numbered(self) -> tuple[str | None, int | None]:
        """Series of the notice and its place in it: each stream counts the notices of each type of a trigger."""
        number = self.number("Pkt_Ser_Num")
        if number is None:
            return None, None
        return f"{self.ivorn.partition('#')[0]} {self.text('Packet_Type')}", round(number)


def read(payload: bytes) -> Packet:
    """The VOEvent in these bytes."""
    root = root_of(payload)
    if etree.QName(root).localname != "VOEvent":
        raise DecodeError(f"XML, but not a VOEvent: its root is {etree.QName(root).localname}")
    if root.get("version") != VERSION:
        fields.wrong("VOEvent version", root.get("version"), f"where {VERSION} was expected")
    if not root.get("ivorn"):
        fields.wrong("VOEvent ivorn", root.get("ivorn"), "where the notice's name was expected")
    params: dict[str, Param] = {}
    groups: dict[str, dict[str, Param]] = {}
    for element in root.findall("{*}What//{*}Param"):
        if name := element.get("name"):
            param = _param(element)
            params.setdefault(name, param)
            groups.setdefault(param.group, {}).setdefault(name, param)
    return Packet(
        ivorn=root.get("ivorn").strip(),
        role=root.get("role", "observation"),
        date=_text(root, "{*}Who/{*}Date"),
        params=params,
        groups=groups,
        places=tuple(_place(e) for e in root.findall("{*}WhereWhen/{*}ObsDataLocation")),
        description=_text(root, "{*}WhereWhen/{*}Description") or _text(root, "{*}WhereWhen//{*}Description") or "",
        citations=tuple(
            (e.get("cite", ""), (e.text or "").strip()) for e in root.findall("{*}Citations/{*}EventIVORN")
        ),
    )


def when(place: Place) -> datetime:
    """Time of a place in UTC, whatever its scale."""
    time = fields.parse_time(place.time or "", "ISOTime")
    scale = next((word for word in place.system.upper().split("-") if word in times.SCALES), "UTC")
    return times.to_utc(time, scale)


def position(place: Place) -> tuple[float, float]:
    """Right ascension and declination in degrees."""
    words = set(place.system.upper().split("-")) - {""}
    if words and not words & FRAMES:
        fields.wrong("AstroCoordSystem", place.system, "is neither FK5 nor ICRS")
    if place.unit not in ("", "deg"):
        fields.wrong("Position2D unit", place.unit, "is not deg")
    ra = fields.parse_number(place.ra or "", "Position2D C1 (ra)", 0.0, 360.0)
    return ra % 360.0, fields.parse_number(place.dec or "", "Position2D C2 (dec)", -90.0, 90.0)


def _param(element: Any) -> Param:
    group = element.getparent()
    inside = group is not None and etree.QName(group).localname == "Group"
    return Param(
        value=element.get("value") or "",
        unit=element.get("unit") or "",
        group=(group.get("name") or "") if inside else "",
        kind=(group.get("type") or "") if inside else "",
        data_type=element.get("dataType") or "",
        utype=element.get("utype") or "",
    )


def _place(element: Any) -> Place:
    where = element.find("{*}ObservationLocation")
    observatory = element.find("{*}ObservatoryLocation")
    if where is None:
        return Place(observatory="", system="", time=None, ra=None, dec=None, error=None)
    system = where.find("{*}AstroCoordSystem")
    spot = where.find("{*}AstroCoords/{*}Position2D")
    unit = "" if spot is None else spot.get("unit") or ""
    return Place(
        observatory=(observatory.get("id") or "") if observatory is not None else "",
        system=(system.get("id") or "") if system is not None else "",
        time=_text(where, "{*}AstroCoords/{*}Time/{*}TimeInstant/{*}ISOTime"),
        ra=_text(where, "{*}AstroCoords/{*}Position2D/{*}Value2/{*}C1"),
        dec=_text(where, "{*}AstroCoords/{*}Position2D/{*}Value2/{*}C2"),
        error=_text(where, "{*}AstroCoords/{*}Position2D/{*}Error2Radius"),
        unit=unit.strip(),
    )


def _text(element: Any, path: str) -> str | None:
    found = element.findtext(path)
    return (found.strip() or None) if found else None
