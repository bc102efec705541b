"""Links of messages lead to pages and documents that are there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mma.engine.additions import Additions
from mma.engine.engine import Engine
from mma.messages.pages import Pages
from mma.store import Store
from mma.streams import MemorySink, MemorySource
from tests.mma.world import HERE, as_message, detection, superevent


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "mma.sqlite"))
    yield opened
    opened.close()


def test_links_lead_to_what_is_there(empty: Store, serve):
    sink, ours = MemorySink(), "http://mma.example/sub"
    Engine(empty, sink, additions=Additions(pages=Pages(public_url=ours))).run(
        MemorySource([as_message(superevent()), as_message(detection("ZTF 27a+b?", HERE, 10.0))])
    )
    messages = [json.loads(payload) for _, _, payload in sink.written]
    links = {url for m in messages for name, url in m["links"].items() if name != "event" and url}
    assert len(links) == 5
    client = serve(empty)
    for url in links:
        assert client.get(url.removeprefix(ours)).status_code == 200, url
