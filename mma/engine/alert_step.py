"""A batch of alerts: the objects' states, their candidates, the ranks of the events touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from coincidence import AlertBatch
from coincidence.alert import StrArray
from coincidence.names import SECOND_HAND
from skymaps.units import DAY_S

from ..sandbox import Room
from ..store import identities, names, objects
from ..streams import Message
from . import histories, identity, scoring
from .event_tracker import EventTracker
from .ingest import arrivals
from .publishing import Publisher

BoolArray = npt.NDArray[np.bool_]
When = Callable[[Message], float]
"""When a message came, Unix seconds."""

YOUNG_D = 30.0
"""Histories of objects younger than this are kept even where no event is: one may come later."""


@dataclass(frozen=True, slots=True)
class AlertStep:
    """Takes in alerts, against the events that are followed."""

    _tracker: EventTracker
    _publisher: Publisher
    _room: Room
    _clock: Callable[[], float]

    def take(
        self, connection: Connection, batch: Sequence[Message], alerts: AlertBatch, survey_ids: StrArray, when: When
    ) -> None:
        """Take in alerts: the objects' states, their candidates, the ranks of the events touched.

        Several alerts of one object are taken one after the other, as if each had come alone: what is published
        does not depend on how messages come in batches.
        """
        wholes = histories.wholes(self._room)
        for rows in identity.turns(alerts):
            columns = alerts.take(rows)
            before = objects.known(connection, columns)
            hits, wanted = self._wanted(columns, before)
            named = np.array([survey in SECOND_HAND for survey in columns.survey], dtype=np.bool_)
            found = histories.decode(
                batch, columns, (wanted | named) & ~before.tell_all(columns), survey_ids[rows], wholes
            )
            columns = histories.with_history(columns, found)
            ours = identity.identify(
                connection, columns, found.aliases, before.version, hits, self._tracker.active.parameters
            )
            kept = found.take(np.flatnonzero((found.row < 0) | self._wanted(columns, before)[1][found.row]))
            columns, kept = replace(columns, object_id=ours.of(columns.object_id)), ours.histories(kept)
            came = arrivals(columns, batch, when)
            if ours.joined or ours.object_id:
                before = self._joined(connection, columns, ours, came)
            objects.add_history(connection, kept)
            names.add(connection, ours.rows)
            states = objects.merge(connection, columns, before, set(kept.object_id))
            for some in scoring.batch(connection, self._tracker.active, states):
                self._publisher.settle(connection, some, self._clock(), came)

    def _joined(
        self, connection: Connection, alerts: AlertBatch, ours: identity.Identities, came: Mapping[str, float]
    ) -> objects.Known:
        """Make one of what turned out to be one source; what is stored of the sources of these alerts."""
        gone = sorted(ours.joined)
        withdrawn = scoring.joined(connection, ours.joined)
        before = objects.known(connection, alerts, gone)
        identities.join(connection, ours.joined)
        at = {name: came[ours.joined[name]] for name in gone if ours.joined[name] in came}
        self._publisher.settle(connection, withdrawn, max(came.values()), at)
        return before.renamed(ours.joined)

    def _wanted(self, alerts: AlertBatch, before: objects.Known) -> tuple[BoolArray, BoolArray]:
        """Alerts that hit a region; and those whose history is wanted: these, and those of young objects, which a later
        event will want. What an event finds must not depend on which of the two came first. Shape (n,) each."""
        first = before.first_seen(alerts)
        hits = np.zeros(len(alerts), dtype=np.bool_)
        for pairs in self._tracker.active.match_parts(replace(alerts, first_seen=first)):
            hits[pairs.alert] = True
        moves = alerts.solar_system_arcsec <= self._tracker.active.parameters.moving_arcsec
        return hits, np.asarray((hits | (alerts.time - first <= YOUNG_D * DAY_S)) & ~moves, dtype=np.bool_)
