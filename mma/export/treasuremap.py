"""Treasure Map: what its ``POST candidate`` takes for a gravitational-wave event. The token is left to the sender."""

from __future__ import annotations

from ..errors import ConfigError, NotFoundError
from ..messages import ab_mag, iso
from .formats import More, Row
from .words import as_json, known

BANDS = frozenset("UBVRIJHKugriz")
"""Of those that its table has, the ones that surveys here use."""


def treasuremap(event: Row, candidates: list[Row], more: More) -> str:
    """Candidates that stand, with their discovery: one without a magnitude cannot be told there, and is left out.

    Raises
    ------
    ConfigError
        The event is not one of gravitational waves.
    NotFoundError
        No candidate that could be told: an empty list is refused there.
    """
    if event["messenger"] != "gw":
        raise ConfigError(f"{event['id']}: the Treasure Map knows gravitational-wave events only")
    standing = [row for row in candidates if row["rank"] is not None]
    told = [_candidate(event, row, more.light_curves[row["object"]]) for row in standing]
    found = [candidate for candidate in told if candidate is not None]
    if not found:
        raise NotFoundError(f"no candidates of {event['id']} with a magnitude")
    return as_json({"graceid": event["id"], "candidates": found})


def _candidate(event: Row, row: Row, points: list[Row]) -> Row | None:
    first = next((p for p in points if ab_mag(p["flux_njy"]) is not None), None)
    if first is None:
        return None
    host = row["host"] or {}
    return {
        "candidate_name": f"TEST {row['object']}" if event["test"] else row["object"],
        "ra": row["ra"],
        "dec": row["dec"],
        "discovery_date": (iso(first["time"]) or "").removesuffix("Z"),
        "discovery_magnitude": ab_mag(first["flux_njy"]),
        "magnitude_unit": "ab_mag",
    } | known(
        magnitude_bandpass=first["band"] if first["band"] in BANDS else None,
        associated_galaxy=host.get("name"),
        associated_galaxy_distance=host.get("distance_mpc"),
    )
