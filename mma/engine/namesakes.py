"""Notices that call an event known to us by another of its names.

A retraction may come under a second id of the event, or under nothing but the name that people gave it. Of one
observatory the name leads to the event. Others are named by their time: notices that put it some seconds apart tell of
the same event. SNEWS names an alert by its clock, another one in each update, and an update may bring an earlier first
neutrino; others refine the time of a trigger without a number. A map alone is named by one trigger of a pipeline, or by
nothing: it is the superevent's of that second. The event keeps the id under which it was known first; the others are
aliases.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy import Connection

from coincidence import Event, Stage
from coincidence.event import TEST_ENDING, Messenger

from ..store import events

BY_TIME = re.compile(r"(?P<who>.+)-\d{8}T\d{6}(?:\.\d{3})?(?P<test>-test)?")

OF_A_MAP = re.compile(r"(?:map-\d{8}T\d{6}|[GTM]\d{3,})(?:-test)?")
"""Names of maps alone: GraceDB's of one trigger, and ours of those that have none."""

SUPEREVENT_S = 1.0
"""Gravitational-wave events so close to one another are taken for one: ours; two a second apart are never expected."""

CLOSE_S = 10.0
"""The window in which SNEWS takes bursts of neutrinos for one."""


def under_its_id(connection: Connection, notice: Event) -> Event:
    """The notice, under the id of the event that it tells of, where that is known by another second."""
    if events.event_row(connection, notice.id) is not None:
        return notice
    if known := _known_by(connection, notice):
        return _renamed(notice, known, f"{known} under another of its names")
    if notice.time is None:
        return notice
    unix = notice.time.timestamp()
    if alone := _of_a_map(connection, notice, unix):
        return _renamed(notice, alone, f"within {SUPEREVENT_S:g} s of {alone}: the same event")
    own = BY_TIME.fullmatch(notice.id)
    if own is None:
        return notice
    close = events.close_to(connection, notice.observatory, unix - CLOSE_S, unix + CLOSE_S)
    alike = [name for name in close if (other := BY_TIME.fullmatch(name)) and other.groups() == own.groups()]
    if not alike or notice.id in alike:
        return notice
    return _renamed(notice, alike[0], f"some seconds from {alike[0]}: the same event")


def _of_a_map(connection: Connection, notice: Event, unix: float) -> str | None:
    """The gravitational-wave event of the same moment, where this notice or that event has the name of a map alone."""
    if notice.messenger is not Messenger.GW:
        return None
    close = events.close_to(connection, notice.observatory, unix - SUPEREVENT_S, unix + SUPEREVENT_S)
    ends = notice.id.endswith(TEST_ENDING)
    same = [name for name in close if name.endswith(TEST_ENDING) == ends and name != notice.id]
    is_alone = OF_A_MAP.fullmatch(notice.id) is not None
    alike = [name for name in same if is_alone or OF_A_MAP.fullmatch(name)]
    return alike[0] if len(alike) == 1 else None


def _known_by(connection: Connection, notice: Event) -> str | None:
    """The one event of this observatory that has the notice's id as another name; of a retraction, any of its names.

    The id counts as it is, and without the words that we put before what the sender tells.
    """
    parts = notice.id.split("-")
    words = {"-".join(parts[i:]) for i in range(len(parts))}
    if notice.stage is Stage.RETRACTION:
        words |= set(notice.aliases)
    found = events.called(connection, sorted(words), notice.observatory, is_test=notice.is_test)
    return found[0] if len(found) == 1 else None


def _renamed(notice: Event, name: str, remark: str) -> Event:
    aliases = dict.fromkeys((*notice.aliases, notice.id))
    return replace(notice, id=name, aliases=tuple(aliases), remarks=(*notice.remarks, remark))
