"""Documents that we made ourselves, for a clone without the recorded data; and the recorded messages."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import skymaps
from coincidence.event import Event
from mma.errors import DecodeError, Ignored
from mma.notices import decode
from mma.streams.message import Message

VOEVENT = """<?xml version="1.0" encoding="UTF-8"?>
<voe:VOEvent ivorn="{ivorn}" role="{role}" version="{version}"
 xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<Who><AuthorIVORN>ivo://example/us</AuthorIVORN><Date>{date}</Date></Who>
<What>{params}{groups}</What>
<WhereWhen><ObsDataLocation><ObservatoryLocation id="GEOLUN"/><ObservationLocation>
<AstroCoordSystem id="{system}"/><AstroCoords coord_system_id="{system}">
<Time unit="s"><TimeInstant><ISOTime>{time}</ISOTime></TimeInstant></Time>
<Position2D unit="{unit}"><Name1>RA</Name1><Name2>Dec</Name2><Value2><C1>{ra}</C1><C2>{dec}</C2></Value2>
<Error2Radius>{error}</Error2Radius></Position2D></AstroCoords></ObservationLocation></ObsDataLocation>
</WhereWhen>{citations}</voe:VOEvent>"""


@pytest.fixture(scope="session")
def said() -> Callable[..., Message]:
    """A message of these bytes, this text, or this document as JSON."""

    def make(content: Any, **more: Any) -> Message:
        if isinstance(content, str):
            content = content.encode()
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        return Message(payload=payload, topic="test", **more)

    return make


@pytest.fixture(scope="session")
def voevent(said: Callable[..., Message]) -> Callable[..., Message]:
    """A VOEvent of GCN Classic's build; ``params`` maps a name to a value or to (value, unit)."""

    def param(name: str, value: Any) -> str:
        value, unit = value if isinstance(value, tuple) else (value, "")
        return f'<Param name="{name}" value="{value}" unit="{unit}"/>'

    def make(packet: int | None = 112, *, params: dict[str, Any] | None = None, **given: Any) -> Message:
        told = ({} if packet is None else {"Packet_Type": packet, "TrigID": "524666471"}) | (params or {})
        text = {
            "ivorn": "ivo://nasa.gsfc.gcn/Fermi#GBM_Gnd_Pos_2017-08-17T12:41:06.47_524666471_57-431",
            "role": "observation",
            "version": "2.0",
            "date": "2017-08-17T12:41:43",
            "time": "2017-08-17T12:41:06.47",
            "system": "UTC-FK5-GEO",
            "unit": "deg",
            "ra": "186.62",
            "dec": "-48.84",
            "error": "17.45",
            "groups": "",
            "citations": "",
        } | given
        text["params"] = "".join(param(name, value) for name, value in told.items())
        return said(VOEVENT.format(**text))

    return make


@pytest.fixture(scope="session")
def fits() -> bytes:
    """A small multi-order FITS map: 90 % within 5 degrees of (10, 20)."""
    return skymaps.write_fits(skymaps.as_skymap(skymaps.circle(10.0, 20.0, 5.0)))


@pytest.fixture(scope="session")
def igwn_document(fits: bytes) -> dict[str, Any]:
    """A public alert of the kind LVK sends, with invented numbers."""
    return {
        "alert_type": "INITIAL",
        "time_created": "2027-03-01T02:05:00Z",
        "superevent_id": "S270301ab",
        "urls": {"gracedb": "https://gracedb.ligo.org/superevents/S270301ab/view/"},
        "event": {
            "time": "2027-03-01T02:00:00.250Z",
            "far": 1e-9,
            "significant": True,
            "instruments": ["H1", "L1"],
            "group": "CBC",
            "pipeline": "gstlal",
            "search": "AllSky",
            "properties": {"HasNS": 0.9, "HasRemnant": None},
            "classification": {"BNS": 0.8, "Terrestrial": 0.2},
            "skymap": base64.b64encode(fits).decode(),
        },
        "external_coinc": None,
    }


@pytest.fixture(scope="session")
def gcn_document() -> dict[str, Any]:
    """A notice of GCN's unified schema, GBM's ground position, with invented numbers."""
    return {
        "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/fermi/gbm/trigger.schema.json",
        "mission": "Fermi",
        "instrument": "GBM",
        "alert_datetime": "2027-03-01T02:00:40",
        "alert_tense": "current",
        "alert_type": "update",
        "id": ["826000000", "bn270301083"],
        "trigger_time": "2027-03-01T02:00:00.5",
        "subtype": "GROUND_POSITION",
        "ra": 120.0,
        "dec": -30.0,
        "ra_dec_error": 4.0,
        "containment_probability": 0.68,
        "systematic_included": False,
    }


@pytest.fixture(scope="session")
def gamma_document() -> dict[str, Any]:
    """A gamma-ray alert of our schema, with invented numbers."""
    return {
        "$schema": "urn:mma:gamma:1",
        "mission": "CTAO",
        "array": "N",
        "instrument": "LST-1",
        "id": "20270301-7",
        "event_name": "GRB 270301A",
        "alert_type": "initial",
        "alert_datetime": "2027-03-01T02:10:20Z",
        "trigger_time": "2027-03-01T02:10:00Z",
        "ra": 83.6,
        "dec": 22.0,
        "ra_dec_error": 0.05,
        "containment_probability": 0.68,
        "source_class": "grb_follow_up",
        "follow_up_event": "Fermi 826000000",
        "significance": 7.0,
        "significance_post_trial": 6.1,
        "n_trials": 3,
        "flux": 1e-10,
        "flux_unit": "ph/cm2/s",
    }


Outcome = Event | Ignored | DecodeError
FOLDERS = ("lvk-kafka", "gcn-json", "gcn-json-gwcelery", "voevent", "snews", "igwn-alert-internal", "gracedb",
           "hermes", "hopskotch")  # fmt: skip


def recorded(data: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each recorded message, the archives' members one by one."""
    for folder in FOLDERS:
        for path in sorted((data / folder).rglob("*")):
            if path.is_file():
                yield str(path.relative_to(data)), path.read_bytes()
    circulars = (data / "circulars" / "gcn-circulars.jsonl").read_bytes()
    for number, line in enumerate((*circulars.splitlines(), circulars)):
        yield f"circulars/{number}", line
    for archive in sorted((data / "streams").glob("*.tar.gz")):
        with tarfile.open(archive) as members:
            for member in members:
                if member.isfile():
                    yield f"{archive.name.split('.')[0]}/{member.name}", members.extractfile(member).read()


def outcome(payload: bytes) -> Outcome:
    try:
        return decode(Message(payload=payload, topic="test"))
    except (Ignored, DecodeError) as end:
        return end


@pytest.fixture(scope="session")
def outcomes(data: Path) -> dict[str, tuple[bytes, Outcome]]:
    """By file name: the bytes, and what they ended as."""
    return {name: (payload, outcome(payload)) for name, payload in recorded(data)}
