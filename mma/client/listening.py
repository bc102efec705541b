"""What somebody who subscribes says, read; and what they hear."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from coincidence import Messenger

from ..errors import ConfigError
from ..nearest import did_you_mean
from ..publish.wish import KINDS, TYPES, Wish
from ..store.tags import clean
from .known import Row
from .records import Message
from .source import NOTE

WORDS = ("event", "probability_min", "kind", "type", "messenger", "tag", "tests", "since", "idle_s")
OTHER_WORDS = {"min_probability": "probability_min", "test": "tests", "after": "since"}
"""Of the command line and of HTTP."""

CHOICES = {"kind": KINDS, "type": TYPES, "messenger": tuple(Messenger)}


class ListeningWarning(UserWarning):
    """Somebody listens to an event or a tag that there is not (yet): a name may be misspelt."""


def read(given: Mapping[str, Any], others: Mapping[str, Any]) -> tuple[Wish, int | None]:
    """The wish, and the number to begin after.

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
    for name, known in CHOICES.items():
        if name in said and said[name] not in known:
            raise ConfigError(f"{name} {said[name]!r}: {did_you_mean(str(said[name]), map(str, known))}")
    probability, since, tag = said.get("probability_min"), said.get("since"), said.get("tag", ())
    if probability is not None and not 0.0 <= probability <= 1.0:
        raise ConfigError(f"probability_min {probability}: not a probability")
    if since is not None and since < 0:
        raise ConfigError(f"since {since}: not a number of a message")
    wish = Wish(
        event=said.get("event"),
        probability=probability,
        kind=said.get("kind"),
        type=said.get("type"),
        messenger=said.get("messenger"),
        tags=frozenset(map(clean, [tag] if isinstance(tag, str) else tag)),
        tests=bool(said.get("tests")),
    )
    return wish, since


def heard(rows: Iterator[Row]) -> Iterator[Message]:
    """Messages; remarks become warnings."""
    for row in rows:
        if row["kind"] == NOTE:
            warnings.warn(row["body"]["text"], ListeningWarning, stacklevel=2)
        else:
            yield Message(row)
