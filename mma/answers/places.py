"""Where something is that somebody named: a position as people write it, an object, or an event."""

from __future__ import annotations

from sqlalchemy import Connection

from skymaps import positions

from ..errors import NotFoundError
from ..store import event_of, events, maps, names
from . import cone


def position(connection: Connection, text: str) -> tuple[float, float]:
    """ICRS degrees of a position that somebody wrote, or of an object or event that they named.

    Raises
    ------
    NotFoundError
        It is neither.
    """
    found = cone.named(connection, text)
    if found is not None:
        return found
    event_id = names.resolve(connection, text)
    if event_id is not None:
        row = events.event_row(connection, event_id)
        region = event_of(row["document"], maps.loader(connection)).region if row else None
        if region is None:
            raise NotFoundError(f"event {event_id} has no position (yet)")
        return region.centre()
    try:
        return positions.read(text)
    except ValueError as error:
        raise NotFoundError(f"no object and no event, and no position: {error}") from error
