"""What somebody listens to, held against what is known: all names of the event, and what may be misspelt."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from ..messages import StreamFilter
from ..store import tags
from ..text import asked, nearest
from .near import events_like, names_of


def resolved(connection: Connection, stream_filter: StreamFilter) -> tuple[StreamFilter, list[str]]:
    """A filter with all names of its event; and a remark on each event or tag of it that there is not (yet).

    An event may come later, and so may a tag: listening goes on.
    """
    remarks, event = [], stream_filter.event
    if event is not None:
        if found := names_of(connection, event):
            names = found | stream_filter.events  # a source's name may be of later ones, too
            stream_filter = replace(stream_filter, events=names, loose=False)
        else:
            remarks.append(remark(f"no event {event!r} yet", events_like(connection, event)))
    if stream_filter.tags:
        known = [row["tag"] for row in tags.in_use(connection)]
        for name in sorted(stream_filter.tags - set(known)):
            remarks.append(remark(f"no candidate has the tag {name!r} (yet)", nearest(name, known)))
    return stream_filter, remarks


def ahead(after: int | None, newest: int) -> str | None:
    """What is said of a number above that of the newest message, 0 where none is kept; None of any other."""
    if not after or not 0 < newest < after:
        return None
    return f"no message {after} yet, the newest is {newest}: only what is new is told"


def unknown(connection: Connection, event: str) -> str | None:
    """What is said of an event that the database does not know, and that may be elsewhere; None of one that it does."""
    if names_of(connection, event):
        return None
    return remark(f"no event {event!r} is known to the database", events_like(connection, event), listening=False)


def remark(what: str, near: list[str], *, listening: bool = True) -> str:
    """What there is not, what may be meant, and whether somebody goes on listening.

    Examples
    --------
    >>> remark("no event 'S1x' yet", ["S1a"]), remark("no event 'S1x' yet", [], listening=False)
    ("no event 'S1x' yet; did you mean 'S1a'? Still listening", "no event 'S1x' yet")
    """
    text = f"{what}; {asked(near)}" if near else what
    if not listening:
        return text
    return f"{text} Still listening" if near else f"{text}; still listening"
