"""What somebody meant who wrote a word that is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

LEAST = 0.6
"""Words that are less alike are not meant."""

BEGINS = 0.95
"""How much the beginning of a word is like the word."""

SHORTEST_BEGINNING = 3
MISSING = 0.02
"""What a part that somebody left out takes from that."""


def nearest(name: str, known: Iterable[str], n: int = 1, least: float = LEAST) -> list[str]:
    """Up to ``n`` known words like a name, the most alike first; upper and lower case are the same.

    What is made of several words is compared word by word too, in any order, and the beginning of a word is like it.

    Examples
    --------
    >>> nearest("--limt", ["--limit", "--state"]), nearest("s190425z", ["S190425z"]), nearest("x", ["events"])
    (['--limit'], ['S190425z'], [])
    >>> nearest("prob_min", ["prior_min", "probability_min"]), nearest("min_dist", ["dec_min", "distance_mpc_min"])
    (['probability_min'], ['distance_mpc_min'])
    """
    folded = {word.casefold(): word for word in known}
    sought = name.casefold()
    plain = sought.lstrip("-")  # of options
    alike = {key: max(_alike(plain, key.lstrip("-"), least), _by_words(sought, key)) for key in folded}
    best = sorted((key for key, value in alike.items() if value >= least), key=lambda key: -alike[key])
    return [folded[key] for key in best[:n]]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest one, or what there is.

    Examples
    --------
    >>> did_you_mean("evnts", ["events", "status"]), did_you_mean("xyz", ["events", "status"])
    ("did you mean 'events'?", 'there are events, status')
    """
    words = list(known)
    near = nearest(name, words)
    return asked(near) if near else f"there are {', '.join(words) or 'none'}"


def asked(words: Iterable[str]) -> str:
    """The question whether one of these was meant.

    Examples
    --------
    >>> asked(["S1a"]), asked(["S1a", "S1b", "S1c"])
    ("did you mean 'S1a'?", "did you mean 'S1a', 'S1b' or 'S1c'?")
    """
    *others, last = map(repr, words)
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"


def _alike(name: str, word: str, least: float) -> float:
    """How much two words are alike, 0 to 1; 0 at once for those that are far apart."""
    matcher = SequenceMatcher(None, word, name)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    return matcher.ratio()


def _by_words(name: str, known: str) -> float:
    """How much the parts of two names are alike, whatever their order; a part that is missing costs a little."""
    ours, theirs = _parts(name), _parts(known)
    if not ours or len(theirs) < len(ours):
        return 0.0
    alike = [max(_part(one, other) for other in theirs) for one in ours]
    if min(alike) < (LEAST if len(ours) == len(theirs) or len(ours) > 1 else BEGINS):
        return 0.0
    return sum(alike) / len(alike) - MISSING * (len(theirs) - len(ours))


def _part(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if len(one) >= SHORTEST_BEGINNING and other.startswith(one):
        return BEGINS
    return _alike(one, other, LEAST)


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[^a-z0-9]+", name) if part]
