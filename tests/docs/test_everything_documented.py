"""Every command, option, setting, route and message field is explained; every link between pages leads somewhere."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from coincidence import Parameters
from coincidence.models import ClassModel, Light, Onset
from coincidence.parameters import Rates
from manual import commands, messages, python, routes, settings
from mma import cli
from mma.config import Api, Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
MADE = {"reference/commands.md", "reference/settings.md", "reference/routes.md", "reference/messages.md"}
MADE |= {"reference/python.md", "start/first-night.md"}
MADE |= {f"project/{name}.md" for name in ("contributing", "security", "changelog")}


def test_every_command_and_option_is_explained():
    page = commands.page()
    found = list(commands.parsers())
    assert {words[0] for words, _ in found} == set(cli.COMMANDS)
    for words, parser in found:
        assert parser.description, words
        assert re.search(rf"^#+ mma {' '.join(words)}$", page, re.MULTILINE)
        for action in commands.told(parser):
            assert action.help, (words, action.dest)
            for name in action.option_strings:
                assert f"`{name}`" in page


def test_every_setting_is_explained():
    told = dict(settings.sections(settings.DEFAULTS.read_text()))
    tables = {part for name in told for part in (name, name.rpartition(".")[0])}
    for path, names in (("", Settings), ("api", Api), ("score", Parameters)):
        for field in fields(names):
            is_table = f"{path}.{field.name}".lstrip(".") in tables
            assert is_table or _explained(field.name, told[path]), (path, field.name)
    for field in fields(Rates):
        assert f"score.rates.{field.name}" in told or _explained(field.name, told["score.rates"]), field.name
    classes = told["score.classes.kilonova"]
    for field in (*fields(ClassModel), *fields(Onset), *fields(Light)):
        assert re.search(rf"#.*\b{field.name}\b", classes) or _explained(field.name, "\n".join(told.values())), (
            field.name
        )


def _explained(name: str, lines: str) -> bool:
    """Whether a setting has a comment on its line, or goes on to one that has."""
    found = re.search(rf"^(?:# )?{name} = .*?(?=^(?:# )?\w+ = |\Z)", lines, re.MULTILINE | re.DOTALL)
    return found is not None and "#" in found[0].removeprefix("#")


def test_every_variable_of_the_environment_is_explained():
    read = {name for path in (ROOT / "mma").rglob("*.py") for name in re.findall(r'"(MMA_[A-Z_]+)"', path.read_text())}
    assert read
    assert all(f"`{name}`" in settings.page() for name in read)


def test_every_route_and_parameter_is_explained():
    page = routes.page()
    for method, path, route in routes.routes():
        assert f"## {method.upper()} {path}\n" in page
        assert route.get("description"), path
        for parameter in route.get("parameters", []):
            assert routes.meaning(parameter), (path, parameter["name"])


@pytest.mark.parametrize("name", messages.NAMES)
def test_every_field_of_a_message_is_explained(name):
    document = messages.schema(name)
    for path, field in messages.fields(document):
        assert messages.text(field), (name, path)


@pytest.mark.parametrize("name", messages.NAMES)
def test_the_example_of_a_message_is_sound(name):
    example = json.loads((messages.EXAMPLES / f"{name}.json").read_text())
    Draft202012Validator(messages.schema(name)).validate(example)


@pytest.mark.parametrize("package", python.PACKAGES)
def test_every_public_name_has_a_docstring(package):
    module = importlib.import_module(package)
    for name in python.names(package):
        value = getattr(module, name)
        assert not callable(value) or (value.__doc__ or "").strip(), name


def test_links_between_pages_lead_somewhere():
    for page in (*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"):
        for target in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", page.read_text()):
            path = Path(os.path.normpath(page.parent / target))
            made = path.is_relative_to(ROOT / "docs") and str(path.relative_to(ROOT / "docs")) in MADE
            assert "://" in target or made or path.exists(), f"{page.relative_to(ROOT)}: {target}"


def test_every_page_is_in_the_navigation_and_no_other():
    listed = re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == MADE | {str(page.relative_to(ROOT / "docs")) for page in PAGES}


def _lines() -> list[tuple[str, str]]:
    """Each command line of mma on the pages, with the page that it is on."""
    found = []
    for page in (*PAGES, ROOT / "README.md"):
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            whole = block.replace("\\\n", " ")
            found += [(page.name, line) for line in re.findall(r"^ *(mma .+)$", whole, re.MULTILINE)]
    return found


def test_command_lines_on_the_pages_can_be_read():
    parser, lines = cli.parser(), _lines()
    assert len(lines) > 50
    for page, line in lines:
        words = shlex.split(re.split(r" [>|&]+ ", line)[0], comments=True)
        try:
            parser.parse_args(words[1:])
        except SystemExit as end:
            if end.code:
                pytest.fail(f"{page}: {line}")
