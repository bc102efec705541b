"""One message to what it tells, in whichever process: what costs too much beside others is read in a room apart."""

from __future__ import annotations

from threading import Event

import coincidence

from .. import alerts, notices
from ..config import Settings
from ..errors import Ignored
from ..sandbox import Room, shared
from ..streams import Message
from . import rehearsal, topics

IMPORTS = (
    "mma.engine.reading", "mma.alerts.avro.kernel", "skymaps.ang2pix", "skymaps.machine", "healpy", "astropy.table",
    "astropy.io.votable", "astropy.io.ascii",
)  # fmt: skip
"""What reading needs, loaded before the first message."""

Found = tuple[coincidence.Event, ...] | alerts.Decoded
"""The events of a notice, or the alerts."""


def room(settings: Settings | None = None, stop: Event | None = None) -> Room:
    """A room with the limits of the settings; without any, that of all who bring none.

    Parameters
    ----------
    stop
        Set when the end is asked for.
    """
    if settings is None:
        return shared(IMPORTS)
    return Room(settings.read_limit_s, settings.read_memory_mb, imports=IMPORTS, stop=stop)


def read(message: Message) -> Found:
    """What a message tells. Raises what decoders raise."""
    kind = topics.format_of(message)
    if kind in notices.DECODERS:
        return notices.decode_all(message, kind)
    refuse_rehearsal(message)
    return alerts.decode([message], kind)


def refuse_rehearsal(message: Message) -> None:
    """Raise ``Ignored`` for a message of an optical stream that its sender calls a test."""
    if message.headers and rehearsal.by_header(message):
        raise Ignored("rehearsal of an optical stream: header _test")
