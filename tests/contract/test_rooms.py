"""Rooms: each is used from outside through its face alone, and the page on the architecture names all of them."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in (ROOT / "mma").rglob("*.py")
    if "migrations" not in path.parts
}
PACKAGES = {name.removesuffix(".__init__"): path for name, path in MODULES.items() if name.endswith(".__init__")}
ROOMS = sorted(name.removeprefix("mma.") for name in PACKAGES if name.count(".") == 1)


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def imports(name: str, path: Path) -> Iterator[tuple[str, list[str]]]:
    """Module that something is imported from, in full, and the names."""
    package = name.removesuffix(".__init__") if name.endswith(".__init__") else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            yield ".".join([*above, *([node.module] if node.module else [])]), [alias.name for alias in node.names]


def offered(package: str) -> set[str]:
    """``__all__`` of a face."""
    for node in ast.parse(PACKAGES[package].read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def test_rooms_are_used_through_their_faces():
    past = []
    for name, path in MODULES.items():
        for module, names in imports(name, path):
            if not module.startswith("mma.") or room(module) == room(name) or room(module) not in PACKAGES:
                continue
            if module not in PACKAGES or set(names) - offered(module):
                past.append((name, module, names))
    assert past == []


def test_the_page_names_every_room_and_its_rule():
    for name in ROOMS:
        rule = ast.get_docstring(ast.parse(PACKAGES[f"mma.{name}"].read_text()))
        assert rule, name
        assert f"| `{name}/` | {rule.splitlines()[0].rstrip('.')} |" in PAGE, name


def test_the_page_has_the_order_that_is_enforced():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (order,) = (contract["layers"] for contract in contracts if contract.get("containers") == ["mma"])
    told = re.search(r"```text\n(cli\n.*?)```", PAGE, re.DOTALL)
    assert told
    assert told[1].split("\n")[:-1] == order
    assert {part for layer in order for part in layer.split(" | ")} >= set(ROOMS)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:mma|coincidence|skymaps)/[\w/.]+)`", PAGE))))
def test_every_file_that_the_page_names_is_there(path: str):
    assert (ROOT / path).exists()
