"""What people and classifiers say of candidates changes what it should, and nothing else."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from coincidence import DEFAULT
from coincidence.models import Classifier
from mma.answers import queries
from mma.cli import main
from mma.engine.vetting import Vetting
from mma.errors import NotFoundError
from mma.store import verdicts
from mma.store.verdicts import Verdict
from tests.mma.world import HERE as CENTRE
from tests.mma.world import NOW, World, detection, of_type, superevent

EVENT, OTHER = "S270301ab", "S270301cd"


def three(world: World) -> list[dict]:
    places = [(CENTRE[0], CENTRE[1] + 0.2 * i) for i in range(3)]
    packets = (detection(f"ZTF27{name}", p, 9.0, unseen_hours=-20.0) for name, p in zip("abc", places, strict=True))
    return world.hears(superevent(), *packets)


def say(world: World, name: str, status: str, spectral: str | None = None, event: str = EVENT) -> list[dict]:
    word = Verdict(event_id=event, object_id=name, status=status, spectral_class=spectral, who="a", why="b", time=NOW)
    Vetting(store=world.store, parameters=DEFAULT, prefix="mma").judge(word)
    world.engine.publish()
    return world.told()


def chances(world: World, event: str = EVENT) -> dict[str, float]:
    return {row["object"]: row["probability"] for row in world.candidates(event)}


def test_a_rejected_candidate_drops_out_and_the_rest_gains(world: World):
    three(world)
    before = chances(world)
    (message,) = of_type(say(world, "ZTF27a", "rejected", "SN Ia"), "candidate")
    assert (message["type"], message["object"]["id"]) == ("withdrawal", "ZTF27a")
    after = chances(world)
    assert set(after) == {"ZTF27b", "ZTF27c"}
    assert all(after[name] > before[name] for name in after)
    row = next(r for r in world.candidates(EVENT, everything=True) if r["object"] == "ZTF27a")
    assert row["state"] == "vetoed"
    assert "rejected" in row["reason"]


def test_what_is_said_again_is_told_again(world: World):
    three(world)
    told = [of_type(say(world, "ZTF27a", status), "candidate") for status in ("rejected", "pending") * 3]
    kinds = [[m["type"] for m in messages] for messages in told]
    assert [kind[0] for kind in kinds] == ["withdrawal", kinds[1][0]] * 3
    assert all(len(kind) == 1 for kind in kinds)
    ids = [messages[0]["id"] for messages in told]
    assert len(set(ids)) == 6
    assert [m[0]["supersedes"] for m in told[1:]] == ids[:-1]


def test_only_the_terms_that_should_change_do(world: World):
    three(world)
    before = {row["object"]: row["terms"] for row in world.candidates(EVENT)}
    say(world, "ZTF27b", "confirmed")
    after = {row["object"]: row["terms"] for row in world.candidates(EVENT)}
    assert after["ZTF27a"] == before["ZTF27a"]
    assert after["ZTF27c"] == before["ZTF27c"]
    assert after["ZTF27b"].pop("verdict") == pytest.approx(math.log((1 - 1e-6) / 1e-6))
    assert before["ZTF27b"].pop("verdict") is None
    assert after["ZTF27b"] == before["ZTF27b"]
    assert chances(world)["ZTF27b"] > 0.9


def test_a_newer_word_takes_the_older_back_and_restores_the_score(world: World):
    three(world)
    before = world.candidates(EVENT)
    say(world, "ZTF27a", "rejected")
    told = of_type(say(world, "ZTF27a", "pending"), "candidate")
    assert [m["type"] for m in told] == ["update"]
    after = world.candidates(EVENT)
    assert [r["log_odds"] for r in after] == [r["log_odds"] for r in before]
    assert [v["status"] for v in world.ask(verdicts.listing, EVENT)] == ["pending", "rejected"]


def test_a_class_counts_for_every_event_and_the_status_for_its_own(world: World):
    three(world)
    world.hears(superevent(OTHER, days=0.01))
    assert set(chances(world, OTHER)) == {"ZTF27a", "ZTF27b", "ZTF27c"}
    say(world, "ZTF27a", "rejected")
    assert "ZTF27a" in chances(world, OTHER)
    say(world, "ZTF27b", "ambiguous", "SN Ia")
    for event in (EVENT, OTHER):
        assert "ZTF27b" not in chances(world, event)
    reasons = {r["object"]: r["reason"] for r in world.candidates(OTHER, everything=True)}
    assert reasons["ZTF27b"] == "classified SN Ia"


def test_what_was_said_survives_new_alerts_and_a_restart(world: World):
    three(world)
    say(world, "ZTF27a", "rejected")
    world.restart()
    world.hears(detection("ZTF27a", CENTRE, 30.0), superevent(minutes=60.0, stage="UPDATE"))
    assert "ZTF27a" not in chances(world)


def test_no_candidate_no_verdict(world: World):
    three(world)
    with pytest.raises(NotFoundError, match="no candidate"):
        say(world, "ZTF99z", "rejected")
    assert world.ask(verdicts.listing) == []


def test_a_calibrated_classifier_counts_in_place_of_photometry(world: World):
    three(world)
    known = Classifier(counterpart="kilonova", label="KN", prior=0.01, version=None)
    parameters = replace(DEFAULT, classifiers={"rapid": known})
    vetting = Vetting(store=world.store, parameters=parameters, prefix=None)
    vetting.classify("ZTF27a", "rapid", "1.2", {"KN": 0.5, "other": 0.5}, NOW)
    vetting.classify("ZTF27b", "unheard", "1.2", {"KN": 0.999}, NOW)
    rows = {row["object"]: row["terms"] for row in world.candidates(EVENT)}
    assert rows["ZTF27a"]["classifier"] == pytest.approx(
        math.log(0.98 * 99.0 / (0.99 + 0.01 * 99.0) + 0.02)
    )  # floor, ceiling
    assert rows["ZTF27a"]["photometry"] is None
    assert rows["ZTF27b"]["classifier"] is None
    assert rows["ZTF27b"]["photometry"] is not None


def test_a_late_earlier_detection_changes_the_light_curve_and_so_the_score(world: World):
    """Of an object whose state it leaves as it was: only the curve has one more point."""
    world.hears(superevent(), *(detection("ZTF27a", CENTRE, h, first_hours=9.0, mag=19.0) for h in (9.0, 81.0)))
    before = world.candidates(EVENT)[0]
    world.hears(detection("ZTF27a", CENTRE, 57.0, first_hours=9.0, mag=21.0))
    after = world.candidates(EVENT)[0]
    assert after["object_version"] != before["object_version"]
    assert after["terms"]["photometry"] != before["terms"]["photometry"]
    assert (after["delay_s"], after["earliest_s"]) == (before["delay_s"], before["earliest_s"])
    world.hears(detection("ZTF27a", CENTRE, 57.0, first_hours=9.0, mag=21.0))
    assert world.candidates(EVENT)[0]["object_version"] == after["object_version"]


def test_from_the_command_line(world: World, capsys):
    three(world)
    where = ("--db", world.store.url.replace("+psycopg", ""), "--json")
    assert main(["verdict", EVENT, "ZTF27a", "rejected", "--class", "SN Ia", "--who", "me", *where]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "vetoed"
    assert main(["verdict", EVENT, *where]) == 0
    assert json.loads(capsys.readouterr().out)[0]["class"] == "SN Ia"
    assert main(["verdict", EVENT, "ZTF27b", "confirmed", *where]) == 0
    capsys.readouterr()
    assert main(["verdict", "--learn", *where]) == 0
    learnt = json.loads(capsys.readouterr().out)
    assert learnt["judged"] == 2
    assert learnt["contamination"]["kilonova"]["rejected"] == 1.0
    assert main(["classify", "ZTF27c", "rapid", "KN=0.9", *where]) == 0
    assert "no score uses rapid" in capsys.readouterr().err
    assert main(["classify", "ZTF27c", "rapid", "KN=9", *where]) == 1
    assert "CLASS=P" in capsys.readouterr().err
    assert main(["verdict", EVENT, "ZTF27x", "confirmed", *where]) == 1
    assert "no object 'ZTF27x'" in capsys.readouterr().err
    assert world.ask(queries.candidate_row, EVENT, "ZTF27x") is None


def test_a_spectral_class_can_be_taken_back(world: World, capsys):
    three(world)
    where = ("--db", world.store.url.replace("+psycopg", ""))
    assert main(["verdict", EVENT, "ZTF27a", "rejected", "--class", "SNIIz", *where]) == 0
    assert "now vetoed" in capsys.readouterr().out
    assert main(["verdict", EVENT, "ZTF27a", "pending", *where]) == 0
    assert "classified SNIIz (--class none takes the class back)" in capsys.readouterr().out
    assert main(["verdict", EVENT, "ZTF27a", "pending", "--class", "none", *where]) == 0
    assert "now active" in capsys.readouterr().out
    assert main(["verdict", EVENT, "ZTF27a", "--class", "wormhole", *where]) == 0
    out, err = capsys.readouterr()
    assert "now active" in out
    assert err == "no score knows the class 'wormhole': by itself it rules nothing out\n"
