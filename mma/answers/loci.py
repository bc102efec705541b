"""ANTARES' names of what we store, so that documents written for its search work here as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement

from skymaps.units import DAY_S, MJD_OF_UNIX_ZERO

from ..store import one_of, tables
from .fields import OBJECTS, SEARCHED, Field

O = tables.objects.c  # noqa: E741 - a table, not a number


def _of_mjd(mjd: float) -> float:
    return (mjd - MJD_OF_UNIX_ZERO) * DAY_S


def _in_band(names: Sequence[str]) -> ColumnElement[bool]:
    """ANTARES writes ZTF's r as R."""
    return one_of(O.band, [*names, *(name.lower() for name in names)])


def _mjd(name: str) -> Field:
    return replace(OBJECTS[name], kind="number", into=_of_mjd, unit="MJD", text=f"{OBJECTS[name].text}, MJD UTC")


_NAMES: Mapping[str, Field] = {
    "locus_id": OBJECTS["id"],
    "properties.ztf_object_id": OBJECTS["id"],
    "ingest_time": replace(OBJECTS["last_seen"], text="Last detection: when it was read is not kept"),
    "properties.passband": replace(OBJECTS["band"], among=_in_band),
    "properties.mag": OBJECTS["mag"],
    "properties.newest_alert_magnitude": OBJECTS["mag"],
    "properties.num_alerts": OBJECTS["n_detections"],
    "properties.num_mag_values": OBJECTS["n_detections"],
    "properties.newest_alert_observation_time": _mjd("last_seen"),
    "properties.oldest_alert_observation_time": _mjd("first_seen"),
    "properties.survey": OBJECTS["survey"],
}
LOCI: Mapping[str, Field] = {**OBJECTS, **_NAMES}
"""Of objects, by our names and ANTARES'."""

OF_CANDIDATES: Mapping[str, Field] = {**SEARCHED, **_NAMES, "tags": SEARCHED["tag"]}
"""The same of the candidates of all events."""
