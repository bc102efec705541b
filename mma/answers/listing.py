"""Lists of events, candidates and objects: filtered, sorted, page by page or whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from ..messages import event_part, iso
from ..store import ACTIVE, Row, chances, count_of, names, tables, tags
from . import paging, queries
from .fields import CANDIDATES, EVENTS, OBJECTS, SEARCHED, Column, Field
from .paging import Order, Place
from .search import Condition

E, C, O = tables.events, tables.candidates, tables.objects  # noqa: E741 - tables, not numbers
_SHOWN = ("survey", "ra", "dec", "band", "flux_njy", "classification")
_FACTS = ("first_seen", "last_seen", "last_unseen", "n_detections", "flux_error_njy", "redshift", "redshift_error")
_BEST = CANDIDATES["log_odds"]
RANKED = 5000
"""Rows whose ranks are looked up at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that somebody asks for."""

    statement: Select[Any]
    order: Order
    key: Column
    """What tells rows of the same value apart."""

    key_name: str
    event: str | None = None
    """Of a list of one event's candidates."""

    contiguous: bool = False
    """It is the ranking itself: a row's rank is its place in the list."""

    log_none: float = 0.0


def events(conditions: Iterable[Condition], order: Order) -> Listing:
    """Events."""
    return Listing(statement=select(E).where(*conditions), order=order, key=E.c.id, key_name="id")


def objects_(conditions: Iterable[Condition], order: Order) -> Listing:
    """Objects."""
    return Listing(statement=select(O).where(*conditions), order=order, key=O.c.id, key_name="id")


def candidates(
    connection: Connection, event: str, conditions: Iterable[Condition], states: Sequence[str], order: Order
) -> Listing:
    """One event's candidates in these states (none: all); ``conditions`` besides.

    Their ranks are places among all that stand, whatever is filtered.
    """
    log_none = connection.execute(select(E.c.log_none).where(E.c.id == event)).scalar_one()
    conditions = list(conditions)
    same = ("log_odds", "probability") if list(states) == [ACTIVE] else ("log_odds",)  # fallen ones have no probability
    by_odds = order.falling and any(order.field is CANDIDATES[name] for name in same)
    contiguous = by_odds and not conditions and list(states) == [ACTIVE]
    statement = _candidates().where(C.c.event_id == event, *conditions)
    if states:
        statement = statement.where(C.c.state.in_(states))
    if by_odds:  # within an event the probability rises with the odds, and these have an index
        order = Order(field=_BEST, falling=True)
    return Listing(
        statement=statement,
        order=order,
        key=C.c.object_id,
        key_name="object_id",
        event=event,
        contiguous=contiguous,
        log_none=log_none,
    )


def _candidates() -> Select[Any]:
    """Candidates with what is shown of their objects and events."""
    return (
        select(C, *(O.c[name] for name in (*_SHOWN, *_FACTS)), E.c.log_none, tags.joined())
        .join(O, O.c.id == C.c.object_id)
        .join(E, E.c.id == C.c.event_id)
    )


def _ranked(event: str, least: float | None = None) -> Any:
    """Object id and rank of the candidates that stand: of all, or of those with at least these log odds.

    Those that have less do not move the others: few need to be counted for the ranks of a few good ones.
    """
    place = func.row_number().over(order_by=(C.c.log_odds.desc(), C.c.object_id))
    stands = (C.c.event_id == event) & (C.c.state == ACTIVE) & C.c.log_odds.is_not(None)
    chosen = select(C.c.object_id, place.label("rank")).where(stands)
    return (chosen if least is None else chosen.where(C.c.log_odds >= least)).subquery()


def _with_ranks(connection: Connection, event: str, rows: list[Row]) -> list[Row]:
    """Candidates with their ranks, None for those that do not stand."""
    odds = {row["object_id"]: row["log_odds"] for row in rows if row["state"] == ACTIVE and row["log_odds"] is not None}
    ranks: dict[str, int] = {}
    if odds:
        ranked = _ranked(event, min(odds.values()))
        chosen = select(ranked.c.object_id, ranked.c.rank).where(ranked.c.object_id.in_(list(odds)))
        ranks = {row.object_id: row.rank for row in connection.execute(chosen)}
    return [row | {"rank": ranks.get(row["object_id"])} for row in rows]


def page(connection: Connection, listing: Listing, after: Place | None, limit: int) -> tuple[list[Row], Place | None]:
    """A page of rows as they are shown, and the place where the next one begins; None where there is none."""
    rows = paging.page(connection, listing.statement, listing.order, listing.key, after, limit + 1)
    end = paging.place(rows[limit - 1], listing.key_name) if len(rows) > limit else None
    rows = rows[:limit]
    first = 1
    if listing.contiguous and after is not None:
        first += _before(connection, str(listing.event), after)
    if listing.event is not None and not listing.contiguous:
        rows = _with_ranks(connection, listing.event, rows)
    shown = [_shown(listing, row, first + i) for i, row in enumerate(rows)]
    if listing.event is not None:
        shown = list(measured(connection, listing.event, _with_aliases(connection, shown)))
    return shown, end


def whole(connection: Connection, listing: Listing) -> Iterator[Row]:
    """All rows as they are shown, few of them in memory at a time; aliases are left out."""
    rows = _streamed(connection, listing)
    shown = (_shown(listing, row, i) for i, row in enumerate(rows, start=1))
    yield from shown if listing.event is None else measured(connection, listing.event, shown)


def _streamed(connection: Connection, listing: Listing) -> Iterator[Row]:
    """All rows of a list, those of an event's candidates with their ranks."""
    statement, event = listing.statement, listing.event
    if event is None or listing.contiguous:
        yield from paging.stream(connection, statement, listing.order, listing.key)
    elif connection.dialect.name == "sqlite":  # it would search all ranks for each row; within a transaction none moves
        rows = paging.stream(connection, statement, listing.order, listing.key)
        while part := list(islice(rows, RANKED)):
            yield from _with_ranks(connection, event, part)
    else:  # one statement, so that nothing moves meanwhile
        ranked = _ranked(event)
        statement = statement.outerjoin(ranked, ranked.c.object_id == C.c.object_id).add_columns(ranked.c.rank)
        yield from paging.stream(connection, statement, listing.order, listing.key)


def measured(connection: Connection, event: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Candidates with the chance counts that were measured for their event, where somebody did."""
    notice = connection.execute(select(E.c.notice).where(E.c.id == event)).scalar_one()
    found = chances.of_event(connection, event, notice)
    for row in rows:
        if found is not None and row["log_odds"] is not None and row["event_notice"] == notice:
            row = row | chances.told(found, [row["log_odds"]])[0]
        yield row


def _before(connection: Connection, event: str, after: Place) -> int:
    """How many candidates stand up to a place of the ranking."""
    odds, name = after
    upto = or_(C.c.log_odds > odds, and_(C.c.log_odds == odds, C.c.object_id <= name))
    stands = (C.c.event_id == event) & (C.c.state == ACTIVE) & (C.c.log_odds >= odds)
    return connection.execute(select(func.count()).select_from(C).where(stands, upto)).scalar_one()


def _shown(listing: Listing, row: Row, number: int) -> Row:
    if listing.key is C.c.object_id:
        rank = number if listing.contiguous else row["rank"]
        return shown_candidate(row, rank, listing.log_none)
    if listing.key is E.c.id:
        row.pop(paging.SORTED)
        return queries.as_event(row)
    row.pop(paging.SORTED)
    return queries.as_object(row)


def shown_candidate(row: Row, rank: int | None, log_none: float) -> Row:
    """A candidate with what is known of its object."""
    facts = {name: iso(row[name]) if name.endswith(("seen", "unseen")) else row[name] for name in _FACTS}
    plain = {"flux_njy": row["flux_njy"], "n_detections": count_of(row["n_detections"])}
    return queries.as_candidate(row, rank, log_none) | facts | plain


def _with_aliases(connection: Connection, rows: list[Row]) -> list[Row]:
    others = names.of_objects(connection, [row["object"] for row in rows])
    return [row | {"aliases": others.get(row["object"], [])} for row in rows]


SEARCH_KEY = C.c.object_id + " " + C.c.event_id
"""Tells the candidates of all events apart."""


def searched(connection: Connection, condition: Condition, order: Order | None, limit: int | None) -> Iterator[Row]:
    """Candidates of all events that fulfil a condition; their probability is told, not their rank.

    Without an order they come by event and object: an index has them so, and nothing has to be sorted first.
    """
    statement = _candidates().where(condition)
    if order is None:
        rows = paging.lazily(connection, statement.order_by(C.c.event_id, C.c.object_id).limit(limit))
    else:
        rows = paging.stream(connection, statement, order, SEARCH_KEY, limit)
    for row in rows:
        shown = shown_candidate(row, 0 if row["state"] == ACTIVE else None, row["log_none"])
        del shown["rank"]
        yield shown


def searched_objects(
    connection: Connection, condition: Condition, order: Order | None, limit: int | None
) -> Iterator[Row]:
    """Objects that fulfil a condition; without an order by their ids."""
    statement = select(O).where(condition)
    if order is None:
        rows = paging.lazily(connection, statement.order_by(O.c.id).limit(limit))
    else:
        rows = paging.stream(connection, statement, order, O.c.id, limit)
    for row in rows:
        row.pop(paging.SORTED, None)
        yield queries.as_object(row)


def event_facts(connection: Connection, event: str) -> Row:
    """What a table of candidates says of their event."""
    row = connection.execute(select(E).where(E.c.id == event)).mappings().one()
    return event_part(dict(row)) | {"test": row["is_test"], "state": row["state"], "n_candidates": row["n_candidates"]}


def order_of(text: str, fields: dict[str, Field]) -> Order | None:
    """The order that ``name`` (rising) or ``-name`` (falling) names; None where there is no such field."""
    name = text.removeprefix("-")
    return Order(field=fields[name], falling=text.startswith("-")) if name in fields else None


SORTABLE = {
    "events": {name: f for name, f in EVENTS.items() if f.kind != "flag"},
    "candidates": {name: f for name, f in CANDIDATES.items() if f.kind != "flag"},
    "objects": {name: f for name, f in OBJECTS.items() if f.kind != "flag"},
    "searched": {name: f for name, f in SEARCHED.items() if f.kind != "flag"},
}
"""Fields to sort by."""


def one(connection: Connection, event: str, name: str) -> Row | None:
    """One candidate of an event, by its object's id or alias, as it is shown; None where there is none."""
    object_id = names.resolve(connection, name, "object") or name
    statement = _candidates().where(C.c.event_id == event, C.c.object_id == object_id)
    row = connection.execute(statement).mappings().first()
    if row is None:
        return None
    stands = row["state"] == ACTIVE and row["log_odds"] is not None
    rank = _before(connection, event, (row["log_odds"], object_id)) if stands else None
    shown = _with_aliases(connection, [shown_candidate(dict(row), rank, row["log_none"])])
    return next(measured(connection, event, shown))
