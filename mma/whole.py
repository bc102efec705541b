"""Alerts decoded whole: their history tells when the object began, and when it was not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coincidence import Alert, AlertBatch
from coincidence.objects import SAME_S, key

from . import alerts
from .streams import Message


def decode(messages: Sequence[Message], rows: AlertBatch, ids: Sequence[str]) -> list[Alert]:
    """The alerts of these rows with all their history, object ids unique across surveys.

    Parameters
    ----------
    messages
        Those that ``rows.message`` counts in.
    rows
        Alerts wanted.
    ids
        The surveys' own object ids of the rows.
    """
    wanted: dict[int, set[str]] = {}
    for i, object_id in zip(rows.message.tolist(), ids, strict=True):
        wanted.setdefault(i, set()).add(object_id)
    found = (a for i, names in wanted.items() for a in alerts.decode_whole(messages[i], names))
    return [replace(alert, object_id=key(alert.survey, alert.object_id)) for alert in found]


def with_history(columns: AlertBatch, whole: Sequence[Alert]) -> AlertBatch:
    """Columns with the first detection and the last non-detection that whole alerts tell."""
    place = {(o, a): row for row, (o, a) in enumerate(zip(columns.object_id, columns.id, strict=True))}
    first, unseen = columns.first_seen.copy(), columns.last_unseen.copy()
    for alert in whole:
        row = place.get((alert.object_id, alert.id))
        if row is not None:
            told = float(np.fmin(first[row], columns.time[row]))
            facts = alerts.facts(alert, told)
            first[row] = facts.first_seen if facts.first_seen < told - SAME_S else told  # rounded otherwise there
            if facts.last_unseen is not None:
                unseen[row] = facts.last_unseen
    return replace(columns, first_seen=first, last_unseen=unseen)
