"""``mma subscribe`` on a real broker: what is wrong is said at once; lines for people; one filter."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from mma.cli import main
from mma.cluster.broker import Broker, free_ports
from mma.messages.heartbeat import heartbeat_message
from tests.live.conftest import Start
from tests.live.doing import produce, status, topics, troubles, until


def _said(name: str, kind: str, probability: float | None, **more: object) -> bytes:
    score = None if probability is None else {"probability": probability, "rank": 1, "of": 2, "class": "kilonova"}
    return json.dumps(
        {
            "schema": "urn:mma:candidate:1",
            "type": kind,
            "issued": "2027-03-01T02:00:00.000Z",
            "test": False,
            "event": {"id": "S1a", "aliases": ["GW 270301"]},
            "object": {"id": name, "ra": 1.0, "dec": -2.0},
            "score": score,
            "reason": "event retracted" if score is None else None,
            **more,
        }
    ).encode()


def _lines(capsys: pytest.CaptureFixture[str], url: str, *options: str) -> list[str]:
    capsys.readouterr()
    assert main(["subscribe", url, "--until-end", *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_line_each_and_withdrawals_of_what_passed(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    (topic,) = topics(broker, "candidates")
    told = [("A", "new", 0.9), ("B", "new", 0.1), ("B", "withdrawal", None), ("A", "withdrawal", None)]
    produce(broker, topic, [_said(*one) for one in told])
    url = f"kafka://{broker.plain}/{topic}"
    lines = _lines(capsys, url)
    assert len(lines) == 4
    assert lines[0].startswith("2027-03-01 02:00:00  new candidate  S1a  A  P 0.9  rank 1 of 2  kilonova")
    assert lines[3] == "2027-03-01 02:00:00  withdrawal candidate  S1a  A  event retracted"
    kept = _lines(capsys, url, "--min-probability", "0.5", "--event", "gw270301", "--json")
    assert [(m["object"]["id"], m["type"]) for m in map(json.loads, kept)] == [("A", "new"), ("A", "withdrawal")]
    assert len(_lines(capsys, url, "--type", "withdrawal")) == 2
    assert main(["subscribe", url, "--until-end", "--event", "GW270302"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "no message is about 'GW270302' yet; did you mean 'GW 270301'?\n")


def test_an_event_by_the_last_part_of_its_id_and_pairs_by_any_name(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pairs are told by their ids: a name that messages about the event say leads to these."""
    (topic,) = topics(broker, "everything")
    pair = {"schema": "urn:mma:association:1", "type": "new", "issued": "2027-03-01T02:00:00.000Z", "test": False}
    produce(
        broker,
        topic,
        [
            _said("A", "new", 0.9, event={"id": "CTAO-ac506060deb6", "aliases": ["GRB 270301A"]}),
            _said("B", "new", 0.9),
            json.dumps(pair | {"events": ["S1a", "CTAO-ac506060deb6"]}).encode(),
        ],
    )
    url = f"kafka://{broker.plain}/{topic}"
    for name in ("ac506060deb6", "AC506060DEB6", "ctao-ac506060deb6", "CTAO ac506060deb6", "grb270301a"):
        kinds = [json.loads(told)["schema"].split(":")[2] for told in _lines(capsys, url, "--event", name, "--json")]
        assert kinds == ["candidate", "association"], name
    assert len(_lines(capsys, url, "--event", name, "--kind", "association")) == 1


def test_what_no_message_is_about_is_told_as_the_messages_write_it(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    (topic,) = topics(broker, "missing")
    produce(broker, topic, [_said("A", "new", 0.9, tags=["interesting"])])
    url = f"kafka://{broker.plain}/{topic}"
    assert _lines(capsys, url, "--event", "S1b", "--tag", "intresting") == []
    assert main(["subscribe", url, "--until-end", "--event", "S1b", "--tag", "intresting"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "no message is about 'S1b' yet; did you mean 'S1a'?",
        "no message has the tag 'intresting' yet; did you mean 'interesting'?",
    ]


def test_heartbeats_are_lines_and_other_messages_are_named_once(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    (topic,) = topics(broker, "signs")
    heart = f"{topic}.heartbeat"
    broker.create(heart)
    beat = heartbeat_message("w1", lag={"a": 2}, troubles=0, events_active=4, now=0.0)
    produce(broker, heart, [json.dumps(beat).encode()])
    url = f"kafka://{broker.plain}/{heart}"
    assert _lines(capsys, url) == ["1970-01-01 00:00:00  heartbeat  w1  lag 2  troubles 0  active events 4"]
    assert [json.loads(text) for text in _lines(capsys, url, "--json")] == [beat]
    assert _lines(capsys, url, "--min-probability", "0.1") == []
    produce(broker, topic, [b'{"superevent_id": "S1"}', b"<voe/>", b"[]"])
    assert main(["subscribe", f"kafka://{broker.plain}/{topic}", "--until-end"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{topic}: not messages of mma\n")


def test_what_is_wrong_is_said_at_once(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    (topic,) = topics(broker, "candidates")
    (port,) = free_ports(1)
    for url, says in (
        (f"kafka://{broker.plain}/{topic[:-1]}", f"did you mean '{topic}'?"),
        (f"kafka://127.0.0.1:{port}/{topic}", "refused"),
        (f"kafka://{broker.scram}/{topic}", "no credentials for 127.0.0.1: 'hop auth add'"),
    ):
        begun = time.monotonic()
        assert main(["subscribe", url]) == 1
        assert time.monotonic() - begun < 10.0
        out, err = capsys.readouterr()
        assert out == ""
        assert says in err.splitlines()[-1]
        assert "Traceback" not in err


def test_a_worker_waits_for_a_topic_that_is_not_there_and_asks_what_was_meant(
    broker: Broker, tmp_path: Path, start: Start
) -> None:
    (topic,) = topics(broker, "mma.gamma")
    wrong, log = topic.replace("gamma", "gama"), tmp_path / "log"
    database, out = tmp_path / "mma.sqlite", tmp_path / "out.jsonl"
    start(log, "run", "--from", f"kafka://{broker.plain}/{wrong}", "--publish", str(out), "--db", str(database))
    said = f"there is no such topic yet, it is waited for; did you mean '{topic}'?"
    until(lambda: database.exists() and troubles(database).get(wrong) == said)
    assert f"{broker.plain}: {wrong}: {said}" in log.read_text()
    assert f"publishing to the file {out}" in log.read_text()
    assert any(row["name"] == f"publishing to the file {out}" for row in status(database)["live"])
