"""Who may import whom, and what the science packages never touch: read off the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("mma", "coincidence", "skymaps")
FORBIDDEN = {
    "skymaps": {"mma", "coincidence"},
    "coincidence": {"mma"},
    "mma": set(),
}
WORLD = {"sqlalchemy", "alembic", "confluent_kafka", "gcn_kafka", "hop", "psycopg", "requests", "httpx", "urllib",
         "socket", "http", "logging", "random", "time", "os", "subprocess", "threading", "asyncio"}  # fmt: skip
CLOCK = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}


def sources(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, package
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """First part of every absolute import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_one_way(package):
    for path in sources(package):
        assert not set(imported(ast.parse(path.read_text()))) & FORBIDDEN[package], path


@pytest.mark.parametrize("package", ["coincidence", "skymaps"])
def test_science_knows_no_database_no_broker_no_log_and_no_clock(package):
    for path in sources(package):
        tree = ast.parse(path.read_text())
        assert not set(imported(tree)) & WORLD, path
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK:
                assert ast.unparse(node.func.value) not in ("datetime", "date", "time", "datetime.datetime"), path


def test_nothing_takes_part_of_another_package_that_is_not_offered():
    """Of names with an underscore none is imported from another file."""
    for package in PACKAGES:
        for path in sources(package):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and node.module != "__future__":
                    private = [a.name for a in node.names if a.name.startswith("_") and not a.name.startswith("__")]
                    assert not private, (path, private)


def test_the_command_line_imports_nothing_slow():
    slow = {"numpy", "astropy", "sqlalchemy", "scipy", "healpy", "rich", "ligo", "fastavro", "lxml", "multiprocessing"}
    told = "import sys, mma.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "mma" in loaded.split()
    assert not set(loaded.split()) & slow


def test_listening_needs_no_astropy():
    told = "import sys, mma.commands.subscribe; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not set(loaded.split()) & {"astropy", "healpy", "ligo", "matplotlib"}
