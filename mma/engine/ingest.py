"""From messages to events and alerts; what cannot be read is set aside, and each one is accounted for."""

from __future__ import annotations

import math
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from coincidence import AlertBatch, Event
from coincidence.alert import StrArray
from coincidence.event import set_apart
from coincidence.objects import with_keys

from .. import alerts, notices
from ..errors import CostlyError, DecodeError, Ignored, OutageError
from ..sandbox import Room, budget
from ..store import Entry, event_document, storable, unstorable
from ..streams import Message
from . import reading, rehearsal, topics

Locate = Callable[[Message, Event], Event]
"""Gives an event the region that its notice only points to, where it is there."""

TEXTS = tuple(f.name for f in fields(AlertBatch) if getattr(AlertBatch.empty(), f.name).dtype.hasobject)
"""Columns of alerts that hold text."""

READING_S = 8.0
"""After so long the rest of the messages has to wait: a group does without a member that says nothing for minutes."""

MOST_ROWS = 1000
"""Of one object, or at one place, in one message: each is a turn of its own."""

PLACE_ARCSEC = 2.0
LONGEST_URL = 2000
LONGEST_ID = 200
"""Characters; names of objects go into messages, which stay small."""


@dataclass(slots=True)
class Intake:
    """What a batch of messages held."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    """Index of the message, and the event."""

    alerts: AlertBatch = field(default_factory=AlertBatch.empty)
    """``message`` is the index in the list that was taken in; object ids are unique across surveys."""

    survey_ids: StrArray = field(default_factory=lambda: np.empty(0, dtype=object))
    """The surveys' own object ids of the alerts."""

    faults: dict[int, list[tuple[str, str | None]]] = field(default_factory=dict)
    """Index of a message to what was wrong with it: reason and traceback."""

    counts: Counter[Entry] = field(default_factory=Counter)
    n: int = 0
    """How many of the messages were read: fewer than all where that took long."""

    def count(self, messages: Iterable[Message], outcome: str) -> None:
        """Account for messages."""
        for source, n in Counter(map(source_of, messages)).items():
            self.counts[source, outcome, ""] += n

    def between(self, first: int, end: int) -> tuple[AlertBatch, StrArray]:
        """Alerts of a range of messages in the order of these, and the surveys' own ids of their objects."""
        at = self.alerts.message
        rows = np.flatnonzero((at >= first) & (at < end))
        rows = rows[np.argsort(at[rows], kind="stable")]
        return self.alerts.take(rows), self.survey_ids[rows]


def take_in(messages: Sequence[Message], locate: Locate | None = None, room: Room | None = None) -> Intake:
    """Decode messages of any kind. One that fails costs itself alone.

    Parameters
    ----------
    locate
        Adds maps that notices point to.
    room
        Where messages are read that may cost much.
    """
    intake, room = Intake(), room or reading.room()
    batches: list[AlertBatch] = []
    optical: dict[str, list[int]] = {}
    known: dict[str, str] = {}
    begun = time.monotonic()
    with budget.small():
        for i, message in enumerate(messages):
            if i and time.monotonic() - begun > READING_S:
                break
            intake.n = i + 1
            try:
                if message.fault is not None:
                    raise DecodeError(message.fault)
                kind = _format_of(message, known)
                if kind not in notices.DECODERS:
                    reading.refuse_rehearsal(message)
                    optical.setdefault(kind, []).append(i)
                    continue
                _take_events(intake, i, message, notices.decode_all(message, kind), locate)
            except OutageError:
                raise
            except CostlyError:
                batches.append(_take_apart(intake, messages, i, room, locate))
            except Exception as error:  # noqa: BLE001 - a bad message costs one message, whatever is wrong with it
                _refuse(intake, i, message, error)
        batches += [_take_alerts(intake, messages, rows, kind, room) for kind, rows in optical.items()]
    intake.count(messages[: intake.n], "read")
    columns = AlertBatch.concatenate([batch for batch in batches if len(batch)])
    intake.survey_ids = columns.object_id
    intake.alerts = with_keys(columns)
    return intake


def _take_events(
    intake: Intake, i: int, message: Message, found: Iterable[Event], locate: Locate | None = None
) -> None:
    """The events of a notice; each a test where the message is a rehearsal."""
    events = [set_apart(rehearsal.marked(event, message)) for event in found]
    for event in events:
        if len(event.id) > LONGEST_ID:
            raise DecodeError(f"event id of more than {LONGEST_ID} characters")
        if (reason := unstorable(event_document(event))) is not None:
            raise DecodeError(reason)
    intake.events += [(i, locate(message, event) if locate else event) for event in events]
    intake.count([message], "decoded")


def _take_apart(
    intake: Intake, messages: Sequence[Message], i: int, room: Room, locate: Locate | None = None
) -> AlertBatch:
    """Read a message in the room; its alerts, if it has any."""
    try:
        found = room.call(reading.read, messages[i])
        if isinstance(found, alerts.Decoded):
            return _take_decoded(intake, messages, [i], found)
        _take_events(intake, i, messages[i], found, locate)
    except OutageError:
        raise
    except Exception as error:  # noqa: BLE001 - as if it had been read here
        _refuse(intake, i, messages[i], error)
    return AlertBatch.empty()


def _format_of(message: Message, known: dict[str, str]) -> str:
    """Format of a message; those of ``known`` topics need not be looked at, where nothing else would tell it."""
    if message.headers or not alerts.is_confluent(message):
        return topics.format_of(message)
    kind = known.get(message.topic)
    if kind is None:
        kind = known[message.topic] = topics.format_of(message)
    return kind


def source_of(message: Message) -> str:
    """Where a message is counted: its topic, or the folder of a recorded file."""
    if not message.name:
        return message.topic
    return message.topic.rpartition("/")[0] or message.topic


def newest(
    messages: Sequence[Message], when: Callable[[Message], float], alerts: AlertBatch, now: float
) -> dict[str, float]:
    """How new what each source told is, Unix seconds: when its newest message came.

    A recorded message counts from its first exposure; its last one, which is no later than now, is as new as it is.
    """
    found: dict[str, float] = {}
    last = np.full(len(messages), -math.inf)
    np.maximum.at(last, alerts.message, np.minimum(alerts.time, now))
    for message, seen in zip(messages, last.tolist(), strict=True):
        source = source_of(message)
        found[source] = max(when(message), seen, found.get(source, -math.inf))
    return found


def arrivals(columns: AlertBatch, messages: Sequence[Message], when: Callable[[Message], float]) -> dict[str, float]:
    """When the newest message about each object came, Unix seconds."""
    came: dict[str, float] = {}
    for name, i in zip(columns.object_id, columns.message.tolist(), strict=True):
        came[name] = max(when(messages[i]), came.get(name, -math.inf))
    return came


def _refuse(intake: Intake, i: int, message: Message, error: Exception) -> None:
    if isinstance(error, Ignored):
        intake.counts[source_of(message), "ignored", str(error)] += 1
        return
    if i not in intake.faults:
        intake.counts[source_of(message), "set_aside", ""] += 1
    known = isinstance(error, DecodeError)
    reason = str(error) if known else f"{type(error).__name__}: {error}"
    trace = None if known else "".join(traceback.format_exception(error))
    intake.faults.setdefault(i, []).append((storable(reason), trace))


def _take_alerts(intake: Intake, messages: Sequence[Message], rows: list[int], kind: str, room: Room) -> AlertBatch:
    """Columns of the alerts in messages of one format; ``message`` counts in the whole list."""
    try:
        decoded = alerts.decode([messages[i] for i in rows], kind)
    except Exception as unforeseen:  # noqa: BLE001 - the message at fault is found by taking each alone
        if len(rows) == 1:
            _refuse(intake, rows[0], messages[rows[0]], unforeseen)
            return AlertBatch.empty()
        return AlertBatch.concatenate([_take_alerts(intake, messages, [i], kind, room) for i in rows])
    parts = [_take_decoded(intake, messages, rows, decoded)]
    parts += [_take_apart(intake, messages, rows[at], room) for at in decoded.costly]
    return AlertBatch.concatenate(parts) if len(parts) > 1 else parts[0]


def _take_decoded(intake: Intake, messages: Sequence[Message], rows: list[int], decoded: alerts.Decoded) -> AlertBatch:
    """Account for what was decoded of some messages; the alerts that can be used."""
    for at, ignored in decoded.ignored:
        _refuse(intake, rows[at], messages[rows[at]], ignored)
    for at, error in decoded.refused:
        _refuse(intake, rows[at], messages[rows[at]], error)
    unread = {at for at, _ in decoded.ignored} | {at for at, _ in decoded.refused} | {*decoded.costly}
    intake.count((messages[i] for at, i in enumerate(rows) if at not in unread), "decoded")
    batch = decoded.batch
    batch.message[:] = [rows[at] for at in batch.message.tolist()]
    return _short_names(intake, messages, _few(intake, messages, batch))


def _few(intake: Intake, messages: Sequence[Message], batch: AlertBatch) -> AlertBatch:
    """Alerts without those of one message that are too many of one object or at one place; the first of them stay."""
    if len(batch) <= MOST_ROWS or np.bincount(batch.message).max() <= MOST_ROWS:
        return batch
    ra, dec = ((column * (3600.0 / PLACE_ARCSEC)).round().tolist() for column in (batch.ra, batch.dec))
    keys = (batch.object_id.tolist(), list(zip(ra, dec, strict=True)))
    keep = np.ones(len(batch), dtype=np.bool_)
    for key in keys:
        seen: Counter[object] = Counter()
        for row, its in enumerate(zip(batch.message.tolist(), key, strict=True)):
            seen[its] += 1
            keep[row] &= seen[its] <= MOST_ROWS
    if keep.all():
        return batch
    for i in np.unique(batch.message[~keep]).tolist():
        n = int(np.count_nonzero(~keep & (batch.message == i)))
        _refuse(intake, i, messages[i], DecodeError(f"{n} rows more than {MOST_ROWS} of one object or place"))
    return batch.take(np.flatnonzero(keep))


def _short_names(intake: Intake, messages: Sequence[Message], batch: AlertBatch) -> AlertBatch:
    """Alerts with ids as long as ids are, and texts that can be stored; the others are faults of their messages."""
    faults = dict(_long_names(batch)) | dict(_odd_texts(batch))
    if not faults:
        return batch
    for row, reason in sorted(faults.items()):
        i = int(batch.message[row])
        if i in intake.faults and (reason, None) in intake.faults[i]:
            continue
        intake.counts[source_of(messages[i]), "decoded", ""] -= i not in intake.faults
        _refuse(intake, i, messages[i], DecodeError(reason))
    return batch.take(np.setdiff1d(np.arange(len(batch)), list(faults)))


def _long_names(batch: AlertBatch) -> Iterator[tuple[int, str]]:
    """Rows with ids that are too long, and what is wrong there."""
    for names in (batch.object_id.tolist(), batch.id.tolist()):
        if names and max(map(len, names)) > LONGEST_ID:
            long = f"object or alert id of more than {LONGEST_ID} characters"
            yield from ((row, long) for row, name in enumerate(names) if len(name) > LONGEST_ID)


def _odd_texts(batch: AlertBatch) -> Iterator[tuple[int, str]]:
    """Rows with text that no database takes, or that is long beyond reason, and what is wrong there."""
    for name in TEXTS:
        values = getattr(batch, name).tolist()
        most = LONGEST_URL if name == "url" else LONGEST_ID
        if max(map(len, filter(None, values)), default=0) > most:
            long = f"{name} of more than {most} characters"
            yield from ((row, long) for row, value in enumerate(values) if value and len(value) > most)
        if (together := "".join(filter(None, values))).isascii() and "\0" not in together:
            continue
        for row, value in enumerate(values):
            if (reason := unstorable(value)) is not None:
                yield row, f"{name}: {reason}"
