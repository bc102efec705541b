"""What somebody wants of the stream: one filter, for the command line, the client and server-sent events.

A candidate is shown once it is wished for. What was shown is kept true: its withdrawal is shown, and the update by
which it falls out. Nothing is told of a candidate that never was what somebody wished for. Messages say what was
told before (``before``), so that a listener who comes back need not remember.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from coincidence import names

Kind = Literal["candidate", "event", "association", "group"]
Type = Literal["new", "update", "withdrawal"]
KINDS: tuple[str, ...] = get_args(Kind)
TYPES: tuple[str, ...] = get_args(Type)
SIGNS = "-_"
"""Between the parts of an id."""

SIGN = re.compile(f"[{SIGNS}]")
REMEMBERED = 2000
"""Candidates of which a listener remembers what it was told: for messages that do not say it themselves."""


def folded(name: str) -> str:
    """A name as it is compared: case, spaces, signs between its parts, and TNS's prefix do not count.

    Examples
    --------
    >>> folded("GRB 170817A") == folded("grb-170817a"), folded("S230518h") == folded("S230518ha")
    (True, False)
    """
    return names.folded(name).replace("-", "")


def endings(event_id: str) -> frozenset[str]:
    """What an event's id ends with after each of its signs, folded: its sender's own id is one of these.

    Examples
    --------
    >>> sorted(endings("CTAO-ac506060deb6")), sorted(endings("Fermi-GBM-524666471")), endings("S190425z")
    (['ac506060deb6'], ['524666471', 'gbm524666471'], frozenset())
    >>> sorted(endings("IceCube-142000_12345678"))
    ['12345678', '14200012345678']
    """
    return frozenset(folded(event_id[sign.end() :]) for sign in SIGN.finditer(event_id)) - {""}


@dataclass(frozen=True, slots=True)
class Told:
    """Whether a candidate was ever what somebody wishes for, and whether it was in the last message about it."""

    ever: bool
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a message is asked for."""

    kind: str
    """candidate, event, association, group or heartbeat; ``message`` for what is not ours."""

    type: str | None
    """new, update or withdrawal."""

    test: bool
    events: frozenset[str]
    """Ids and aliases of the events it is about, and names of the source that one was seen of, folded."""

    shown: tuple[str, ...]
    """The same as the message writes them."""

    endings: frozenset[str]
    """What the ids of these end with, folded."""

    id: str | None
    """Id of the one event it is about, folded; None where it is about several."""

    messenger: str | None
    probability: float | None
    tags: frozenset[str]
    """Those that it has, and those that it says are taken off."""

    candidate: tuple[str, str] | None
    """Event and object."""

    before: Mapping[str, float | None] | None
    """Of a candidate that was told before: ``probability`` by the last message, and ``probability_max`` by any."""


def facts(message: Mapping[str, Any]) -> Facts:
    """What a message of ours says of itself; parts that are missing are unknown."""
    about, score = _table(message, "event"), _table(message, "score")
    schema = str(message.get("schema", "")).split(":")
    own = about.get("id") if isinstance(about.get("id"), str) else None
    ids = [name for name in (own, *_list(message, "events")) if isinstance(name, str)]  # an association has several
    others = (*_list(about, "aliases"), *_list(_table(about, "gamma"), "event_name"))
    shown = (*ids, *(name for name in others if isinstance(name, str)))
    object_id = _table(message, "object").get("id")
    return Facts(
        kind=schema[2] if schema[:2] == ["urn", "mma"] and len(schema) > 2 else "message",
        type=message.get("type"),
        test=bool(message.get("test")),
        events=frozenset(map(folded, shown)),
        shown=shown,
        endings=frozenset().union(*map(endings, ids)),
        id=None if own is None else folded(own),
        messenger=about.get("messenger"),
        probability=score.get("probability"),
        tags=frozenset(map(str, [*_list(message, "tags"), *_list(message, "untagged")])),
        candidate=None if object_id is None else (str(about.get("id")), str(object_id)),
        before=_table(message, "before") or None,
    )


def _table(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = message.get(name)
    return found if isinstance(found, dict) else {}


def _list(message: Mapping[str, Any], name: str) -> list[Any]:
    found = message.get(name)
    return found if isinstance(found, list) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFilter:
    """What somebody listens to; None or nothing: anything."""

    event: str | None = None
    """One event, as somebody wrote it."""

    events: frozenset[str] = frozenset()
    """Ids and aliases of it, folded; where nobody knows these, what was written."""

    loose: bool = True
    """The last part of an event's id will do for it, too: nobody knows the event yet, and which ids there are."""

    messenger: str | None = None
    probability: float | None = None
    """Only candidates that reach it, and what becomes of those."""

    kind: str | None = None
    type: str | None = None
    tags: frozenset[str] = frozenset()
    """Any of these will do, also one that was just taken off."""

    tests: bool = False
    """Messages about test events, too."""

    def __post_init__(self) -> None:
        if self.event is not None and not self.events:
            object.__setattr__(self, "events", frozenset({folded(self.event)}))

    def names(self, told: Facts) -> bool:
        """Whether a message is about the event wished for, by any name that the message says."""
        return not (self.events.isdisjoint(told.events) and (not self.loose or self.events.isdisjoint(told.endings)))

    def fits(self, told: Facts) -> bool:
        """Whether a message is about what is wished for besides the event, however probable."""
        return (
            (self.tests or not told.test)
            and self.messenger in (None, told.messenger)
            and self.kind in (None, told.kind)
            and (not self.tags or not self.tags.isdisjoint(told.tags))
        )


class Filter:
    """Takes messages, in order, for one listener."""

    def __init__(self, stream_filter: StreamFilter) -> None:
        self.stream_filter = stream_filter
        self._told: OrderedDict[tuple[str, str], Told] = OrderedDict()
        self._ids: set[str] = set()
        """Ids of the event wished for, as messages told them: messages about two events name these by their ids."""

    def takes(self, message: Facts) -> bool:
        """Whether the listener is to be told this message."""
        if self.stream_filter.events and not self._is_about(message):
            return False
        if not self.stream_filter.fits(message):
            return False
        shown = self.stream_filter.probability is None or message.kind != "candidate" or self._keeps(message)
        return shown and self.stream_filter.type in (None, message.type)

    def _is_about(self, message: Facts) -> bool:
        """Whether a message is about the event, by a name in it or by an id that was told with that name before."""
        if self.stream_filter.names(message):
            if message.id is not None:
                self._ids.add(message.id)
            return True
        return not self._ids.isdisjoint(message.events)

    def _keeps(self, message: Facts) -> bool:
        """Whether a candidate is probable enough, or was and the listener has to hear that it is no more."""
        least = self.stream_filter.probability or 0.0
        reaches = message.probability is not None and message.probability >= least
        before = self._before(message, least)
        if message.candidate is not None:
            self._told[message.candidate] = Told((before is not None and before.ever) or reaches, reaches)
            self._told.move_to_end(message.candidate)
            if len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
        if reaches:
            return True
        if message.probability is None:
            return before is None or before.ever  # where nobody knows, better a withdrawal too many
        return before is not None and before.last

    def _before(self, message: Facts, least: float) -> Told | None:
        """What the listener was told of a candidate before this; None where that is not known."""
        if message.candidate is not None and message.candidate in self._told:
            return self._told[message.candidate]
        if message.type == "new":
            return Told(ever=False, last=False)
        if message.before is None:
            return None
        last, most = message.before.get("probability"), message.before.get("probability_max")
        return Told(ever=most is not None and most >= least, last=last is not None and last >= least)
