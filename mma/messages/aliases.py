"""Other names of an event, as we tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def aliases_of(document: Mapping[str, Any]) -> list[str]:
    """What its notices call the event; of a gamma-ray alert the sender's own id too, which ours begins otherwise.

    Examples
    --------
    >>> aliases_of({"id": "CTAO-af89", "observatory": "CTAO", "aliases": ["GRB 260301A"], "gamma": {}})
    ['GRB 260301A', 'af89']
    """
    told = list(document["aliases"])
    prefix = f"{document['observatory'].replace(' ', '')}-"
    own = document["id"].removeprefix(prefix)
    if document.get("gamma") is None or own == document["id"] or own in told:
        return told
    return [*told, own]
