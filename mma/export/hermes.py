"""SCiMMA Hermes message, by the fields of its serializers: a draft without a submitter, to its test topic."""

from __future__ import annotations

from ..messages import stage
from .circular import subject
from .formats import More, Row
from .words import as_json, known, magnitude_error, remark

TOPIC = "hermes.test"

TELESCOPES = {
    "asassn": "ASAS-SN",
    "atlas": "ATLAS",
    "decam": "Blanco",
    "gaia": "Gaia",
    "lsst": "Rubin",
    "ztf": "ZTF",
}
"""Survey to telescope; a measurement from a catalogue of others (``tns``, ``oac``) has none that we know."""


def hermes(event: Row, candidates: list[Row], more: More) -> str:
    """The message; ``submitter`` and ``authors`` are left to whoever sends it, and nothing is passed on."""
    message = {
        "title": subject(event, candidates),
        "topic": TOPIC,
        "submitter": "",
        "authors": "",
        "message_text": _text(event, candidates),
        "submit_to_tns": False,
        "submit_to_mpc": False,
        "submit_to_gcn": False,
        "data": {
            "event_id": event["id"],
            "references": [{"url": url} for url in (event["url"], event["skymap"]["url"]) if url],
            "targets": [_target(row, event) for row in candidates],
            "photometry": [_photometry(row) for row in candidates if _is_measured(row)],
        },
    }
    return as_json(message)


def _text(event: Row, candidates: list[Row]) -> str:
    head = f"Candidates of {event['id']} ({stage(event)}), ranked by mma."
    lines = [f"{row['object']}: {remark(event, row)}" for row in candidates]
    return "\n".join([*(["THIS IS A TEST."] if event["test"] else []), head, *(lines or ["None stands."])])


def _target(row: Row, event: Row) -> Row:
    host = row["host"] or {}
    distance = host.get("distance_mpc")
    return {"name": row["object"], "ra": repr(row["ra"]), "dec": repr(row["dec"]), "new_discovery": False} | known(
        redshift=row["redshift"],
        host_name=host.get("name"),
        distance=distance,
        distance_error=host.get("distance_error_mpc"),
        distance_units="Mpc" if distance is not None else None,
        aliases=row["aliases"] or None,
        comments=remark(event, row),
    )


def _photometry(row: Row) -> Row:
    """The last detection."""
    return {
        "target_name": row["object"],
        "date_obs": row["last_seen"],
        "telescope": TELESCOPES[row["survey"]],
        "bandpass": row["band"],
        "brightness": row["mag"],
        "brightness_unit": "AB mag",
    } | known(brightness_error=magnitude_error(row))


def _is_measured(row: Row) -> bool:
    """Whether the last detection has what Hermes asks of a measurement: brightness, band, telescope."""
    return row["mag"] is not None and row["band"] not in (None, "", "unknown") and row["survey"] in TELESCOPES
