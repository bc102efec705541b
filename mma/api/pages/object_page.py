"""What an object's page shows, whether it is a candidate of an event or not."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy import Connection

from ...answers import queries
from ...store import classifications, objects
from ..responses import store_of
from . import curve, links, nights

Row = dict[str, Any]
MEASURED = 200
"""Measurements in the table: the newest."""

AROUND = "1 arcmin"


def context(request: Request, name: str) -> Row:
    """All that is shown of an object.

    Raises
    ------
    NotFoundError
        No object is called so; or several are, which the message lists.
    """
    with store_of(request).read() as connection:
        found = queries.object_(connection, name)
        light = light_curve(connection, found["id"], None)
        classes = classifications.listing(connection, [found["id"]])
    return light | {
        "row": found,
        "events": sorted(found["events"], key=lambda e: (-(e["probability"] or 0.0), e["event"])),
        "classifications": classes,
        "links": links.of_object(found["id"], found["aliases"], found["ra"], found["dec"]),
        "nights": nights.rows(time.time(), (found["ra"], found["dec"])),
        "around": urlencode({"q": f"{found['ra']:.6f} {found['dec']:+.6f}", "radius": AROUND}),
    }


def light_curve(connection: Connection, object_id: str, event_time: float | None) -> Row:
    """An object's light curve as a picture and as a table.

    Parameters
    ----------
    event_time
        Unix seconds; days count from it. None: from the first point.
    """
    measured = objects.light_curve(connection, object_id)
    return {
        "curve": curve.drawn(measured, event_time),
        "measured": [queries.as_measurement(row) for row in measured[-MEASURED:]],
        "n_measured": len(measured),
    }
