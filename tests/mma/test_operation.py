"""What an operator does: try dead letters again, forget old nights, read the log."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
from sqlalchemy import update

from mma import notices
from mma.answers.queries import status
from mma.cli import main
from mma.errors import ConfigError, DecodeError
from mma.store import retention, tables
from tests.mma.world import HERE, T0, THERE, World, as_message, detection, superevent

EVENT = "S270301ab"
DAY_S = 86400.0


def test_a_dead_letter_is_handled_again_once_we_can_read_it(world: World, monkeypatch, capsys):
    """As after an update that knows a format: the letter goes, its event comes, and what was counted adds up."""
    igwn = notices.DECODERS["igwn"]

    def too_new(message):
        raise DecodeError("schema: 2.0 is newer than this program")

    monkeypatch.setitem(notices.DECODERS, "igwn", too_new)
    world.hears(as_message(superevent(), headers={"_format": b"json"}, key=b"k", timestamp=T0.timestamp()))
    world.hears(detection("ZTF27a"))
    database = str(world.store.engine.url.render_as_string(hide_password=False))
    (letter,) = world.dead_letters()
    assert main(["dead-letters", str(letter["id"]), "--again", "--json", "--db", database]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again == {
        "handled": 0,
        "still": [{"topic": "test", "offset": letter["offset"], "reason": "schema: 2.0 is newer than this program"}],
    }
    assert world.status()["messages"] == {"read": 2, "decoded": 1, "set_aside": 1, "ignored": 0}
    monkeypatch.setitem(notices.DECODERS, "igwn", igwn)
    assert main(["dead-letters", "--again", "--db", database]) == 0
    assert "1 handled, 0 set aside again" in capsys.readouterr().out
    assert world.dead_letters() == []
    assert world.objects(EVENT) == ["ZTF27a"]
    assert world.status()["messages"] == {"read": 2, "decoded": 2, "set_aside": 0, "ignored": 0}


def test_a_message_whose_bytes_were_not_kept_stays_among_the_dead_letters(world: World, capsys):
    """There is nothing to read in it: it must not pass for an empty message that nobody wants."""
    world.hears(as_message(b"", fault="message: 20000000 bytes are more than the 16000000 of one message"))
    before = world.reasons()
    database = str(world.store.engine.url.render_as_string(hide_password=False))
    assert main(["dead-letters", "--again", "--db", database]) == 0
    assert "0 handled, 1 set aside again" in capsys.readouterr().out
    assert world.reasons() == before
    assert world.status()["messages"] == {"read": 1, "decoded": 0, "set_aside": 1, "ignored": 0}


def test_no_such_dead_letter(world: World, capsys):
    database = str(world.store.engine.url.render_as_string(hide_password=False))
    assert main(["dead-letters", "7", "--again", "--db", database]) == 1
    assert "no dead letter 7" in capsys.readouterr().err


def test_old_nights_go_and_candidates_stay_whole(world: World):
    world.hears(superevent())
    world.hears(*(detection("ZTF27cand", HERE, hours) for hours in (5.0, 30.0)))
    world.hears(*(detection("ZTF27other", THERE, hours) for hours in (5.0, 200.0)), detection("ZTF27gone", THERE, 6.0))
    before = world.candidates(EVENT)
    gone = retention.prune(world.store, T0.timestamp() + 4 * DAY_S)
    assert (gone["detections"], gone["objects"]) == (2, 1)
    answer = world.ask(status)
    assert (answer["objects"], answer["detections"]) == (2, 3)
    assert world.candidates(EVENT) == before
    world.hears(detection("ZTF27cand", HERE, 40.0), detection("ZTF27gone", THERE, 210.0))
    assert world.objects(EVENT) == ["ZTF27cand"]


def test_what_was_published_goes_and_what_waits_stays(world: World):
    world.hears(superevent(), detection("ZTF27a"))
    sent = world.status()["published"]["sent"]
    assert retention.prune(world.store, world.clock + 1.0)["messages"] == sent - 1  # the newest keeps its number taken
    world.hears(superevent(), detection("ZTF27a"))
    assert world.told() == []


def test_prune_asks_how_much_to_keep(world: World, capsys):
    database = str(world.store.engine.url.render_as_string(hide_password=False))
    assert main(["db", "prune", "--db", database]) == 1
    assert "keep_nights" in capsys.readouterr().err
    assert main(["db", "prune", "--keep", "30", "--json", "--db", database]) == 0
    assert json.loads(capsys.readouterr().out)["detections"] == 0
    assert main(["db", "prune", "--keep", "30", "--force", "--db", database]) == 0
    assert "deleted: 0 detections" in capsys.readouterr().out
    assert main(["db", "upgrade", "--db", database]) == 0
    assert "up to date" in capsys.readouterr().out


def test_a_log_for_machines_is_json_line_by_line(tmp_path):
    (tmp_path / "mma.toml").write_text('logs = "json"\n')
    (tmp_path / "bad.json").write_text('{"alert_type": "INITIAL", "superevent_id": 5}')
    command = [sys.executable, "-m", "mma.cli", "replay", str(tmp_path / "bad.json"), "-v"]
    options = ["--db", str(tmp_path / "mma.sqlite"), "-c", str(tmp_path / "mma.toml")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"time", "level", "name", "message"} <= lines[0].keys()
    assert any(line["level"] == "warning" and "set aside" in line["message"] for line in lines)


def test_a_traceback_stays_one_line():
    from mma.logs import JsonLines

    try:
        raise ValueError("bad")
    except ValueError:
        record = logging.LogRecord("mma", logging.ERROR, "f", 1, "it %s", ("broke",), sys.exc_info())
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "it broke"
    assert "ValueError: bad" in json.loads(line)["traceback"]


YEARS_S = 3653 * DAY_S


@pytest.mark.parametrize("ahead_s", [0.0, YEARS_S])
def test_a_clock_that_is_years_ahead_deletes_no_more_than_one_that_is_right(world: World, ahead_s: float):
    world.hears(superevent(), *(detection(f"ZTF27{i}", THERE, 24.0 * i) for i in range(10)))
    now = T0.timestamp() + 9 * DAY_S + ahead_s
    assert retention.forget(world.store, 6.5, now)["detections"] == 3
    assert retention.forget(world.store, 6.5, now)["detections"] == 0
    assert world.status()["objects"] == 7


def test_more_than_half_goes_only_by_force(world: World):
    world.hears(superevent(), *(detection(f"ZTF27{i}", THERE, 24.0 * i) for i in range(10)))
    before, now = world.status(), T0.timestamp() + 9 * DAY_S
    with pytest.raises(ConfigError, match=r"7 of 10 detections are older .* --keep 2\.5 --force"):
        retention.forget(world.store, 2.5, now)
    assert world.status() == before
    assert retention.forget(world.store, 2.5, now, force=True)["detections"] == 7


def test_a_wrong_time_among_the_data_deletes_nothing_either(world: World):
    """The clock bounds what the newest detection says."""
    world.hears(superevent(), *(detection(f"ZTF27{i}", THERE, 24.0 * i) for i in range(10)))
    with world.store.begin() as connection:
        one = tables.detections.c.object_id == "ZTF279"
        connection.execute(update(tables.detections).where(one).values(time=T0.timestamp() + YEARS_S))
    assert retention.forget(world.store, 6.5, T0.timestamp() + 9 * DAY_S)["detections"] == 3
