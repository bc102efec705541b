"""An object is what its detections say together, in whatever order they come."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray

from .alert import AlertBatch
from .curves import REPEATED_S
from .names import SECOND_HAND, key, precedence

TOLD = ("redshift", "redshift_error", "distance_mpc", "classification")
"""Columns that few packets carry: the newest packet that tells them speaks."""

PLACED = ("survey", "ra", "dec", "star_score", "star_distance_arcsec", "position_error_arcsec")
"""Columns of the newest row of the survey that goes first."""

SAME_S = 1.0
"""First detections nearer than this are one exposure, told with different rounding: seconds."""


def is_below(flux_njy: FloatArray) -> npt.NDArray[np.bool_]:
    """Where a source is fainter than its reference: measured, but no detection of new light. Shape (n,).

    Examples
    --------
    >>> is_below(np.array([-5.0, 5.0, np.nan]))
    array([ True, False, False])
    """
    return np.asarray(flux_njy < 0.0)


def never_detected(rows: AlertBatch) -> npt.NDArray[np.bool_]:
    """Rows that tell of no detection: below the reference now, and as far as they know before. Shape (n,)."""
    return np.asarray(is_below(rows.flux_njy) & ~(rows.n_detections >= 1.0))


def combine(rows: AlertBatch, told_at: FloatArray, placed_at: FloatArray) -> tuple[AlertBatch, FloatArray, FloatArray]:
    """Fold detections (and earlier folded states) of the same objects into one row an object.

    Photometry is that of the newest detection, position and context are those of the newest detection of the survey
    that goes first (see ``names.precedence``; rows of a list that only repeats what surveys saw count for neither,
    where there are others); of an object that was only ever seen below its reference those of the newest row. The
    first detection is the earliest that any row knows (without any, the first row), with the last non-detection that
    belongs to it; the real/bogus score is the best; an object moves only if no row saw it away from a
    solar-system body. Folding is associative and does not depend on the order of rows.

    Parameters
    ----------
    rows
        One row a detection or a state, any number of objects.
    told_at
        Time of the packet that told redshift, distance or class, Unix seconds; NaN where none did. Shape (n,).
    placed_at
        Time of the detection that tells position and context; a detection's own time. Shape (n,).

    Returns
    -------
    :
        One row an object, ordered by its id, which is unique across surveys (see ``names.key``); and ``told_at`` and
        ``placed_at`` for each.
    """
    if not len(rows):
        return rows, told_at, placed_at
    order = _by_age(rows)
    rows, told_at, placed_at = rows.take(order), told_at[order], placed_at[order]
    starts = np.flatnonzero(np.r_[True, rows.object_id[1:] != rows.object_id[:-1]])
    last = np.append(starts[1:], len(rows)) - 1
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(rows))))
    newest, leading = rows.take(last), _leading(rows, placed_at, group)[last]
    told = _told(told_at, group, last)
    knows = ~np.isnan(told_at[told])
    columns = {name: np.where(knows, getattr(rows, name)[told], getattr(newest, name)) for name in TOLD}
    columns["classification"] = columns["classification"].astype(object)
    never = never_detected(rows)
    counts = ~never | np.logical_and.reduceat(never, starts)[group]
    first = _first(rows, np.where(counts, np.fmin(rows.first_seen, rows.time), np.inf), group)
    n_detections = np.where(never, 0.0, rows.n_detections)
    columns |= {name: getattr(rows, name)[leading] for name in PLACED}
    return (
        replace(
            newest,
            first_seen=np.minimum.reduceat(first, starts),
            last_unseen=_last_unseen(first, rows.last_unseen, group, starts),
            n_detections=np.fmax.reduceat(np.where(counts, n_detections, np.nan), starts),
            reliability=np.fmax.reduceat(rows.reliability, starts),
            solar_system_arcsec=np.maximum.reduceat(rows.solar_system_arcsec, starts),
            **columns,
        ),
        told_at[told],
        placed_at[leading],
    )


def in_turn(object_ids: npt.NDArray[np.object_]) -> list[IntArray]:
    """Rows such that each object comes once in every part, and its rows keep their order from part to part.

    Examples
    --------
    >>> in_turn(np.array(["a", "b", "a"], dtype=object))
    [array([0, 1]), array([2])]
    """
    _, source = np.unique(object_ids.astype(str), return_inverse=True)
    order = np.argsort(source, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(source[order]) != 0])
    turn = np.empty(len(order), dtype=np.int64)
    turn[order] = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return [np.flatnonzero(turn == k) for k in range(int(turn.max(initial=-1)) + 1)]


def told_times(alerts: AlertBatch) -> FloatArray:
    """Time of each alert that tells a redshift, distance or class; NaN for the others. Shape (n,)."""
    tells = np.isfinite(alerts.redshift) | np.isfinite(alerts.distance_mpc)
    tells |= np.array([c is not None for c in alerts.classification], dtype=np.bool_)
    return np.where(tells, alerts.time, np.nan)


def _by_age(rows: AlertBatch) -> IntArray:
    """Order by object, what is below its reference first, then what a list of names tells, time and alert id; rows that
    a list changed are told apart by their place."""
    _, source = np.unique(rows.object_id.astype(str), return_inverse=True)
    keys = (rows.dec, rows.ra, rows.id.astype(str), rows.time, ~_is_second_hand(rows), ~is_below(rows.flux_njy), source)
    return np.asarray(np.lexsort(keys), dtype=np.int64)


def _is_second_hand(rows: AlertBatch) -> npt.NDArray[np.bool_]:
    return np.array([survey in SECOND_HAND for survey in rows.survey], dtype=np.bool_)


def _leading(rows: AlertBatch, placed_at: FloatArray, group: IntArray) -> IntArray:
    """Rows ordered within their groups such that the last of each gives position and context. Shape (n,)."""
    behind = np.array([-precedence(survey) for survey in rows.survey], dtype=np.int64)
    keys = (np.arange(len(rows)), placed_at, ~is_below(rows.flux_njy), behind, group)
    return np.asarray(np.lexsort(keys), dtype=np.int64)


def _first(rows: AlertBatch, first: FloatArray, group: IntArray) -> FloatArray:
    """First detection that each row knows; that of a list of names is the survey's, where it is about the same."""
    repeated = _is_second_hand(rows)
    if not repeated.any():
        return first
    seen = np.full(int(group[-1]) + 1, np.inf)
    np.minimum.at(seen, group[~repeated], first[~repeated])
    apart = first - np.where(np.isfinite(seen), seen, -np.inf)[group]
    return np.where(repeated & (np.abs(apart) <= REPEATED_S), seen[group], first)


def _told(told_at: FloatArray, group: IntArray, last: IntArray) -> IntArray:
    """For each object the row that told last; its newest row where none did."""
    at = np.where(np.isnan(told_at), -np.inf, told_at)
    order = np.lexsort((np.arange(len(at)), at, group))
    return np.asarray(order[last], dtype=np.int64)


def _last_unseen(first: FloatArray, unseen: FloatArray, group: IntArray, starts: IntArray) -> FloatArray:
    """For each object the latest non-detection that belongs to its earliest first detection."""
    earliest = np.minimum.reduceat(first, starts)[group]
    belongs = first <= earliest + SAME_S
    return np.asarray(np.fmax.reduceat(np.where(belongs, unseen, np.nan), starts), dtype=np.float64)


def versions(objects: AlertBatch) -> list[str]:
    """A short hash of what a score depends on, one for each object: the same state has the same version."""
    facts = np.stack(
        [
            objects.ra,
            objects.dec,
            objects.first_seen,
            objects.last_unseen,
            objects.time,
            objects.reliability,
            objects.star_score,
            objects.star_distance_arcsec,
            objects.solar_system_arcsec,
            objects.redshift,
            objects.redshift_error,
            objects.distance_mpc,
        ],
        axis=1,
    )
    classes = ["" if c is None else str(c) for c in objects.classification]
    return [
        hashlib.blake2b(row.tobytes() + name.encode(), digest_size=6).hexdigest()
        for row, name in zip(facts + 0.0, classes, strict=True)
    ]


def with_keys(alerts: AlertBatch) -> AlertBatch:
    """The same alerts with object ids that are unique across surveys."""
    keys = np.empty(len(alerts), dtype=object)
    keys[:] = [key(s, i) for s, i in zip(alerts.survey, alerts.object_id, strict=True)]
    return replace(alerts, object_id=keys)
