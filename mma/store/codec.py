"""Events as JSON documents and back. Maps are kept apart, by their sha256."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import skymaps
from coincidence import Event, ExternalCoincidence, Kind, Messenger, Stage, gamma
from skymaps import Region, SkyMap

Document = dict[str, Any]


def event_document(event: Event) -> Document:
    """A JSON-able record of an event; a map is named by its sha256."""
    document = {name: getattr(event, name) for name in _PLAIN}
    document["time"] = event.time.isoformat() if event.time else None
    document["issued"] = event.issued.isoformat()
    document["classes"] = dict(event.classes)
    document["gamma"] = event.gamma.told if event.gamma is not None else None
    document["external"] = [asdict(e) for e in event.external]
    document["region"] = event.region.to_dict() if event.region is not None else None
    return document


_PLAIN = (
    "id",
    "messenger",
    "kind",
    "observatory",
    "stage",
    "notice",
    "aliases",
    "instruments",
    "far_hz",
    "significance_sigma",
    "significant",
    "is_test",
    "follows",
    "field_of_view_deg",
    "tiles",
    "redshift",
    "series",
    "number",
    "is_guess",
    "skymap_sha256",
    "skymap_url",
    "url",
    "remarks",
)


def event_of(document: Document, load_map: Callable[[str], SkyMap]) -> Event:
    """The event of a record; ``load_map`` gives the map of a sha256."""
    record = dict(document)
    region = record.pop("region")
    for name in ("aliases", "instruments", "remarks"):
        record[name] = tuple(record[name])
    record["messenger"] = Messenger(record["messenger"])
    record["kind"] = Kind(record["kind"])
    record["stage"] = Stage(record["stage"])
    record["time"] = datetime.fromisoformat(record["time"]) if record["time"] else None
    record["issued"] = datetime.fromisoformat(record["issued"])
    told = record.get("gamma")
    record["gamma"] = gamma.of(told) if told is not None else None
    record["external"] = tuple(ExternalCoincidence(**e) for e in record["external"])
    return Event(**record, region=_region(region, load_map))


def _region(document: Document | None, load_map: Callable[[str], SkyMap]) -> Region | None:
    if document is None:
        return None
    if document["type"] == "skymap":
        return load_map(document["sha256"])
    return skymaps.from_dict(document)
