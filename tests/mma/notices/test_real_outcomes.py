"""Every recorded message ends as it should: as an event, or ignored or a dead letter with a reason."""

from __future__ import annotations

from collections import Counter

import pytest

from coincidence.event import Event
from mma.errors import DecodeError, Ignored

pytestmark = pytest.mark.realdata

UNKNOWN = "not a notice or alert of any format known"
EXPECTED = {
    ("circulars", "ignored", "a GCN circular: text for people"): 256,
    ("gcn-json", "event", "flare"): 3,
    ("gcn-json", "event", "frb"): 6,
    ("gcn-json", "event", "grb"): 17,
    ("gcn-json", "event", "neutrino"): 2,
    ("gcn-json", "event", "supernova"): 1,
    ("gcn-json", "event", "transient"): 1,
    ("gcn-json", "ignored", "BOOM's coincidence notice: another engine's result"): 1,
    ("gcn-json", "ignored", "a GCN circular: text for people"): 1,
    ("gcn-json", "ignored", "a JSON Schema, not a notice"): 41,
    ("gcn-json", "ignored", "an observation became public: no event"): 1,
    ("gcn-json", "ignored", "heartbeat, or an example of a part of the schema"): 3,
    ("gcn-json-gwcelery", "event", "frb"): 3,
    ("gcn-json-gwcelery", "event", "grb"): 8,
    ("gcn-json-gwcelery", "event", "neutrino"): 4,
    ("gcn-json-gwcelery", "event", "transient"): 1,
    ("gcn-json-gwcelery", "dead", "optical alert, not a notice"): 1,
    ("gracedb", "ignored", "GraceDB's record of a superevent, not an alert"): 1,
    ("gracedb", "dead", UNKNOWN): 3,
    ("hermes", "ignored", "Hermes message: text for people"): 1,
    ("hopskotch", "dead", "Avro, but neither an LVK alert nor an optical alert of a schema known"): 1,
    ("hopskotch", "dead", UNKNOWN): 2,
    ("hopskotch", "ignored", "an Avro schema, not a message"): 1,
    ("igwn-alert-internal", "ignored", "internal IGWN alert of GraceDB, not a public one"): 11,
    ("lvk-kafka", "event", "cbc"): 11,
    ("snews", "ignored", "SNEWS heartbeat"): 1,
    ("snews", "dead", UNKNOWN): 2,
    ("snews", "ignored", "one detector's observation: no SNEWS coincidence"): 3,
    ("gcn-2019-04", "event", "cbc"): 11,
    ("gcn-2019-04", "event", "flare"): 10,
    ("gcn-2019-04", "event", "grb"): 208,
    ("gcn-2019-04", "event", "supernova"): 5,
    ("gcn-2019-04", "event", "transient"): 4,
    ("gcn-2019-04", "ignored", "optical transient: an alert, not a notice"): 312,
    ("gcn-2019-05", "event", "cbc"): 15,
    ("gcn-2019-05", "event", "flare"): 9,
    ("gcn-2019-05", "event", "grb"): 265,
    ("gcn-2019-05", "event", "neutrino"): 1,
    ("gcn-2019-05", "event", "supernova"): 4,
    ("gcn-2019-05", "ignored", "optical transient: an alert, not a notice"): 259,
    ("voevent", "dead", "ISOTime: '2016-01--12T13:36:22.84' is not a date and time"): 1,
    ("voevent", "dead", "ISOTime: '2016-01--3T03:05:12.46' is not a date and time"): 1,
    ("voevent", "dead", "ISOTime: '2022-01-00T23:16:14.46' is not a date and time"): 1,
    ("voevent", "dead", "VOEvent version: '1.1' where 2.0 was expected"): 3,
    ("voevent", "dead", "VOEvent version: '2.1' where 2.0 was expected"): 1,
    ("voevent", "event", "burst"): 1,
    ("voevent", "event", "cbc"): 60,
    ("voevent", "event", "flare"): 10,
    ("voevent", "event", "frb"): 2,
    ("voevent", "event", "grb"): 94,
    ("voevent", "event", "neutrino"): 27,
    ("voevent", "event", "supernova"): 5,
    ("voevent", "event", "transient"): 9,
    ("voevent", "ignored", "Fermi pointing direction"): 1,
    ("voevent", "ignored", "Fermi slew"): 1,
    ("voevent", "ignored", "GCN could not tell the type of its own packet"): 1,
    ("voevent", "dead", "GCN notice as e-mail text: subscribe to its VOEvent or JSON"): 1,
    ("voevent", "ignored", "INTEGRAL pointing direction"): 1,
    ("voevent", "ignored", "MOA microlensing event"): 2,
    ("voevent", "ignored", "Swift BAT light curve of a trigger told in its own notice"): 2,
    ("voevent", "ignored", "Swift UVOT found no source"): 1,
    ("voevent", "ignored", "Swift XRT found no source"): 1,
    ("voevent", "ignored", "Swift figure of merit: a plan to slew, not a detection"): 1,
    ("voevent", "ignored", "Swift pointing direction"): 1,
    ("voevent", "dead", "XML, but not a VOEvent: its root is quakeml"): 1,
    ("voevent", "ignored", "optical transient: an alert, not a notice"): 12,
    ("voevent", "ignored", "test of a VOEvent broker"): 2,
}


def say(found: Event | Ignored | DecodeError) -> tuple[str, str]:
    if isinstance(found, Event):
        return "event", found.kind.value
    told = UNKNOWN if str(found).startswith(UNKNOWN) else str(found)  # what follows is of the content
    return ("dead" if isinstance(found, DecodeError) else "ignored"), told


def test_every_message_ends_as_it_should(outcomes):
    assert Counter((name.split("/")[0], *say(found)) for name, (_, found) in outcomes.items()) == EXPECTED
