"""How far the news of an event is."""

from __future__ import annotations

from typing import Any, Protocol


class Row(Protocol):
    """Values by name."""

    def __getitem__(self, name: str, /) -> Any: ...


def stage(event: Row) -> str:
    """The stage of an event's newest notice, and how many notices came.

    Examples
    --------
    >>> stage({"stage": "early_warning", "revision": 1})
    'early warning, 1 notice'
    >>> stage({"stage": "update", "revision": 3})
    'update, 3 notices'
    """
    n = event["revision"]
    return f"{event['stage'].replace('_', ' ')}, {n} {'notice' if n == 1 else 'notices'}"
