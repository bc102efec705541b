"""Groups of events, formed anew around an event whose pairs changed, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from coincidence import Event
from coincidence.joint import Association, form

from ..messages import group_message, topic
from ..store import associations, groups, outbox


def settle(
    connection: Connection, event_id: str, event: Callable[[str], Event], prefix: str | None, now: float
) -> None:
    """Form the groups around an event anew, keep them, and tell what changed.

    Parameters
    ----------
    event_id
        Whose pairs may have changed.
    event
        Newest state of an event by id.
    prefix
        Of the topics; None tells nobody.
    now
        Unix seconds.
    """
    seeds = associations.neighbours(connection, event_id)
    if not seeds:
        return
    seeds |= {name for row in groups.of_events(connection, sorted(seeds)) for name in row["members"]}
    reached, pairs = _reached(connection, seeds)
    named = sorted({name for pair in pairs for name in (pair.first, pair.second)})
    changed = groups.replace(connection, reached, form({name: event(name) for name in named}, pairs))
    if prefix is None:
        return
    for row in changed:
        revision = (row["told_revision"] or 0) + 1
        message = group_message(row, revision=revision, now=now)
        where = topic(prefix, "associations", test=row["is_test"])
        outbox.put(connection, [outbox.waiting_for(where, row["anchor"], message)], now)
        groups.mark_told(connection, row["id"], revision, message["id"])


def _reached(connection: Connection, seeds: set[str]) -> tuple[set[str], list[Association]]:
    """Every event that standing pairs lead to from these, and those pairs: groups lie wholly inside or outside."""
    reached, edge = set(seeds), set(seeds)
    pairs: dict[tuple[str, str], Association] = {}
    while edge:
        found = associations.standing(connection, sorted(edge))
        pairs |= {(pair.first, pair.second): pair for pair in found}
        edge = {name for pair in found for name in (pair.first, pair.second)} - reached
        reached |= edge
    return reached, [pairs[key] for key in sorted(pairs)]
