"""The history in alerts' packets: it tells when the object began, and when it was not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from coincidence import AlertBatch
from coincidence.alert import StrArray
from coincidence.objects import SAME_S

from . import alerts
from .streams import Message


def decode(
    messages: Sequence[Message], batch: AlertBatch, wanted: npt.NDArray[np.bool_], ids: StrArray
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
    """
    return alerts.histories(messages, batch, np.flatnonzero(wanted), ids.tolist())


def with_history(columns: AlertBatch, found: alerts.Histories) -> AlertBatch:
    """Columns with the first detection and the last non-detection that histories tell."""
    is_ours = found.row >= 0
    told = np.where(is_ours, np.fmin(columns.first_seen, columns.time)[found.row], found.time)
    earliest, last = found.facts(told)
    first, unseen = columns.first_seen.copy(), columns.last_unseen.copy()
    first[found.row[is_ours]] = np.where(earliest < told - SAME_S, earliest, told)[is_ours]  # rounded otherwise there
    tells = is_ours & ~np.isnan(last)
    unseen[found.row[tells]] = last[tells]
    return replace(columns, first_seen=first, last_unseen=unseen)
