"""What somebody who subscribes says, read; and what they hear."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from operator import index
from typing import Any, SupportsIndex

from coincidence import Messenger

from ..errors import ConfigError
from ..messages import KINDS, TYPES, StreamFilter
from ..store import clean
from ..text import did_you_mean
from .known import Row
from .records import Message
from .source import NOTE

WORDS = ("event", "probability_min", "kind", "type", "messenger", "tag", "tests", "since", "idle_s")
OTHER_WORDS = {"min_probability": "probability_min", "test": "tests", "after": "since"}
"""Of the command line and of HTTP."""

CHOICES = {"kind": KINDS, "type": TYPES, "messenger": tuple(Messenger)}


class ListeningWarning(UserWarning):
    """Somebody listens to an event or a tag that there is not (yet): a name may be misspelt."""


def read(given: Mapping[str, Any], others: Mapping[str, Any]) -> tuple[StreamFilter, int | None]:
    """The filter, and the number to begin after.

    Raises
    ------
    ConfigError
        A word that there is not, or that is said twice; a value that cannot be.
    """
    said = {name: value for name, value in given.items() if value is not None}
    for word, value in others.items():
        name = OTHER_WORDS.get(word)
        if name is None:
            raise ConfigError(f"subscribe: no word {word!r}; {did_you_mean(word, WORDS)}")
        if name in said:
            raise ConfigError(f"subscribe: {name} and {word} are the same: say one")
        said |= {} if value is None else {name: value}
    for name in (*CHOICES, "event"):
        _check_word(name, said.get(name))
    since, tag = said.get("since"), said.get("tag", ())
    if since is not None and (not isinstance(since, SupportsIndex) or index(since) < 0):
        raise ConfigError(f"since {since!r}: not a number of a message")
    stream_filter = StreamFilter(
        event=said.get("event"),
        probability=_probability(said.get("probability_min")),
        kind=said.get("kind"),
        type=said.get("type"),
        messenger=said.get("messenger"),
        tags=frozenset(map(clean, [tag] if isinstance(tag, str) else tag)),
        tests=bool(said.get("tests")),
    )
    return stream_filter, None if since is None else index(since)


def _check_word(name: str, value: Any) -> None:
    """Refuse what is not one word, and one that there is not."""
    if value is None:
        return
    if isinstance(value, (list, tuple, set, frozenset)):
        raise ConfigError(f"{name} {value!r}: one only")
    if not isinstance(value, str):
        raise ConfigError(f"{name} {value!r}: not a text")
    known = CHOICES.get(name)
    if known is not None and value not in known:
        raise ConfigError(f"{name} {value!r}: {did_you_mean(value, map(str, known))}")


def _probability(value: Any) -> float | None:
    """A number from 0 to 1, None where nothing is said."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        unit = "; write it without its unit" if isinstance(value, str) and value[:1].isdigit() else ""
        raise ConfigError(f"probability_min {value!r} is no number{unit}") from None
    if not 0.0 <= number <= 1.0:
        raise ConfigError(f"probability_min {value}: not a probability")
    return number


def heard(rows: Iterator[Row]) -> Iterator[Message]:
    """Messages; remarks become warnings."""
    for row in rows:
        if row["kind"] == NOTE:
            warnings.warn(row["body"]["text"], ListeningWarning, stacklevel=2)
        else:
            yield Message(row)
