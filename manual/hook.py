"""MkDocs calls this: it adds the pages that are made from the program, the notebook and files of the repository."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from manual import commands, messages, python, routes, settings

ROOT = Path(__file__).parents[1]
NOTEBOOK = "start/first-night.ipynb"
PROJECT = {"contributing": "CONTRIBUTING.md", "security": "SECURITY.md", "changelog": "CHANGELOG.md"}
"""Pages made from files of the repository."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand in no file of the folder ``docs``."""
    made = {
        "reference/commands.md": commands.page(),
        "reference/settings.md": settings.page(),
        "reference/routes.md": routes.page(),
        "reference/messages.md": messages.page(),
        "reference/python.md": python.page(),
        NOTEBOOK.replace(".ipynb", ".md"): notebook((ROOT / "docs" / NOTEBOOK).read_text()),
    }
    made |= {f"project/{name}.md": from_root((ROOT / path).read_text()) for name, path in PROJECT.items()}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def notebook(text: str) -> str:
    """A notebook's cells as Markdown."""
    parts = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        parts.append(f"```python\n{source}\n```" if cell["cell_type"] == "code" else source)
    first, *others = parts
    how = (
        "This page is a notebook: [download it](first-night.ipynb), or open `docs/start/first-night.ipynb` in Jupyter."
    )
    return "\n\n".join([first, how, *others]) + "\n"


def from_root(text: str) -> str:
    """A page of the repository's own folder, with its links made right for the site."""
    text = re.sub(r"\]\(docs/", "](../", text)
    for name, path in PROJECT.items():
        text = text.replace(f"]({path})", f"]({name}.md)")
    return text
