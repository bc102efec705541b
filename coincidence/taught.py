"""What the sky teaches of rates: new transients on the sky that was looked at, against what is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray, healpix
from skymaps.region import SKY_DEG2
from skymaps.units import DAY_S

from .alert import AlertBatch, StrArray
from .completeness import sin_latitude
from .names import SECOND_HAND
from .objects import never_detected
from .parameters import Learnt, Parameters
from .rates import DEPTH_RANGE, DEPTH_STEP, Surroundings, cells, factor, published

GAP_D = 6
"""A place that was not looked at for longer than this shows what began long before: it begins anew. Nights."""

SETTLED_D = 3
"""Objects are counted so long after they were first seen, that a second detection may have come. Nights."""

ORDERS = 5, 4, 3
"""Cells of 3.4, 13 and 54 deg2 in which looks are gathered: the finest that are full."""

FULL = 5.0
"""Objects that alerts told of in a cell and night, on average: then few that were looked at show nothing."""

LIST_ORDER = 3
Away = Callable[[FloatArray, FloatArray], npt.NDArray[np.bool_]]
"""Which positions in degrees lie in no open event's region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Where and when surveys looked, as their alerts and histories tell; each of shape (n,)."""

    object: IntArray
    """A number for the object whose alert tells it."""

    survey: StrArray
    ra: FloatArray
    dec: FloatArray
    time: FloatArray
    """Unix seconds."""

    limit_mag: FloatArray
    """AB mag; NaN unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Covered:
    """Cells of the sky on nights, of one survey; each of shape (n,), ordered by cell and night."""

    order: int
    cell: IntArray
    night: IntArray
    gap_d: FloatArray
    """Since the cell was looked at before; 0 where that is too long ago, or never was."""

    depth: FloatArray


def nights(time: FloatArray) -> IntArray:
    """Number of the day of Unix times."""
    return np.floor(time / DAY_S).astype(np.int64)


def taught(
    looks: Looks, objects: AlertBatch, span: tuple[float, float], away: Away, parameters: Parameters
) -> dict[str, Learnt]:
    """New transients of each cell of ``rates.cells`` in a span of time, and how many the published rates expect.

    A transient is counted with the night on which it was first seen, where its place had been looked at shortly
    before; the sky is counted with the time since then, at the depth of that night. Of lists of names, which tell no
    looks, the whole sky is counted.

    Parameters
    ----------
    looks
        In the span, and ``GAP_D`` nights before it.
    objects
        First seen in the span, one row each.
    span
        First and last time, Unix seconds.
    """
    found: dict[str, Learnt] = {}
    for survey in sorted({str(name) for name in objects.survey} | {str(name) for name in looks.survey}):
        mine = objects.take(_counts(objects, parameters) & (objects.survey == survey))
        own = looks.survey == survey
        if survey in SECOND_HAND:
            covered, mine = _whole_sky(mine, survey, parameters)
        else:
            covered = _covered(looks, np.flatnonzero(own), survey, parameters)
        if covered is not None:
            found |= _of_survey(survey, covered, mine, span, away, parameters)
    return found


def _counts(objects: AlertBatch, parameters: Parameters) -> npt.NDArray[np.bool_]:
    """Objects that no veto of the score's takes away. Shape (n,)."""
    moves = objects.solar_system_arcsec <= parameters.moving_arcsec
    bogus = objects.reliability < parameters.reliability_min
    return np.asarray(~moves & ~bogus & ~never_detected(objects))


def _covered(looks: Looks, rows: IntArray, survey: str, parameters: Parameters) -> _Covered | None:
    """The sky that a survey looked at; None where alerts are too few to tell."""
    usual = parameters.rates.depth_mag.get(survey, parameters.rates.galactic_limit_mag)
    limit = np.where(np.isfinite(looks.limit_mag[rows]), looks.limit_mag[rows], np.nan)
    night = nights(looks.time[rows])
    for order in ORDERS:
        cell = healpix.pixel_at(looks.ra[rows], looks.dec[rows], order)
        told = np.unique(np.stack([cell, night, looks.object[rows]], axis=1), axis=0)
        place = np.unique(told[:, :2], axis=0)
        if len(place) and len(told) / len(place) >= FULL:
            new = np.r_[True, place[1:, 0] != place[:-1, 0]]
            gap = np.where(new, 0, np.r_[0, np.diff(place[:, 1])]).astype(np.float64)
            depth = _medians(cell, night, limit, place)
            depth = np.clip(np.where(np.isfinite(depth), depth, usual), *DEPTH_RANGE)
            return _Covered(
                order=order,
                cell=place[:, 0],
                night=place[:, 1],
                gap_d=np.where(gap <= GAP_D, gap, 0.0),
                depth=np.round(depth / DEPTH_STEP) * DEPTH_STEP,
            )
    return None


def _medians(cell: IntArray, night: IntArray, limit: FloatArray, place: IntArray) -> FloatArray:
    """Median limit of each cell and night; NaN where none is told. Shape (n places,)."""
    known = np.isfinite(limit)
    order = np.lexsort((limit[known], night[known], cell[known]))
    rows = np.stack([cell[known], night[known]], axis=1)[order]
    out = np.full(len(place), np.nan)
    if len(rows):
        told, start, count = np.unique(rows, axis=0, return_index=True, return_counts=True)
        at = {(c, n): i for i, (c, n) in enumerate(place.tolist())}
        where = np.array([at[c, n] for c, n in told.tolist()], dtype=np.int64)
        out[where] = limit[known][order][start + count // 2]
    return out


def _whole_sky(mine: AlertBatch, survey: str, parameters: Parameters) -> tuple[_Covered | None, AlertBatch]:
    """The sky of a list of names: all of it, while new ones come; and those that came then.

    Some old supernova, or a wrong date, tells of no years without any.
    """
    night = nights(mine.first_seen)
    told = np.unique(night)
    gap = np.diff(told)
    steady = gap <= GAP_D
    days = float(gap[steady].sum())
    if not days:
        return None, mine
    cell = np.arange(12 << (2 * LIST_ORDER), dtype=np.int64)
    usual = parameters.rates.depth_mag.get(survey, parameters.rates.galactic_limit_mag)
    sky = _Covered(
        order=LIST_ORDER,
        cell=cell,
        night=np.full(len(cell), -1, dtype=np.int64),
        gap_d=np.full(len(cell), days),
        depth=np.full(len(cell), usual),
    )
    return sky, mine.take(np.flatnonzero(np.isin(night, told[1:][steady])))


def _of_survey(
    survey: str, sky: _Covered, mine: AlertBatch, span: tuple[float, float], away: Away, parameters: Parameters
) -> dict[str, Learnt]:
    centre = healpix.pixel_centre(sky.order, sky.cell)
    first, last = (int(n) for n in nights(np.array(span)))
    is_list = sky.night < 0
    wanted = (sky.gap_d > 0) & away(*centre) & (is_list | ((sky.night >= first) & (sky.night < last)))
    sine = np.abs(sin_latitude(*centre))
    night = np.where(is_list.all(), -1, nights(mine.first_seen)) if len(mine) else np.empty(0, dtype=np.int64)
    row = _find(sky, healpix.pixel_at(mine.ra, mine.dec, sky.order), night)
    row = np.where((row >= 0) & wanted[row] & away(mine.ra, mine.dec), row, -1)
    area = SKY_DEG2 / (12 << (2 * sky.order))
    found: dict[str, Learnt] = {}
    for is_once in (False, True):
        where = Surroundings(
            survey=np.full(len(sky.cell), survey, dtype=object),
            depth=sky.depth,
            sin_latitude=sine,
            is_once=np.full(len(sky.cell), is_once),
        )
        names, cell = cells(where)
        expected = np.where(wanted, published(where, parameters) * area * sky.gap_d, 0.0)
        total = np.bincount(cell, expected, minlength=len(names))
        its = row[(row >= 0) & (np.full(len(row), is_once) | (mine.n_detections != 1.0))]
        seen = np.bincount(cell[its], minlength=len(names))
        for name, n, e in zip(names, seen.tolist(), total.tolist(), strict=True):
            if e > 0:
                found[name] = Learnt(seen=float(n), expected=float(e))
    return found


def _find(sky: _Covered, cell: IntArray, night: IntArray) -> IntArray:
    """Row of each cell and night, -1 for none. Shape (n,)."""
    at = {(c, n): i for i, (c, n) in enumerate(zip(sky.cell.tolist(), sky.night.tolist(), strict=True))}
    return np.array([at.get(key, -1) for key in zip(cell.tolist(), night.tolist(), strict=True)], dtype=np.int64)


def together(before: Mapping[str, Learnt], more: Mapping[str, Learnt]) -> dict[str, Learnt]:
    """Both counts added, cell by cell."""
    nothing = Learnt(seen=0.0, expected=0.0)
    return {
        name: Learnt(
            seen=before.get(name, nothing).seen + more.get(name, nothing).seen,
            expected=before.get(name, nothing).expected + more.get(name, nothing).expected,
        )
        for name in sorted({*before, *more})
    }


def with_learnt(parameters: Parameters, learnt: Mapping[str, Learnt]) -> Parameters:
    """The parameter set with these counts, under a new id."""
    return replace(parameters, rates=replace(parameters.rates, learnt=dict(learnt)))


def moved(before: Parameters, after: Parameters) -> float:
    """The largest factor by which a rate of one set differs from the other's: 1 where none does."""
    names = sorted({*before.rates.learnt, *after.rates.learnt})
    if not names:
        return 1.0
    where = [of_cell(name) for name in names]
    ratio = [float(np.log(factor(w, after) / factor(w, before))[0]) for w in where]
    return float(np.exp(np.max(np.abs(ratio))))


def of_cell(name: str) -> Surroundings:
    """What is typical of a cell: the middle of its depths and latitudes.

    Examples
    --------
    >>> cells(of_cell("ztf/20/40/2"))[0]
    ['ztf/20/40/2']
    """
    survey, depth, latitude, number = name.rsplit("/", 3)
    return Surroundings(
        survey=np.array([survey], dtype=object),
        depth=np.array([float(depth) + 0.5]),
        sin_latitude=np.array([np.sin(np.radians(min(float(latitude) + 5.0, 80.0)))]),
        is_once=np.array([number == "1"]),
    )
