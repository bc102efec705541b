"""What is told of a candidate by default: from a chance of one in a thousand on, and true from then on."""

from __future__ import annotations

from coincidence import DEFAULT
from tests.mma.world import HERE, World, detection, of_type, retraction, superevent

LEAST = DEFAULT.tell_from_log_odds


def test_improbable_candidates_are_kept_and_not_told(world: World):
    """A wide region over a busy sky: each object there is a candidate of a chance far below one in a thousand."""
    world.hears(superevent(radius_deg=85.0))
    told = world.hears(
        *(
            detection(f"ZTF27w{i:02d}", (HERE[0] + i - 8.0, HERE[1] + (i % 5)), 200.0, first_hours=2.0)
            for i in range(16)
        )
    )
    rows = world.candidates("S270301ab")
    assert len(rows) == 16
    probable = {row["object"] for row in rows if row["log_odds"] >= LEAST}
    assert {m["object"]["id"] for m in of_type(told, "candidate")} == probable
    assert len(probable) < len(rows)


def test_what_was_told_is_kept_true(world: World):
    """Whatever comes, a listener knows each candidate's odds within a unit, or that they are below the least told."""
    known: dict[str, float | None] = {}
    steps = [
        superevent(radius_deg=2.0),
        detection("ZTF27a", HERE, 10.0, unseen_hours=-10.0),
        detection("ZTF27b", (HERE[0] + 1.0, HERE[1]), 12.0, unseen_hours=-10.0),
        superevent(radius_deg=2.0, place=(HERE[0] + 2.5, HERE[1]), minutes=60.0, stage="UPDATE"),
        detection("ZTF27a", HERE, 40.0, first_hours=10.0, mag=21.5, ndethist=2),
        superevent(radius_deg=20.0, place=(HERE[0] + 15.0, HERE[1]), minutes=120.0, stage="UPDATE"),
        superevent(radius_deg=40.0, place=(HERE[0] + 30.0, HERE[1]), minutes=150.0, stage="UPDATE"),
    ]
    for step in steps:
        for message in of_type(world.hears(step), "candidate"):
            known[message["object"]["id"]] = message["score"] and message["score"]["log_odds"]
        for row in world.candidates("S270301ab"):
            told = known.get(row["object"])
            if told is None:
                assert row["log_odds"] < LEAST
            else:
                near = abs(row["log_odds"] - told) <= DEFAULT.tell_log_odds
                assert near or max(row["log_odds"], told) < LEAST
    assert "ZTF27a" in known
    gone = {m["object"]["id"] for m in of_type(world.hears(retraction(minutes=200.0)), "candidate", "withdrawal")}
    assert gone == {name for name, odds in known.items() if odds is not None}
