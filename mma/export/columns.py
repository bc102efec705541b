"""The columns of a table of candidates: name, unit, UCD, description, and where the value is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from coincidence.terms import TERMS

Row = dict[str, Any]
Kind = Literal["text", "number", "integer", "flag", "time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column."""

    name: str
    kind: Kind
    ucd: str
    """Of the IVOA's controlled vocabulary, UCD1+."""

    text: str
    """What it is, in a line."""

    value: Callable[[Row, Row], Any]
    """Of the event and the candidate; None where it is not known."""

    unit: str | None = None


def _of(name: str, kind: Kind, ucd: str, text: str, unit: str | None = None) -> Column:
    """A column that is the candidate's field of the same name."""
    return Column(name=name, kind=kind, ucd=ucd, text=text, unit=unit, value=lambda event, row: row[name])


def _of_event(name: str, kind: Kind, ucd: str, text: str, of: Callable[[Row], Any]) -> Column:
    return Column(name=name, kind=kind, ucd=ucd, text=text, value=lambda event, row: of(event))


def _term(name: str) -> Column:
    text = f"Term of the best class's ln odds: {name}; empty where it knows nothing and counts 0"
    return Column(
        name=f"term_{name}",
        kind="number",
        ucd="stat.likelihood",
        text=text,
        value=lambda event, row: row["terms"][name],
    )


def _host(name: str, kind: Kind, ucd: str, text: str, unit: str | None = None) -> Column:
    return Column(
        name=f"host_{name}",
        kind=kind,
        ucd=ucd,
        text=text,
        unit=unit,
        value=lambda event, row: (row["host"] or {}).get(name),
    )


COLUMNS: tuple[Column, ...] = (
    _of_event("event", "text", "meta.id.assoc", "Id of the event", lambda e: e["id"]),
    _of_event("event_time", "time", "time.epoch", "When the event happened, UTC", lambda e: e["time"]),
    _of_event("event_revision", "integer", "meta.version", "Number of notices of it", lambda e: e["revision"]),
    _of_event("test", "flag", "meta.code", "The event is a test, a mock or an injection", lambda e: e["test"]),
    _of("rank", "integer", "stat.rank", "Place among the candidates that stand"),
    _of("object", "text", "meta.id;meta.main", "The survey's id of the object"),
    _of("survey", "text", "meta.dataset", "Survey that saw it"),
    _of("ra", "number", "pos.eq.ra;meta.main", "ICRS right ascension", "deg"),
    _of("dec", "number", "pos.eq.dec;meta.main", "ICRS declination", "deg"),
    _of("state", "text", "meta.code.status", "active, vetoed or withdrawn"),
    _of("reason", "text", "meta.note", "Why it is vetoed or withdrawn"),
    _of("probability", "number", "stat.probability", "That it is the counterpart, at most one candidate being so"),
    _of("log_odds", "number", "stat.likelihood", "Natural log of the odds, summed over classes of counterpart"),
    _of("class", "text", "src.class", "Class of counterpart with the best odds"),
    *(_term(name) for name in TERMS),
    _of("chance_count", "number", "stat.falsePositive", "Unrelated objects expected to score as high"),
    _of(
        "chance_by",
        "text",
        "meta.note",
        "How: measured (scores), limit (scores; none met: 90 % upper limit) or sky (place in the region)",
    ),
    _of("credible_level", "number", "stat.percentile", "Of the sky region at its position, 0 to 1"),
    _of("credible_volume", "number", "stat.percentile;pos.distance", "Of the region in 3-D, 0 to 1"),
    _of("delay_s", "number", "time.interval", "First detection minus event", "s"),
    _of("earliest_s", "number", "time.interval;stat.min", "Last non-detection minus event", "s"),
    _of("first_seen", "time", "time.start", "First detection, UTC"),
    _of("last_seen", "time", "time.end", "Last detection, UTC"),
    _of("last_unseen", "time", "time.epoch", "Last non-detection before the first detection, UTC"),
    _of("n_detections", "integer", "meta.number", "Detections"),
    _of("band", "text", "instr.bandpass", "Band of the last detection"),
    _of("mag", "number", "phot.mag;em.opt", "AB magnitude of the last detection", "mag"),
    _of("flux_njy", "number", "phot.flux.density;em.opt", "Difference flux of the last detection", "nJy"),
    _of("flux_error_njy", "number", "stat.error;phot.flux.density;em.opt", "Its error", "nJy"),
    _of("redshift", "number", "src.redshift", "Redshift, where the survey tells one"),
    _of("classification", "text", "meta.code.class", "What the survey or a broker takes it for"),
    _host("name", "text", "meta.id.parent", "Likeliest host galaxy"),
    _host("distance_mpc", "number", "pos.distance", "Its luminosity distance", "Mpc"),
    _host("distance_error_mpc", "number", "stat.error;pos.distance", "Error of that", "Mpc"),
    _host("separation_arcsec", "number", "pos.angDistance", "Angle between object and host", "arcsec"),
    _host("p_host", "number", "stat.probability", "That this galaxy is the host"),
    _of("event_mpc", "number", "pos.distance;stat.mean", "The event's distance along this line of sight", "Mpc"),
    _of("event_error_mpc", "number", "stat.stdev;pos.distance", "Standard deviation of that", "Mpc"),
    _of("skymap_sha256", "text", "meta.checksum", "sha256 of the map that was scored against"),
    _of("parameters", "text", "meta.version;meta.software", "Parameter set of the score"),
    Column(
        name="tags",
        kind="text",
        ucd="meta.note",
        text="Tags that people put on it, with spaces between",
        value=lambda event, row: " ".join(row.get("tags") or ()) or None,
    ),
)
"""In the order in which they are written."""


def values(column: Column, event: Row, candidates: list[Row]) -> list[Any]:
    """A column's values, None where not known."""
    found = [column.value(event, row) for row in candidates]
    if column.kind == "integer":
        return [None if value is None else int(value) for value in found]
    return found
