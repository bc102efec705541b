"""The page of the Python API: what each public package offers, by its ``__all__``."""

from __future__ import annotations

import importlib
from typing import Any

PACKAGES = {
    "mma.client": "Ask a server or a database.",
    "mma.plots": "Draw an event and its candidates.",
    "mma.observing": "When a target can be observed.",
    "coincidence": "Events, alerts, scores and ranks: pure functions over arrays.",
    "skymaps": "Regions on the sky, and distances.",
}
INTRO = """# Python API

`mma.client` asks a server or a database ([how](client.md)). `coincidence` and `skymaps` work without either: they are
pure functions over numpy arrays, and know no clock, network or database. All three are typed.
"""


def page() -> str:
    """The whole page as Markdown, for mkdocstrings to fill in."""
    parts = [INTRO]
    for package, sentence in PACKAGES.items():
        parts.append(f"\n## {package}\n\n{sentence}\n")
        parts += [f"\n::: {package}.{name}\n" for name in names(package)]
    return "".join(parts)


def names(package: str) -> list[str]:
    """What a package offers: its ``__all__``, or what a module defines itself."""
    module = importlib.import_module(package)
    offered = getattr(module, "__all__", None) or [n for n, v in vars(module).items() if _is_own(module, n, v)]
    return [name for name in offered if _is_own(module, name, getattr(module, name)) or hasattr(module, "__all__")]


def _is_own(module: Any, name: str, value: object) -> bool:
    is_public = not name.startswith("_")
    return is_public and callable(value) and getattr(value, "__module__", None) == module.__name__
