"""Events that their time names: notices that put it some seconds apart tell of the same event.

SNEWS names an alert by its clock, another one in each update, and an update may bring an earlier first neutrino; others
refine the time of a trigger without a number. The event keeps the id under which it was known first; the others are
aliases.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy import Connection

from coincidence import Event

from .store import events

BY_TIME = re.compile(r"(?P<who>.+)-\d{8}T\d{6}(?:\.\d{3})?(?P<test>-test)?")

CLOSE_S = 10.0
"""The window in which SNEWS takes bursts of neutrinos for one."""


def under_its_id(connection: Connection, notice: Event) -> Event:
    """The notice, under the id of the event that it tells of, where that is known by another second."""
    own = BY_TIME.fullmatch(notice.id)
    if own is None or notice.time is None:
        return notice
    unix = notice.time.timestamp()
    close = events.close_to(connection, notice.observatory, unix - CLOSE_S, unix + CLOSE_S)
    alike = [name for name in close if (other := BY_TIME.fullmatch(name)) and other.groups() == own.groups()]
    if not alike or notice.id in alike:
        return notice
    return replace(
        notice,
        id=alike[0],
        aliases=(*notice.aliases, notice.id),
        remarks=(*notice.remarks, f"some seconds from {alike[0]}: the same event"),
    )
