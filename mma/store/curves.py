"""Light curves of many objects at once, as scores want them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select

from coincidence.curves import LightCurves

from . import tables
from .bulk import among


def of_objects(connection: Connection, object_ids: Sequence[str]) -> LightCurves:
    """Every stored measurement of these objects, which are unique, once; ``object`` counts in them."""
    if not object_ids:
        return LightCurves.none()
    d = tables.detections.c
    statement = select(d.object_id, d.time, d.band, d.flux_njy, d.flux_error_njy, d.limit_mag)
    wanted = among(connection, d.object_id, sorted(object_ids))
    found = connection.execute(statement.where(wanted)).all()
    if not found:
        return LightCurves.none()
    names, times, bands, *numbers = zip(*found, strict=True)
    place = {name: i for i, name in enumerate(object_ids)}
    flux, error, limit = (np.array(column, dtype=np.float64) for column in numbers)
    return LightCurves.of(
        object=[place[name] for name in names],
        time=times,
        band=[band or "unknown" for band in bands],
        flux_njy=flux,
        flux_error_njy=error,
        limit_mag=limit,
    ).once()
