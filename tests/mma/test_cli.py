"""The command line: data on stdout, errors on stderr, an exit code for each, JSON for every command."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import skymaps
from coincidence.terms import TERMS
from mma.answers import queries
from mma.api.pages.story import summary
from mma.cli import COMMANDS, main
from mma.client import Client
from mma.store import Store
from tests.mma.world import HERE, burst, circle_map, detection, superevent

EVENT = "S270301ab"


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> Path:
    """A database that a replay has made."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "in").mkdir()
    recorded = {
        "1.json": superevent(mpc=(100.0, 20.0)),
        "2.json": burst(id=["826000000", "bn270301083"], seconds=1.0),
        "3.avro": detection("ZTF27a", HERE, 10.0, unseen_hours=-10.0),
        "4.avro": detection("ZTF27b", (HERE[0], HERE[1] + 1.0), 12.0),
        "5.avro": detection("ZTF27c", HERE, 12.0, drb=0.1),
        "6.avro": detection("ZTF27pole", (123.0, 89.999), 12.0),
        "7.json": b'{"superevent_id": "S1", "alert_type": "\x00',
        "8.json": b'{"title": "To people", "message_text": "hello"}',
        "9.csv": f"object_id,ra,dec,mjd\n[bold]x[/red],{HERE[0]},{HERE[1] - 1.0},61466\n".encode(),
    }
    for name, content in recorded.items():
        (folder / "in" / name).write_bytes(content)
    assert main(["replay", str(folder / "in"), "--db", str(folder / "mma.sqlite")]) == 0
    return folder / "mma.sqlite"


@pytest.fixture
def run(capsys, database):
    """Run a command on that database: exit code, stdout, stderr."""

    def command(*arguments: str, db: bool = True) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*arguments, *(["--db", str(database)] if db else [])])
        out, err = capsys.readouterr()
        return code, out, err

    return command


QUESTIONS = [
    ("events",),
    ("events", "--state", "active", "--limit", "1"),
    ("candidates", EVENT),
    ("candidates", EVENT, "--all", "--limit", "2"),
    ("candidates", "bn270301083"),
    ("object", "ZTF27a"),
    ("object", "[bold]x[/red]"),
    ("cone", f"{HERE[0]} {HERE[1]}", "2deg"),
    ("associations",),
    ("associations", EVENT),
    ("status",),
    ("dead-letters",),
    ("dead-letters", "1"),
    ("catalog", "list"),
    ("config",),
    ("config", "show"),
    ("config", "check"),
]


@pytest.mark.parametrize("arguments", QUESTIONS, ids=" ".join)
def test_every_question_has_an_answer_for_people_and_one_for_programs(run, arguments):
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert out.strip()
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) is not None


def test_every_question_is_asked():
    asking = ("mma.commands.ask:", "mma.commands.dead_letters:", "mma.commands.catalog:", "mma.commands.config:")
    questions = {name for name, (target, _, _) in COMMANDS.items() if target.startswith(asking)}
    assert {arguments[0] for arguments in QUESTIONS} == questions


def test_candidates_are_ranked_with_their_terms(run):
    rows = json.loads(run("candidates", EVENT, "--json")[1])
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert set(rows[0]["terms"]) == set(TERMS)
    everything = json.loads(run("candidates", EVENT, "--all", "--json")[1])
    for most in (1, len(everything) - 1):
        assert json.loads(run("candidates", EVENT, "--all", "--limit", str(most), "--json")[1]) == everything[:most]
    assert [row["state"] for row in everything] == ["active"] * 3 + ["vetoed"]
    text = run("candidates", EVENT, "--all")[1]
    assert "bogus: real/bogus score below 0.3" in " ".join(text.split())
    assert "[bold]x[/red]" in text


def test_aliases_name_the_event(run):
    by_alias, by_id = (run("candidates", name, "--json")[1] for name in ("bn270301083", "Fermi-GBM-826000000"))
    assert by_alias == by_id


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("candidates", "S270301abc"), "mma: no event 'S270301abc'; did you mean 'S270301ab'?"),
        (("candidates", "GW1"), "mma: no event 'GW1'; see 'mma events'"),
        (("associations", "GW1"), "mma: no event 'GW1'"),
        (("object", "ZTF00"), "mma: no object 'ZTF00'"),
        (("dead-letters", "99"), "mma: no dead letter 99"),
        (("cone", "here", "1"), "mma: no object and no event, and no position: 'here'"),
        (("cone", "10 95", "1"), "mma: position '10 95'"),
        (("cone", "400 10", "1"), "mma: position '400 10': right ascension '400' is 400 degrees"),
        (("cone", "191.4", "-21.5", "0.01"), 'mma: put quotes around the position: mma cone "191.4 -21.5" 0.01'),
        (("cone", "nobody", "1"), "mma: no object and no event"),
        (("cone", "10 nan", "1"), "mma: position '10 nan'"),
        (("cone", "10 10", "-1"), "mma: radius '-1'"),
        (("cone", "10 10", "1parsec"), "mma: radius '1parsec'"),
        (("cone", "10 10", "nan"), "mma: radius 'nan'"),
        (("catalog", "remove", "none"), "mma: no catalogue 'none'"),
        (("catalog", "import", "none.csv"), "mma: no file none.csv"),
        (("events", "-c", "none.toml"), "mma: settings file none.toml"),
        (("dead-letters", "1", "--save", "/none/x"), "mma: cannot write to /none/x"),
    ],
)
def test_an_error_is_one_line_that_helps(run, arguments, says):
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith(says)
    assert err.count("\n") == 1


def test_no_database_is_an_error_that_says_what_to_do(capsys, tmp_path):
    assert main(["events", "--db", str(tmp_path / "none.sqlite")]) == 1
    assert "run 'mma replay' or 'mma demo' first" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["candidates"],
        ["events", "--nothing"],
        ["events", "--state", "asleep"],
        ["cone", "1 1"],
        ["catalog"],
    ],
)
def test_a_wrong_command_line_is_2(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert "usage: mma" in err
    assert err.count("\n") == 1


CENTRE = f"{HERE[0]} {HERE[1]}"


@pytest.mark.parametrize(
    ("position", "radius", "found"),
    [
        (CENTRE, "0.5", {"ZTF27a", "ZTF27c"}),
        ("10h00m00s +20d00m00s", "30arcmin", {"ZTF27a", "ZTF27c"}),
        ("10:00:00 +20:00:00", "1800arcsec", {"ZTF27a", "ZTF27c"}),
        ("10 00 00 +20 00 00", "0.5deg", {"ZTF27a", "ZTF27c"}),
        ("10h00m00s, +20\u00b000\u203200\u2033", "0.5", {"ZTF27a", "ZTF27c"}),
        ("RA=150 Dec=+20", "0.5", {"ZTF27a", "ZTF27c"}),
        ("150,21", "1'", {"ZTF27b"}),
        ("0 90", "4arcsec", {"ZTF27pole"}),
        ("0 90", "3arcsec", set()),
        ("300 -45", "180", {"ZTF27a", "ZTF27b", "ZTF27c", "ZTF27pole", "[bold]x[/red]"}),
        ("-210 20", "0.5", {"ZTF27a", "ZTF27c"}),
        ("ztf27a", "0.5", {"ZTF27a", "ZTF27c"}),
        (EVENT, "180", {"ZTF27a", "ZTF27b", "ZTF27c", "ZTF27pole", "[bold]x[/red]"}),
    ],
)
def test_a_cone_in_any_notation(run, position, radius, found):
    code, out, err = run("cone", position, radius, "--json")
    assert (code, err) == (0, "")
    assert {row["id"] for row in json.loads(out)} == found


def test_what_others_wrote_does_not_steer_the_screen(capsys, tmp_path):
    database = ["--db", str(tmp_path / "mma.sqlite")]
    (tmp_path / "1.json").write_bytes(b'{"superevent_id": "S1\x1b[2J\x9b", "alert_type": \x1b]0;title\x07\r}')
    (tmp_path / "2.csv").write_text(f"object_id,ra,dec,mjd\nx\x1b[31m\u202ey,{HERE[0]},{HERE[1]},61466\n")
    assert main(["replay", str(tmp_path), *database]) == 0
    for command in (["dead-letters"], ["dead-letters", "1"], ["cone", "150 20", "1"], ["object", "no\x1b[1m"]):
        capsys.readouterr()
        main([*command, *database])
        text = "".join(capsys.readouterr())
        assert not {"\x1b", "\x07", "\r", "\x9b", "\u202e"} & set(text)
        assert command[0] == "dead-letters" or r"\x1b[" in text
    main(["dead-letters", "1", *database])
    assert r"S1\x1b[2J" in capsys.readouterr().out


def test_an_event_without_a_region_says_how_to_give_it_one(capsys, tmp_path):
    database = ["--db", str(tmp_path / "mma.sqlite")]
    notice = json.loads(superevent())
    notice["event"]["skymap"] = None
    notice.setdefault("urls", {})["skymap"] = "https://gracedb.ligo.org/map.fits"
    (tmp_path / "1.json").write_text(json.dumps(notice))
    (tmp_path / "map.fits").write_bytes(skymaps.write_fits(circle_map(*HERE, 3.0)))
    assert main(["replay", str(tmp_path / "1.json"), *database]) == 0
    capsys.readouterr()
    assert main(["candidates", EVENT, *database]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{EVENT} has no region (yet)")
    assert "by URL only, https://gracedb.ligo.org/map.fits" in out
    assert f"mma event add --map FILE --name {EVENT} --db " in out
    when = ["--time", "2027-03-01T02:00:00", "--kind", "cbc"]
    assert main(["event", "add", "--map", str(tmp_path / "map.fits"), "--name", EVENT, *when, *database]) == 0
    capsys.readouterr()
    assert main(["events", *database, "--json"]) == 0
    (event,) = json.loads(capsys.readouterr().out)
    assert event["area90_deg2"] is not None


def test_a_dead_letter_gives_its_bytes_back(run, tmp_path):
    (row,) = json.loads(run("dead-letters", "--json")[1])
    path = tmp_path / "letter"
    code, out, _ = run("dead-letters", str(row["id"]), "--save", str(path), "--json")
    assert code == 0
    assert path.read_bytes() == b'{"superevent_id": "S1", "alert_type": "\x00'
    letter = json.loads(out)
    assert letter["bytes"] == row["bytes"] == len(path.read_bytes())
    assert letter["reason"].startswith("JSON: ")


def test_the_database_comes_from_the_environment(capsys, database, monkeypatch):
    monkeypatch.setenv("MMA_DATABASE", str(database))
    assert main(["events", "--json"]) == 0
    assert {row["id"] for row in json.loads(capsys.readouterr().out)} == {EVENT, "Fermi-GBM-826000000"}


def test_the_database_comes_from_a_settings_file(capsys, database, monkeypatch, tmp_path):
    monkeypatch.delenv("MMA_DATABASE", raising=False)
    (tmp_path / "mma.toml").write_text(f'database = "{database}"')
    assert main(["status", "-c", str(tmp_path / "mma.toml"), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["messages"] == {"read": 9, "decoded": 7, "set_aside": 1, "ignored": 1}
    assert (status["objects"], status["dead_letters"], status["events"]) == (5, 1, {"active": 2})


def test_passwords_are_never_shown(capsys):
    url = "postgresql://mma:secret@127.0.0.1:1/db"
    assert main(["config", "show", "--db", url]) == 0
    assert main(["config", "show", "--db", url, "--json"]) == 0
    assert main(["events", "--db", url]) == 1
    assert main(["events", "--db", url.replace("postgresql", "postgrsql")]) == 1
    out, err = capsys.readouterr()
    assert "***" in out
    assert "***" in err
    assert "secret" not in out + err


def test_a_file_that_is_no_database_is_told(capsys, tmp_path):
    (tmp_path / "x").write_text("hello " * 1000)
    assert main(["events", "--db", str(tmp_path / "x")]) == 1
    assert "not a database" in capsys.readouterr().err


def test_a_port_in_use_is_named(capsys, database):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--host", "127.0.0.1", "--port", str(port), "--db", str(database)]) == 1
    assert f"another program listens at 127.0.0.1:{port}" in capsys.readouterr().err


def test_catalogues_are_imported_listed_and_removed(capsys, tmp_path):
    database = ["--db", str(tmp_path / "mma.sqlite")]
    table = tmp_path / "mine.v2.csv"
    table.write_text("alpha,delta,far\n10,20,30\n10,20,\n")
    assert main(["catalog", "import", str(table), *database]) == 1
    err = capsys.readouterr().err
    assert "mine.v2.csv: no column for ra, dec, distance_mpc (or redshift); name it with --column" in err
    pairs = ["--column", "ra=alpha", "--column", "dec=delta", "--column", "distance_mpc=far"]
    assert main(["catalog", "import", str(table), *pairs, *database, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "catalog": "mine",
        "galaxies": 1,
        "left_out": 1,
        "events_scored_again": 0,
    }
    assert main(["catalog", "import", str(table), *pairs, "--name", "other", *database]) == 0
    assert "1 galaxies in other" in capsys.readouterr().out
    assert main(["catalog", "list", *database, "--json"]) == 0
    assert [row["catalog"] for row in json.loads(capsys.readouterr().out)] == ["mine", "other"]
    assert main(["catalog", "remove", "mine", *database, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"catalog": "mine", "removed": 1}
    for wrong, says in (
        ("alpha", "write OURS=THEIRS"),
        ("where=alpha", "OURS one of name, ra"),
        ("ra=x", "no column 'x'"),
    ):
        assert main(["catalog", "import", str(table), "--column", wrong, *database]) == 1
        assert says in capsys.readouterr().err


def test_an_empty_database_has_nothing_to_show(capsys, tmp_path):
    database = ["--db", str(tmp_path / "mma.sqlite")]
    Store(str(tmp_path / "mma.sqlite")).close()
    for command, says in (
        ("events", "no events yet"),
        ("associations", "no associations"),
        ("dead-letters", "no dead"),
    ):
        assert main([command, *database]) == 0
        assert says in capsys.readouterr().out
        assert main([command, *database, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == []
    assert main(["status", *database]) == 0


def mma(*arguments: str, **given) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "mma.cli", *arguments], capture_output=True, text=True, **given)


def test_help_is_instant():
    def seconds() -> float:
        begun = time.perf_counter()
        assert mma("--help").returncode == 0
        return time.perf_counter() - begun

    assert min(seconds() for _ in range(5)) < 0.6


def test_help_names_every_command():
    text = mma("--help").stdout
    assert all(name in text for name in COMMANDS)


def test_a_real_process_tells_by_its_exit_code(database):
    assert mma("events", "--db", str(database), "--json").returncode == 0
    assert mma("candidates", "none", "--db", str(database)).returncode == 1
    assert mma("none").returncode == 2


def test_a_reader_that_has_seen_enough_is_no_error(database):
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "mma.cli", "events", "--db", str(database)], stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert b"Traceback" not in process.stderr


def test_the_demo_is_found_by_the_next_command_and_touches_nothing_else(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MMA_DATABASE", raising=False)
    for seed in ("3", "4"):
        assert main(["demo", "--alerts", "200", "--seed", seed]) == 0
        out = capsys.readouterr().out
        assert "mma candidates S260301a\n" in out
        assert "Kept in mma.sqlite" in out
    assert main(["candidates", "S260301a", "--json"]) == 0
    (tmp_path / "notice.json").write_bytes(superevent())
    (tmp_path / "letter.txt").write_bytes(b'{"title": "To people", "message_text": "hello"}')
    capsys.readouterr()
    assert main(["replay", "notice.json", "letter.txt"]) == 0
    out = capsys.readouterr().out
    assert "2 messages: 1 decoded, 0 set aside, 1 ignored." in out
    assert "  ignored 1: " in out
    before = (tmp_path / "mma.sqlite").read_bytes()
    assert main(["demo", "--alerts", "200"]) == 0
    assert "mma candidates S260301a --db mma-demo.sqlite" in capsys.readouterr().out
    assert main(["demo", "--alerts", "200", "--db", "mma.sqlite"]) == 1
    assert "mma.sqlite holds more than a demo" in capsys.readouterr().err
    assert (tmp_path / "mma.sqlite").read_bytes() == before


def test_the_demo_finds_what_was_put_there(capsys, tmp_path):
    folder = tmp_path / "night"
    assert main(["demo", "--alerts", "1500", "--keep", str(folder), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    first = {item["event"]["id"]: item["came_first"] for item in answer["events"]}
    assert first["S260301a"]
    assert first["CTAO-SAG-20260304-01"]
    counts = answer["messages"]
    assert counts["read"] == counts["decoded"]
    assert counts["read"] > 500
    store = Store(str(folder / "demo.sqlite"), create=False)
    with store.read() as connection:
        assert queries.candidates(connection, "S260301a")[0]["object"] == "ZTF26akilonv"
    store.close()
    database = str(folder / "demo.sqlite")
    assert main(["chance", "S260301a", "--trials", "20", "--db", database]) == 0
    out, err = capsys.readouterr()
    assert re.search(r"1  ZTF26akilonv +ln odds +[\d.]+  by chance < 1 in [\d.]+ \(90 %\)", out)
    assert (
        out.rstrip()
        .splitlines()[-1]
        .startswith("by chance: how many unrelated objects as good as this one are expected")
    )
    assert "of the region's probability lies where anything is stored" in err
    assert main(["chance", "S260301a", "--trials", "20", "--db", database, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 0.0 < told["covers_sky"] < 1.0
    assert told["candidates"][0]["is_limit"]
    with Client(database) as mma:
        first = next(iter(mma.candidates("S260301a", limit=1)))
        event = mma.event("S260301a")
    assert first.chance_by == "limit"
    assert first.chance_count == pytest.approx(told["candidates"][0]["high"])
    assert "Fewer than " in summary(event.row, first.row)
    assert summary(event.row, first.row).endswith("score as high by chance (90 %).")


def test_candidates_that_are_probable_enough(run):
    every = json.loads(run("candidates", EVENT, "--json")[1])
    least = every[0]["probability"]
    assert [
        r["object"] for r in json.loads(run("candidates", EVENT, "--min-probability", str(least), "--json")[1])
    ] == [r["object"] for r in every if r["probability"] >= least]
    assert f"no candidates of {EVENT} with P 1 or more" in run("candidates", EVENT, "--min-probability", "1")[1]


def test_options_of_every_command_stand_after_it(capsys):
    for arguments in (["--db", "x.sqlite", "events"], ["-c", "x.toml", "events"]):
        with pytest.raises(SystemExit):
            main(arguments)
        assert f"mma: {arguments[0]} stands after the command: mma COMMAND" in capsys.readouterr().err


def test_what_is_not_found_is_told_with_the_database(run, database):
    assert run("candidates", "S1")[2].endswith(f" (database: {database})\n")
    assert "'mma event ID --alias NAME' gives an event another name" in run("candidates", "GW190814")[2]


def test_an_export_into_a_file_prints_its_path(run, tmp_path):
    assert run("export", "csv", EVENT, "-o", str(tmp_path / "out.csv"))[:2] == (0, f"{tmp_path / 'out.csv'}\n")


def test_a_replay_of_what_cannot_be_read_says_why(capsys, tmp_path):
    (tmp_path / "broken.json").write_bytes(b'{"superevent_id": "S1", "alert_type": "\x00')
    assert main(["replay", str(tmp_path / "broken.json"), "--db", str(tmp_path / "m.sqlite")]) == 0
    assert "\nNothing could be read: broken.json: " in capsys.readouterr().out
