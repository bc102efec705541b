"""Every command with every kind of wrong input: one sentence that helps, a code that is not 0, nothing on the disk."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mma.cli import COMMANDS, main
from mma.store import Store
from mma.text.nearest import nearest
from tests.mma.world import HERE, World, detection, superevent

EVENT, OBJECT = "S270301ab", "ZTF27a"

ASKING: dict[str, list[str]] = {
    "events": [],
    "event": [EVENT],
    "candidates": [EVENT],
    "object": [OBJECT],
    "cone": ["150 20", "1"],
    "associations": [],
    "verdict": [EVENT],
    "tag": [EVENT, OBJECT],
    "export": ["csv", EVENT],
    "plot": [EVENT],
    "visible": [EVENT],
    "status": [],
    "dead-letters": [],
    "outbox": ["list"],
    "catalog": ["list"],
    "token": ["list"],
    "rates": [],
}
"""Commands that only read, with arguments that are right."""

CHANGING: dict[str, list[str]] = {
    "classify": [OBJECT, "alerce", "KN=0.9"],
    "chance": [EVENT],
    "serve": ["--port", "0"],
    "db": ["upgrade"],
}
"""Commands that change a database that is there."""

MAKING: dict[str, list[str]] = {
    "demo": ["--alerts", "10"],
    "run": ["--from", "kafka://127.0.0.1:1/topic"],
    "replay": [__file__],
}
"""Commands that make a database where there is none."""

WITHOUT: dict[str, list[str]] = {
    "config": [],
    "publish": ["gamma", "--dry-run"],
    "subscribe": ["kafka://127.0.0.1:1/topic"],
    "simulate": ["maps", "/dev/null/x"],
}
"""Commands that open none."""

EVERY = ASKING | CHANGING | MAKING | WITHOUT


def test_every_command_is_here():
    assert set(EVERY) == set(COMMANDS)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MMA_DATABASE", raising=False)


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> bytes:
    """A database of ours with an event and a candidate."""
    path = tmp_path_factory.mktemp("filled") / "mma.sqlite"
    store = Store(str(path))
    World(store).hears(superevent(), detection(OBJECT, HERE))
    store.close()
    return path.read_bytes()


def refused(capsys, *arguments: str) -> str:
    """What a command says that must fail; it changes nothing in its folder."""
    before = {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()}
    capsys.readouterr()
    try:
        code = main(list(arguments))
    except SystemExit as end:
        code = end.code
    out, err = capsys.readouterr()
    assert code not in (0, None)
    assert out == ""
    assert err.startswith("mma")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()} == before
    return err


def command(name: str) -> list[str]:
    return [name, *EVERY[name]]


@pytest.mark.parametrize("name", ASKING | CHANGING)
def test_no_database(capsys, name):
    assert "no database at none.sqlite" in refused(capsys, *command(name), "--db", "none.sqlite")
    assert "mma demo" in refused(capsys, *command(name))


@pytest.mark.parametrize("name", ASKING | CHANGING)
def test_an_empty_file(capsys, name):
    Path("empty.sqlite").touch()
    assert "empty.sqlite is not a database: it is empty" in refused(capsys, *command(name), "--db", "empty.sqlite")


@pytest.mark.parametrize("name", ASKING | CHANGING | MAKING)
def test_a_file_of_another_kind(capsys, name):
    Path("notes.txt").write_text("notes\n" * 100)
    assert "notes.txt is not a database" in refused(capsys, *command(name), "--db", "notes.txt")


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("name", ASKING | CHANGING | MAKING)
def test_a_database_of_another_program(capsys, name, journal):
    with closing(sqlite3.connect("theirs.sqlite")) as theirs:
        theirs.execute(f"PRAGMA journal_mode={journal}")
        theirs.execute("CREATE TABLE cookies (host TEXT)")
        theirs.execute("CREATE TABLE alembic_version (version_num TEXT)")
        theirs.execute("INSERT INTO alembic_version VALUES ('0001')")
        theirs.commit()
    said = refused(capsys, *command(name), "--db", "theirs.sqlite")
    assert "not an mma database: it has tables of another program: cookies" in said


@pytest.mark.parametrize("name", ASKING | CHANGING | MAKING)
def test_a_place_where_no_file_can_be(capsys, name):
    Path("file").write_text("x")
    assert "file/mma.sqlite" in refused(capsys, *command(name), "--db", "file/mma.sqlite")
    assert "is a folder" in refused(capsys, *command(name), "--db", ".")


@pytest.mark.parametrize("name", ASKING)
def test_an_older_schema_is_left_as_it_is(capsys, name, filled):
    Path("mma.sqlite").write_bytes(filled)
    with closing(sqlite3.connect("mma.sqlite")) as ours:
        ours.execute("UPDATE alembic_version SET version_num = '0003'")
        ours.commit()
        ours.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert "'mma db upgrade' brings it up to date" in refused(capsys, *command(name))


@pytest.mark.parametrize("name", ASKING)
def test_a_question_changes_nothing(capsys, name, filled, tmp_path):
    Path("mma.sqlite").write_bytes(filled)
    if name == "plot":
        pytest.skip("a plot is a file")
    assert main(command(name)) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["mma.sqlite"]
    assert Path("mma.sqlite").read_bytes() == filled


@pytest.mark.parametrize("name", EVERY)
def test_a_misspelt_option(capsys, name):
    assert "did you mean '--verbose'?" in refused(capsys, *command(name), "--verbos3")


def test_a_word_too_many_is_told_with_what_the_command_takes(capsys):
    assert "mma candidates: no place for ZTF27a: it takes EVENT and options" in refused(
        capsys, "candidates", "S1", "ZTF27a"
    )
    assert "mma events: no place for S1: it takes options only" in refused(capsys, "events", "S1")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_misspelt_command(capsys, name):
    wrong = name[:1] + name[2:] + "x"
    near = nearest(wrong, COMMANDS)
    said = refused(capsys, wrong)
    assert f"no command {wrong!r}" in said
    assert not near or f"did you mean {near[0]!r}?" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["event", "S270301b"],
        ["candidates", "S270301b"],
        ["associations", "S270301b"],
        ["verdict", "S270301b"],
        ["verdict", "S270301b", OBJECT, "confirmed"],
        ["tag", "S270301b", OBJECT],
        ["tag", "S270301b", OBJECT, "word"],
        ["chance", "S270301b"],
        ["export", "csv", "S270301b"],
        ["plot", "S270301b"],
        ["visible", "S270301b"],
    ],
    ids=" ".join,
)
def test_a_misspelt_event(capsys, filled, arguments):
    Path("mma.sqlite").write_bytes(filled)
    assert "no event 'S270301b'; did you mean 'S270301ab'?" in refused(capsys, *arguments)


@pytest.mark.parametrize(
    "arguments",
    [["object", "ZTF27b"], ["classify", "ztf27c", "alerce", "KN=1"], ["tag", EVENT, "ZTF27x", "word"]],
    ids=" ".join,
)
def test_a_misspelt_object(capsys, filled, arguments):
    Path("mma.sqlite").write_bytes(filled)
    assert "; did you mean 'ZTF27a'" in refused(capsys, *arguments)


NUMBERS = [
    ["events", "--limit", "0"],
    ["events", "--limit", "ten"],
    ["candidates", EVENT, "--limit", "-1"],
    ["cone", "150 20", "-1"],
    ["cone", "150 95", "1"],
    ["cone", "150 20", "nan"],
    ["dead-letters", "first"],
    ["export", "csv", EVENT, "--limit", "0"],
    ["export", "csv", EVENT, "--min-probability", "1.5"],
    ["export", "csv", EVENT, "--level", "90"],
    ["plot", EVENT, "--limit", "0"],
    ["plot", EVENT, "--dpi", "nan"],
    ["visible", EVENT, "--limit", "0"],
    ["chance", EVENT, "--trials", "0"],
    ["demo", "--alerts", "0"],
    ["simulate", "folder", "--events", "0"],
    ["simulate", "folder", "--photo", "nan"],
    ["serve", "--port", "70000"],
    ["db", "prune", "--keep", "nan"],
    ["db", "prune", "--keep", "-1"],
    ["subscribe", "kafka://127.0.0.1:1/t", "--min-probability", "1.5"],
    ["classify", OBJECT, "alerce", "KN=2"],
    ["catalog", "import", "x.csv", "--dec", "-91", "0"],
    ["publish", "gamma", "--ra", "x"],
]


@pytest.mark.parametrize("arguments", NUMBERS, ids=" ".join)
def test_a_bad_number(capsys, filled, arguments):
    Path("mma.sqlite").write_bytes(filled)
    refused(capsys, *arguments)


UNWRITABLE = [
    ["replay", __file__, "--publish", "file/out"],
    ["export", "csv", EVENT, "-o", "file/out"],
    ["plot", EVENT, "-o", "file/out.png"],
    ["demo", "--alerts", "10", "--keep", "file/night"],
    ["simulate", "file/night", "--kinds", "grb"],
    ["replay", "nowhere"],
    ["catalog", "import", "nowhere.csv"],
]


@pytest.mark.parametrize("arguments", UNWRITABLE, ids=" ".join)
def test_a_folder_that_is_none(capsys, arguments, filled):
    Path("file").write_text("x")
    if arguments[0] in ("export", "plot"):
        Path("mma.sqlite").write_bytes(filled)
    refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://host/db", "SQLite (a path) or PostgreSQL"),
        ("http://host/db", "SQLite (a path) or PostgreSQL"),
        ("://", "no URL of a database"),
        ("postgres://mma:secret@127.0.0.1:1/db", "127.0.0.1"),
    ],
)
def test_a_url_of_no_database(capsys, url, says):
    said = refused(capsys, "events", "--db", url)
    assert says in said
    assert "secret" not in said


def test_a_missing_driver_is_told_with_the_extra_that_has_it(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'mma-coincidence[postgres]'" in refused(capsys, "events", "--db", "postgres://127.0.0.1/db")


def test_a_database_of_another_program_on_a_server(capsys, postgres_database):
    import psycopg

    with psycopg.connect(postgres_database.replace("+psycopg", "")) as theirs:
        theirs.execute("CREATE TABLE cookies (host text)")
    for name in ("events", "replay"):
        said = refused(capsys, *command(name), "--db", postgres_database)
        assert "not an mma database: it has tables of another program: cookies" in said


def test_the_version_and_the_module(tmp_path):
    asked = [sys.executable, "-m", "mma", "--version"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "mma"
    assert done.stdout.split()[1][0].isdigit()


LISTEN = ["run", "--from", "kafka://127.0.0.1:1/topic", "--publish"]


def test_a_broker_without_its_scheme_is_no_file(capsys):
    for arguments in ([*LISTEN, "127.0.0.1:45309"], ["replay", __file__, "--publish", "broker.org:9092/mma"]):
        said = refused(capsys, *arguments)
        assert (
            f"--publish {arguments[-1]}: write kafka://{arguments[-1]} for a broker, ./{arguments[-1]} for a file"
            in said
        )


def test_a_replay_publishes_to_no_broker(capsys):
    said = refused(capsys, "replay", __file__, "--publish", "kafka://127.0.0.1:1")
    assert "--publish takes a file, and kafka://127.0.0.1:1 is none; 'mma run' publishes to Kafka" in said


def test_a_stream_without_a_topic_leaves_no_database(capsys):
    assert "names no topic" in refused(capsys, "run", "--from", "kafka://127.0.0.1:1")
