"""How it goes: what came in, what became of it, what waits and what went out."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from ..messages import iso
from ..store import Row, count_states, galaxies, message_log, outbox, tables
from ..store import sources as live

OUTCOMES = ("read", "decoded", "set_aside", "ignored")


def totals(connection: Connection) -> Row:
    """What became of all messages, and what waits: quick enough to be asked every few seconds."""
    counts = dict.fromkeys(OUTCOMES, 0)
    for row in message_log.totals(connection):
        counts[row["outcome"]] += row["n"]
    return {
        "messages": counts,
        "waiting": outbox.waiting(connection),
        "refused": outbox.refused(connection),
        "dead_letters": _size(connection, "dead_letters"),
    }


def status(connection: Connection) -> Row:
    """What came in and what became of it; what is known; what went out."""
    counts = dict.fromkeys(OUTCOMES, 0)
    sources: dict[str, Row] = {}
    for row in message_log.totals(connection):
        counts[row["outcome"]] += row["n"]
        source = sources.setdefault(row["source"], _nothing())
        _add(source, {row["outcome"]: row["n"], "last": iso(row["last"])})
        if row["reason"]:
            source["reasons"][row["reason"]] = row["n"]
    return {
        "messages": counts,
        "sources": sources,
        "live": [_live(row) for row in live.listing(connection)],
        "events": count_states(connection),
        **{name: _size(connection, name) for name in ("objects", "detections", "dead_letters")},
        "catalogs": galaxies.listing(connection),
        "published": outbox.counts(connection),
        "refused": outbox.refused(connection),
    }


def since(found: Row, before: Row) -> Row:
    """A status with the counts of what came after an earlier one alone."""
    sources = {}
    for name, told in found["sources"].items():
        was = before["sources"].get(name, _nothing())
        counts = {outcome: told[outcome] - was[outcome] for outcome in OUTCOMES}
        reasons = {reason: n - was["reasons"].get(reason, 0) for reason, n in told["reasons"].items()}
        if any(counts.values()):
            sources[name] = {**counts, "last": told["last"], "reasons": {r: n for r, n in reasons.items() if n}}
    return found | {
        "messages": {outcome: found["messages"][outcome] - before["messages"][outcome] for outcome in OUTCOMES},
        "sources": sources,
        "published": found["published"] | {"sent": found["published"]["sent"] - before["published"]["sent"]},
    }


def for_all(found: Row) -> Row:
    """A status as everybody may see it: files without their folders; those of one name are counted together.

    Examples
    --------
    >>> one = _nothing() | {"read": 2, "reasons": {"no event": 1}}
    >>> shown = for_all({"sources": {"/home/ann/a.json": one, "/home/bob/a.json": one, "gcn.notices.swift": one}})
    >>> {name: (source["read"], source["reasons"]) for name, source in shown["sources"].items()}
    {'a.json': (4, {'no event': 2}), 'gcn.notices.swift': (2, {'no event': 1})}
    """
    sources: dict[str, Row] = {}
    for name, told in found["sources"].items():
        source = sources.setdefault(without_folder(name), _nothing())
        _add(source, told)
        for reason, n in told["reasons"].items():
            source["reasons"][reason] = source["reasons"].get(reason, 0) + n
    live = [row | {"name": _without_folder_of_output(row["name"])} for row in found.get("live", [])]
    return found | {"sources": sources, "live": live}


def _without_folder_of_output(name: str) -> str:
    """The name of a live source, or of where published messages go: a broker's stays.

    Examples
    --------
    >>> _without_folder_of_output("publishing to the file /home/ann/out.jsonl"), _without_folder_of_output("a:9092/b")
    ('publishing to the file out.jsonl', 'a:9092/b')
    """
    head, mark, path = name.partition("the file ")
    return head + mark + without_folder(path) if mark else name


def without_folder(name: str) -> str:
    """A file's or folder's own name, of whichever system; topics have no folders."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2] or name


def _nothing() -> Row:
    return dict.fromkeys(OUTCOMES, 0) | {"last": None, "reasons": {}}


def _add(source: Row, more: Row) -> None:
    for outcome in OUTCOMES:
        source[outcome] += more.get(outcome, 0)
    source["last"] = max(filter(None, (source["last"], more["last"])), default=None)


def _live(row: Row) -> Row:
    return {**row, **{name: iso(row[name]) for name in ("last_message", "last_heartbeat", "told")}}


def _size(connection: Connection, table: str) -> int:
    return connection.execute(select(func.count()).select_from(tables.metadata.tables[table])).scalar_one()
