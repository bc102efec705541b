"""Values of fields that are one of a few: one that there is not would answer with nothing, and is refused instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from ..text import did_you_mean
from .fields import Field
from .search import SearchError

SHOWN = 100
"""Characters of a value that are shown."""


def refuse_unknown(
    connection: Connection, fields: Mapping[str, Field], asked: Mapping[str, Any], where: str = ""
) -> None:
    """Refuse values that are neither usual nor stored.

    Parameters
    ----------
    asked
        What fields are asked for by name: a list of texts each.
    where
        What goes before the name in the complaint.

    Raises
    ------
    SearchError
        With the nearest that is usual.
    """
    for name, field in fields.items():
        if field.usual and asked.get(name):
            for value in _unusual(field, asked[name]):
                if connection.execute(select(field.column).where(field.column == value).limit(1)).first() is None:
                    shown = value[:SHOWN]
                    raise SearchError(f"{where}{name}", f"no {name} {shown!r}; {did_you_mean(shown, field.usual)}")


def _unusual(field: Field, values: Iterable[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str) and value not in field.usual]
