"""SkyPortal (Fritz): bodies for its candidates and annotations; filters and groups are left to the sender."""

from __future__ import annotations

from datetime import datetime

from skymaps.units import DAY_S, MJD_OF_UNIX_ZERO

from .formats import More, Row
from .words import as_json, known

ORIGIN = "mma"


def skyportal(event: Row, candidates: list[Row], more: More) -> str:
    """Each of ``candidates`` is a body for ``POST /api/candidates``; each of ``annotations`` one for its object."""
    document = {
        "test": event["test"],
        "candidates": [_candidate(row, more) for row in candidates],
        "annotations": [{"obj_id": row["object"], "origin": ORIGIN, "data": _data(event, row)} for row in candidates],
    }
    return as_json(document)


def _candidate(row: Row, more: More) -> Row:
    return {
        "id": row["object"],
        "ra": row["ra"],
        "dec": row["dec"],
        "filter_ids": [],
        "passed_at": more.now.isoformat(timespec="seconds"),
        "origin": ORIGIN,
    } | known(redshift=row["redshift"], redshift_error=row["redshift_error"], alias=row["aliases"] or None)


def _data(event: Row, row: Row) -> Row:
    """Keyed by the event, in the words of SkyPortal's own ``GCN-crossmatch`` where it has one."""
    host = row["host"] or {}
    return {
        event["id"]: {"test": event["test"], "state": row["state"]}
        | known(
            delta_t=None if row["delay_s"] is None else row["delay_s"] / DAY_S,
            event_mjd=None if event["time"] is None else _mjd(event["time"]),
            dist_mean=row["event_mpc"],
            dist_std=row["event_error_mpc"],
            rank=row["rank"],
            probability=row["probability"],
            log_odds=row["log_odds"],
            chance_count=row["chance_count"],
            chance_by=row["chance_by"],
            credible_level=row["credible_level"],
            counterpart=row["class"],
            reason=row["reason"],
            host_name=host.get("name"),
            host_distance_mpc=host.get("distance_mpc"),
            terms=known(**row["terms"]),
        )
    }


def _mjd(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() / DAY_S + MJD_OF_UNIX_ZERO
