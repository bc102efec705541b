"""The maps of all followed events together take no more memory than they may, whoever sends them."""

from __future__ import annotations

import pytest

import skymaps
from mma.engine import held_maps
from skymaps import SkyMap
from tests.mma.world import HERE, THERE, World, circle_map, detection, fits_of, retraction, superevent

FIRST, SECOND, THIRD = "S270301ab", "S270301cd", "S270301ef"


def tiles(radius_deg: float) -> int:
    """Cells of the map of such a circle."""
    return len(circle_map(*HERE, radius_deg).lower)


@pytest.fixture
def full(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two events, and room for the map of the first alone."""
    monkeypatch.setattr(held_maps, "MAX_TILES", tiles(3.0) + tiles(3.0) // 2)
    world.hears(superevent(FIRST), superevent(SECOND, radius_deg=3.0, minutes=6.0))
    return world


def states(world: World) -> dict[str, str]:
    return {name: row["state"] for name, row in world.events().items()}


def test_the_event_that_finds_no_room_is_unlocated_and_the_other_is_searched(full: World):
    assert states(full) == {FIRST: "active", SECOND: "unlocated"}
    told = full.engine.tracker.unlocated()
    assert told.keys() == {SECOND}
    assert "no room" in told[SECOND]
    assert f"{tiles(3.0)} tiles" in told[SECOND]
    full.hears(detection("ZTF27a"))
    assert full.objects(FIRST) == ["ZTF27a"]
    assert full.objects(SECOND) == []
    full.restart()
    assert sorted(states(full).values()) == ["active", "unlocated"]
    assert len(full.engine.tracker.unlocated()) == 1
    assert full.dead_letters() == []


def test_at_a_start_the_largest_maps_find_no_room(world: World, monkeypatch: pytest.MonkeyPatch):
    fine = skymaps.as_skymap(skymaps.circle(*HERE, 3.0), 0.0005)
    assert len(fine.lower) > 5 * tiles(3.0)
    world.hears(superevent(FIRST, skymap=fits_of(fine)), superevent(SECOND))
    monkeypatch.setattr(held_maps, "MAX_TILES", len(fine.lower) + tiles(3.0) - 1)
    world.restart()
    assert states(world) == {FIRST: "unlocated", SECOND: "active"}
    world.hears(detection("ZTF27a"))
    assert world.objects(SECOND) == ["ZTF27a"]
    monkeypatch.setattr(held_maps, "MAX_TILES", len(fine.lower) + tiles(3.0))
    world.restart()
    assert states(world) == {FIRST: "active", SECOND: "active"}


def test_a_retraction_makes_room(full: World):
    full.hears(retraction(FIRST))
    full.hears(detection("ZTF27a"))
    assert states(full) == {FIRST: "retracted", SECOND: "active"}
    assert full.objects(SECOND) == ["ZTF27a"]
    assert full.engine.tracker.unlocated() == {}


def test_a_window_that_closes_makes_room(full: World):
    full.clock += 60 * 86_400.0
    later = superevent(THIRD, days=58.0)
    full.hears(detection("ZTF27x", THERE, hours=58 * 24.0))
    full.hears(later, detection("ZTF27y", hours=58 * 24.0 + 10.0))
    assert states(full) == {FIRST: "expired", SECOND: "expired", THIRD: "active"}
    assert full.objects(THIRD) == ["ZTF27y"]


def test_maps_that_are_over_are_not_in_memory(full: World):
    for i in range(5):
        name = f"S2703{i + 2:02d}ab"
        full.hears(superevent(name), retraction(name))
    regions = [event.region for event in full.engine.active.events()]
    assert sum(len(one.lower) for one in regions if isinstance(one, SkyMap)) <= held_maps.MAX_TILES


def test_one_map_in_many_notices_is_held_once(full: World):
    full.hears(*(superevent(FIRST, minutes=10.0 + i) for i in range(5)))
    tracker = full.engine.tracker
    assert states(full)[FIRST] == "active"
    assert len({id(notice.region) for notice in tracker.active._notices[FIRST].values()}) == 1
