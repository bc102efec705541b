"""Messages stay small, whatever names, classes and links the notices brought: long texts and lists are cut."""

from __future__ import annotations

from typing import Any

from .message import Message

LARGEST = 200_000
"""Characters of a message; brokers take 1 MB unless they are told otherwise."""

KEYS = 100
"""Parts of a document that are kept; ours have fewer, those of classifiers may have more."""

STEPS = ((2000, 200), (500, 50), (200, 20), (200, 5), (200, 1))
"""Characters of a text and parts of a list that are kept, the first of them that makes the message small enough."""


def bounded(message: Message, step: int) -> Message:
    """A message with shorter texts and lists; texts as short as ids are never cut.

    Parameters
    ----------
    step
        How often it was shortened before, and was still too large.
    """
    texts, parts = STEPS[step]
    return {name: _shorter(value, texts, parts) for name, value in message.items()}


def _shorter(value: Any, texts: int, parts: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= texts else f"{value[: texts - 3]}..."
    if isinstance(value, dict):
        kept = list(value.items())[:KEYS]
        return {_shorter(name, 200, parts): _shorter(part, texts, parts) for name, part in kept}
    if isinstance(value, list | tuple):
        return [_shorter(part, texts, parts) for part in value[:parts]]
    return value
