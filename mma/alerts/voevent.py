"""Optical transients sent as VOEvent 2.0: Gaia Science Alerts, and ASAS-SN by way of 4 Pi Sky."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from mma.errors import DecodeError, Ignored
from mma.sandbox import root_of
from mma.streams import Message

from .packet import Row, position, signed_flux
from .times import unix_of_iso, unix_of_tdb

SURVEYS = {"gaia.cam.uk/alerts#": "gaia", "voevent.4pisky.org/ASASSN#": "asassn"}
"""Beginning of the ivorn, after ``ivo://``."""

IVORN = re.compile(rb"ivorn\s*=\s*[\"']ivo://([^\"'#]*#)")
DATE_IN_NAME = re.compile(r"^\d{4}-\d\d-\d\d(\.\d+)?_")
"""4 Pi Sky puts the date of detection before the object."""

HEAD_BYTES = 4096
BANDS = {"gaia": "G", "asassn": "V"}
"""ASAS-SN's observed band is told by the name of its parameter: mag_v."""

MAGNITUDES = {"gaia": ("alert-magnitude", "averagemag"), "asassn": ("asassn_params", "mag_v")}
CLOCKS: dict[str, Callable[[str, str], float]] = {"UTC": unix_of_iso, "TDB": unix_of_tdb}
"""Time scale: what stands before the first dash of ``coord_system_id``."""


def survey(payload: bytes) -> str | None:
    """Which optical survey sent this VOEvent; None: another stream."""
    found = IVORN.search(payload[:HEAD_BYTES])
    return SURVEYS.get(found[1].decode("ascii", "replace")) if found else None


def rows(message: Message) -> Iterator[Row | DecodeError]:
    """The one transient of the event."""
    root = parse(message.payload)
    ivorn = str(root.get("ivorn"))
    name = survey(message.payload)
    if name is None:
        raise Ignored(f"VOEvent of another stream: {ivorn[:80]}")
    if root.get("role") != "observation":
        raise Ignored(f"VOEvent with role {str(root.get('role'))[:20]}")
    ra, dec = position(_text(root, ".//Position2D/Value2/C1"), _text(root, ".//Position2D/Value2/C2"), "Position2D")
    group, parameter = MAGNITUDES[name]
    flux, error = _flux(root, group, parameter)
    local = ivorn.rpartition("#")[2]
    time = _time(root)
    told = _parameter(root, "asassn_params", "id_other") or _parameter(root, "asassn_params", "id_assasn")
    yield {
        "id": local,
        "object_id": DATE_IN_NAME.sub("", local),
        "survey": name,
        "ra": ra,
        "dec": dec,
        "time": time,
        "band": BANDS[name] if flux is not None else None,
        "flux_njy": flux,
        "flux_error_njy": error,
        "first_seen": time,
        "aliases": re.split(r"[ ()]+", told) if told and " (" in told else [told or ""],
        "url": next(iter(root.xpath(".//What/Reference/@uri")), None),
    }


def parse(payload: bytes) -> Any:
    """The document's root element, a VOEvent."""
    root = root_of(payload)
    if etree.QName(root).localname != "VOEvent":
        raise DecodeError(f"not a VOEvent: {etree.QName(root).localname[:40]}")
    return root


def _time(root: Any) -> float:
    system = root.find(".//AstroCoords")
    scale = str(system.get("coord_system_id") if system is not None else None).partition("-")[0]
    if scale not in CLOCKS:
        raise DecodeError(f"AstroCoords coord_system_id {scale[:20]!r} is neither UTC nor TDB")
    return CLOCKS[scale](_text(root, ".//TimeInstant/ISOTime"), "ISOTime")


def _text(root: Any, path: str) -> str:
    value = root.findtext(path)
    if not value:
        raise DecodeError(f"VOEvent has no {path.removeprefix('.//')}")
    return str(value)


def _parameter(root: Any, group: str, name: str) -> str | None:
    found = root.xpath(f".//Group[@name='{group}']/Param[@name='{name}']/@value")
    return str(found[0]) if found else None


def _flux(root: Any, group: str, name: str) -> tuple[float | None, float | None]:
    """Total (not difference) flux of the told magnitude; Gaia's G and V are taken for AB (within 0.1 mag)."""
    told = [_parameter(root, group, name), _parameter(root, group, f"{name} error")]
    numbers = [re.match(r"[-+]?\d+(\.\d+)?", t) if t else None for t in told]
    mag, error = (float(n[0]) if n else None for n in numbers)
    return signed_flux(mag, error, 1)
