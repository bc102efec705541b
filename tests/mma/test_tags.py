"""Tags stay on candidates whatever happens, are told as updates, and change nothing where there are none."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from string import ascii_uppercase
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coincidence import DEFAULT
from mma.cli import main
from mma.engine.vetting import Vetting
from mma.errors import ConfigError, NotFoundError
from mma.messages.candidate import candidate_id, withdrawal_id
from mma.messages.message import message_id
from mma.messages.stream_filter import Filter, StreamFilter, facts, folded
from mma.store import Store, tags
from mma.store.locks import hold_events
from mma.store.verdicts import Verdict
from tests.mma.world import HERE, NOW, World, detection, of_type, retraction, superevent

EVENT = "S270301ab"
ALLOWED = set("abcdefghijklmnopqrstuvwxyz0123456789._-")


def two(world: World) -> list[dict[str, Any]]:
    return world.hears(superevent(), detection("ZTF27a", HERE, 9.0), detection("ZTF27b", (HERE[0], HERE[1] + 0.3), 9.0))


def vetting(world: World, prefix: str | None = "mma") -> Vetting:
    return Vetting(store=world.store, parameters=DEFAULT, prefix=prefix)


def put(world: World, *names: str, of: str = "ZTF27a", remove: bool = False) -> list[dict[str, Any]]:
    """Put tags on a candidate, or take them off; what is published because of it."""
    vetting(world).tag((EVENT, of), names, who="ann", now=NOW, remove=remove)
    world.engine.publish()
    return of_type(world.told(), "candidate")


def tagged(world: World) -> dict[str, list[str]]:
    return {row["object"]: row["tags"] for row in world.candidates(EVENT, everything=True)}


def test_a_tag_is_told_as_an_update_and_nothing_else_of_the_score_changes(world: World):
    (first,) = (m for m in of_type(two(world), "candidate") if m["object"]["id"] == "ZTF27a")
    (told,) = put(world, "Interesting", "moving")
    assert told["tags"] == ["interesting", "moving"]
    assert (told["type"], told["revision"], told["supersedes"]) == ("update", 2, first["id"])
    same = {"topic", "key", "event", "object", "score", "sky", "time", "distance", "reason", "producer"}
    assert {name: told[name] for name in same} == {name: first[name] for name in same}
    assert "untagged" not in told
    assert tagged(world) == {"ZTF27a": ["interesting", "moving"], "ZTF27b": []}


def test_candidates_without_tags_tell_what_they_told_before(world: World):
    """Their ids are those of the formula that was there before tags were, and no field is new."""
    for message in of_type(two(world), "candidate"):
        (row,) = (r for r in world.candidates(EVENT) if r["object"] == message["object"]["id"])
        scored = (row["event_notice"], row["object_version"], row["parameters"])
        assert message["id"] == message_id(EVENT, row["object"], *scored, "candidate")
        assert not {"tags", "untagged"} & set(message)


def test_taking_a_tag_off_is_told_to_those_who_listen_by_it(world: World):
    two(world)
    put(world, "moving", "interesting")
    (told,) = put(world, "moving", remove=True)
    assert (told["tags"], told["untagged"], told["revision"]) == (["interesting"], ["moving"], 3)
    (told,) = put(world, "interesting", remove=True)
    assert "tags" not in told
    assert told["untagged"] == ["interesting"]


def test_the_same_tags_again_are_messages_of_their_own(world: World):
    (first, *_) = (m for m in of_type(two(world), "candidate") if m["object"]["id"] == "ZTF27a")
    told = [first]
    for _ in range(3):
        told += put(world, "moving")
        told += put(world, "moving", remove=True)
    assert len(told) == 7
    assert [m["revision"] for m in told] == list(range(1, 8))
    assert all(later["supersedes"] == earlier["id"] for earlier, later in pairwise(told))
    assert len({m["id"] for m in told}) == 7


def test_a_tag_that_is_there_is_told_once(world: World):
    two(world)
    assert len(put(world, "moving")) == 1
    assert put(world, "moving") == put(world, "MOVING") == []


def test_two_workers_that_saw_the_same_tell_the_same(tmp_path_factory):
    """Two databases with the same history: the same ids, and the same messages but for when they were issued."""
    runs = []
    for _ in range(2):
        store = Store(str(tmp_path_factory.mktemp("run") / "mma.sqlite"))
        world = World(store)
        two(world)
        told = put(world, "moving") + put(world, "interesting") + put(world, "moving", remove=True)
        told += of_type(world.hears(superevent(minutes=60.0, radius_deg=1.0, stage="UPDATE")), "candidate")
        runs.append([{k: v for k, v in m.items() if k != "issued"} for m in told])
        store.close()
    assert runs[0] == runs[1]
    assert len(runs[0]) == 5


def test_tags_survive_revisions_withdrawal_retraction_and_a_restart(world: World):
    two(world)
    put(world, "moving")
    world.restart()
    for notice, kind in (
        (superevent(minutes=60.0, radius_deg=1.0, stage="UPDATE"), "update"),
        (superevent(place=(10.0, -50.0), minutes=70.0, stage="UPDATE"), "withdrawal"),
        (superevent(minutes=80.0, stage="UPDATE"), "update"),
        (retraction(minutes=90.0), "withdrawal"),
    ):
        told = {m["object"]["id"]: m for m in of_type(world.hears(notice), "candidate")}
        assert told["ZTF27a"]["type"] == kind
        assert told["ZTF27a"]["tags"] == ["moving"]
        assert "tags" not in told["ZTF27b"]
        assert tagged(world) == {"ZTF27a": ["moving"], "ZTF27b": []}


def test_a_withdrawn_candidate_is_tagged_in_silence_until_it_stands_again(world: World):
    two(world)
    world.hears(superevent(place=(10.0, -50.0), minutes=60.0, stage="UPDATE"))
    assert put(world, "followed-up") == []
    told = of_type(world.hears(superevent(minutes=70.0, stage="UPDATE")), "candidate")
    assert {m["object"]["id"]: m.get("tags") for m in told} == {"ZTF27a": ["followed-up"], "ZTF27b": None}


def test_a_verdict_and_tags_get_on(world: World):
    two(world)
    put(world, "moving")
    word = Verdict(event_id=EVENT, object_id="ZTF27a", status="rejected", who="a", time=NOW)
    vetting(world).judge(word)
    world.engine.publish()
    (told,) = (m for m in of_type(world.told(), "candidate") if m["object"]["id"] == "ZTF27a")
    assert (told["type"], told["tags"]) == ("withdrawal", ["moving"])
    assert put(world, "moving", remove=True) == []
    assert tagged(world)["ZTF27a"] == []


def test_nobody_who_was_not_told_is_told_now(world: World):
    from mma.engine.engine import Engine
    from mma.streams import MemorySource
    from tests.mma.world import as_message

    messages = [as_message(m) for m in (superevent(), detection("ZTF27a", HERE, 9.0))]
    Engine(world.store, None, clock=lambda: NOW).run(MemorySource(messages))
    assert world.candidates(EVENT)[0]["published"]["id"] is None
    assert put(world, "moving") == []
    assert tagged(world) == {"ZTF27a": ["moving"]}


@given(st.text(max_size=40))
@example("\u212a")  # the sign of the kelvin, whose small letter is a k
@example("a\n")
def test_a_tag_is_what_is_said_and_nothing_else(text):
    if 1 <= len(text) <= 32 and set(text) <= ALLOWED | set(ascii_uppercase):
        assert tags.clean(text) == text.lower()
    else:
        with pytest.raises(ConfigError, match="1 to 32 of a-z, 0-9, dot, underscore and minus"):
            tags.clean(text)


@given(st.text(alphabet="aB9._-", min_size=1, max_size=32))
def test_every_tag_that_may_be_is_taken(text):
    assert tags.clean(text) == text.lower()


def test_what_cannot_be_changes_nothing(world: World):
    two(world)
    put(world, "moving")
    with pytest.raises(NotFoundError, match="no candidate"):
        put(world, "moving", of="ZTF99z")
    with pytest.raises(NotFoundError, match="no tag 'gone'; it has moving"):
        put(world, "moving", "gone", remove=True)
    with pytest.raises(ConfigError, match="up to 20"):
        put(world, *(f"t{i}" for i in range(20)))
    with pytest.raises(ConfigError, match="'no blanks'"):
        put(world, "fine", "no blanks")
    assert tagged(world)["ZTF27a"] == ["moving"]
    world.engine.publish()
    assert world.told() == []


def test_as_many_as_there_can_be_fit_into_a_message(world: World):
    two(world)
    names = [f"{i:02d}".ljust(32, "x") for i in range(20)]
    (told,) = put(world, *names)  # `told` holds messages against their size
    assert told["tags"] == names
    assert put(world, *names, remove=True)[0]["untagged"] == names


def test_tags_in_use_are_counted(world: World):
    two(world)
    put(world, "moving", "interesting")
    put(world, "moving", of="ZTF27b")
    counted = [{"tag": "moving", "candidates": 2}, {"tag": "interesting", "candidates": 1}]
    assert world.ask(tags.in_use) == world.ask(tags.in_use, EVENT) == counted
    assert world.ask(tags.in_use, "S1") == []


@given(
    st.lists(st.sampled_from(["a", "b"]), unique=True).map(sorted),
    st.lists(st.sampled_from(["a", "b"]), unique=True).map(sorted),
    st.sampled_from([None, "x", "y"]),
)
def test_ids_differ_where_what_is_said_differs(has, lost, before):
    row = {"event_id": "E", "object_id": "O", "event_notice": "n", "object_version": "v", "parameters": "p"}
    plain = row | {"tags": [], "untagged": [], "told_id": before}
    said = row | {"tags": has, "untagged": lost, "told_id": before}
    for make in (candidate_id, withdrawal_id):
        assert (make(said) == make(plain)) == (not has and not lost)
        assert make(said) == make(dict(said))
        if has or lost:
            assert make(said) != make(said | {"told_id": "another"})


def test_listeners_by_tag(world: World):
    two(world)
    (on,), (off,) = put(world, "moving", "late"), put(world, "moving", remove=True)
    for message, heard in ((on, {"moving", "late"}), (off, {"moving", "late"})):
        assert {name for name in ("moving", "late", "other") if _heard(message, name)} == heard
    assert _heard(on, "other", "late")
    assert not _heard(on, "late", events=frozenset({folded("S1")}))
    assert _heard(on)


def _heard(message, *tags, **stream_filter):
    return Filter(StreamFilter(tags=frozenset(tags), **stream_filter)).takes(facts(message))


def test_from_the_command_line(world: World, capsys):
    two(world)
    db = ("--db", world.store.url.replace("+psycopg", ""))

    def run(*arguments: str) -> Any:
        capsys.readouterr()
        code = main(["tag", *arguments, *db])
        out, err = capsys.readouterr()
        return (code, out, err)

    code, out, _ = run(EVENT, "ZTF27a", "Followed-Up", "moving", "--by", "bob", "--json")
    assert (code, json.loads(out)["tags"]) == (0, ["followed-up", "moving"])
    world.engine.publish()
    assert [m["tags"] for m in of_type(world.told(), "candidate")] == [["followed-up", "moving"]]
    assert [(r["tag"], r["who"]) for r in json.loads(run(EVENT, "ZTF27a", "--json")[1])] == [
        ("followed-up", "bob"),
        ("moving", "bob"),
    ]
    assert run(EVENT, "ZTF27a", "moving", "--remove")[1] == f"ZTF27a of {EVENT}: followed-up\n"
    assert run(EVENT, "ZTF27b", "followed-up")[0] == 0
    for which in ((), ("--list",), (EVENT,), ("--list", EVENT)):
        assert json.loads(run(*which, "--json")[1]) == [{"tag": "followed-up", "candidates": 2}]
    assert run("--list")[1].split() == ["tag", "candidates", "followed-up", "2"]
    assert main(["tag", EVENT, "ZTF27a", "moving", *db]) == 0
    for which, names in ((["moving"], ["ZTF27a"]), (["Moving", "followed-up"], ["ZTF27a", "ZTF27b"]), (["none"], [])):
        capsys.readouterr()
        assert main(["candidates", EVENT, *(part for tag in which for part in ("--tag", tag)), "--json", *db]) == 0
        assert sorted(r["object"] for r in json.loads(capsys.readouterr().out)) == names
    assert main(["candidates", EVENT, "--tag", "moving", *db]) == 0
    assert "followed-up moving" in capsys.readouterr().out
    assert main(["tag", EVENT, "ZTF27a", "moving", "--remove", *db]) == 0
    for wrong, says in (
        ((EVENT, "ZTF27a", "two words"), "1 to 32 of a-z"),
        ((EVENT, "ZTF27a", "moving", "--remove"), "no tag 'moving'; it has followed-up"),
        ((EVENT, "ZTF27a", "--remove"), "which tag"),
        ((EVENT, "ZTF99"), "no object 'ZTF99'"),
        (("S1", "ZTF27a", "x"), "no event 'S1'"),
    ):
        code, out, err = run(*wrong)
        assert (code, out) == (1, "")
        assert says in err


def test_a_tag_waits_for_workers_that_are_just_telling(postgres_database: str):
    """Else one of them would tell the candidate without it, and give its message the same revision."""
    store = Store(postgres_database)
    world = World(store)
    two(world)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as worker:
            hold_events(worker, alone=False)
            putting = pool.submit(vetting(world).tag, (EVENT, "ZTF27a"), ["moving"], who="ann", now=NOW)
            with pytest.raises(TimeoutError):
                putting.result(0.5)
            assert tagged(world)["ZTF27a"] == []
        putting.result(10.0)
    assert tagged(world)["ZTF27a"] == ["moving"]
    store.close()
