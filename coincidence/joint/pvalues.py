"""Chances: of one pair in time and on the sky, of several together, after trials, and in sigma."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import chdtrc, ndtri


def temporal_p_value(delay_s: float, rate_hz: float, livetime: float = 1.0) -> float:
    """Chance that an unrelated event falls this close in time, before or after.

    ``2 |dt| R / livetime``: Abbott et al. 2017 (ApJL 848 L13), section 3, for GW170817 and GRB 170817A.

    Parameters
    ----------
    delay_s
        Time between the two.
    rate_hz
        Observed rate of events like the second.
    livetime
        Fraction of the time in which they can be observed.

    Examples
    --------
    >>> f"{temporal_p_value(1.74, 351.2 / (3324 * 86400), 0.85):.1e}"
    '5.0e-06'
    """
    return 2.0 * abs(delay_s) * rate_hz / livetime


def sky_bound(overlap: float) -> float:
    """Largest chance that unrelated regions overlap this well: ``min(1, 1 / I)``, Markov's inequality.

    The overlap's mean over random rotations is 1, so that no more than 1 / I of them reach I. A valid p-value for
    any two regions, and larger than the one that rotating these two would give.

    Examples
    --------
    >>> sky_bound(5.0), sky_bound(0.2)
    (0.2, 1.0)
    """
    return 1.0 if overlap <= 1.0 else 1.0 / overlap


def product(p_values: Sequence[float]) -> float:
    """The bare product, as Abbott et al. 2017 (ApJL 848 L13) give it: smaller than a p-value of the whole.

    Examples
    --------
    >>> f"{product([5e-6, 0.01]):.1e}"
    '5.0e-08'
    """
    return math.prod(p_values)


def fisher(p_values: Sequence[float]) -> float:
    """The p-value of several independent ones: ``-2 sum ln p`` is chi-squared with 2n degrees of freedom (Fisher).

    Examples
    --------
    >>> f"{fisher([5e-6, 0.01]):.5e}"
    '8.90562e-07'
    """
    if min(p_values) <= 0.0:
        return 0.0
    return float(chdtrc(2 * len(p_values), -2.0 * math.fsum(map(math.log, p_values))))


def after_trials(p_value: float, n: float) -> float:
    """Chance of one such or smaller among n independent ones: ``1 - (1 - p)^n``.

    Examples
    --------
    >>> round(after_trials(0.01, 2), 6)
    0.0199
    """
    return 1.0 if p_value >= 1.0 else -math.expm1(n * math.log1p(-p_value))


def sigma(p_value: float) -> float:
    """A p-value as one-sided normal standard deviations.

    Examples
    --------
    >>> round(sigma(5e-8), 2)
    5.33
    """
    return float(-ndtri(p_value))


def p_of_odds(log_odds: float) -> float:
    """Probability that the two are unrelated, ``1 / (1 + odds)``: what odds are to be put as a chance.

    No p-value: it holds the prior odds, and says how probable "unrelated" is, not how seldom it looks like this.

    Examples
    --------
    >>> p_of_odds(0.0)
    0.5
    """
    if log_odds > 0.0:
        return math.exp(-log_odds) / (1.0 + math.exp(-log_odds))
    return 1.0 / (1.0 + math.exp(log_odds))
