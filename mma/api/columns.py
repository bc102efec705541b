"""Columns of the tables of events, objects and associations; those of candidates are the export's."""

from __future__ import annotations

from typing import Any

from ..export import COLUMNS, Column, Kind

Row = dict[str, Any]


def _of(name: str, kind: Kind, ucd: str, text: str, unit: str | None = None, key: str | None = None) -> Column:
    """A column that is the row's field of the same name, or of ``key``."""
    field = key or name
    return Column(name=name, kind=kind, ucd=ucd, text=text, unit=unit, value=lambda _, row: row[field])


def _end(name: str, which: int, ucd: str, text: str) -> Column:
    return Column(name=name, kind="time", ucd=ucd, text=text, value=lambda _, row: row["window"][which])


CANDIDATES = COLUMNS
EVENTS: tuple[Column, ...] = (
    _of("id", "text", "meta.id;meta.main", "Exact id"),
    _of("messenger", "text", "meta.code.class", "gw, gamma, neutrino, xray, radio or optical"),
    _of("kind", "text", "meta.code.class", "What it is taken to be: decides which counterparts are looked for"),
    _of("observatory", "text", "meta.id;instr.obsty", "Mission or network"),
    _of("time", "time", "time.epoch", "When it happened, UTC"),
    _of("issued", "time", "time.release", "When the newest notice was sent, UTC"),
    _of("stage", "text", "meta.code.status", "early_warning, preliminary, initial, update or retraction"),
    _of("state", "text", "meta.code.status", "active, expired, retracted or unlocated"),
    _of("revision", "integer", "meta.version", "Number of notices of it"),
    _of("test", "flag", "meta.code", "A test, a mock or an injection"),
    _of("far_hz", "number", "arith.rate;stat.falsePositive", "False-alarm rate", "Hz"),
    _of("area50_deg2", "number", "phys.angArea", "Area of the 50 % region", "deg2"),
    _of("area90_deg2", "number", "phys.angArea", "Area of the 90 % region", "deg2"),
    _of("distance_mpc", "number", "pos.distance;stat.mean", "Distance, mean", "Mpc"),
    _of("distance_error_mpc", "number", "stat.stdev;pos.distance", "Distance, standard deviation", "Mpc"),
    _end("window_start", 0, "time.start", "Onsets of counterparts are looked for from then on, UTC"),
    _end("window_end", 1, "time.end", "and until then, UTC"),
    _of("skymap_sha256", "text", "meta.checksum", "sha256 of its map"),
    _of("n_candidates", "integer", "meta.number", "Candidates that stand"),
    _of("p_none", "number", "stat.probability", "That none of them is the counterpart"),
    _of("url", "text", "meta.ref.url", "Its page"),
)
_SHARED = {column.name: column for column in COLUMNS}
OBJECTS: tuple[Column, ...] = (
    _of("id", "text", "meta.id;meta.main", "The survey's id of the object"),
    *(_SHARED[name] for name in ("survey", "ra", "dec", "first_seen", "last_seen", "last_unseen", "n_detections",
                                 "band", "mag", "flux_njy", "flux_error_njy")),
    _of("reliability", "number", "stat.probability", "Real/bogus score, 0 bogus to 1 real"),
    _of("star_score", "number", "src.class.starGalaxy", "Nearest catalogued source: 0 galaxy to 1 star"),
    _SHARED["redshift"],
    _SHARED["classification"],
)  # fmt: skip
SEPARATION = _of(
    "separation_arcsec", "number", "pos.angDistance", "From the position asked for", "arcsec", "separation_arcsec"
)
ASSOCIATIONS: tuple[Column, ...] = (
    _of("first", "text", "meta.id;meta.main", "One event"),
    _of("second", "text", "meta.id.assoc", "The other"),
    _of("state", "text", "meta.code.status", "active or withdrawn"),
    _of("delay_s", "number", "time.interval", "Time of the second minus time of the first", "s"),
    _of("overlap", "number", "stat.likelihood", "4 pi times the integral of both regions' densities"),
    _of("far_temporal_hz", "number", "arith.rate;stat.falsePositive", "Joint false-alarm rate in time", "Hz"),
    _of("far_spacetime_hz", "number", "arith.rate;stat.falsePositive", "Joint false-alarm rate with the sky", "Hz"),
    _of("group", "text", "meta.id.parent", "Id of the group that holds both"),
    _of("by_construction", "flag", "meta.code", "One telescope was pointed because of the other event"),
    _of("test", "flag", "meta.code", "Of test events", key="is_test"),
)
GROUPS: tuple[Column, ...] = (
    _of("id", "text", "meta.id;meta.main", "Id of the group"),
    _of("anchor", "text", "meta.id.assoc", "The event that it is named after"),
    _of("kind", "text", "meta.code.class", "What its events are"),
    Column(
        name="members",
        kind="text",
        ucd="meta.id.part",
        text="Ids of its events, the anchor first, with spaces between",
        unit=None,
        value=lambda _, row: " ".join(row["members"]),
    ),
    _of("log_overlap", "number", "stat.likelihood", "Natural log of the overlap of all regions"),
    _of("log_odds", "number", "stat.likelihood", "Natural log of the odds that all are one source"),
    _of("p_product", "number", "stat.probability", "p-value of all links, by their product"),
    _of("p_fisher", "number", "stat.probability", "p-value of all links, by Fisher's method"),
    _of("test", "flag", "meta.code", "Of test events", key="is_test"),
)
