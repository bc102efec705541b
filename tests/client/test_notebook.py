"""The notebook of the documentation runs from the first cell to the last, and is kept without its outputs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "start" / "first-night.ipynb"
RUN = """
import sys, nbformat
from nbclient import NotebookClient
book = nbformat.read(sys.argv[1], as_version=4)
nbformat.validate(book)
NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": "."}}).execute()
nbformat.write(book, sys.argv[2])
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    begun = time.monotonic()
    command = [sys.executable, "-c", RUN, str(NOTEBOOK), str(folder / "out.ipynb")]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    print(f"notebook: {time.monotonic() - begun:.0f} s")
    return json.loads((folder / "out.ipynb").read_text())


def outputs(book, part):
    """Text that the cells with this in their source printed."""
    cells = [c for c in book["cells"] if c["cell_type"] == "code" and part in "".join(c["source"])]
    return "".join("".join(o.get("text", "")) for c in cells for o in c["outputs"])


def test_every_cell_runs_and_the_counterparts_come_first(executed):
    found = outputs(executed, "for truth in truths").splitlines()
    assert len(found) == 4
    assert all(" rank 1 " in line for line in found)
    assert float(outputs(executed, "every[")) == pytest.approx(1.0)


def test_pictures_are_shown(executed):
    images = [o for c in executed["cells"] for o in c.get("outputs", ()) if "image/png" in o.get("data", {})]
    assert len(images) == 3


def test_it_is_kept_without_outputs_and_without_paths():
    text = NOTEBOOK.read_text()
    book = json.loads(text)
    assert all(not c["outputs"] and c["execution_count"] is None for c in book["cells"] if c["cell_type"] == "code")
    assert not any(path in text for path in ("/work", "/home", "/tmp", "/Users"))
