"""The history in alerts' packets: it tells when the object began, and when it was not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from coincidence import AlertBatch
from coincidence.alert import StrArray
from coincidence.objects import SAME_S, is_below

from .. import alerts
from ..sandbox import Room, budget
from ..streams import Message


def wholes(room: Room) -> alerts.Wholes:
    """Of a batch, the messages that are decoded whole; those in the room that may cost much."""
    return alerts.Wholes(partial(room.call, alerts.decode_whole))


def decode(
    messages: Sequence[Message], batch: AlertBatch, wanted: npt.NDArray[np.bool_], ids: StrArray, wholes: alerts.Wholes
) -> alerts.Histories:
    """The histories of some alerts.

    Parameters
    ----------
    messages
        Those that ``batch.message`` counts in.
    batch
        Alerts, with object ids unique across surveys.
    wanted
        Which of them. Shape (n,).
    ids
        The surveys' own object ids of all alerts.
    wholes
        The messages of them that are decoded whole.
    """
    with budget.small():
        return alerts.histories(messages, batch, np.flatnonzero(wanted), ids.tolist(), wholes=wholes)


def with_history(columns: AlertBatch, found: alerts.Histories) -> AlertBatch:
    """Columns with the first detection, the last non-detection and the number of detections that histories tell."""
    is_ours = found.row >= 0
    told = np.where(is_ours, np.fmin(columns.first_seen, columns.time)[found.row], found.time)
    earliest, last = found.facts(told)
    first, unseen = columns.first_seen.copy(), columns.last_unseen.copy()
    is_other = np.abs(earliest - told) > SAME_S  # rounded otherwise there
    first[found.row[is_ours]] = np.where(is_other, earliest, told)[is_ours]
    tells = is_ours & ~np.isnan(last)
    unseen[found.row[tells]] = last[tells]
    counts = columns.n_detections.copy()
    below = is_below(columns.flux_njy)
    counts[found.row[is_ours]] = found.counts(counts[found.row], below[found.row])[is_ours]
    return replace(columns, first_seen=first, last_unseen=unseen, n_detections=counts)
