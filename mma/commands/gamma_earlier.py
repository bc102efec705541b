"""The alert that an update or retraction is about: in the database, or on the topic that it goes to."""

from __future__ import annotations

from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, or_, select

from coincidence.event import TEST_ENDING, id_of_test

from ..answers import events_like
from ..config import Settings
from ..errors import ConfigError, DecodeError, Ignored, NotFoundError
from ..messages import iso
from ..notices import fields, is_xml, names
from ..notices.gamma import SCHEMA_ID, voevent
from ..notices.voevent import document as voevent_xml
from ..store import Store, as_url, originals, tables
from ..streams import connect
from ..text import nearest

Alert = dict[str, Any]
TOPIC_S = 30.0
"""How long a topic is read in search of an alert, seconds."""


class NowhereError(ConfigError):
    """There is neither a database nor a topic to look at."""


def find(options: Namespace, settings: Settings, name: str, topics: tuple[str, ...], *, is_test: bool) -> list[Alert]:
    """Every message about an alert, the oldest first. It goes by what was printed, by its bare id, or by an alias.

    Where the database has only a real alert and a test is wanted, or the other way round, the topics count first.

    Parameters
    ----------
    topics
        To look at where the database does not have it.
    """
    database, found = settings.database, list[Alert]()
    is_there = _is_there(database)
    if options.db or is_there:
        with closing(Store(database, create=False, writes=False)) as store, store.read() as connection:
            found = _stored(connection, name, is_test)
        if found and is_a_test(found[-1]) == is_test:
            return found
    if options.to and topics:
        messages = connect.to_end(options.to, topics, TOPIC_S)
        on_topics = _chosen([a for a in map(read, (m.payload for m in messages)) if a], name, is_test)
        if on_topics and (not found or is_a_test(on_topics[-1]) == is_test):
            return on_topics
    elif not is_there:
        raise NowhereError(f"{name}: no database at {as_url(database).removeprefix('sqlite:///')} and no --to: "
                           "nowhere to look for the earlier alert; --force goes on without")  # fmt: skip
    return found


def names_like(options: Namespace, settings: Settings, name: str, topics: tuple[str, ...]) -> list[str]:
    """Names of alerts in the database and on the topics that are much like one that there is not."""
    if options.db or _is_there(settings.database):
        with closing(Store(settings.database, create=False, writes=False)) as store, store.read() as connection:
            if near := events_like(connection, name):
                return near
    if not options.to or not topics:
        return []
    alerts = map(read, (m.payload for m in connect.to_end(options.to, topics, TOPIC_S)))
    return nearest(name, sorted({one for alert in alerts if alert for one in (printed(alert), str(alert["id"]))}))


def _is_there(database: str) -> bool:
    return "://" in database or Path(database).is_file()


def names_test(name: str) -> bool:
    """Whether a name is that of a test: no real event's id ends so."""
    return _key(name).endswith(TEST_ENDING)


def is_a_test(alert: Alert) -> bool:
    """Whether an alert says that it is a test."""
    return alert.get("alert_tense") == "test"


def read(payload: bytes) -> Alert | None:
    """The gamma-ray alert in these bytes, in either form; None for anything else."""
    try:
        if is_xml(payload[:64].lstrip()):
            packet = voevent_xml.read(payload)
            if not voevent.is_ours(packet):
                return None
            document = voevent.document_of(packet)
        else:
            document = dict(fields.unwrapped(fields.parse_json(payload)))
        if document.get("$schema") != SCHEMA_ID:
            return None
        for name in ("mission", "id", "alert_datetime"):
            fields.text(document, name)
        _issued(document)
    except (DecodeError, Ignored):
        return None
    return document


def event_of(alert: Alert) -> str:
    """The event's name by its sender; of a test as well."""
    return names.of_alert(str(alert["mission"]), str(alert["id"]))


def printed(alert: Alert) -> str:
    """The id that the engine gives the event: a test's is its own."""
    return id_of_test(event_of(alert)) if is_a_test(alert) else event_of(alert)


def _chosen(alerts: Iterable[Alert], name: str, is_test: bool) -> list[Alert]:
    """Every message about the one alert that goes by a name: what was printed before aliases, real ones before tests
    unless a test is wanted. A name of a test never leads to a real alert, unless that has the very name."""
    groups: dict[tuple[str, bool], list[Alert]] = defaultdict(list)
    for alert in alerts:
        groups[printed(alert), is_a_test(alert)].append(alert)
    key = _key(name)
    fits = [group for group, of_it in groups.items() if key in {_key(n) for alert in of_it for n in _names(alert)}]
    if is_test and names_test(name):
        fits = [group for group in fits if group[1]]
    fits = [group for group in fits if key in (_key(group[0]), _key(group[0]).removesuffix(TEST_ENDING))] or fits
    fits = [group for group in fits if group[1] == is_test] or fits
    if len(events := sorted({event for event, _ in fits})) > 1:
        raise ConfigError(f"{name} may be {' or '.join(events)}: say which")
    return sorted((alert for group in fits for alert in groups[group]), key=_issued)


def _issued(alert: Alert) -> str:
    return fields.time(alert, "alert_datetime").isoformat(timespec="microseconds")


def _names(alert: Alert) -> Iterator[str]:
    own = event_of(alert)
    bare = own.removeprefix(names.of_alert(str(alert["mission"]), ""))
    called = list(fields.texts(alert, "event_name"))
    for name in (own, str(alert["id"]), bare, *names.aliases(called, "", own), *called):
        yield name
        if is_a_test(alert):
            yield id_of_test(name)


def _key(name: str) -> str:
    return "".join(name.split()).casefold()


def _stored(connection: Connection, name: str, is_test: bool) -> list[Alert]:
    """Of the database's events; what was printed, a bare id and an alias lead to each."""
    e, a, key = tables.events.c, tables.aliases.c, _key(name).removesuffix(TEST_ENDING)
    plain = func.lower(func.replace(e.id, " ", ""))
    ids = set(
        connection.execute(
            select(e.id).where(
                or_(plain.in_((key, key + TEST_ENDING)), plain.endswith(f"-{key}", autoescape=True),
                    plain.endswith(f"-{key}{TEST_ENDING}", autoescape=True))
            )
        ).scalars()
    )  # fmt: skip
    alias = func.lower(func.replace(a.alias, " ", ""))
    ids |= set(connection.execute(select(a.id).where(alias.in_((key, key + TEST_ENDING)), a.what == "event")).scalars())
    alerts = [alert for event in sorted(ids) for alert in _of_event(connection, event)]
    if name in ids and not alerts:
        raise ConfigError(f"{name} is no gamma-ray alert of ours: only who sent it takes it back or renews it")
    return _chosen(alerts, name, is_test)


def _of_event(connection: Connection, event: str) -> Iterator[Alert]:
    """Every alert about a stored event, as it came."""
    r = tables.event_revisions.c
    count = connection.execute(select(func.count()).where(r.event_id == event)).scalar_one()
    for number in range(1, count + 1):
        try:
            alert = read(originals.of_event(connection, event, number).payload)
        except NotFoundError:
            alert = _by_name(connection, event)
        if alert is not None:
            yield alert


def _by_name(connection: Connection, event: str) -> Alert | None:
    """What an earlier version kept of an alert: whose it is, and its id."""
    e = tables.events.c
    row = connection.execute(
        select(e.observatory, e.messenger, e.issued, e.is_test, e.state).where(e.id == event)
    ).one()
    prefix = f"{row.observatory.replace(' ', '')}-"
    bare = event.removesuffix(TEST_ENDING).removeprefix(prefix)
    if row.messenger != "gamma" or not event.startswith(prefix):
        return None
    more = {"alert_tense": "test"} if row.is_test else {}
    more |= {"alert_type": "retraction"} if row.state == "retracted" else {}
    return {"mission": row.observatory, "id": bare, "alert_datetime": iso(row.issued), **more}
