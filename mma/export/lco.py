"""LCO request group: a draft for the best candidates, in three bands on a 1 m telescope. Proposal left empty."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..errors import NotFoundError
from .formats import More, Row
from .words import as_json, remark

INSTRUMENT, TELESCOPE = "1M0-SCICAM-SINISTRO", "1m0"
FILTERS = ("gp", "rp", "ip")
EXPOSURES_S = ((18.0, 60.0), (20.0, 180.0), (99.0, 300.0))
"""AB magnitude up to which, and seconds: somewhere to begin, not a calculation."""

CONSTRAINTS = {"max_airmass": 1.6, "min_lunar_distance": 30.0}
WINDOW_DAYS = 2.0
IPP = 1.05
"""What LCO's portal itself proposes."""

NAME_LENGTH, NOTE_LENGTH = 50, 255
"""Characters that the portal takes for a name and for a note."""


def lco(event: Row, candidates: list[Row], more: More) -> str:
    """A request for each candidate that stands.

    Raises
    ------
    NotFoundError
        None stands: a group without a request is refused.
    """
    standing = [row for row in candidates if row["rank"] is not None]
    if not standing:
        raise NotFoundError(f"no candidates of {event['id']} to observe")
    mark = "DRAFT TEST" if event["test"] else "DRAFT"
    group = {
        "name": f"{mark} {event['id']}"[:NAME_LENGTH],
        "proposal": "",
        "ipp_value": IPP,
        "operator": "SINGLE" if len(standing) == 1 else "MANY",
        "observation_type": "NORMAL",
        "requests": [_request(event, row, more.now) for row in standing],
    }
    return as_json(group)


def _request(event: Row, row: Row, now: datetime) -> Row:
    target = {"name": row["object"][:NAME_LENGTH], "type": "ICRS", "ra": row["ra"], "dec": row["dec"], "epoch": 2000}
    seconds = _exposure_s(row["mag"])
    return {
        "observation_note": remark(event, row)[:NOTE_LENGTH],
        "configurations": [_configuration(target, band, seconds) for band in FILTERS],
        "windows": [{"start": _time(now), "end": _time(now + timedelta(days=WINDOW_DAYS))}],
        "location": {"telescope_class": TELESCOPE},
    }


def _configuration(target: Row, band: str, seconds: float) -> Row:
    return {
        "type": "EXPOSE",
        "instrument_type": INSTRUMENT,
        "constraints": CONSTRAINTS,
        "target": target,
        "acquisition_config": {},
        "guiding_config": {},
        "instrument_configs": [
            {"exposure_time": seconds, "exposure_count": 1, "optical_elements": {"filter": band}},
        ],
    }


def _exposure_s(mag: float | None) -> float:
    """Seconds for this magnitude; the longest where it is not known."""
    longest = EXPOSURES_S[-1][1]
    return longest if mag is None else next((s for limit, s in EXPOSURES_S if mag <= limit), longest)


def _time(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
