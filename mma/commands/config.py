"""Show or check the settings."""

from __future__ import annotations

from argparse import Namespace

from ..config import document
from .show import as_json, console, settings_of


def config(options: Namespace) -> None:
    """Print the settings in force, or only say that they are sound."""
    record = document(settings_of(options))
    if options.action == "check" and options.json:
        as_json({"sound": True, "parameters": record["score"]["id"]})
    elif options.action == "check":
        console().print(f"settings are sound; score parameters {record['score']['id']}")
    elif options.json:
        as_json(record)
    else:
        _print(record, "")


def _print(table: dict[str, object], prefix: str) -> None:
    for name, value in table.items():
        if isinstance(value, dict):
            _print(value, f"{prefix}{name}.")
        else:
            console().print(f"{prefix}{name} = {value!r}", markup=False, soft_wrap=True)
