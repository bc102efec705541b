"""A small message that would cost much costs itself alone: a dead letter with a plain reason, and the next is read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mma.alerts.avro.schema import checked
from mma.engine.ingest import take_in
from mma.errors import DecodeError
from mma.streams import Message
from tests.mma import bombs
from tests.mma.world import detection

MOST_KB = 1_500_000
"""Of the worker and its child together."""

UNLOCATED = "no sky map in this notice"
FAULT = re.compile(r"^\w+(Error|Exception): ")
"""How a reason begins that nobody foresaw."""


@pytest.mark.parametrize("bomb", bombs.BOMBS, ids=lambda bomb: bomb.__name__)
def test_each_costs_itself_alone(bomb: Callable[[], bytes]) -> None:
    """A dead letter whose reason we wrote; a notice whose map is one is an event without a region."""
    good = Message(payload=bombs.good(), topic=bombs.LVK, offset=1)
    intake = take_in([bombs.message(bomb), good])
    assert [event.region is not None for i, event in intake.events if i == 1] == [True]
    assert len(intake.alerts) == 0
    events = [event for i, event in intake.events if i == 0]
    if events:
        assert [event.region for event in events] == [None]
        assert UNLOCATED in events[0].remarks
    else:
        assert {trace for _, trace in intake.faults[0]} == {None}
        assert not [reason for reason, _ in intake.faults[0] if FAULT.match(reason)]


def test_all_of_them_in_one_stream(tmp_path: Path) -> None:
    """Good packets before and after each: all of these are handled, and memory stays bounded."""
    topics: list[str] = []
    for i, (bomb, topic) in enumerate(bombs.BOMBS.items()):
        for content, name in ((bomb(), topic), *((detection(f"ZTF27{i}x{n}"), bombs.OTHER) for n in range(20))):
            (tmp_path / str(len(topics))).write_bytes(content)
            topics.append(name)
    (tmp_path / "topics.json").write_text(json.dumps(topics))
    command = [sys.executable, "-m", "tests.mma.bombed", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["status"]["objects"] == 20 * len(bombs.BOMBS)
    n = told["status"]["messages"]
    assert n["read"] == len(topics) == n["decoded"] + n["set_aside"]
    assert told["longest_s"] < 60.0
    assert {offset % 21 for offset, _ in told["dead"]} == {0}
    assert sum(told["rss_kb"]) < MOST_KB, told["rss_kb"]


@pytest.mark.parametrize(
    ("kind", "least", "values"),
    [
        ("int", 2, 4),
        (["null", "int"], 2, 4),
        ({"type": "array", "items": "int"}, 2, 4),
        (bombs.record("inner", ("a", "int"), ("b", "double")), 10, 16),
        (["null", bombs.record("inner", ("a", "null"), ("b", "null"))], 2, 9),
    ],
)
def test_sizes_of_schemas(kind: object, least: int, values: int) -> None:
    """Bytes that a record with an int and this takes at least, and the values that so many bytes make at most.

    A value takes a byte or more, but for null and the records themselves.
    """
    size = checked(bombs.record("outer", ("x", "int"), ("y", kind))).size
    assert size.least == least
    assert size.values(least, 1) <= values + least


def test_a_list_whose_items_may_be_null_is_no_bomb() -> None:
    """As Fink's: a hundred fields that may be null, in records that may be null."""
    inner = bombs.record("inner", *((f"f{i}", ["null", "double"]) for i in range(100)))
    size = checked(bombs.record("outer", ("many", {"type": "array", "items": ["null", inner]}))).size
    assert size.values(1_000_000, 1) < 1_100_000


def test_a_list_of_what_takes_no_bytes_is_refused() -> None:
    for kind in (
        "null",
        {"type": "fixed", "name": "f", "size": 0},
        bombs.record("r"),
        bombs.record("s", ("a", "null")),
    ):
        with pytest.raises(DecodeError, match="array of items that take no bytes"):
            checked(bombs.record("outer", ("many", {"type": "array", "items": kind})))
