"""What the documentation tells of the stream is what the program sends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from manual import messages
from mma.api.feed import GAP
from mma.messages.stream_filter import KINDS, TYPES

ROOT = Path(__file__).parents[2]
STREAM = (ROOT / "docs/reference/rest.md").read_text().partition("## The stream")[2].partition("\n## ")[0]


def test_every_type_of_event_is_documented_and_no_other() -> None:
    assert re.findall(r"^\| `(\w+)` \|", STREAM, re.MULTILINE) == [*KINDS, GAP]


def test_every_kind_has_its_fields_where_the_documentation_says() -> None:
    linked = re.findall(r"^\| `(\w+)` \|.*\(messages\.md#(\w+)\)", STREAM, re.MULTILINE)
    assert linked == [(kind, kind) for kind in KINDS]
    for kind in KINDS:
        assert f"\n## {kind.capitalize()}\n" in messages.page()
        assert messages.schema(kind)["$id"] == f"urn:mma:{kind}:1"


def test_types_of_messages_are_documented() -> None:
    (said,) = re.findall(r"`type` in the message is (.*)\.", STREAM.replace("\n", " ").partition(" Lines")[0] + ".")
    assert re.findall(r"`(\w+)`", said) == list(TYPES)


def test_filters_are_documented() -> None:
    from mma.api.streaming import Listening

    told = set(re.findall(r"`(\w+)(?:=\w+)?`", STREAM))
    assert set(Listening.model_fields) <= told


@pytest.mark.parametrize("name", [*KINDS, GAP])
def test_pages_hear_every_type(name: str) -> None:
    assert f'addEventListener("{name}"' in (ROOT / "mma/api/pages/static/mma.js").read_text()
