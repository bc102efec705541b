"""Light curves: the photometry of many objects as columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray

from .alert import StrArray

REPEATED_S = 120.0
"""A list of names tells a survey's detection to about this: the begin of an exposure, rounded. Seconds."""

NUMBERS = ("time", "flux_njy", "flux_error_njy", "limit_mag")


@dataclass(frozen=True, slots=True, kw_only=True)
class LightCurves:
    """Points of light curves, ordered by object and then by time; each column has shape (n points,)."""

    object: IntArray
    """Row of the object in its ``AlertBatch``."""

    time: FloatArray
    """Middle of the exposure, Unix seconds."""

    band: StrArray
    flux_njy: FloatArray
    """Signed difference flux in nanojansky; NaN: not detected."""

    flux_error_njy: FloatArray
    """Its standard error; NaN unknown."""

    limit_mag: FloatArray
    """Limiting AB magnitude of the exposure, 5 sigma; NaN unknown."""

    def __len__(self) -> int:
        return len(self.object)

    @classmethod
    def none(cls) -> LightCurves:
        """No points."""
        row, number = np.empty(0, dtype=np.int64), np.empty(0)
        columns = dict.fromkeys(NUMBERS, number)
        return cls(object=row, band=np.empty(0, dtype=object), **columns)

    @classmethod
    def of(
        cls,
        *,
        object: npt.ArrayLike,  # noqa: A002 - the column's name
        time: npt.ArrayLike,
        band: npt.ArrayLike,
        flux_njy: npt.ArrayLike,
        flux_error_njy: npt.ArrayLike,
        limit_mag: npt.ArrayLike,
    ) -> LightCurves:
        """Points in any order; those told twice are kept once."""
        row = np.asarray(object, dtype=np.int64)
        values = [np.asarray(v, dtype=np.float64) + 0.0 for v in (time, flux_njy, flux_error_njy, limit_mag)]
        text = np.array([str(b) for b in np.asarray(band, dtype="O")], dtype="O")
        if not len(row):
            return cls.none()
        place = {name: k for k, name in enumerate(sorted(set(text)))}
        code = np.array([place[name] for name in text])
        table = [row, values[0], code, *(np.where(np.isnan(v), np.inf, v) for v in values[1:])]
        order = np.lexsort(table[1::-1])
        if _any_equal(row[order], values[0][order]):
            order = np.lexsort(table[::-1])
        differs = [column[order][1:] != column[order][:-1] for column in table]
        kept = order[np.r_[True, np.any(differs, axis=0)]]
        columns = dict(zip(NUMBERS, (v[kept] for v in values), strict=True))
        return cls(object=row[kept], band=text[kept], **columns)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> LightCurves:
        """Columns from one mapping a point, in any order; what a row does not name, or has as None, is unknown."""
        points = list(rows)
        columns = {
            name: [np.nan if row.get(name) is None else row[name] for row in points]
            for name in ("flux_njy", "flux_error_njy", "limit_mag")
        }
        return cls.of(
            object=[row["object"] for row in points],
            time=[row["time"] for row in points],
            band=[row.get("band") or "unknown" for row in points],
            **columns,
        )

    def take(self, rows: IntArray | npt.NDArray[np.bool_]) -> LightCurves:
        """Chosen points, which must stay in order."""
        return LightCurves(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def once(self) -> LightCurves:
        """Without measurements that a list of names repeats: those without an error, at the time of one that has it."""
        bare = np.isfinite(self.flux_njy) & np.isnan(self.flux_error_njy)
        if not bare.any():
            return self
        length = float(np.ptp(self.time)) + 4.0 * REPEATED_S
        place = self.object * length + (self.time - self.time.min())  # objects one after the other
        whole = place[np.isfinite(self.flux_njy) & ~bare]
        first, end = (np.searchsorted(whole, place[bare] + by) for by in (-REPEATED_S, REPEATED_S))
        keep = ~bare
        keep[bare] = first == end
        return self.take(keep)

    def ranges(self, n: int) -> IntArray:
        """Where the points of objects 0 to n - 1 begin, and the end of the last. Shape (n + 1,)."""
        return np.asarray(np.searchsorted(self.object, np.arange(n + 1)), dtype=np.int64)

    def digests(self, n: int) -> list[str]:
        """A short hash of each object's points, whatever the order in which they came; empty without any."""
        ends = self.ranges(n)
        numbers = np.stack([getattr(self, name) for name in NUMBERS], axis=1)
        digests = [""] * n
        for i in np.flatnonzero(np.diff(ends)).tolist():
            part = slice(ends[i], ends[i + 1])
            content = numbers[part].tobytes() + "|".join(self.band[part]).encode()
            digests[i] = hashlib.blake2b(content, digest_size=6).hexdigest()
        return digests

    def spread(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """For the objects ``rows``, which may come several times: the place in ``rows``, and the point, of each
        of their points. Each shape (m,), ordered by place.
        """
        ends = self.ranges(int(rows.max(initial=-1)) + 1)
        n = np.diff(ends)[rows] if len(rows) else np.empty(0, dtype=np.int64)
        owner = np.repeat(np.arange(len(rows)), n)
        start = np.repeat(ends[rows] - (np.cumsum(n) - n), n) if len(rows) else owner
        return owner, np.asarray(start + np.arange(len(owner)), dtype=np.int64)


def _any_equal(row: IntArray, time: FloatArray) -> bool:
    """Whether two neighbours are of one object and one time: only then the other columns must order them."""
    return bool(((np.diff(row) == 0) & (np.diff(time) == 0)).any())
