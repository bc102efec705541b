"""Where a notice of GCN's unified schema puts its event (core schema ``Localization``)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import skymaps
from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.streams.message import Message

from . import fields, names, regions
from .fields import Document
from .gcn_sources import Source
from .igwn import skymap_of
from .regions import Where

CONTAINMENT = 0.9
"""Of ``ra_dec_error`` where the notice does not tell: the schema's default."""

ERRORS = ("ra_dec_error", "ra_uncertainty", "dec_uncertainty")
"""The error's field, and its names before schema 3.0."""

GBM_STEPS = {"GROUND_POSITION": "ground", "FINAL_POSITION": "final"}


def locate(document: Document, source: Source, stage: Stage) -> Where:
    """The map where one is inside, else the shape, else the whole sky or (in an update) nothing new."""
    given = document.get("healpix_file")
    if given is None:
        return _shape(document, source, stage)
    try:
        skymap = skymap_of(given, "healpix_file")
    except DecodeError as error:
        if document.get("ra") is None:
            raise
        shape = _shape(document, source, stage)
        return Where(region=shape.region, remarks=(f"map left aside, position used: {error}", *shape.remarks))
    return Where(region=skymap, sha256=skymap.sha256)


def _shape(document: Document, source: Source, stage: Stage) -> Where:
    ra = fields.maybe_number(document, "ra", low=0.0, high=360.0)
    dec = fields.maybe_number(document, "dec", low=-90.0, high=90.0)
    if (ra is None) != (dec is None):
        raise DecodeError("ra, dec: one is missing")
    if ra is None or dec is None:
        if stage is Stage.UPDATE:
            return Where(remarks=("no position in this update: the earlier one holds",))
        return Where(region=skymaps.all_sky(), remarks=(regions.NO_POSITION,))
    ra %= 360.0
    containment = fields.maybe_number(document, "containment_probability", low=0.0, high=1.0)
    level = CONTAINMENT if containment is None else containment
    if not 0.0 < level < 1.0:
        fields.wrong("containment_probability", level, "is not between 0 and 1")
    if document.get("rectangular_error_corners") is not None:
        return Where(region=regions.rectangle("rectangular_error_corners", _corners(document), level))
    return _with_error(document, source, ra, dec, level)


def _with_error(document: Document, source: Source, ra: float, dec: float, level: float) -> Where:
    path, axes = _axes(document)
    if path is None or not any(axes):
        if source.default_error_deg is None:
            fields.wrong(path or ERRORS[0], axes or None, "where an error radius in degrees was expected")
        remark = f"no error told: 90 % radius of {source.default_error_deg:g} deg taken for {source.observatory}"
        return Where(region=regions.circle("ra_dec_error", ra, dec, source.default_error_deg), remarks=(remark,))
    if axes[0] >= regions.WHOLE_SKY_DEG:
        return Where(region=skymaps.all_sky(), remarks=(f"error radius {axes[0]:g} deg: the whole sky",))
    if len(axes) > 1:
        return Where(region=regions.ellipse(path, ra, dec, axes, level))
    systematic = _systematic(document, source)
    remarks = (f"GBM's systematic error of {systematic} localisations added",) if systematic else ()
    return Where(region=regions.circle(path, ra, dec, axes[0], level, systematic), remarks=remarks)


def _systematic(document: Document, source: Source) -> str | None:
    """Which of GBM's systematic errors is still to be added, None for others or where it is in."""
    gbm = source.observatory == "Fermi" and (source.instrument or "").startswith("GBM")
    if not gbm or fields.maybe_flag(document, "systematic_included"):
        return None
    step = GBM_STEPS.get(fields.maybe_text(document, "subtype") or "", "flight")
    return "human" if step == "final" and fields.maybe_flag(document, "human_in_the_loop") else step


def _axes(document: Document) -> tuple[str | None, list[float]]:
    """Name of the error's field and its one to three numbers."""
    for name in ERRORS:
        value = document.get(name)
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        if not 1 <= len(values) <= 3:
            fields.wrong(name, value, "is not one to three numbers")
        return name, [fields.as_number(v, name) for v in values]
    return None, []


def _corners(document: Document) -> list[tuple[float, float]]:
    path, value = "rectangular_error_corners", document["rectangular_error_corners"]
    if not isinstance(value, list) or len(value) != 4:
        fields.wrong(path, value, "is not four corners")
    return [_corner(path, corner) for corner in value]


def _corner(path: str, corner: Any) -> tuple[float, float]:
    if not isinstance(corner, list) or len(corner) != 2:
        fields.wrong(path, corner, "is not a pair of ra and dec")
    return fields.as_number(corner[0], path, 0.0, 360.0), fields.as_number(corner[1], path, -90.0, 90.0)


def icecube_search(document: Document, message: Message) -> Event:
    """IceCube's search around a superevent: its best neutrino, which follows that superevent."""
    found = document["coincident_events"]
    if not isinstance(found, list):
        fields.wrong("coincident_events", found, "is not a list")
    if not found:
        raise Ignored("IceCube search around a superevent found no neutrino")
    here = "coincident_events"
    best = min(found, key=lambda e: fields.as_number(e.get("event_pval_generic"), f"{here}.event_pval_generic"))
    place = fields.section(best, "localization", here)
    trigger = next(iter(fields.texts(best, "id", here)), None)
    start = fields.time(document, "trigger_time")
    time = start + timedelta(seconds=fields.maybe_number(best, "event_dt", here) or 0.0)
    shape = _shape(place, Source(observatory="IceCube"), Stage.INITIAL)
    return Event(
        id=names.event_id("IceCube", None, trigger, time) or "",
        messenger=Messenger.NEUTRINO,
        kind=Kind.NEUTRINO,
        observatory="IceCube",
        issued=fields.time(document, "alert_datetime"),
        stage=Stage.INITIAL,
        time=time,
        region=shape.region,
        notice=fields.digest(message),
        is_test=names.is_test_superevent(fields.maybe_text(document, "ref_ID")),
        follows=fields.maybe_text(document, "ref_ID"),
        remarks=(*shape.remarks, f"best of {len(found)} neutrinos that IceCube found around the superevent"),
    )
