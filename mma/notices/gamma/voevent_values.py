"""Fields of a gamma-ray alert as ``<Param>``s and ``<Group>``s of a VOEvent, and back.

A value stands as it is read by people: text without quotes, a number with its unit as an attribute. What has parts is a
``<Group>`` by the field's name: an ellipse, an energy range, several names, classes with their probabilities. Only what
an observatory's own ``x_`` field nests deeper stands as JSON, and says so (``utype="json"``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..fields import Document
from ..voevent.document import Packet
from ..voevent.document import Param as Read
from ..voevent.write import Group, Param
from ..voevent.write import Param as Written
from .schema import SCHEMA_ID

ELSEWHERE = frozenset({"$schema", "alert_datetime", "ra", "dec", "flux_unit"})
"""Fields that stand in VOEvent's own places, the unit of a flux with the flux."""

TEXTS = frozenset(
    ("mission", "instrument", "array", "messenger", "id", "data_archive_page", "alert_type", "alert_tense",
     "supersedes", "trigger_time", "observation_start", "observation_stop", "healpix_file", "healpix_url",
     "flux_unit", "source_class", "follow_up_event", "ref_ID", "ref_type", "ref_instrument", "quality", "irf",
     "contact", "additional_info")
)  # fmt: skip
"""Fields of the schema that are text."""

FLUXES = ("flux", "flux_error", "flux_upper_limit")
UNITS = {
    "ra": "deg", "dec": "deg", "ra_dec_error": "deg", "far": "Hz", "observation_livetime": "s", "zenith_angle": "deg",
    "reference_energy_tev": "TeV",
    "systematic_error_arcsec": "arcsec", "field_of_view_deg": "deg", "energy_range_tev": "TeV",
}  # fmt: skip
UCDS = {
    "significance": "stat.snr", "significance_post_trial": "stat.snr", "flux": "phot.flux", "flux_error": "stat.error",
    "flux_upper_limit": "phot.flux;stat.max", "far": "arith.rate", "p_astro": "stat.probability",
    "redshift": "src.redshift", "spectral_index": "spect.index",
}  # fmt: skip
PARTS = {
    "ra_dec_error": ("semi_major_axis", "semi_minor_axis", "position_angle"),
    "energy_range_tev": ("energy_min", "energy_max"),
}
"""Names of the parts of what is a list of numbers."""

LISTS = ("event_name", "obs_id")
GROUPS = (*PARTS, *LISTS, "classification")
MARK = "schema"
"""Parameter that tells our schema, whoever the author is."""


def has_place(document: Document) -> bool:
    """Whether the position stands in ``<WhereWhen>``, where the standard wants a radius with it."""
    return "ra" in document and "ra_dec_error" in document


def written(document: Document) -> list[Param | Group]:
    """What stands in ``<What>``: parameters first, then groups."""
    flux_unit = document.get("flux_unit")
    found: list[Param | Group] = [Param(name=MARK, value=SCHEMA_ID)]
    placed = ELSEWHERE if has_place(document) else ELSEWHERE - {"ra", "dec"}
    for name, value in document.items():
        if name not in placed:
            found.append(_written(name, value, flux_unit if name in FLUXES else UNITS.get(name)))
    if flux_unit is not None and not any(name in document for name in FLUXES):
        found.append(Param(name="flux_unit", value=flux_unit))
    return sorted(found, key=lambda part: isinstance(part, Group))


def _written(name: str, value: Any, unit: str | None) -> Param | Group:
    if isinstance(value, list) and name in PARTS:
        return _group(name, dict(zip(PARTS[name], value, strict=False)), unit)
    if isinstance(value, list) and name in LISTS:
        return _group(name, {f"{name}_{i}": part for i, part in enumerate(value, start=1)}, unit)
    if isinstance(value, Mapping) and name == "classification":
        return _group(name, value, unit)
    return _param(name, value, unit)


def _group(name: str, parts: Mapping[str, Any], unit: str | None) -> Group:
    return Group(name=name, params=tuple(_param(part, value, unit) for part, value in parts.items()))


def _param(name: str, value: Any, unit: str | None) -> Written:
    if isinstance(value, bool):
        return Param(name=name, value=str(value).lower(), utype="boolean")
    if isinstance(value, int | float):
        kind = "int" if isinstance(value, int) else "float"
        return Param(name=name, value=json.dumps(value), unit=unit, ucd=UCDS.get(name), kind=kind)
    if isinstance(value, str):
        return Param(name=name, value=value, unit=unit)
    return Param(name=name, value=json.dumps(value), utype="json")


def read(packet: Packet) -> dict[str, Any]:
    """The alert's fields out of ``<What>``."""
    document: dict[str, Any] = {}
    is_old = packet.text(MARK) is None
    for name, param in packet.groups.get("", {}).items():
        if name == MARK:
            continue
        document[name] = _value(name, param, is_old=is_old)
        if name in FLUXES and param.unit:
            document["flux_unit"] = param.unit
    for name, parts in packet.groups.items():
        values = {part: _value(name, param) for part, param in parts.items()} if name in GROUPS else {}
        if name in PARTS:
            document[name] = [values[part] for part in PARTS[name] if part in values]
        elif name in LISTS:
            document[name] = list(values.values())
        elif name == "classification":
            document[name] = values
    return document


def _value(name: str, param: Read, *, is_old: bool = False) -> Any:
    """What a parameter's text stands for. Earlier versions wrote JSON for all but text."""
    text = param.value
    if name in TEXTS or (name == "event_name" and not (is_old and text[:1] in ('"', "["))):
        return text
    if not (is_old or param.utype) and (_is_free(name, param) or (name == "obs_id" and param.data_type != "int")):
        return text
    try:
        return json.loads(text)
    except ValueError:  # as it stands, for the alert's own reader to judge
        return text


def _is_free(name: str, param: Read) -> bool:
    """An observatory's own field that is text."""
    return name.startswith("x_") and param.data_type == "string"
