"""Tables in narrow windows: the terms go first, nothing is lost silently, and it says how to see the rest."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from mma.answers import queries
from mma.commands import tables
from mma.commands.show import table
from tests.mma.world import HERE, World, detection, superevent


def drawn(what, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(what)
    return out.getvalue()


@pytest.fixture
def rows(small_world: World):
    small_world.hears(superevent(mpc=(100.0, 20.0)), detection("ZTF27abcdefg", HERE), detection("ZTF27abcdefh", HERE))
    return small_world.candidates("S270301ab")


def test_eighty_columns_hold_what_matters_and_say_what_they_do_not(rows):
    text = drawn(tables.candidates(rows), 80)
    head, *lines = text.splitlines()
    assert head.split()[:2] == ["rank", "object"]
    assert {"P", "odds", "class", "delay", "mag"} <= set(head.split())
    assert not {"prior", "phot", "ctx", "other"} & set(head.split())
    assert "ZTF27abcdefg" in text
    assert "…" not in text
    assert all(len(line) <= 80 for line in text.splitlines())
    said = " ".join(" ".join(lines).split())
    for name in ("prior", "sky", "dist", "time", "phot", "ctx", "other"):
        assert name in head.split() or f"{name}," in said or f"{name}:" in said
    assert "a wider window, a pipe ('| less -S') or --json shows them" in said


def test_where_there_is_room_everything_is_shown(rows):
    text = drawn(tables.candidates(rows), 200)
    assert {"prior", "sky", "dist", "time", "phot", "ctx", "other", "host"} <= set(text.splitlines()[0].split())
    assert "no room" not in text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120])
def test_each_column_is_shown_or_named(small_world: World, rows, width):
    events = small_world.ask(queries.events)
    for what in (tables.candidates(rows), tables.events(events)):
        text = drawn(what, width)
        flat = " ".join(text.split())
        assert [name for name, _ in what.names if name and name not in flat] == []


def test_columns_go_from_the_right_where_nobody_says_which():
    text = drawn(
        table("", [("name", "left"), ("first", "left"), ("second", "right")], [("x" * 20, "y" * 9, "z" * 9)]), 34
    )
    assert "zzz" not in text
    assert "yyyyyyyyy" in text
    assert "no room for second" in text
