"""``mma`` with a decoder that some messages kill, as a fault in compiled code or a lack of memory would, and with an
engine that trips over others for a reason that nobody foresaw."""

from __future__ import annotations

import os
import signal
import sys

from mma import cli, notices
from mma.engine import event_tracker
from mma.streams import Message, merged

WORD = b"DEADLY"
TRIPS = "TRIPS"
PAUSE_S = 4.0


def _deadly(decode):
    def decoder(message: Message):
        if WORD in message.payload:
            os.kill(os.getpid(), signal.SIGKILL)
        return decode(message)

    return decoder


class Clumsy(event_tracker.EventTracker):
    """Falls over some events."""

    def take(self, connection, notice, *more):
        if TRIPS in notice.id:
            raise ZeroDivisionError(notice.id)
        return super().take(connection, notice, *more)


if __name__ == "__main__":
    from mma.engine import engine

    engine.EventTracker = Clumsy
    merged.PAUSE_S = PAUSE_S
    for name, decode in notices.DECODERS.items():
        notices.DECODERS[name] = _deadly(decode)
    sys.exit(cli.main())
