"""What somebody meant who wrote a word that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], n: int = 1) -> list[str]:
    """Up to ``n`` known words like a name, the most alike first; upper and lower case are the same.

    Examples
    --------
    >>> nearest("--limt", ["--limit", "--state"]), nearest("s190425z", ["S190425z"]), nearest("x", ["events"])
    (['--limit'], ['S190425z'], [])
    """
    folded = {word.casefold(): word for word in known}
    return [folded[key] for key in difflib.get_close_matches(name.casefold(), folded, n=n)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest one, or what there is.

    Examples
    --------
    >>> did_you_mean("evnts", ["events", "status"]), did_you_mean("xyz", ["events", "status"])
    ("did you mean 'events'?", 'there are events, status')
    """
    words = list(known)
    near = nearest(name, words)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(words) or 'none'}"
