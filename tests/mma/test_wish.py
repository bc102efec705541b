"""One filter of the stream: what was shown is kept true, and nothing else is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mma.cli import main, parser
from mma.commands.line import line
from mma.messages.heartbeat import heartbeat_message
from mma.messages.stream_filter import REMEMBERED, Filter, StreamFilter, facts, folded
from tests.mma.world import HERE, World, detection, retraction, superevent


def said(name: str, kind: str, probability: float | None = None, **more: Any) -> dict[str, Any]:
    """A message about a candidate as it is published."""
    score = None if probability is None else {"probability": probability}
    about = {"id": "S1a", "aliases": ["GW 170817"], "messenger": "gw"}
    return {
        "schema": "urn:mma:candidate:1",
        "type": kind,
        "test": False,
        "event": about,
        "object": {"id": name},
        "score": score,
        **more,
    }


def shown(messages: list[dict[str, Any]], **stream_filter: Any) -> list[int]:
    wanted = Filter(StreamFilter(**stream_filter))
    return [i for i, message in enumerate(messages) if wanted.takes(facts(message))]


LIFE = [
    said("A", "new", 0.9),  # 0
    said("B", "new", 0.1),  # 1
    said("A", "update", 0.3, before={"probability": 0.9, "probability_max": 0.9}),  # 2 falls out: told once
    said("A", "update", 0.2, before={"probability": 0.3, "probability_max": 0.9}),  # 3
    said("B", "withdrawal", before={"probability": 0.1, "probability_max": 0.1}),  # 4 never was wished for
    said("A", "withdrawal", before={"probability": 0.2, "probability_max": 0.9}),  # 5
    said("C", "new", 0.6),  # 6
]


def test_withdrawals_of_what_passed_alone():
    assert shown(LIFE, probability=0.5) == [0, 2, 5, 6]
    assert shown(LIFE, probability=0.5, type="withdrawal") == [5]
    assert shown(LIFE, probability=0.5, type="new") == [0, 6]
    assert shown(LIFE) == list(range(7))


@pytest.mark.parametrize("start", range(7))
def test_who_comes_back_hears_the_same(start):
    """Messages say themselves what was told before; a memory is not needed."""
    assert [i + start for i in shown(LIFE[start:], probability=0.5)] == [i for i in (0, 2, 5, 6) if i >= start]


def test_a_memory_does_where_messages_do_not_say_it():
    plain = [{name: value for name, value in message.items() if name != "before"} for message in LIFE]
    assert shown(plain, probability=0.5) == [0, 2, 5, 6]
    assert shown([plain[5]], probability=0.5) == [0]  # nobody knows: better a withdrawal too many


def test_a_memory_has_an_end():
    wanted = Filter(StreamFilter(probability=0.5))
    for i in range(3 * REMEMBERED):
        wanted.takes(facts(said(f"O{i}", "new", 0.9)))
    assert len(wanted._told) == REMEMBERED


@pytest.mark.parametrize("name", ["S1a", "s1A", "GW170817", "gw 170817"])
def test_an_event_by_any_name_in_any_case(name):
    assert shown(LIFE, events=frozenset({folded(name)})) == list(range(7))
    assert shown(LIFE, events=frozenset({folded(name + "h")})) == []


@pytest.mark.parametrize("message", [{}, {"event": "x", "object": 3, "tags": 5, "score": []}, {"schema": 7}])
def test_what_others_write_to_a_topic_breaks_nothing(message):
    assert facts(message).candidate is None
    assert line(message)


def test_messages_say_how_probable_a_candidate_was_before(world: World):
    first = world.hears(superevent(), detection("ZTF27a", HERE))
    again = world.hears(superevent(minutes=60.0, radius_deg=8.0, stage="UPDATE"))
    end = world.hears(retraction(minutes=90.0))
    (new,), (update,), (withdrawal,) = ([m for m in some if "object" in m] for some in (first, again, end))
    assert "before" not in new
    told = [m["score"]["probability"] for m in (new, update)]
    assert update["before"] == {"probability": told[0], "probability_max": told[0]}
    assert withdrawal["before"] == {"probability": told[1], "probability_max": max(told)}
    least = max(told)
    assert [Filter(StreamFilter(probability=least)).takes(facts(m)) for m in (new, withdrawal)].count(True) >= 1
    assert Filter(StreamFilter(probability=least)).takes(facts(withdrawal))
    assert not Filter(StreamFilter(probability=min(least * 1.01, 1.0))).takes(facts(withdrawal))


def test_a_line_is_one_line_with_what_matters(world: World):
    messages = world.hears(superevent(mpc=(100.0, 20.0)), detection("ZTF27a", HERE))
    lines = [line(json.loads(json.dumps(m))) for m in messages]
    assert all("\n" not in text for text in lines)
    (event,) = [text for text in lines if "new event" in text]
    assert "S270301ab" in event
    assert "active  2027-03-01T02:00:00  90 % in " in event
    (candidate,) = [text for text in lines if "new candidate" in text]
    assert "S270301ab  ZTF27a  P " in candidate
    assert "rank 1 of 1" in candidate
    assert f"{HERE[0]:.5f} {HERE[1]:+.5f}" in candidate


def test_a_pair_without_a_common_region_is_told_as_no_coincidence():
    pair = {"schema": "urn:mma:association:1", "type": "new", "events": ["S1a", "CTAO-SAG"], "overlap": 0.0}
    said = line(pair | {"reason": "the regions do not meet", "far_spacetime_hz": 1e13})
    assert said.endswith("S1a + CTAO-SAG  no coincidence: the regions do not meet, there is no common region")


def test_a_heartbeat_is_a_line():
    beat = heartbeat_message("w1", lag={"a": 2, "b": 3}, troubles=1, events_active=4, now=0.0)
    assert line(beat) == "1970-01-01 00:00:00  heartbeat  w1  lag 5  troubles 1  active events 4"
    assert "lag not known" in line(beat | {"lag": {"a": None}})
    assert facts({"schema": "other:x:candidate:1"}).kind == "message"


def test_an_event_by_its_sources_name():
    about = {"id": "CTAO-ac506060deb6", "gamma": {"event_name": ["Mrk 421", "1ES 1101+384"]}}
    flare = said("A", "new", 0.9) | {"event": about}
    assert shown([flare, LIFE[0]], event="mrk421") == [0]
    assert shown([flare], event="Mrk 501") == []
    assert shown([flare | {"event": about | {"gamma": {"event_name": "x"}}}], event="Mrk 421") == []


@pytest.mark.parametrize("name", ["12345678", "142000_12345678", "icecube-142000-12345678"])
def test_an_event_by_the_last_part_of_its_id_after_either_sign(name):
    track = said("A", "new", 0.9) | {"event": {"id": "IceCube-142000_12345678"}}
    assert shown([track, LIFE[0]], event=name) == [0]
    assert shown([track], event="345678") == []


@pytest.mark.parametrize(
    "twice",
    ["--event A --event B", "--type new --type=update", "--kind event --kind event", "--messenger gw --messen gw"],
)
def test_a_filter_given_twice_is_refused(twice, capsys):
    with pytest.raises(SystemExit):
        main(["subscribe", "kafka://localhost/mma.candidates", *twice.split()])
    assert f"{twice.split()[0]}: given twice; it takes one value" in capsys.readouterr().err


def test_a_tag_may_come_again_and_each_command_line_is_read_anew():
    top = parser()
    for _ in range(2):
        found = top.parse_args(["subscribe", "kafka://x/y", "--event", "A", "--tag", "a", "--tag", "b"])
        assert (found.event, found.tag) == ("A", ["a", "b"])
