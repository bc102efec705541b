"""Light curves of many objects as columns, and the facts read off them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coincidence import Alert, Detection
from coincidence.alert import StrArray
from coincidence.names import key
from skymaps import FloatArray, IntArray

from .history import SAME_EXPOSURE
from .packet import limits_of_errors
from .words import Words, text_column

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Measurements, one row each; all arrays have shape (n,). NaN (and None in text columns) is unknown."""

    owner: IntArray
    """Index of the alert whose packet tells of it."""

    time: FloatArray
    """Middle of the exposure, Unix seconds UTC in whole microseconds."""

    band: StrArray
    flux_njy: FloatArray
    """Signed difference flux in nanojansky; NaN: nothing seen down to ``limit_mag``. Negative: no detection either."""

    flux_error_njy: FloatArray
    limit_mag: FloatArray
    """5-sigma AB limiting magnitude of the exposure."""

    alert_id: StrArray
    """The survey's id of a detection that was an alert itself."""

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Points before text is made of them: of nearly all alerts only the times are wanted. Shape (n,) each."""

    owner: IntArray
    """Index of the alert whose packet tells of it."""

    time: FloatArray
    """Middle of the exposure, Unix seconds UTC."""

    band: Words
    flux_njy: FloatArray
    flux_error_njy: FloatArray
    limit_mag: FloatArray
    """5-sigma AB limiting magnitude, where it is told as such."""

    noise_njy: FloatArray
    """1-sigma error in nanojansky that tells the limit, where that is not told otherwise."""

    alert_id: Words

    def __len__(self) -> int:
        return len(self.owner)

    def take(self, rows: IntArray) -> Readings:
        """Chosen rows, as new columns."""
        columns: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        chosen: dict[str, Any] = {n: c.take(rows) if isinstance(c, Words) else c[rows] for n, c in columns.items()}
        return Readings(**chosen)

    @classmethod
    def concatenate(cls, parts: Sequence[Readings]) -> Readings:
        """Columns one after another; there is one at least."""
        columns: dict[str, Any] = {}
        for f in fields(cls):
            some = [getattr(p, f.name) for p in parts]
            columns[f.name] = Words.concatenate(some) if f.name in ("band", "alert_id") else np.concatenate(some)
        return cls(**columns)

    @classmethod
    def of(cls, histories: Sequence[Sequence[Detection]]) -> Readings:
        """Columns of what alerts decoded whole tell."""
        entries = [d for history in histories for d in history]
        owners = [i for i, history in enumerate(histories) for _ in history]
        return cls(
            owner=np.array(owners, dtype=np.int64),
            time=np.array([d.time.timestamp() for d in entries], dtype=np.float64),
            band=Words.of([d.band for d in entries]),
            flux_njy=np.array([d.flux_njy for d in entries], dtype=np.float64),
            flux_error_njy=np.array([d.flux_error_njy for d in entries], dtype=np.float64),
            limit_mag=np.array([d.limit_mag for d in entries], dtype=np.float64),
            noise_njy=np.full(len(entries), np.nan),
            alert_id=Words.of([d.alert_id for d in entries]),
        )

    def points(self) -> Points:
        """All of it, with text."""
        with np.errstate(all="ignore"):
            limit = np.where(np.isnan(self.noise_njy), self.limit_mag, limits_of_errors(self.noise_njy))
        return Points(
            owner=self.owner,
            time=self.time,
            band=self.band.text(),
            flux_njy=self.flux_njy,
            flux_error_njy=self.flux_error_njy,
            limit_mag=limit,
            alert_id=self.alert_id.text(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """What the packets of some alerts tell of the past; shape (n,) where nothing else is said."""

    object_id: StrArray
    """Unique across surveys: see ``coincidence.names.key``."""

    id: StrArray
    """The survey's id of the alert."""

    time: FloatArray
    """Of the alert, Unix seconds UTC in whole microseconds."""

    row: IntArray
    """The alert's row in the batch that was asked about, -1 where that has none."""

    readings: Readings
    """Oldest first for each alert, one for each exposure: see ``history.merge``; times in whole microseconds."""

    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Other names of objects, by their own."""

    n_whole: int = 0
    """Messages of which all had to be decoded to records."""

    def __len__(self) -> int:
        return len(self.row)

    @property
    def points(self) -> Points:
        """The measurements as they are stored. What is not wanted of them is better left out before: ``take``."""
        return self.readings.points()

    def take(self, rows: IntArray) -> Histories:
        """Chosen alerts in this order, each once."""
        place = np.full(len(self), -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        owner = place[self.readings.owner]
        order = np.argsort(owner, kind="stable")[np.count_nonzero(owner < 0) :]
        return replace(
            self,
            object_id=self.object_id[rows],
            id=self.id[rows],
            time=self.time[rows],
            row=self.row[rows],
            readings=replace(self.readings.take(order), owner=owner[order]),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Histories]) -> Histories:
        """Alerts one part after another; there is one part at least."""
        starts = np.cumsum([0, *(len(p) for p in parts)]).tolist()
        owners = [p.readings.owner + start for p, start in zip(parts, starts, strict=False)]
        aliases: dict[str, tuple[str, ...]] = {}
        for p in parts:
            aliases |= p.aliases
        return cls(
            object_id=np.concatenate([p.object_id for p in parts]),
            id=np.concatenate([p.id for p in parts]),
            time=np.concatenate([p.time for p in parts]),
            row=np.concatenate([p.row for p in parts]),
            readings=replace(Readings.concatenate([p.readings for p in parts]), owner=np.concatenate(owners)),
            aliases=aliases,
            n_whole=sum(p.n_whole for p in parts),
        )

    def facts(self, told: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First detections, and the last non-detections before them, as ``history.facts`` says. Shape (n,) each.

        Parameters
        ----------
        told
            First detections that are known without the history, Unix seconds. Shape (n,).
        """
        p, is_seen = self.readings, self.readings.flux_njy > 0.0
        below = self._below()
        is_same = np.abs(p.time[below] - told[p.owner[below]]) < SAME_EXPOSURE.total_seconds()
        first = np.minimum(self.time, told)
        first[p.owner[below][is_same]] = self.time[p.owner[below][is_same]]
        np.minimum.at(first, p.owner[is_seen], p.time[is_seen])
        unseen = np.full(len(self), np.nan)
        is_before = ~is_seen & (p.time < first[p.owner])
        np.fmax.at(unseen, p.owner[is_before], p.time[is_before])
        return first, unseen

    def counts(self, told: FloatArray, is_below: npt.NDArray[np.bool_]) -> FloatArray:
        """Detections that the survey counts without those below the reference; NaN unknown. Shape (n,).

        Parameters
        ----------
        told
            What the survey counts, of either sign but for the alert itself. Shape (n,).
        is_below
            Alerts that are no detection themselves: of these it is said what the history shows. Shape (n,).
        """
        p, below = self.readings, self._below()
        is_seen = p.flux_njy > 0.0
        is_alert = p.alert_id.is_known
        known = (~is_below).astype(np.float64)
        np.add.at(known, p.owner[is_seen & is_alert], 1.0)
        others = np.bincount(p.owner[below[is_alert[below]]], minlength=len(self))
        count = np.maximum(told - others, known)
        shown = np.bincount(p.owner[is_seen], minlength=len(self))
        return np.where(is_below, np.fmax(count, shown), count)

    def _below(self) -> IntArray:
        """Readings below the reference."""
        return np.flatnonzero(self.readings.flux_njy < 0.0)


def of_alerts(alerts: Sequence[Alert], rows: Sequence[int], n_whole: int) -> Histories:
    """Histories of alerts that were decoded whole, with their rows."""
    names = [key(a.survey, a.object_id) for a in alerts]
    aliases: dict[str, tuple[str, ...]] = {}
    for name, a in zip(names, alerts, strict=True):
        if a.aliases:
            aliases[name] = (*aliases.get(name, ()), *a.aliases)
    return Histories(
        object_id=text_column(names),
        id=text_column([a.id for a in alerts]),
        time=np.array([a.time.timestamp() for a in alerts], dtype=np.float64),
        row=np.array(rows, dtype=np.int64),
        readings=Readings.of([a.history for a in alerts]),
        aliases=aliases,
        n_whole=n_whole,
    )


def microseconds(unix: FloatArray) -> IntArray:
    """Unix seconds as whole microseconds, rounded as ``datetime.fromtimestamp`` does. Shape (n,)."""
    seconds = np.trunc(unix)
    return np.asarray(seconds.astype(np.int64) * MICROSECONDS + np.rint((unix - seconds) * 1e6).astype(np.int64))
