"""Published messages: their ids, their topics, and the schemas they keep to."""

from __future__ import annotations

import json
import uuid

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mma.messages import message as publish
from mma.messages.candidate import ab_mag
from mma.streams import MemorySink
from tests.mma.world import World, as_message, burst, detection, superevent

SCHEMAS = ("candidate", "event", "association", "group", "gamma")


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name):
    schema = publish.schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:mma:{name}:1"


@pytest.fixture
def told(small_world: World) -> dict[str, dict]:
    """One published message of each kind."""
    messages = small_world.hears(superevent(mpc=(100.0, 20.0)), burst(seconds=1.0), detection("ZTF27a"))
    return {m["schema"].split(":")[2]: {k: v for k, v in m.items() if k not in ("topic", "key")} for m in messages}


@pytest.mark.parametrize("name", SCHEMAS[:4])
def test_a_schema_refuses_what_is_missing_or_strange(told, name):
    message = told[name]
    assert publish.problems(message, name) == []
    for field in message:
        lacking = {k: v for k, v in message.items() if k != field}
        assert any(field in problem for problem in publish.problems(lacking, name)), field
    assert publish.problems(message | {"surprise": 1}, name)
    assert publish.problems(message | {"id": "no uuid"}, name)[0].startswith("id: ")
    assert publish.problems(message | {"revision": 0}, name)[0].startswith("revision: ")
    assert publish.problems(message | {"issued": "yesterday"}, name)[0].startswith("issued: ")


def test_problems_name_the_field_within(told):
    message = json.loads(json.dumps(told["candidate"]))
    message["sky"]["credible_level"] = 7
    message["object"]["ra"] = "here"
    assert sorted(p.partition(":")[0] for p in publish.problems(message, "candidate")) == [
        "object.ra",
        "sky.credible_level",
    ]


@given(st.lists(st.one_of(st.text(), st.integers(), st.none(), st.floats(allow_nan=False))))
def test_an_id_is_a_uuid5_of_what_is_said(parts):
    told = publish.message_id(*parts)
    assert uuid.UUID(told).version == 5
    assert told == publish.message_id(*parts)
    assert told != publish.message_id(*parts, "more")


def test_times_are_utc_with_a_z():
    assert publish.iso(0.0) == "1970-01-01T00:00:00.000Z"
    assert publish.iso(1.8e9 + 0.25) == "2027-01-15T08:00:00.250Z"
    assert publish.iso(None) is None


def test_test_messages_have_topics_of_their_own():
    assert publish.topic("mma", "events", test=False) == "mma.events"
    assert publish.topic("mma", "events", test=True) == "mma.events.test"


@pytest.mark.parametrize(("flux", "mag"), [(None, None), (0.0, None), (-5.0, None), (1.0, 31.4), (3631e9, 0.0)])
def test_magnitudes_are_ab(flux, mag):
    assert ab_mag(flux) == (mag if mag is None else pytest.approx(mag, abs=2e-4))


def test_a_prefix_of_ones_own(small_world: World):
    from mma.engine.engine import Engine
    from mma.streams import MemorySource

    sink = MemorySink()
    Engine(small_world.store, sink, prefix="obs.night").run(MemorySource([as_message(superevent())]))
    assert [topic for topic, _, _ in sink.written] == ["obs.night.events"]
