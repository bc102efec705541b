"""TOM Toolkit: targets for its import page, and the rows of ``EventCandidate`` of tom_nonlocalizedevents."""

from __future__ import annotations

import csv
import io

from .cells import neutral
from .formats import More, Row
from .words import as_json, known, remark

TARGET = ("name", "type", "ra", "dec", "epoch", "distance", "distance_err")
"""Fields of a sidereal target. Distances are in parsecs there."""

EXTRA = ("mma_event", "mma_rank", "mma_probability", "mma_log_odds", "mma_test")
"""What a TOM keeps as extra fields of the target."""

PC_PER_MPC = 1e6
REGIONS = (25, 50, 75, 90, 95)
"""Percent of the credible regions that a TOM knows."""

TYPES = {"gw": "GW", "gamma": "GRB", "neutrino": "NU", "xray": "XRT"}
STATES = {"active": "ACTIVE", "retracted": "RETRACTED"}


def targets(event: Row, candidates: list[Row], more: More) -> str:
    """CSV: a target each; columns ``name2``, ``name3``, ... are its other names."""
    n = max((len(row["aliases"]) for row in candidates), default=0)
    names = [f"name{i}" for i in range(2, n + 2)]
    out = io.StringIO()
    writer = csv.DictWriter(out, [*TARGET, *names, *EXTRA], restval="", lineterminator="\n")
    writer.writeheader()
    for row in candidates:
        cells = _target(event, row) | dict(zip(names, row["aliases"], strict=False))
        writer.writerow(cells if more.raw else {name: neutral(value) for name, value in cells.items()})
    return out.getvalue()


def _target(event: Row, row: Row) -> Row:
    host = row["host"] or {}
    distance, error = host.get("distance_mpc"), host.get("distance_error_mpc")
    return {"name": row["object"], "type": "SIDEREAL", "ra": row["ra"], "dec": row["dec"], "epoch": 2000.0} | known(
        distance=None if distance is None else distance * PC_PER_MPC,
        distance_err=None if error is None else error * PC_PER_MPC,
        mma_event=event["id"],
        mma_rank=row["rank"],
        mma_probability=row["probability"],
        mma_log_odds=row["log_odds"],
        mma_test="true" if event["test"] else "false",
    )


def candidates(event: Row, candidates: list[Row], more: More) -> str:
    """JSON: the event, and a row for each candidate; ``target`` is the target's name."""
    document = {
        "nonlocalizedevent": {
            "event_id": event["id"],
            "event_type": TYPES.get(event["messenger"], "UNK"),
            "state": STATES.get(event["state"], "INACTIVE"),
        },
        "test": event["test"],
        "eventcandidates": [_candidate(event, row) for row in candidates],
    }
    return as_json(document)


def _candidate(event: Row, row: Row) -> Row:
    percent = None if row["credible_level"] is None else _region(row["credible_level"])
    return {
        "target": row["object"],
        "nonlocalizedevent": event["id"],
        "viable": row["rank"] is not None,
        "viability_reason": remark(event, row),
    } | known(priority=row["rank"], credibleregions=None if percent is None else [{"smallest_percent": percent}])


def _region(level: float) -> int:
    """The smallest of a TOM's credible regions that holds this level, in percent; 100 where none does."""
    return next((percent for percent in REGIONS if level * 100 <= percent), 100)
