"""Scores and the messages that tell them: terms add up, probabilities share one counterpart, vetoes keep the row."""

from __future__ import annotations

import json
import math
import uuid

import numpy as np
import pytest

from coincidence import DEFAULT
from coincidence.completeness import sin_latitude
from coincidence.hosts import Galaxies
from coincidence.rates import Surroundings, rate
from coincidence.terms import TERMS
from mma import catalogs
from mma.answers import queries
from mma.messages.message import NAMESPACE
from mma.simulate import notices
from mma.store import Store, galaxies
from mma.streams import MemorySink, MemorySource
from tests.mma.world import HERE, T0, World, as_message, burst, detection, of_type, retraction, superevent

EVENT = "S270301ab"
SQDEG = (180.0 / math.pi) ** 2


def near(degrees: float) -> tuple[float, float]:
    return HERE[0], HERE[1] + degrees


def many(n: int = 8) -> list[bytes]:
    return [detection(f"ZTF27{chr(97 + i)}", near(0.3 * i), 8.0 + i, unseen_hours=-20.0) for i in range(n)]


def galaxy_table(folder, rows: str) -> Galaxies:
    path = folder / "g.csv"
    path.write_text("name,ra,dec,distance_mpc,distance_error_mpc\n" + rows)
    return catalogs.read(path, "g", {})[0]


def test_terms_add_up_and_probabilities_share_one_counterpart(world: World):
    world.hears(superevent(mpc=(100.0, 20.0)), burst(), *many())
    for event, row in world.events().items():
        rows = world.candidates(event)
        assert len(rows) == row["n_candidates"] == 8
        for candidate in rows:
            total = sum(term for term in candidate["terms"].values() if term is not None)
            assert total == pytest.approx(candidate["by_class"][candidate["class"]], abs=1e-9)
            odds = [math.exp(v) for v in candidate["by_class"].values() if v is not None]
            assert candidate["log_odds"] == pytest.approx(math.log(sum(odds)), abs=1e-9)
            assert candidate["parameters"] == DEFAULT.id
        odds = [math.exp(c["log_odds"]) for c in rows]
        for candidate, o in zip(rows, odds, strict=True):
            assert candidate["probability"] == pytest.approx(o / (1.0 + sum(odds)))
        assert sum(c["probability"] for c in rows) + row["p_none"] == pytest.approx(1.0)
        assert [c["rank"] for c in rows] == list(range(1, 9))
        assert odds == sorted(odds, reverse=True)


def test_the_terms_of_one_candidate_are_what_their_formulas_say(small_world: World):
    """A kilonova at the centre of a circle, seen 10 h after the merger and not 20 h before that."""
    small_world.hears(superevent(radius_deg=3.0), detection("ZTF27a", HERE, 10.0, unseen_hours=-10.0))
    row = small_world.candidates(EVENT)[0]
    terms = row["terms"]
    where = Surroundings(
        survey=np.array(["ztf"], dtype=object),
        depth=np.array([21.0]),  # of the look that saw nothing
        sin_latitude=np.abs(sin_latitude(np.array([HERE[0]]), np.array([HERE[1]]))),
        is_once=np.array([True]),
    )
    unrelated = float(rate(where, DEFAULT)[0]) * 4.0 * math.pi * SQDEG * 10.0
    matter = 0.97 + 0.02
    assert row["class"] == "kilonova"
    none = 1.0 - 0.8 * matter  # a circle tells no distance, so that every kilonova is bright enough; others are few
    assert terms["prior"] == pytest.approx(math.log(0.8 * matter / none / unrelated), abs=0.25)
    sigma2 = math.radians(3.0) ** 2 / (-2.0 * math.log(0.1))
    assert terms["sky"] == pytest.approx(math.log(4.0 * math.pi / (2.0 * math.pi * sigma2)), abs=0.05)
    most = math.log(10.0 / (20.0 / 24.0))  # if that look finds every kilonova, and the gap is that of the looks
    assert most - 1.0 < terms["time"] < most
    assert terms["distance"] is None
    assert terms["context"] is None
    assert row["delay_s"] == pytest.approx(36000.0, abs=1e-3)
    assert row["earliest_s"] == pytest.approx(-36000.0, abs=1e-3)


def test_an_unknown_host_is_neutral_and_a_fitting_one_helps(small_world: World, tmp_path):
    found = galaxy_table(tmp_path, f"near,{HERE[0]},{HERE[1] + 0.005},100,2\nfar,{HERE[0]},{HERE[1] + 1.005},600,9\n")
    with small_world.store.begin() as connection:
        galaxies.replace(connection, "g", found)
    names = ("ZTF27fits", near(0.0)), ("ZTF27wrong", near(1.0)), ("ZTF27none", near(2.0))
    told = small_world.hears(superevent(mpc=(100.0, 10.0)), *(detection(n, p, 10.0) for n, p in names))
    rows = {row["object"]: row for row in small_world.candidates(EVENT)}
    distance = {name: row["terms"]["distance"] for name, row in rows.items()}
    assert distance["ZTF27none"] is None
    assert distance["ZTF27fits"] > 2.0 > 0.0 > distance["ZTF27wrong"]
    assert rows["ZTF27fits"]["host"]["name"] == "near"
    assert rows["ZTF27fits"]["event_mpc"] == pytest.approx(100.0, rel=0.05)
    message = next(m for m in of_type(told, "candidate") if m["object"]["id"] == "ZTF27fits")
    assert message["distance"]["object_mpc"] == 100.0
    assert message["object"]["host"]["name"] == "near"
    assert 0.0 <= message["sky"]["credible_volume"] <= 1.0


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"ssdistnr": 1.0}, "moving: within 5 arcsec of a known solar-system body"),
        ({"drb": 0.1}, "bogus: real/bogus score below 0.3"),
        ({"first_hours": -240.0}, "already active: first detected 10.00 d before the event"),
    ],
)
def test_a_veto_keeps_the_row_and_its_reason_and_is_not_told(world: World, given, reason):
    told = world.hears(superevent(), detection("ZTF27a", **given))
    assert of_type(told, "candidate") == []
    assert world.candidates(EVENT) == []
    (row,) = world.candidates(EVENT, everything=True)
    assert (row["state"], row["reason"], row["log_odds"]) == ("vetoed", reason, None)
    assert row["terms"]["sky"] is not None
    assert [score["state"] for score in world.ask(queries.history, EVENT, "ZTF27a")] == ["vetoed"]


def test_a_told_candidate_that_is_vetoed_later_is_withdrawn_once(world: World):
    world.hears(superevent(), detection("ZTF27a", HERE, 10.0))
    told = world.hears(detection("ZTF27a", HERE, 11.0, first_hours=-240.0))
    (message,) = of_type(told, "candidate")
    assert (message["type"], message["revision"]) == ("withdrawal", 2)
    assert message["vetting"]["flags"] == [message["reason"]]
    assert "already active" in message["reason"]
    assert world.hears(detection("ZTF27a", HERE, 12.0, first_hours=-240.0)) == []


def test_every_score_stays_in_the_history(world: World):
    world.hears(superevent(), detection("ZTF27a", HERE, 10.0, unseen_hours=-20.0))
    world.hears(superevent(radius_deg=2.0, stage="UPDATE", minutes=60.0))
    world.hears(detection("ZTF27a", HERE, 12.0, first_hours=10.0))
    history = world.ask(queries.history, EVENT, "ZTF27a")
    assert len({(row["event_notice"], row["object_version"]) for row in history}) == len(history) == 3
    for row in history:
        total = sum(row[name] for name in TERMS if row[name] is not None)
        assert total <= row["log_odds"] + 1e-9


def test_revisions_count_up_and_supersede_one_another(world: World):
    told = world.hears(superevent(radius_deg=5.0), detection("ZTF27a", near(1.0)))
    for i, radius in enumerate([2.5, 1.2]):
        told += world.hears(superevent(radius_deg=radius, stage="UPDATE", minutes=60.0 + i))
    told += world.hears(retraction(minutes=120.0))
    for schema in ("candidate", "event"):
        chain = of_type(told, schema)
        assert (chain[0]["type"], chain[-1]["type"]) == ("new", "withdrawal")
        assert [m["revision"] for m in chain] == list(range(1, len(chain) + 1))
        assert [m["supersedes"] for m in chain] == [None, *(m["id"] for m in chain[:-1])]
    assert len({m["id"] for m in told}) == len(told)


def test_a_small_change_is_not_told(world: World):
    world.hears(superevent(), detection("ZTF27a", near(0.1)))
    assert world.hears(detection("ZTF27a", near(0.1), 34.0, first_hours=10.0)) == []


def test_the_same_input_gives_the_same_messages(tmp_path):
    messages = [as_message(m) for m in (superevent(mpc=(90.0, 20.0)), burst(), *many(4), retraction())]

    def run(name: str) -> list[tuple[str, str, str]]:
        store, sink = Store(str(tmp_path / name)), MemorySink()
        from mma.engine.engine import Engine

        Engine(store, sink, clock=lambda: 1.8e9).run(MemorySource(messages, 2))
        store.close()
        return sink.written

    first = run("a.sqlite")
    assert first == run("b.sqlite")
    assert len(first) > 5
    for _, _, payload in first:
        assert uuid.UUID(json.loads(payload)["id"]).version == 5
    assert uuid.uuid5(uuid.NAMESPACE_URL, "urn:mma:coincidence") == NAMESPACE


def test_messages_are_keyed_by_their_event(world: World):
    told = world.hears(superevent(), detection("ZTF27a"))
    assert {m["key"] for m in told} == {EVENT}
    assert {m["topic"] for m in told} == {"mma.candidates", "mma.events"}


def test_a_gamma_ray_flare_gets_its_candidate(world: World):
    told = world.hears(notices.cta("20270301-7", T0, *HERE, 0.05), detection("ZTF27a", HERE, 3.0, unseen_hours=-1.0))
    (message,) = of_type(told, "candidate")
    assert message["event"]["id"] == "CTAO-20270301-7"
    assert message["event"]["messenger"] == "gamma"
    assert message["score"]["class"] in {"flare", "afterglow"}


def test_associations_are_told_revised_and_withdrawn(world: World):
    world.hears(superevent())
    told = of_type(world.hears(burst(seconds=1.7)), "association")
    assert [(m["type"], m["events"], m["delay_s"]) for m in told] == [
        ("new", [EVENT, "Fermi-GBM-826000000"], pytest.approx(1.7))
    ]
    rate = 310.0 / (365.0 * 86400.0)
    assert told[0]["far_temporal_hz"] == pytest.approx(6.0 * rate * 3.2e-11)
    assert told[0]["far_spacetime_hz"] == pytest.approx(told[0]["far_temporal_hz"] / told[0]["overlap"])
    assert world.ask(queries.associations_)[0]["first"] == EVENT
    again = of_type(world.hears(superevent(radius_deg=2.0, stage="UPDATE", minutes=60.0)), "association")
    assert [(m["type"], m["revision"], m["supersedes"]) for m in again] == [("update", 2, told[0]["id"])]
    gone = of_type(world.hears(retraction(minutes=120.0)), "association")
    assert [(m["type"], m["revision"], m["supersedes"]) for m in gone] == [("withdrawal", 3, again[0]["id"])]
    assert gone[0]["reason"] == f"retracted: {EVENT}"
    assert world.ask(queries.associations_) == []


def test_a_pair_that_does_not_meet_on_the_sky_comes_last(small_world: World):
    small_world.hears(superevent(place=(10.0, 60.0), radius_deg=0.5))
    small_world.hears(burst("1", (190.0, -60.0), 1.0, seconds=1.0, systematic_included=True))
    small_world.hears(burst("2", (10.0, 60.0), 1.0, seconds=2.0, systematic_included=True))
    rows = small_world.ask(queries.associations_)
    pairs = [(r["second"], r["overlap"] > 1.0) for r in rows if r["first"] == EVENT]
    assert pairs == [("Fermi-GBM-2", True), ("Fermi-GBM-1", False)]


@pytest.mark.parametrize("batch_size", [1, 10])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_notice_of_a_year_later_finds_what_was_seen_then(world: World, batch_size: int, is_first: bool):
    year = 365.0 * 24.0 * 60.0
    messages = [superevent(minutes=year), detection(hours=12.0), detection(hours=36.0)]
    world.hears(*(messages if is_first else reversed(messages)), batch_size=batch_size)
    assert len(world.objects("S270301ab")) == 1
