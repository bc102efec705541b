"""Where a notice of GCN's unified schema puts its event (core schema ``Localization``)."""

from __future__ import annotations

from typing import Any

import skymaps
from coincidence.event import Stage
from mma.errors import DecodeError

from .. import fields, regions
from ..lvk import skymap_of
from ..regions import Where
from ..sheet import Sheet, as_number
from .missions import Source

CONTAINMENT = 0.9
"""Of ``ra_dec_error`` where the notice does not tell: the schema's default."""

PERCENT = 50.0
"""A containment from here to 100 is meant in percent."""

ERRORS = ("ra_dec_error", "ra_uncertainty", "dec_uncertainty")
"""The error's field, and its names before schema 3.0."""

CORNERS = "rectangular_error_corners"
FLIGHT = "FLIGHT_POSITION"
GBM_STEPS = {FLIGHT: "ground", "GROUND_POSITION": "ground", "FINAL_POSITION": "final"}


def locate(sheet: Sheet, source: Source, stage: Stage) -> Where:
    """The map where a good one is inside, else the shape, else the whole sky or (in an update) nothing new."""
    given = sheet.value("healpix_file")
    if given is None:
        return shape(sheet, source, stage)
    try:
        skymap = skymap_of(given, "healpix_file")
    except DecodeError as error:
        sheet.remarks.append(f"map left aside, the next best region used: {error}")
        return shape(sheet, source, stage)
    return Where(region=skymap, sha256=skymap.sha256, remarks=skymap.remarks)


def shape(sheet: Sheet, source: Source, stage: Stage) -> Where:
    """The region that position and error tell."""
    ra, dec = sheet.right_ascension(), sheet.declination()
    if ra is None or dec is None:
        if (ra is None) != (dec is None):
            sheet.leave("ra, dec: one is missing")
        if stage is Stage.UPDATE:
            return Where(remarks=("no position in this update: the earlier one holds",))
        return Where(region=skymaps.all_sky(), remarks=(regions.NO_POSITION,))
    level = _containment(sheet)
    if sheet.value(CORNERS) is not None:
        try:
            return Where(region=regions.rectangle(CORNERS, _corners(sheet.document[CORNERS]), level))
        except DecodeError as error:
            sheet.leave(error)
    return _with_error(sheet, source, ra, dec, level)


def _containment(sheet: Sheet) -> float:
    """Of the error region, 0 to 1."""
    name = "containment_probability"
    told = sheet.number(name)
    if told is not None and PERCENT <= told < 100.0:
        sheet.remarks.append(f"{name}: {told:g} read as percent")
        told /= 100.0
    if told is not None and not 0.0 < told < 1.0:
        sheet.leave(f"{name}: {told:g} is not between 0 and 1")
        told = None
    return CONTAINMENT if told is None else told


def _with_error(sheet: Sheet, source: Source, ra: float, dec: float, level: float) -> Where:
    try:
        return _of_axes(sheet, source, (ra, dec), level)
    except DecodeError as error:
        sheet.leave(error)
        return regions.default_circle(ra, dec, source.default_error_deg, source.observatory, "no usable error")


def _of_axes(sheet: Sheet, source: Source, place: tuple[float, float], level: float) -> Where:
    path, axes = _axes(sheet)
    if path is None or not any(axes):
        why = "no error told" if path is None else f"{path} is 0"
        return regions.default_circle(*place, source.default_error_deg, source.observatory, why)
    if axes[0] >= regions.WHOLE_SKY_DEG:
        return Where(region=skymaps.all_sky(), remarks=(f"error radius {axes[0]:g} deg: the whole sky",))
    if len(axes) > 1:
        return Where(region=regions.ellipse(path, *place, axes, level))
    systematic = _systematic(sheet, source)
    remarks = (f"GBM's systematic error of {systematic} localisations added",) if systematic else ()
    return Where(region=regions.circle(path, *place, axes[0], level, systematic), remarks=remarks)


def _systematic(sheet: Sheet, source: Source) -> str | None:
    """Which of GBM's systematic errors is still to be added, None for others or where it is in."""
    gbm = source.observatory == "Fermi" and (source.instrument or "").startswith("GBM")
    subtype = sheet.text("subtype") or ""
    if not gbm or (sheet.flag("systematic_included") and subtype != FLIGHT):  # that of flight positions is too small
        return None
    step = GBM_STEPS.get(subtype, "flight")
    return "human" if step == "final" and sheet.flag("human_in_the_loop") else step


def _axes(sheet: Sheet) -> tuple[str | None, list[float]]:
    """Name of the error's field and its one to three numbers."""
    for name in ERRORS:
        value = sheet.value(name)
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        if not 1 <= len(values) <= 3:
            fields.wrong(name, value, "is not one to three numbers")
        return name, [as_number(v, name) for v in values]
    return None, []


def _corners(value: Any) -> list[tuple[float, float]]:
    if not isinstance(value, list) or len(value) != 4:
        fields.wrong(CORNERS, value, "is not four corners")
    return [_corner(corner) for corner in value]


def _corner(corner: Any) -> tuple[float, float]:
    if not isinstance(corner, list) or len(corner) != 2:
        fields.wrong(CORNERS, corner, "is not a pair of ra and dec")
    return as_number(corner[0], CORNERS, 0.0, 360.0), as_number(corner[1], CORNERS, -90.0, 90.0)
