"""VOEvent 2.0 written: http://www.ivoa.net/documents/VOEvent/20110711/.

Of our own with lxml, which we read it with: voevent-parse does not install on Python 3.12. Its checks, the standard's
schema among them, are in our tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

VOE = "http://www.ivoa.net/xml/VOEvent/v2.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = f"{VOE} {VOE.replace('/v2.0', '')}/VOEvent-v2.0.xsd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One ``<Param>`` of ``<What>``."""

    name: str
    value: str
    unit: str | None = None
    ucd: str | None = None
    kind: str = "string"
    """``string``, ``float`` or ``int``."""

    utype: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One ``<Group>`` of ``<What>``: a list or a table, without a syntax of its own."""

    name: str
    params: tuple[Param, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who is behind a packet; what is not known is left out."""

    title: str | None = None
    short_name: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What the author takes it for."""

    names: tuple[str, ...] = ()
    concept: str | None = None
    probability: float | None = None
    """That the concept holds, 0 to 1."""

    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when it was seen, and from where."""

    ra: float
    dec: float
    radius: float
    """All in degrees."""

    time: datetime
    system: str
    """``UTC-ICRS-TOPO``, ``UTC-FK5-GEO``."""

    observatory: str


def write(
    *,
    ivorn: str,
    role: str,
    author: str,
    date: datetime,
    params: Iterable[Param | Group],
    place: Place | None = None,
    cites: tuple[str, str] | None = None,
    whose: Author | None = None,
    why: Why | None = None,
    page: str | None = None,
) -> bytes:
    """A packet as XML.

    Parameters
    ----------
    ivorn
        Name of the packet: ``ivo://AUTHORITY/STREAM#LOCAL``.
    role
        ``observation``, ``test``, ``prediction`` or ``utility``.
    author
        Name of the author: ``ivo://AUTHORITY``.
    date
        When the packet was made.
    cites
        Name of an earlier packet, and how this one follows it: ``followup``, ``supersedes`` or ``retraction``.
    page
        Where more about it is to be read.
    """
    root = etree.Element(
        f"{{{VOE}}}VOEvent",
        {"version": "2.0", "role": role, "ivorn": ivorn, f"{{{XSI}}}schemaLocation": SCHEMA},
        nsmap={"voe": VOE, "xsi": XSI},
    )
    who = _sub(root, "Who")
    _sub(who, "AuthorIVORN", author)
    _sub(who, "Date", _utc(date))
    if whose is not None:
        _author(who, whose)
    _what(_sub(root, "What"), params)
    if place is not None:
        _where(root, place)
    if why is not None:
        _why(root, why)
    if cites is not None:
        etree.SubElement(_sub(root, "Citations"), "EventIVORN", {"cite": cites[1]}).text = cites[0]
    if page is not None:
        etree.SubElement(root, "Reference", {"uri": page})
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _author(who: Any, whose: Author) -> None:
    told = {
        "title": whose.title,
        "shortName": whose.short_name,
        "contactName": whose.contact_name,
        "contactEmail": whose.contact_email,
    }
    if any(told.values()):
        author = _sub(who, "Author")
        for name, text in told.items():
            if text:
                _sub(author, name, text)


def _what(parent: Any, params: Iterable[Param | Group]) -> None:
    for p in params:
        if isinstance(p, Group):
            _what(etree.SubElement(parent, "Group", {"name": p.name}), p.params)
            continue
        given = {"name": p.name, "value": p.value, "unit": p.unit, "ucd": p.ucd, "dataType": p.kind, "utype": p.utype}
        etree.SubElement(parent, "Param", {name: value for name, value in given.items() if value is not None})


def _why(root: Any, why: Why) -> None:
    parent = _sub(root, "Why")
    for name in why.names:
        _sub(parent, "Name", name)
    if why.concept:
        _sub(parent, "Concept", why.concept)
    if why.concept and why.probability is not None:
        inference = etree.SubElement(parent, "Inference", {"probability": repr(why.probability)})
        _sub(inference, "Concept", why.concept)
    if why.description:
        _sub(parent, "Description", why.description)


def _where(root: Any, place: Place) -> None:
    data = _sub(_sub(root, "WhereWhen"), "ObsDataLocation")
    etree.SubElement(data, "ObservatoryLocation", {"id": place.observatory})
    seen = _sub(data, "ObservationLocation")
    etree.SubElement(seen, "AstroCoordSystem", {"id": place.system})
    coords = etree.SubElement(seen, "AstroCoords", {"coord_system_id": place.system})
    time = etree.SubElement(coords, "Time", {"unit": "s"})
    _sub(_sub(time, "TimeInstant"), "ISOTime", _utc(place.time))
    position = etree.SubElement(coords, "Position2D", {"unit": "deg"})
    _sub(position, "Name1", "RA")
    _sub(position, "Name2", "Dec")
    value = _sub(position, "Value2")
    _sub(value, "C1", repr(float(place.ra)))
    _sub(value, "C2", repr(float(place.dec)))
    _sub(position, "Error2Radius", repr(float(place.radius)))


def _sub(parent: Any, name: str, text: str | None = None) -> Any:
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def _utc(time: datetime) -> str:
    """ISO 8601 in UTC, without a zone, as VOEvent wants it."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat()
