"""Reasons why an alert is no counterpart. A veto keeps the row and says why; it never hides it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray

from .alert import AlertBatch
from .parameters import Parameters
from .terms.verdict import Judgement

MOVING = "moving: within {:g} arcsec of a known solar-system body"
BOGUS = "bogus: real/bogus score below {:g}"
ACTIVE = "already active: first detected {:.2f} d before the event"
CLASSIFIED = "classified {}"
LATE = "late: first detected {:.2f} d after the event, beyond the window"


def of_object(alerts: AlertBatch, parameters: Parameters) -> list[str | None]:
    """What rules an object out whatever the event: it moves, or it is not real. One text or None a row."""
    with np.errstate(invalid="ignore"):
        moving = alerts.solar_system_arcsec <= parameters.moving_arcsec
        bogus = alerts.reliability < parameters.reliability_min
    return [
        MOVING.format(parameters.moving_arcsec) if m else BOGUS.format(parameters.reliability_min) if b else None
        for m, b in zip(moving, bogus, strict=True)
    ]


def active_before(first_seen_d: FloatArray, limit_d: float | None) -> npt.NDArray[np.bool_]:
    """Detected longer before the event than a class can be. Shape (n,)."""
    if limit_d is None:
        return np.zeros(len(first_seen_d), dtype=np.bool_)
    return np.asarray(first_seen_d < -limit_d)


def of_time(first_seen_d: float) -> str:
    """Why no class of the event fits the first detection, in words."""
    return ACTIVE.format(-first_seen_d) if first_seen_d < 0 else LATE.format(first_seen_d)


def of_pairs(
    objects: AlertBatch,
    judged: Judgement,
    first_seen_d: FloatArray,
    in_time: npt.NDArray[np.bool_],
    possible: npt.NDArray[np.bool_],
    parameters: Parameters,
) -> list[str | None]:
    """Why each pair is none, or None: the object, a verdict, the time, a spectrum, in this order.

    Parameters
    ----------
    first_seen_d
        First detection, days after the event. Shape (n,), like all.
    in_time
        Whether some class of the event can have begun then.
    possible
        Whether some such class is not ruled out by a spectrum.
    """
    veto = of_object(objects, parameters)
    for i in np.flatnonzero(~possible).tolist():
        text = CLASSIFIED.format(judged.spectral_class[i]) if in_time[i] else of_time(float(first_seen_d[i]))
        veto[i] = veto[i] or judged.rejected[i] or text
    for i in np.flatnonzero(judged.rejected != None).tolist():  # noqa: E711 - elementwise
        veto[i] = veto[i] or judged.rejected[i]
    return veto
