"""What people said: verdicts on candidates, and classes read from spectra."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from skymaps import FloatArray, IntArray

from ..alert import AlertBatch, StrArray
from ..event import Event
from ..evidence import CONFIRMED, REJECTED, Verdicts
from ..pairs import Pairs

EVERY = frozenset({"kilonova", "afterglow", "superkilonova", "supernova", "tde", "blazar", "agn_flare", "flare"})
"""Classes that the table below knows; a class of one's own is never ruled out by it."""

STRIPPED = "stripped"
"""Supernova without its hydrogen, the only ones that come with bursts (Woosley & Bloom 2006, ARA&A 44 507)."""

FITS: tuple[tuple[str, frozenset[str]], ...] = (
    (r"iax?([ \-\[(].*)?", frozenset()),
    (r"(ib|ic|ib/c|ibc|ib-pec|ic-pec|ic-?bl)", frozenset({"supernova", "superkilonova", STRIPPED})),
    (r"(iib[^/]*)", frozenset({"supernova", "superkilonova"})),
    (r"(ii[^/]*|ibn.*|icn.*|i[bc]-ca-rich|slsn.*)", frozenset({"supernova"})),
    (r"(tde\b.*)", frozenset({"tde"})),
    (r"(agn|qso|quasar|blazar|bl ?lac|fsrq|seyfert.*|nls1)", frozenset({"blazar", "agn_flare", "flare"})),
    (r"(kn|kilonova)", frozenset({"kilonova"})),
    (r"((grb )?afterglow)", frozenset({"afterglow"})),
    (r"(nova|cv|dwarf nova|xrb)", frozenset({"flare"})),
    (r"(star|varstar|variable star|yso|m dwarf|lbv|ilrt|lrn)", frozenset()),
)
"""Spectral classes as patterns, in lower case and without a leading "SN", and the counterpart classes they can be.

Type Ia supernovae are none; novae and X-ray binaries flare at very high energies (RS Oph: H.E.S.S. 2022, Science 376
77)."""

NEEDS_STRIPPED = ("grb",)
"""Kinds of events whose supernova has lost its hydrogen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What verdicts and spectra say of pairs; each of shape (n,)."""

    term: FloatArray
    """The verdict term; NaN without one."""

    rejected: StrArray
    """Why a verdict rules the pair out, or None."""

    spectral_class: StrArray
    """Class by a spectrum, of the verdict before that of the alert; None unknown."""


@lru_cache(maxsize=4096)
def fits(spectral_class: str | None, kind: str, counterpart: str) -> bool:
    """Whether an object of this spectral class can be this class of counterpart; a text that is not known always can.

    Examples
    --------
    >>> fits("SN Ia", "cbc", "supernova"), fits("SN Ic-BL", "grb", "supernova"), fits("SN II", "grb", "supernova")
    (False, True, False)
    """
    can_be = meant(spectral_class)
    wanted = STRIPPED if counterpart == "supernova" and kind in NEEDS_STRIPPED else counterpart
    return can_be is None or wanted in can_be or counterpart not in EVERY


def meant(spectral_class: str | None) -> frozenset[str] | None:
    """The classes of counterpart that a spectral class can be; None where the text is not known, or ends with "?"."""
    text = re.sub(r"^sn[\s_-]*", "", (spectral_class or "").strip().lower())
    if not text or text.endswith("?"):
        return None
    return next((can_be for pattern, can_be in FITS if re.fullmatch(pattern, text)), None)


def judge(events: Sequence[Event], alerts: AlertBatch, pairs: Pairs, verdicts: Verdicts, error: float) -> Judgement:
    """Verdicts and spectra of pairs.

    A confirmed counterpart has ``ln[(1 - e) / e]``: verdicts are wrong with probability e. A rejected one is ruled out.

    Parameters
    ----------
    events, alerts
        ``pairs`` counts in them.
    error
        Probability e that a verdict is wrong.
    """
    n = len(pairs)
    told = np.array([c is not None and c != "" for c in alerts.classification], dtype=np.bool_)
    spectral = np.full(n, None, dtype=object)
    rows = np.flatnonzero(told[pairs.alert])
    spectral[rows] = alerts.classification[pairs.alert[rows]]
    term, rejected = np.full(n, np.nan), np.full(n, None, dtype=object)
    for pair, verdict in _of_pairs(events, alerts, pairs, verdicts):
        text = verdicts.spectral_class[verdict]
        spectral[pair] = text or spectral[pair]
        if verdicts.status[verdict] == CONFIRMED:
            term[pair] = math.log((1.0 - error) / error)
        elif verdicts.status[verdict] == REJECTED:
            rejected[pair] = f"rejected: classified {text}" if text else "rejected: by a verdict"
    return Judgement(term=term, rejected=rejected, spectral_class=spectral)


def _of_pairs(events: Sequence[Event], alerts: AlertBatch, pairs: Pairs, verdicts: Verdicts) -> list[tuple[int, int]]:
    """Pairs that have a verdict, each with the verdict's row; as many steps as verdicts, not as pairs."""
    if not len(verdicts):
        return []
    event = {e.id: i for i, e in enumerate(events)}
    wanted = set(verdicts.object_id)
    object_ = {name: i for i, name in enumerate(alerts.object_id) if name in wanted}
    key = pairs.event * len(alerts) + pairs.alert
    order = np.argsort(key, kind="stable")
    found = []
    for row, (e, o) in enumerate(zip(verdicts.event_id, verdicts.object_id, strict=True)):
        if e in event and o in object_:
            its = event[e] * len(alerts) + object_[o]
            first, last = np.searchsorted(key[order], [its, its + 1]).tolist()
            found += [(int(pair), row) for pair in order[first:last]]
    return found


def impossible(kind: str, spectral_class: StrArray, counterpart: str) -> IntArray:
    """Rows that a spectrum forbids to be this class of counterpart to an event of this kind."""
    told = np.flatnonzero(spectral_class != None)  # noqa: E711 - elementwise
    wrong = [not fits(spectral_class[i], kind, counterpart) for i in told.tolist()]
    return np.asarray(told[np.array(wrong, dtype=np.bool_)], dtype=np.int64)
