"""Notices as they came, by REST: a right type, and harmless to a browser."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest

from mma.client import Client
from mma.engine.engine import Engine
from mma.notices.gamma import alert as gamma
from mma.notices.gamma import voevent
from mma.store import Store
from mma.streams import MemorySource
from tests.mma.test_gamma_told import ALERT, SAID
from tests.mma.test_originals import alert
from tests.mma.world import as_message, superevent


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "mma.sqlite"))
    yield opened
    opened.close()


def test_a_notice_by_its_number(empty: Store, serve):
    payloads = [superevent(minutes=5), superevent(minutes=7, stage="UPDATE")]
    xml = voevent.encode(alert())
    Engine(empty).run(MemorySource([as_message(p) for p in (*payloads, xml)]))
    client = serve(empty)
    for number, payload in enumerate(payloads, start=1):
        answer = client.get(f"/api/events/S270301ab/notices/{number}/raw")
        assert (answer.status_code, answer.content) == (200, payload)
        assert answer.headers["content-type"] == "application/json"
    listed = client.get("/api/events/S270301ab").json()["notices"]
    assert [(n["number"], n["stage"]) for n in listed] == [(1, "initial"), (2, "update")]
    answer = client.get("/api/events/CTAO-7/notices/1/raw")
    assert (answer.content, answer.headers["content-type"]) == (xml, "application/xml")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'filename="CTAO-7-notice-1.xml"' in answer.headers["content-disposition"]
    again = client.get("/api/events/CTAO-7/notices/1/raw", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert '/api/events/CTAO-7/notices/1/raw">' in client.get("/events/CTAO-7").text


def test_a_notice_that_is_not_there(empty: Store, serve):
    client = serve(empty)
    Engine(empty).run(MemorySource([as_message(superevent())]))
    missing = client.get("/api/events/S270301ab/notices/2/raw")
    assert missing.status_code == 404
    assert "it has 1" in missing.text
    assert client.get("/api/events/nothing/notices/1/raw").status_code == 404
    assert client.get("/api/events/S270301ab/notices/0/raw").status_code == 422
    assert client.get("/api/events/S270301ab/notices/x/raw").status_code == 422


def test_the_page_and_the_client_have_what_the_observatory_said(empty: Store, serve):
    Engine(empty).run(MemorySource([as_message(gamma.encode(ALERT))]))
    client = serve(empty)
    assert client.get("/api/events/CTAO-b3f1").json()["gamma"] == SAID
    page = html.unescape(client.get("/events/CTAO-b3f1").text)
    head, _, block = page.partition('id="measured-title">What CTAO says')
    assert "10h00m00.00s +20°00′00.0″ (150.0000 +20.0000), radius 0.05 deg = 3 arcmin (68 %)" in head
    for text in ("7.2 sigma after 400 trials, 8.1 before", "2.5e-11 +- 3e-12 ph/cm2/s, 0.1 to 10 TeV",
                 "Ann Other <ann@example.org>", "Moonlight, 5 < 6", "North (La Palma)"):  # fmt: skip
        assert text in block
    for place in (str(client.base_url), empty.url):
        with Client(place) as asked:
            event = asked.event("CTAO-b3f1")
        assert event.gamma == SAID
        assert (event.significance, event.follows) == (7.2, "Fermi-GBM-826000000")
