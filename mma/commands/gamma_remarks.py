"""What is odd about a gamma-ray alert that may be sent all the same: told, so that a slip of the pen is seen."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ..answers import unknown
from ..config import Settings
from ..store import Store
from .gamma_document import Alert

MOST_SIGMA = 100.0
WIDEST_DEG = 2.0
"""Of what a Cherenkov telescope says of one source: more is rather a unit or a comma that was missed."""


def remarks(options: Namespace, settings: Settings, document: Alert) -> Iterator[str]:
    """A sentence about each thing that is hardly meant so."""
    for name in ("significance", "significance_post_trial"):
        if document.get(name, 0.0) > MOST_SIGMA:
            yield f"{name}: {document[name]:g} sigma is very much; it is sent as it is"
    axes = document.get("ra_dec_error")
    widest = max(axes[:2]) if isinstance(axes, list) else axes
    if widest is not None and widest > WIDEST_DEG:
        yield f"ra_dec_error: a radius of {widest:g} deg is wide for one source; it is sent as it is"
    if followed := document.get("follow_up_event"):
        yield from _followed(options, settings, followed)


def _followed(options: Namespace, settings: Settings, name: str) -> Iterator[str]:
    """An event that the database does not know may be elsewhere, or misspelt."""
    database = settings.database
    if not (options.db or "://" in database or Path(database).is_file()):
        return
    with closing(Store(database, create=False, writes=False)) as store, store.read() as connection:
        if (said := unknown(connection, name)) is not None:
            yield f"follow_up_event: {said}"
