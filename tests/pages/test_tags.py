"""Tags on the pages, and a choice of them in the search; and pages that keep folders to themselves."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from coincidence import DEFAULT
from mma.commands.replay import play
from mma.config.settings import Settings
from mma.engine.vetting import Vetting
from mma.store import Store
from tests.api.filling import fill, shown
from tests.mma.world import HERE, NOW, World, detection, superevent
from tests.pages.conftest import BEST, EVENT, Serve
from tests.pages.test_html import Checked


def test_tags_show_where_the_candidate_does_and_lead_to_all_that_have_them(
    night: World, serve: Serve, site: httpx.Client
) -> None:
    pages = (f"/events/{EVENT}", f"/candidates/{EVENT}/{BEST}", "/search")
    assert not any("search?tag=" in site.get(path).text for path in pages)
    Vetting(store=night.store, parameters=DEFAULT, prefix="mma").tag((EVENT, BEST), ["followed-up"], who="ann", now=NOW)
    for path in pages:
        page = Checked(site.get(path).text)
        assert "/search?tag=followed-up" in page.all("href"), path
    found = site.get("/search?tag=followed-up").text
    assert '<p role="status">1 candidate</p>' in found
    assert BEST in found


@pytest.mark.parametrize("chosen", ["", "?state=active", "?tag=moving", "?tag=moving&tag=interesting&survey=ztf"])
def test_the_choice_of_tags_counts_what_python_counts(tmp_path: Path, serve: Serve, chosen: str) -> None:
    store = Store(str(tmp_path / "mma.sqlite"))
    fill(store)
    every = [row for event in ("CBC0000", "GRB0001", "NEUTRINO0002") for row in shown(store, event)]
    asked = httpx.QueryParams(chosen[1:])
    others = [r for r in every if all(r[n] in asked.get_list(n) for n in ("state", "survey") if n in asked)]
    expected = Counter(tag for row in others for tag in row["tags"])
    with httpx.Client(base_url=serve(store), headers={"Accept": "text/html"}) as client:
        text = client.get(f"/search{chosen}").text
    boxes = re.findall(r'name="tag" value="([^"]+)"(?: checked)?> [^<]*<small>(\d+)</small>', text)
    assert {name: int(n) for name, n in boxes} == expected
    total = re.search(r'role="status">(\d+) candidate', text)
    wanted = set(asked.get_list("tag"))
    assert total is not None
    assert int(total[1]) == sum(not wanted or bool(wanted & set(row["tags"])) for row in others)
    store.close()


def test_files_are_shown_without_their_folders(tmp_path: Path, serve: Serve) -> None:
    """Good ones, broken ones, and archives; on the page of what came and on the event's."""
    folder = tmp_path / "home" / "ann" / "notices"
    folder.mkdir(parents=True)
    (folder / "good.json").write_bytes(superevent())
    (folder / "seen.avro").write_bytes(detection("ZTF27a", HERE, 10.0))
    (folder / "broken.json").write_bytes(b'{"superevent_id": "S1", "alert_type": "\x00')
    (folder / "strange.txt").write_bytes(b"hello")
    settings = Settings(database=str(tmp_path / "mma.sqlite"))
    play([folder], settings, None)
    store = Store(settings.database)
    with httpx.Client(base_url=serve(store), headers={"Accept": "text/html"}) as client:
        pages = {
            path: client.get(path).text for path in ("/", "/status", f"/events/{EVENT}", f"/candidates/{EVENT}/ZTF27a")
        }
    store.close()
    assert "broken.json" in pages["/status"]
    assert '<h2 id="dead-title">Dead letters (0)</h2>' not in pages["/status"]
    for path, text in pages.items():
        assert "/ann" not in text, path
        assert str(tmp_path) not in text, path
