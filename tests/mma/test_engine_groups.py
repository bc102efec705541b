"""Pairs and groups through the engine: formed, revised, withdrawn; whatever the order; and what a pointed one says."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mma.answers import queries
from mma.notices.gamma import alert as gamma
from mma.store import Store, groups
from mma.streams import Message
from tests.mma.world import HERE, T0, THERE, World, as_message, burst, of_type, retraction, superevent

EVENT, GBM, SVOM, CTA = "S270301ab", "Fermi-GBM-826000000", "SVOM-sb27030101", "CTAO-A1"
GROUP = f"MM-{EVENT}"


def svom(seconds: float = 2.0, place: tuple[float, float] = HERE, **given: Any) -> bytes:
    """The same burst, seen by a second mission."""
    document = json.loads(burst("x", place, 2.0, seconds=seconds))
    return json.dumps(
        document
        | {
            "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/svom/grm.schema.json",
            "mission": "SVOM",
            "instrument": "GRM",
            "id": ["sb27030101"],
            "systematic_included": True,
        }
        | given
    ).encode()


def cta(name: str = "A1", minutes: float = 40.0, sent: float = 45.0, **more: Any) -> bytes:
    """What CTAO found when it followed the merger."""
    given: dict[str, Any] = {
        "trigger_time": T0 + timedelta(minutes=minutes),
        "ra": HERE[0] + 0.4,
        "dec": HERE[1],
        "ra_dec_error": 0.05,
        "containment_probability": 0.68,
        "source_class": "gw_follow_up",
        "follow_up_event": EVENT,
        "significance_post_trial": 6.0,
        "n_trials": 10,
        "tiles_observed": 5,
    }
    return gamma.encode(
        gamma.new_alert(mission="CTAO", id=name, alert_datetime=T0 + timedelta(minutes=sent), **(given | more))
    )


def taken_back(name: str = "A1", minutes: float = 90.0) -> bytes:
    return gamma.encode(
        gamma.new_alert(
            mission="CTAO", id=name, alert_type="retraction", alert_datetime=T0 + timedelta(minutes=minutes)
        )
    )


def kept(world: World) -> list[dict[str, Any]]:
    return world.ask(groups.listing)


def test_a_group_is_formed_grows_is_revised_and_shrinks(world: World):
    assert of_type(world.hears(superevent(radius_deg=5.0)), "group") == []
    told = [of_type(world.hears(m), "group") for m in (burst(seconds=1.7), svom(), cta())]
    assert [[(m["type"], m["revision"], m["group"], m["events"]) for m in one] for one in told] == [
        [("new", 1, GROUP, [EVENT, GBM])],
        [("update", 2, GROUP, [EVENT, GBM, SVOM])],
        [("update", 3, GROUP, [EVENT, GBM, SVOM, CTA])],
    ]
    assert [one[0]["supersedes"] for one in told] == [None, told[0][0]["id"], told[1][0]["id"]]
    (better,) = of_type(world.hears(superevent(radius_deg=2.0, stage="UPDATE", minutes=60.0)), "group")
    assert (better["type"], better["revision"]) == ("update", 4)
    assert better["log_overlap"] > told[2][0]["log_overlap"]
    (fewer,) = of_type(world.hears(taken_back()), "group")
    assert (fewer["type"], fewer["events"]) == ("update", [EVENT, GBM, SVOM])
    last = of_type(world.hears(retraction(minutes=120.0)), "group")
    assert [(m["type"], m["group"], m["events"]) for m in last] == [
        ("new", f"MM-{GBM}", [GBM, SVOM]),
        ("withdrawal", GROUP, [EVENT, GBM, SVOM]),
    ]
    assert [row["id"] for row in kept(world)] == [f"MM-{GBM}"]


def test_the_id_is_the_mergers_even_where_it_comes_last(small_world: World):
    small_world.hears(burst(seconds=1.7), svom())
    assert [row["id"] for row in kept(small_world)] == [f"MM-{GBM}"]
    told = of_type(small_world.hears(superevent()), "group")
    assert [(m["type"], m["group"]) for m in told] == [("withdrawal", f"MM-{GBM}"), ("new", GROUP)]


def test_a_group_that_comes_back_goes_on_counting(small_world: World):
    small_world.hears(superevent(), cta(), taken_back(minutes=50.0))
    (again,) = of_type(small_world.hears(cta(sent=60.0, alert_type="update")), "group")
    assert (again["type"], again["revision"]) == ("update", 3)
    assert len(kept(small_world)) == 1


def test_what_is_sent_twice_is_told_once(small_world: World):
    messages = [as_message(m) for m in (superevent(), burst(seconds=1.7), cta())]
    first = of_type(small_world.hears(*messages), "group")
    assert of_type(small_world.hears(*messages, batch_size=1), "group") == []
    again = of_type(small_world.hears(*(as_message(m.payload) for m in messages)), "group")
    assert (len(first), again) == (2, [])


def test_a_pointed_observation_tells_its_own_chance_and_no_rate(small_world: World):
    small_world.hears(superevent(radius_deg=30.0))
    (told,) = of_type(small_world.hears(cta()), "association")
    assert told["by_construction"]
    assert (told["far_temporal_hz"], told["search"], told["odds"]["log_odds"]) == (None, "none", None)
    alone = 0.5 * math.erfc(6.0 / math.sqrt(2.0))
    assert told["p_values"] == {"time": None, "sky_bound": None, "alone": pytest.approx(1.0 - (1.0 - alone) ** 5)}
    assert told["overlap"] == pytest.approx(1.0, abs=0.05)  # an even field: nothing gained by looking where told


def test_the_field_of_view_that_is_told_counts(small_world: World):
    small_world.hears(superevent(radius_deg=2.0))
    (wide,) = of_type(small_world.hears(cta("A1")), "association")
    (narrow,) = of_type(small_world.hears(cta("A2", field_of_view_deg=1.0)), "association")
    assert narrow["overlap"] < wide["overlap"] / 5.0


def test_an_upper_limit_changes_nothing(small_world: World):
    before = small_world.hears(superevent(), burst(seconds=1.7))
    limit = {"flux_upper_limit": 1e-12, "flux_unit": "erg/cm2/s", "upper_limit_confidence": 0.95}
    nothing = {"ra_dec_error": None, "containment_probability": None, "significance_post_trial": None}
    assert len(of_type(before, "group")) == 1
    assert small_world.hears(cta(**(limit | nothing | {"n_trials": None}))) == []


def test_what_a_pair_tells(small_world: World):
    small_world.hears(superevent())
    (told,) = of_type(small_world.hears(burst(seconds=1.7)), "association")
    assert (told["search"], told["trials"], told["reason"]) == ("untargeted", 20, None)
    assert told["far_after_trials_hz"] == pytest.approx(20.0 * told["far_spacetime_hz"])
    terms = told["odds"]["terms"]
    assert told["odds"]["log_odds"] == pytest.approx(terms["prior"] + terms["sky"] + terms["time"])
    assert terms["distance"] is None
    assert told["p_values"]["sky_bound"] == pytest.approx(min(1.0, 1.0 / told["overlap"]))


def test_a_supernova_is_always_told(small_world: World):
    small_world.hears(superevent(radius_deg=40.0, group="Burst"))
    alert = {
        "id": "SNEWS_1",
        "alert_type": "SNEWS COINCIDENCE",
        "detector_names": ["KamLAND", "Super-K"],
        "neutrino_times": [(T0 + timedelta(seconds=s)).isoformat() for s in (4.0, 5.0)],
        "sent_time": (T0 + timedelta(seconds=60.0)).isoformat(),
    }
    told = small_world.hears(json.dumps(alert).encode())
    (pair,) = of_type(told, "association")
    assert (pair["far_temporal_hz"], pair["overlap"]) == (None, None)
    assert pair["reason"].startswith("by time alone")
    assert len(of_type(told, "group")) == 1


@cache
def everything() -> tuple[Message, ...]:
    """Maps of two mergers, three triggers, pointed detections, a retraction of each kind, one notice twice."""
    payloads = [
        superevent(radius_deg=6.0, stage="PRELIMINARY", minutes=5.0),
        superevent(radius_deg=3.0, stage="UPDATE", minutes=60.0),
        superevent("S270302cd", THERE, days=1.0, minutes=1450.0),
        superevent("S270301ef", THERE, minutes=7.0),
        retraction("S270301ef", minutes=20.0),
        burst(seconds=1.7),
        svom(),
        burst("826000009", THERE, 4.0, seconds=-0.5),
        cta(),
        cta("A2", ra=THERE[0], dec=THERE[1], follow_up_event="Fermi 826000009"),
        cta("A3", minutes=55.0),
        taken_back("A3"),
    ]
    return tuple(as_message(p) for p in [*payloads, payloads[0]])


def play(messages: list[Message], cuts: list[int], *, restart: bool = False) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        store = Store(f"{folder}/mma.sqlite")
        world = World(store)
        for start, end in zip([0, *cuts], [*cuts, len(messages)], strict=True):
            world.hears(*messages[start:end])
            if restart:
                world.restart()
        answer = {"groups": kept(world), "pairs": world.ask(queries.associations_)}
        store.close()
    return answer


@cache
def usual() -> dict[str, Any]:
    return play(list(everything()), [])


def test_the_usual_order_gives_what_it_should():
    found = {row["id"]: row["members"] for row in usual()["groups"]}
    assert found == {GROUP: [EVENT, GBM, SVOM, CTA], "MM-Fermi-GBM-826000009": ["Fermi-GBM-826000009", "CTAO-A2"]}


@settings(max_examples=12)
@given(st.permutations(range(13)), st.lists(st.integers(1, 12), unique=True, max_size=4), st.booleans())
def test_any_order_any_batches_and_restarts_end_the_same(order, cuts, restart):
    assert play([everything()[i] for i in order], sorted(cuts), restart=restart) == usual()


def test_on_both_databases(world: World):
    world.hears(*reversed(everything()), batch_size=1)
    assert {"groups": kept(world), "pairs": world.ask(queries.associations_)} == usual()
