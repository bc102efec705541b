"""TNS AT report (bulk report, version 2): a draft for one object, with what only its author knows left empty."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..errors import NotFoundError
from ..messages import ab_mag
from .formats import More, Row
from .words import as_json, magnitude_error, remark

AB_MAG = "1"
OTHER = "0"
"""AT type of an object of which nothing is said."""

INSTRUMENTS = {"ztf": "196"}
FILTERS = {("ztf", "g"): "110", ("ztf", "r"): "111", ("ztf", "i"): "112"}
"""Ids of TNS's tables of values that we know; others are left empty, to be looked up there."""

TO_FILL = ("reporter", "reporting_groupid", "data_source_groupid", "at_type", "ra.error", "dec.error")


def tns(event: Row, candidates: list[Row], more: More) -> str:
    """What to send is under ``at_report``; ``draft`` tells what is missing.

    Raises
    ------
    NotFoundError
        No detection with a magnitude: there is nothing to report.
    """
    (row,) = candidates
    points = more.light_curves[row["object"]]
    seen = [p for p in points if ab_mag(p["flux_njy"]) is not None]
    if not seen:
        raise NotFoundError(f"{row['object']} has no detection with a magnitude to report")
    unseen = [p for p in points if _shows_nothing(p) and p["time"] < seen[0]["time"]]
    report = _report(event, row, seen, unseen[-1] if unseen else None)
    missing = [*TO_FILL, *_empty(report)]
    return as_json({"draft": {"test": event["test"], "to_fill": missing}, "at_report": {"0": report}})


def _shows_nothing(point: Row) -> bool:
    """A look down to a limit; one below the reference shows no new light either."""
    flux = point["flux_njy"]
    return flux is None or (flux <= 0.0 and point["limit_mag"] is not None)


def _report(event: Row, row: Row, seen: list[Row], unseen: Row | None) -> Row:
    host = row["host"] or {}
    shown = [seen[0]] if len(seen) == 1 else [seen[0], seen[-1]]
    return {
        "ra": {"value": repr(row["ra"]), "error": None, "units": "arcsec"},
        "dec": {"value": repr(row["dec"]), "error": None, "units": "arcsec"},
        "reporting_groupid": None,
        "data_source_groupid": None,
        "reporter": "",
        "discovery_datetime": _time(seen[0]["time"]),
        "at_type": OTHER,
        "host_name": host.get("name") or "",
        "host_redshift": "",
        "transient_redshift": "" if row["redshift"] is None else row["redshift"],
        "internal_name": row["object"],
        "remarks": remark(event, row),
        "non_detection": _non_detection(row["survey"], unseen),
        "photometry": {"photometry_group": {str(i): _point(row["survey"], p) for i, p in enumerate(shown)}},
        "related_files": {},
    }


def _non_detection(survey: str, point: Row | None) -> Row:
    """The last non-detection before the discovery. TNS wants this, or an archive that shows nothing there."""
    if point is None:
        return {"archiveid": None, "archival_remarks": ""}
    return {
        "obsdate": _time(point["time"]),
        "limiting_flux": point["limit_mag"],
        **_instrument(survey, point),
        "archiveid": "",
        "archival_remarks": "",
    }


def _point(survey: str, point: Row) -> Row:
    error = magnitude_error(point)
    return {
        "obsdate": _time(point["time"]),
        "flux": ab_mag(point["flux_njy"]),
        "flux_error": "" if error is None else error,
        "limiting_flux": "" if point["limit_mag"] is None else point["limit_mag"],
        **_instrument(survey, point),
    }


def _instrument(survey: str, point: Row) -> Row:
    return {
        "flux_unitid": AB_MAG,
        "filterid": FILTERS.get((survey, point["band"])),
        "instrumentid": INSTRUMENTS.get(survey),
        "exptime": "",
        "observer": "",
        "comments": "",
    }


def _time(unix: float) -> str:
    return datetime.fromtimestamp(round(unix), UTC).strftime("%Y-%m-%d %H:%M:%S")


def _empty(report: Row) -> list[str]:
    """What must be looked up for this report: a non-detection, ids of instruments and filters."""
    parts: dict[str, Any] = {"non_detection": report["non_detection"]}
    parts |= {f"photometry.{i}": p for i, p in report["photometry"]["photometry_group"].items()}
    return [f"{part}.{name}" for part, fields in parts.items() for name, value in fields.items() if value is None]
