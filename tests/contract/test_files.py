"""Files that must agree with the code: default settings, pins, commands; and files that stay short."""

from __future__ import annotations

import importlib
import re
import tomllib
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from coincidence import DEFAULT, Parameters
from coincidence.parameters import ClassModel, Onset
from mma import cli
from mma.config.settings import Settings, load

ROOT = Path(__file__).parents[2]
DEFAULT_FILE = ROOT / "configs" / "default.toml"


def test_the_default_file_says_the_defaults():
    assert load(DEFAULT_FILE, {}) == Settings()
    assert load(DEFAULT_FILE, {}).score.id == DEFAULT.id


def test_the_default_file_names_every_setting():
    document = tomllib.loads(DEFAULT_FILE.read_text())
    optional = {f.name for f in fields(Settings) if getattr(Settings(), f.name) is None}
    assert set(document) == {f.name for f in fields(Settings)} - optional
    untold = {f.name for f in fields(Parameters) if getattr(DEFAULT, f.name) is None}
    assert set(document["score"]) == {f.name for f in fields(Parameters)} - untold
    for name in untold:
        assert re.search(rf"^# {name} = ", DEFAULT_FILE.read_text(), re.MULTILINE)
    assert document["score"]["kinds"] == {str(k): dict(v) for k, v in DEFAULT.kinds.items()}
    for name, table in document["score"]["classes"].items():
        known = DEFAULT.classes[name]
        without = {"active_before_d"} if known.active_before_d is None else set()
        assert set(table) | without == {f.name for f in fields(ClassModel)}
        assert set(table["onset"]) == {f.name for f in fields(Onset)}
        assert table["onset"] == asdict(known.onset)
    for name in optional:
        assert re.search(rf"^# {name} = ", DEFAULT_FILE.read_text(), re.MULTILINE)


def test_every_setting_of_the_default_file_has_a_comment_or_a_table():
    lines = DEFAULT_FILE.read_text().splitlines()
    top = lines[: next(i for i, line in enumerate(lines) if line.startswith("[score.classes"))]
    for line in top:
        if re.match(r"\w+ = ", line):
            assert "#" in line, line


def test_every_example_of_settings_is_sound():
    for path in (ROOT / "configs").glob("*.toml"):
        load(path, {})


def test_pins_are_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line.strip() and not line.startswith("#")]
    assert len(pins) > 20
    for pin in pins:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", pin), pin


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(d for some in project["optional-dependencies"].values() for d in some)]
    pinned = {_plain(line.partition("==")[0]) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {_plain(re.split(r"[\[<>=!~ ]", name)[0]) for name in wanted} <= pinned


def test_the_image_has_the_pinned_versions_each_with_its_hashes():
    pinned = set((ROOT / "constraints.txt").read_text().splitlines())
    pinned = {f"{_plain(name)}=={version}" for name, _, version in (pin.partition("==") for pin in pinned)}
    entries = re.split(r"\n(?=\S)", (ROOT / "image-packages.txt").read_text().strip())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {_plain(re.split(r"[\[<>=!~ ]", name)[0]) for name in project["dependencies"]}
    found = {}
    for entry in entries:
        pin, *hashes = entry.replace("\\\n", " ").split()
        name, _, version = pin.partition("==")
        found[_plain(re.sub(r"\[.*\]", "", name))] = version
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", text) for text in hashes), entry
    assert wanted <= found.keys()
    assert {f"{name}=={version}" for name, version in found.items()} <= pinned


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def test_every_command_can_be_imported_and_has_a_docstring():
    for target, help_text, _ in cli.COMMANDS.values():
        module, _, name = target.partition(":")
        function = getattr(importlib.import_module(module), name)
        assert function.__doc__
        assert help_text
        assert help_text[0].islower()


@pytest.mark.parametrize("package", ["mma", "coincidence", "skymaps"])
def test_files_stay_short(package):
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / package).rglob("*.py")}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > 340} == {}
