"""What all tests share: where the recorded real messages are, and one line when they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("mma", deadline=None, max_examples=50, derandomize=True, print_blob=True)  # the same for all
settings.register_profile("search", deadline=None, max_examples=1000, print_blob=True)  # new cases on each run
settings.load_profile("mma")

DATA = Path(os.environ.get("MMA_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests of recorded real data where there is none."""
    if not DATA.is_dir():
        skip = pytest.mark.skip(reason=f"no recorded data in {DATA} (set MMA_DATA)")
        for item in items:
            if "realdata" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of the recorded real messages and maps."""
    return DATA


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what a clone without the recorded data leaves out."""
    if "not faults" in terminalreporter.config.getoption("-m", ""):
        terminalreporter.write_line("left out: long faults and Monte Carlo runs ('make faults', 'make calibration')")
    if not DATA.is_dir():
        terminalreporter.write_line(f"left out: the tests on recorded real data, which is not in {DATA} (set MMA_DATA)")
