"""What people and classifiers say of candidates, and what follows from it at once."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from coincidence import Parameters

from ..answers import candidate_row, current_parameters
from ..errors import NotFoundError
from ..store import Store, Verdict, candidates, classifications, facts, hold_events, tags, verdicts
from . import scoring
from .additions import Additions
from .event_tracker import EventTracker
from .publishing import Publisher

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vetting:
    """Where is judged: what is scored again, and who is told."""

    store: Store
    parameters: Parameters
    prefix: str | None
    """Of the topics; None tells nobody. Messages wait in the outbox."""

    additions: Additions = field(default_factory=Additions)

    def judge(self, verdict: Verdict) -> None:
        """Keep a verdict, and score what it touches again.

        A spectral class counts for every event that the object is a candidate of, the status for its event alone. A
        comment changes no score.

        Raises
        ------
        NotFoundError
            The object is no candidate of the event.
        """
        with self.store.begin() as connection:
            self._check(connection)
            comments = verdict.status is None
            hold_events(connection, alone=comments)  # nobody changes the status that a comment keeps
            stood = candidate_row(connection, verdict.event_id, verdict.object_id)
            if stood is None:
                raise NotFoundError(f"{verdict.object_id} is no candidate of {verdict.event_id}")
            stands = stood["state"] == candidates.ACTIVE
            chance = math.exp(stood["log_odds"] - stood["log_none"]) if stands else None
            verdicts.save(connection, verdict, stood | {"probability": chance})
            if not comments or verdict.spectral_class:
                self._again(connection, verdict.object_id, verdict.time)

    def tag(
        self, key: candidates.Key, names: Iterable[str], *, who: str | None, now: float, remove: bool = False
    ) -> None:
        """Put tags on a candidate, or take them off; if it was told, tell it with them. No score changes.

        Parameters
        ----------
        key
            Event id and object id.
        names
            In whichever case.
        now
            Unix seconds.

        Raises
        ------
        ConfigError
            Something is no tag, or the candidate would have too many.
        NotFoundError
            The object is no candidate of the event; or it does not have a tag that is to be taken off.
        """
        wanted = [tags.clean(name) for name in names]
        with self.store.begin() as connection:
            self._check(connection)
            hold_events(connection, alone=True)  # no worker is just telling it with the tags that it had
            if candidate_row(connection, *key) is None:
                raise NotFoundError(f"{key[1]} is no candidate of {key[0]}")
            if remove:
                untagged = changed = tags.remove(connection, key, wanted)
            else:
                untagged, changed = [], tags.add(connection, key, wanted, who=who, now=now)
            if changed:
                Publisher(self.parameters, self.prefix, self.additions).tagged(connection, key, untagged, now)

    def classify(
        self, object_id: str, classifier: str, version: str, probabilities: Mapping[str, float], now: float
    ) -> None:
        """Keep what a classifier says of an object, and score its candidates again.

        Parameters
        ----------
        probabilities
            Class to probability.
        now
            Unix seconds.
        """
        with self.store.begin() as connection:
            self._check(connection)
            hold_events(connection, alone=False)
            classifications.save(connection, object_id, classifier, version, probabilities, now)
            self._again(connection, object_id, now)

    def afresh(self, event_id: str, now: float) -> None:
        """Score one event's candidates again, by what is stored now: a catalogue that came later, say."""
        with self.store.begin() as connection:
            self._check(connection)
            hold_events(connection, alone=True)
            self._settle(connection, [event_id], now)

    def _check(self, connection: Connection) -> None:
        """Whether those who listen hear what follows."""
        if self.prefix is not None:
            facts.check_prefix(connection, self.prefix)

    def _again(self, connection: Connection, object_id: str, now: float) -> None:
        """Score the events that an object is a candidate of, each as its notices tell it, open or over."""
        self._settle(connection, sorted({key[0] for key in candidates.of_objects(connection, [object_id])}), now)

    def _settle(self, connection: Connection, names: Iterable[str], now: float) -> None:
        parameters = current_parameters(connection, self.parameters)[1]
        tracker, publisher = EventTracker(parameters), Publisher(parameters, self.prefix, self.additions)
        for event_id in names:
            tracker.remember(connection, event_id)
            if tracker.is_without_its_map(event_id):
                log.warning("event %s: nothing is scored again: %s", event_id, tracker.damaged[event_id])
                continue
            publisher.settle(connection, scoring.event(connection, tracker.active, event_id), now)
