"""What verdicts teach: how often the score's best candidates were contaminants, against what it had claimed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from skymaps import FloatArray

from .alert import StrArray
from .models import Contamination
from .parameters import Parameters

CERTAIN = 1e-3
"""Claims are not taken to be surer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Candidates with a verdict; each column has shape (n,)."""

    counterpart: StrArray
    """Class with the best odds."""

    probability: FloatArray
    """P that the score gave before the verdict, under the parameter set that is to learn."""

    is_confirmed: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Whether it was confirmed; rejected otherwise. Pending and ambiguous ones have no place here."""


def shift(counterpart: str, parameters: Parameters) -> float:
    """What the prior term of a class gets for its contamination c, against the claimed c0.

    ``ln[(1 - c) / c] - ln[(1 - c0) / c0]``, with c the mean of a Beta distribution that began with the strength of
    ``contamination_strength`` verdicts, centred on c0 (a conjugate prior: e.g. Gelman et al. 2013, Bayesian Data
    Analysis, sec. 2.4). 0 where nothing was judged.

    Examples
    --------
    >>> shift("kilonova", Parameters())
    0.0
    """
    told = parameters.contamination.get(counterpart)
    if told is None:
        return 0.0
    claimed = float(np.clip(told.claimed, CERTAIN, 1.0 - CERTAIN))
    judged = told.confirmed + told.rejected
    strength = parameters.contamination_strength
    c = (told.rejected + strength * claimed) / (judged + strength)
    c = float(np.clip(c, CERTAIN, 1.0 - CERTAIN))
    return float(logit(claimed) - logit(c))


def learn(parameters: Parameters, judged: Judged) -> Parameters:
    """The parameter set with the contamination of each class as these verdicts show it.

    ``judged`` are all candidates judged so far: what the set had learnt before is replaced, not added to. Its own
    shift is taken out of the probabilities first, so that learning twice from the same verdicts changes nothing.
    """
    table = dict(parameters.contamination)
    for name in dict.fromkeys(judged.counterpart.tolist()):
        of = judged.counterpart == name
        p = np.clip(judged.probability[of], 1e-12, 1.0 - 1e-12)
        claimed = expit(logit(p) - shift(name, parameters))
        confirmed = int(judged.is_confirmed[of].sum())
        table[name] = Contamination(
            confirmed=float(confirmed),
            rejected=float(of.sum() - confirmed),
            claimed=float(1.0 - claimed.mean()),
        )
    return replace(parameters, contamination=table)
