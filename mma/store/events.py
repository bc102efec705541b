"""Events, their notices and their maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from coincidence import Event, Parameters, Stage, can_be_matched, joint
from coincidence.score import window
from skymaps import SkyMap

from ..errors import DamagedError, NoRoomError
from . import maps, names, tables
from .bulk import Row, columns_of, insert_new, select_in, upsert
from .codec import event_document, event_of

ACTIVE, EXPIRED, RETRACTED, UNLOCATED = "active", "expired", "retracted", "unlocated"


def save_notice(connection: Connection, notice: Event, *, received: float, place: str) -> int:
    """Keep a notice and its map; its number. A notice that is there already is left as it is."""
    if isinstance(notice.region, SkyMap):
        maps.save(connection, notice.region)
    seq = newest(connection) + 1
    row = {
        "event_id": notice.id,
        "notice": notice.notice,
        "issued": notice.issued.timestamp(),
        "stage": notice.stage,
        "received": received,
        "place": place,
        "document": event_document(notice),
        "seq": seq,
    }
    insert_new(connection, tables.event_revisions, columns_of([row]))
    sources = notice.gamma.event_name if notice.gamma is not None and notice.gamma.event_name is not None else ()
    called = dict.fromkeys(sources, names.SOURCE) | dict.fromkeys(notice.aliases, names.EVENT)
    names.add(connection, [names.row_of(n, notice.id, what) for n, what in called.items() if n != notice.id])
    return seq


def save_event(
    connection: Connection, event: Event, *, revision: int, parameters: Parameters, now: float | None
) -> None:
    """Write an event's newest state; what is known of its candidates and of what was told stays."""
    start, end = window(event, parameters) if event.time is not None else (None, None)
    over = now is not None and end is not None and end < now
    row = {
        "id": event.id,
        "messenger": event.messenger,
        "kind": event.kind,
        "observatory": event.observatory,
        "time": event.time.timestamp() if event.time else None,
        "issued": event.issued.timestamp(),
        "stage": event.stage,
        "state": _state(event, over=over),
        "revision": revision,
        "is_test": event.is_test,
        "far_hz": event.far_hz,
        "window_start": start,
        "window_end": end,
        "skymap_sha256": event.skymap_sha256,
        "notice": event.notice,
        "n_candidates": 0,
        "log_none": 0.0,
        "document": event_document(event),
        **_measures(event),
    }
    upsert(connection, tables.events, columns_of([row]), keep=("n_candidates", "log_none"))


def _state(event: Event, *, over: bool) -> str:
    if event.stage is Stage.RETRACTION:
        return RETRACTED
    if not can_be_matched(event):
        return UNLOCATED
    return EXPIRED if over else ACTIVE


def _measures(event: Event) -> Row:
    """Area and distance of an event's region."""
    region = event.region
    distance = region.distance_mpc if isinstance(region, SkyMap) else None
    return {
        "area50_deg2": region.area_deg2(0.5) if region is not None else None,
        "area90_deg2": region.area_deg2(0.9) if region is not None else None,
        "distance_mpc": distance[0] if distance else None,
        "distance_error_mpc": distance[1] if distance else None,
    }


def expire(connection: Connection, event_ids: list[str]) -> None:
    """Mark events as expired: their windows closed."""
    for event_id in event_ids:
        connection.execute(update(tables.events).where(tables.events.c.id == event_id).values(state=EXPIRED))


def lock(connection: Connection, event_ids: list[str]) -> dict[str, int]:
    """Keep other workers from ranking these events until the transaction ends; how often each was ranked."""
    e = tables.events.c
    statement = select(e.id, e.ranked).order_by(e.id).with_for_update()
    return {row["id"]: row["ranked"] for row in select_in(connection, statement, e.id, event_ids)}


def save_rankings(connection: Connection, found: Mapping[str, tuple[int, float]]) -> None:
    """Keep each event's number of standing candidates and its ``ln(1 + sum of odds)``."""
    if found:
        e = tables.events.c
        statement = (
            update(tables.events)
            .where(e.id == bindparam("which"))
            .values(n_candidates=bindparam("n"), log_none=bindparam("none"), ranked=e.ranked + 1)
        )
        rows = [{"which": event_id, "n": n, "none": none} for event_id, (n, none) in sorted(found.items())]
        connection.execute(statement, rows)


def mark_told(connection: Connection, event_id: str, revision: int, said: str) -> None:
    """Remember which state of an event was published last."""
    connection.execute(
        update(tables.events).where(tables.events.c.id == event_id).values(told_revision=revision, told_notice=said)
    )


def notices(
    connection: Connection,
    event_ids: list[str],
    damaged: dict[str, str] | None = None,
    load: Callable[[str], SkyMap] | None = None,
) -> list[Event]:
    """Every notice of these events, in the order in which they came.

    Parameters
    ----------
    damaged
        Where given, a notice whose map cannot be had has none, and this gets the event's id with what is wrong.
    load
        Gives the map of a sha256, or raises ``DamagedError`` or ``NoRoomError``; the stored one where None.
    """
    r = tables.event_revisions.c
    rows = select_in(connection, select(r.document, r.seq), r.event_id, event_ids)
    documents = [row["document"] for row in sorted(rows, key=lambda row: row["seq"])]
    load = load or maps.loader(connection)
    found = []
    for document in documents:
        try:
            found.append(event_of(document, load))
        except (DamagedError, NoRoomError) as error:
            if damaged is None:
                raise
            damaged[document["id"]] = str(error)
            found.append(event_of(document | {"region": None}, load))
    return found


def mark_unlocated(connection: Connection, event_ids: Sequence[str]) -> None:
    """Events whose map is damaged are not searched for."""
    for event_id in event_ids:
        e = tables.events
        connection.execute(update(e).where(e.c.id == event_id, e.c.state == ACTIVE).values(state=UNLOCATED))


def mark_located(connection: Connection, sha256: str) -> None:
    """Events of a map that is whole again are searched for."""
    e = tables.events
    its = e.c.skymap_sha256 == sha256, e.c.state == UNLOCATED
    connection.execute(update(e).where(*its).values(state=ACTIVE))


def open_ones(connection: Connection) -> list[str]:
    """Ids of the events that are not over."""
    e = tables.events.c
    return list(connection.execute(select(e.id).where(e.state.in_((ACTIVE, UNLOCATED))).order_by(e.id)).scalars())


def by_size(connection: Connection, event_ids: list[str]) -> list[str]:
    """Ids of events, those with the smallest stored maps first."""
    r, s = tables.event_revisions.c, tables.skymaps.c
    its: dict[str, set[str]] = {event_id: set() for event_id in event_ids}
    for row in select_in(connection, select(r.event_id, r.document), r.event_id, event_ids):
        region = row["document"]["region"]
        if region is not None and region["type"] == "skymap":
            its[row["event_id"]].add(region["sha256"])
    every = sorted(set[str]().union(*its.values()))
    found = select_in(connection, select(s.sha256, func.length(s.fits).label("size")), s.sha256, every)
    size = {row["sha256"]: row["size"] for row in found}
    return sorted(its, key=lambda event_id: (sum(size.get(sha256, 0) for sha256 in its[event_id]), event_id))


def unlocated(connection: Connection) -> list[str]:
    """Ids of the events that are not searched for, since they have no region or no time."""
    e = tables.events.c
    return list(connection.execute(select(e.id).where(e.state == UNLOCATED).order_by(e.id)).scalars())


def closed_since(connection: Connection, time: float) -> list[str]:
    """Ids of the expired events whose window ended at this Unix time or later."""
    e = tables.events.c
    chosen = select(e.id).where(e.state == EXPIRED, e.window_end >= time).order_by(e.id)
    return list(connection.execute(chosen).scalars())


def newest(connection: Connection) -> int:
    """Number of the notice stored last; 0 where there is none."""
    return connection.execute(select(func.max(tables.event_revisions.c.seq))).scalar() or 0


def told_since(connection: Connection, seq: int) -> list[tuple[str, bool]]:
    """Ids of the events with notices stored after this one, and whether each is over."""
    r, e = tables.event_revisions.c, tables.events.c
    ids = select(r.event_id).where(r.seq > seq)
    rows = connection.execute(select(e.id, e.state).where(e.id.in_(ids)).order_by(e.id))
    return [(event_id, state == EXPIRED) for event_id, state in rows]


def event_row(connection: Connection, event_id: str) -> Row | None:
    """One event's row."""
    row = connection.execute(select(tables.events).where(tables.events.c.id == event_id)).mappings().first()
    return dict(row) if row else None


def rows(connection: Connection, event_ids: list[str]) -> dict[str, Row]:
    """Events' rows by id."""
    e = tables.events
    return {row["id"]: dict(row) for row in select_in(connection, select(e), e.c.id, event_ids)}


def partners(connection: Connection, kind: str, time: float) -> list[str]:
    """Ids of events that by kind and time may belong with one of this kind and Unix time; retracted ones left out."""
    e = tables.events.c
    close = e.time.between(time - joint.LONGEST_S, time + joint.LONGEST_S) & (e.state != RETRACTED)
    rows = connection.execute(select(e.id, e.kind, e.time).where(close).order_by(e.id)).all()
    return [other for other, other_kind, at in rows if joint.could_pair(kind, time, other_kind, at)]


def close_to(connection: Connection, observatory: str, start: float, end: float) -> list[str]:
    """Ids of an observatory's events between two Unix times, by id."""
    e = tables.events.c
    chosen = select(e.id).where(e.observatory == observatory, e.time.between(start, end)).order_by(e.id)
    return list(connection.execute(chosen).scalars())


def called(connection: Connection, aliases: Sequence[str], observatory: str, *, is_test: bool) -> list[str]:
    """Ids of an observatory's events that have any of these as another name, by id."""
    e, a = tables.events.c, tables.aliases.c
    ids = select(a.id).where(a.alias.in_(aliases), a.what == names.EVENT)
    chosen = select(e.id).where(e.id.in_(ids), e.observatory == observatory, e.is_test == is_test).order_by(e.id)
    return list(connection.execute(chosen).scalars())


def count_states(connection: Connection) -> dict[str, int]:
    """How many events are in each state."""
    e = tables.events.c
    rows: Any = connection.execute(select(e.state, func.count()).group_by(e.state))
    return dict(rows.all())
