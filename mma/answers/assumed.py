"""What a probability takes for granted because no notice tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincidence.event import Kind

UNTOLD = (
    "no notice tells the class of this merger, nor whether matter was left (HasRemnant): "
    "P takes it for a real one that left some"
)
"""Of a merger of which there is only a map, as ``coincidence.priors`` reckons with it."""


def assumed(event: Mapping[str, Any]) -> str | None:
    """The sentence about an event as it is shown; None where its notices tell what matters.

    Examples
    --------
    >>> assumed({"kind": "cbc", "classes": {"HasRemnant": 0.0}, "state": "active"}) is None
    True
    """
    untold = event["kind"] == Kind.CBC and not event["classes"] and event["state"] != "retracted"
    return UNTOLD if untold else None
