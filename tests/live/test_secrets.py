"""Passwords and tokens are nowhere to be read: not in logs of the finest kind, not in errors, not in a repr."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mma.cluster.broker import USER, Broker
from mma.cluster.tokens import CLIENT, TokenEndpoint
from mma.config.settings import Settings, document
from mma.streams import connect, urls
from mma.streams.merged import Merged
from tests.live.conftest import Credentials
from tests.live.doing import gamma_alert, produce, status, topics, troubles, until

WRONG = "wrong-horse-battery"
EVERYTHING = """
import logging, sys
logging.basicConfig(level=1)
logging.Logger.setLevel = lambda *_: None
from mma.cli import main
sys.exit(main())
"""
"""Our command with every logger, ours and those of the libraries, at its finest."""


def secrets(broker: Broker, tokens: TokenEndpoint) -> list[str]:
    """What must not be seen: as it is, and as the header of the token endpoint has it; and the head of any token."""
    told = [broker.password, tokens.secret, WRONG]
    packed = [base64.b64encode(f"{CLIENT}:{secret}".encode()).decode() for secret in (tokens.secret, WRONG)]
    return [*told, *packed, "eyJ"]


class Talk:
    """Commands that run at the same time, and all that they said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / name).open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", EVERYTHING, *arguments], env=os.environ | environment, stdout=out, stderr=out
            )
        self.running.append((name, process))
        return process

    def said(self, name: str) -> str:
        return (self.folder / name).read_text()

    def end(self) -> None:
        for _, process in self.running:
            process.send_signal(signal.SIGTERM)
        for _, process in self.running:
            process.wait(timeout=45)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """Commands; what is left of them is ended."""
    commands = Talk(tmp_path)
    yield commands
    for _, process in commands.running:
        process.kill()
        process.wait()


def test_commands_with_right_and_wrong_passwords_say_neither(
    broker: Broker, tokens: TokenEndpoint, gcn: dict[str, str], hop_store: Credentials, tmp_path: Path, talk: Talk
) -> None:
    (topic,) = topics(broker, "secret")
    right = hop_store()
    (tmp_path / "wrong").mkdir()
    store = (tmp_path / "hop" / "auth.toml").read_text().replace(broker.password, WRONG)
    bad = tmp_path / "wrong" / "hop" / "auth.toml"
    bad.parent.mkdir()
    bad.write_text(store)
    bad.chmod(0o600)
    wrong = {"XDG_CONFIG_HOME": str(tmp_path / "wrong")}
    produce(broker, topic, [gamma_alert("told")])
    server = f"kafka://{USER}@{broker.scram}"
    like_gcn = f"gcn://{broker.address('OAUTH')}/{topic}?token={tokens.url}&tls=no"
    alert = tmp_path / "alert.json"
    alert.write_bytes(gamma_alert("sent"))

    for name, environment in (("right", right), ("wrong", wrong)):
        database = str(tmp_path / f"{name}.sqlite")
        listen = ("run", "--from", f"{server}/{topic}", "--publish", server, "--group", name, "--db", database)
        talk.start(f"run-{name}", *listen, **environment)
        talk.start(f"subscribe-{name}", "subscribe", f"{server}/{topic}", "--until-end", "--json", **environment)
        talk.start(f"publish-{name}", "publish", "gamma", str(alert), "--to", f"{server}/{topic}", **environment)
    for name, environment in (("right", gcn), ("wrong", gcn | {"GCN_CLIENT_SECRET": WRONG})):
        database = str(tmp_path / f"gcn-{name}.sqlite")
        talk.start(f"gcn-{name}", "run", "--from", like_gcn, "--group", f"gcn-{name}", "--db", database, **environment)
    named = dict(talk.running)
    assert named["publish-right"].wait(40) == 0
    assert named["subscribe-right"].wait(40) == 0
    assert json.loads(talk.said("subscribe-right").splitlines()[0])["id"] == "told"
    until(lambda: status(tmp_path / "gcn-right.sqlite")["messages"]["read"] == 2, 30)
    assert named["publish-wrong"].wait(60) == 1
    assert named["subscribe-wrong"].wait(60) == 1
    told = until(lambda: troubles(tmp_path / "wrong.sqlite").get("broker"), 30)
    assert "authentication" in told.lower(), told
    until(lambda: "token" in troubles(tmp_path / "gcn-wrong.sqlite"), 30)
    for name in ("publish-wrong", "subscribe-wrong"):
        assert "authentication" in talk.said(name).splitlines()[-1].lower()
    talk.end()
    for name in named:
        text = talk.said(name)
        assert "DEBUG" in text or "publish" in name or "subscribe" in name
        for secret in secrets(broker, tokens):
            assert secret not in text, (name, secret)


def test_no_object_shows_its_secrets(
    broker: Broker,
    tokens: TokenEndpoint,
    gcn: dict[str, str],
    hop_store: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    (topic,) = topics(broker, "secret")
    for name, value in (gcn | hop_store()).items():
        monkeypatch.setenv(name, value)
    texts = [
        f"kafka://{USER}@{broker.scram}/{topic}",
        f"gcn://{broker.address('OAUTH')}/{topic}?token={tokens.url}&tls=no",
    ]
    objects: list[Any] = [broker, tokens]
    for text in texts:
        address = urls.split(text)
        source, sink = connect.source(text, f"{topic}-{len(objects)}"), connect.sink(text)
        request.addfinalizer(source.close)
        heart = connect.heart(sink, text, "x.heartbeat", 10.0)
        objects += [address, urls.config(address), source, sink, heart, Merged([source], 1, None)]  # type: ignore[arg-type]
        source.poll(10, 2.0)
    for thing in objects:
        own = [thing] if isinstance(thing, Broker | TokenEndpoint) else [thing, getattr(thing, "__dict__", None)]
        for shown in own:
            for secret in secrets(broker, tokens):
                assert secret not in f"{shown!r} {shown}", type(thing)


def test_a_password_in_a_setting_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mma.cli import main

    shown = document(Settings(listen=(f"kafka://u:{WRONG}@host/t",), publish=f"kafka://u:{WRONG}@host"))
    assert WRONG not in repr(shown)
    path = tmp_path / "mma.toml"
    path.write_text(f'listen = ["kafka://u:{WRONG}@host/t"]\npublish = "kafka://u:{WRONG}@host"\n')
    bad = [
        f"kafka://u:{WRONG}@host/t",
        f"https://u:{WRONG}@host/t",
        f"kafka://u:a{WRONG}#b@host/t",
        f"kafka://u:{WRONG}",
    ]
    assert main(["config", "show", "-c", str(path)]) == 0
    assert main(["run", "-c", str(path), "--db", str(tmp_path / "a.sqlite")]) == 1
    for url in bad:
        assert main(["subscribe", url]) == 1
        assert main(["run", "--from", url, "--db", str(tmp_path / "a.sqlite")]) == 1
    told = capsys.readouterr()
    assert WRONG not in told.out + told.err
    assert told.err.count("mma: stream URL") == 9


def test_a_store_of_hop_that_is_broken_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mma.errors import ConfigError

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    place = tmp_path / "hop" / "auth.toml"
    place.parent.mkdir()
    for text in (
        f'[[auth]]\nusername = "u"\npassword = "{WRONG}\n',
        f'[[auth]]\npassword = "{WRONG}"\n',
        f'[[auth]]\nusername = "u"\npassword = {WRONG}\n',
        f'auth = "{WRONG}"\n',
        f'[[auth]]\nusername = "u"\npassword = "{WRONG}"\nmechanism = "NONE"\n',
    ):
        place.write_text(text)
        place.chmod(0o600)
        with pytest.raises(ConfigError) as caught:
            urls.config(urls.split("kafka://host/t"))
        assert WRONG not in str(caught.value)
