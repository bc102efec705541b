"""An object's past, from what its packet tells: one list, and the facts read off it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from coincidence import Alert, Detection

SAME_EXPOSURE = timedelta(seconds=2)
"""Entries of one band nearer in time than this tell of one exposure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an Alert and its history say about the object; Unix seconds UTC."""

    first_seen: float
    last_unseen: float | None
    n_detections: int


def merge(time: datetime, entries: Iterable[Detection]) -> tuple[Detection, ...]:
    """Entries before ``time``, oldest first, one for each exposure.

    Of several for one exposure and band the detection with an id counts first, then forced photometry, then
    the non-detection: a survey lists an epoch as "not seen" which its forced photometry sees.
    """
    kept: dict[str, Detection] = {}
    merged: list[Detection] = []
    for entry in sorted(entries, key=lambda e: (e.time, _rank(e))):
        if entry.time >= time:
            continue
        last = kept.get(entry.band)
        if last is not None and entry.time - last.time < SAME_EXPOSURE:
            if _rank(entry) >= _rank(last):
                continue
            merged.remove(last)
        kept[entry.band] = entry
        merged.append(entry)
    return tuple(merged)


def _rank(entry: Detection) -> int:
    return 0 if entry.alert_id is not None else 1 if entry.flux_njy is not None else 2


def is_seen(entry: Detection) -> bool:
    """Whether an entry shows new light: a source below its reference is measured, and not detected."""
    return entry.flux_njy is not None and entry.flux_njy > 0.0


def facts(alert: Alert, first_seen: float | None = None) -> Facts:
    """First and last of an alert's history.

    Parameters
    ----------
    alert
        Decoded whole. ZTF packets look 30 days back, LSST packets 12 months.
    first_seen
        What the survey itself says (AlertBatch.first_seen), Unix seconds; it may be older than the history. It is
        passed over where the history shows that the source was below its reference then.

    Returns
    -------
    :
        ``n_detections`` counts this one, earlier ones and forced photometry above 5 sigma; nothing negative.
    """
    seen = [d.time.timestamp() for d in alert.history if is_seen(d)]
    below = [d.time.timestamp() for d in alert.history if d.flux_njy is not None and d.flux_njy < 0.0]
    told = [] if first_seen is None else [float(first_seen)]
    told = [t for t in told if all(abs(t - other) >= SAME_EXPOSURE.total_seconds() for other in below)]
    first = min([alert.time.timestamp(), *seen, *told])
    is_below = alert.flux_njy is not None and alert.flux_njy < 0.0
    last = last_nondetection(alert, first)
    return Facts(first_seen=first, last_unseen=last, n_detections=len(seen) + (not is_below))


def last_nondetection(alert: Alert, first_seen: float | None = None) -> float | None:
    """Last exposure that did not see the object before it was first seen, Unix seconds; None if none."""
    first = facts(alert).first_seen if first_seen is None else first_seen
    unseen = (d.time.timestamp() for d in alert.history if not is_seen(d))
    return max((t for t in unseen if t < first), default=None)
