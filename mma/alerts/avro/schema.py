"""Avro writer schemas: made ready once, cut after the fields that we need, found by LSST's ids."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import fastavro

from mma.errors import DecodeError

from ..columns import Survey, asked
from .bytecode import Asked, Program, compiled
from .sizes import Size, size_of

ENVIRONMENT = "MMA_LSST_SCHEMAS"
NAME = re.compile(r"[A-Za-z_][\w.]*")
MAX_SCHEMA_BYTES = 1_000_000
MAX_DEPTH = 24
KEPT = 32
"""Schemas out of messages that are kept ready: each may take 20 MB."""

UNPARSABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, UnicodeDecodeError)
LAYOUTS = ("v{major}.{minor}", "{major}/{minor}")
"""Folders of a version: as in our data, and as in the package ``lsst-alert-packet``."""


@dataclass(frozen=True, eq=False)
class WriterSchema:
    """A writer's schema, ready to decode all of a record, or its leading fields only."""

    source: Mapping[str, Any]
    cuts: dict[tuple[str, ...], tuple[Any, bool]] = field(default_factory=dict)
    programs: dict[Survey | Asked, Program | None] = field(default_factory=dict)

    @cached_property
    def whole(self) -> Any:
        """Parsed for fastavro."""
        return _parsed(self.source)

    @cached_property
    def size(self) -> Size:
        """What a record takes. DecodeError where there is no bound."""
        return size_of(self.whole)

    def leading(self, needs: tuple[str, ...] | None) -> tuple[Any, bool]:
        """Parsed up to the last needed field, and whether a list had to stay in: no gain then.

        Avro writes fields one after another, so a reader may stop anywhere.
        """
        if needs is None:
            return self.whole, True
        if needs not in self.cuts:
            cut = self._cut(needs)
            slow = any(_has_list(f["type"]) for f in cut["fields"])
            self.cuts[needs] = _parsed(cut), slow
        return self.cuts[needs]

    def program(self, columns: Survey, needs: tuple[str, ...]) -> Program | None:
        """The same for what a survey's ``columns`` reads; None where there is something that programs cannot."""
        if columns not in self.programs:
            self.leading(needs)  # a schema that fastavro refuses has no program
            self.programs[columns] = compiled(self._cut(needs), asked(columns))
        return self.programs[columns]

    def program_of_whole(self, asked: Asked) -> Program | None:
        """A program that goes to the packet's end; None where there is something that programs cannot."""
        if asked not in self.programs:
            self.programs[asked] = compiled(self.whole and self.source, asked)
        return self.programs[asked]

    def _cut(self, needs: tuple[str, ...]) -> dict[str, Any]:
        fields = self.source["fields"]
        last = max((i for i, f in enumerate(fields) if f["name"] in needs), default=len(fields) - 1)
        return dict(self.source) | {"fields": fields[: last + 1]}

    @cached_property
    def names(self) -> frozenset[str]:
        """Field names: ``candidate``, and one level down ``candidate.jd``."""
        records: dict[str, Any] = {}
        for record in _records(self.source, ""):
            records.setdefault(record["name"].rpartition(".")[2], record)
        names: set[str] = set()
        for f in self.source["fields"]:
            names.add(f["name"])
            for option in f["type"] if isinstance(f["type"], list) else [f["type"]]:
                inner = records.get(option.rpartition(".")[2]) if isinstance(option, str) else option
                if isinstance(inner, dict) and inner.get("type") == "record":
                    names.update(f"{f['name']}.{g['name']}" for g in inner["fields"])
        return frozenset(names)


@lru_cache(maxsize=KEPT)
def writer_schema(text: bytes) -> WriterSchema:
    """The schema of a container's header or a message's key."""
    if len(text) > MAX_SCHEMA_BYTES:
        raise DecodeError(f"Avro schema of {len(text)} bytes")
    try:
        return checked(json.loads(text))
    except UNPARSABLE as error:
        raise DecodeError(f"Avro schema: {error!r}") from error


def checked(source: Any) -> WriterSchema:
    """A record schema of which bytes make a bounded number of values. Raises what dicts raise, too."""
    if not isinstance(source, dict) or source.get("type") != "record" or not source["fields"]:
        raise DecodeError("Avro schema is not a record with fields")
    schema = WriterSchema(_plain(source, str(source.get("namespace") or ""), frozenset(), 0))
    _ = schema.size
    return schema


def _plain(schema: Any, namespace: str, open_names: frozenset[str], depth: int) -> Any:
    """A copy without docs, defaults and logical types; refuses recursion."""
    if depth > MAX_DEPTH:
        raise DecodeError("Avro schema is nested too deeply")
    if isinstance(schema, str):
        if schema in open_names or f"{namespace}.{schema}" in open_names:
            raise DecodeError(f"Avro schema: {schema} contains itself")
        return schema
    if isinstance(schema, list):
        return [_plain(option, namespace, open_names, depth + 1) for option in schema]
    kind = schema["type"]
    if kind in ("record", "error"):
        name = schema["name"]
        space = name.rpartition(".")[0] or schema.get("namespace", namespace)
        inside = open_names | {name, f"{space}.{name}"}
        fields = [{"name": f["name"], "type": _plain(f["type"], space, inside, depth + 1)} for f in schema["fields"]]
        head = {k: schema[k] for k in ("name", "namespace") if k in schema}
        return {"type": "record", **head, "fields": fields}
    if kind == "array":
        return {"type": "array", "items": _plain(schema["items"], namespace, open_names, depth + 1)}
    if kind == "map":
        return {"type": "map", "values": _plain(schema["values"], namespace, open_names, depth + 1)}
    if kind in ("enum", "fixed"):
        return {k: schema[k] for k in ("type", "name", "namespace", "symbols", "size") if k in schema}
    return _plain(kind, namespace, open_names, depth + 1)


def _parsed(source: Mapping[str, Any]) -> Any:
    try:
        return fastavro.parse_schema(dict(source))
    except (*UNPARSABLE, fastavro.schema.SchemaParseException, fastavro.schema.UnknownType) as error:
        raise DecodeError(f"Avro schema: {error!r}") from error


def _has_list(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_has_list(option) for option in schema)
    return isinstance(schema, dict) and schema["type"] in ("array", "map")


def _records(schema: Any, namespace: str) -> Iterator[Any]:
    """Every record of a schema, outermost first."""
    if isinstance(schema, list):
        for option in schema:
            yield from _records(option, namespace)
    elif isinstance(schema, dict):
        if schema["type"] == "record":
            yield schema
            for f in schema["fields"]:
                yield from _records(f["type"], namespace)
        elif schema["type"] == "array":
            yield from _records(schema["items"], namespace)


class SchemaStore:
    """LSST's alert schemas by the id on the wire, major * 100 + minor (900 is 9.0).

    We ship none: they belong to ``lsst/alert_packet``. They come from ``folder``, else from the folder that
    ``MMA_LSST_SCHEMAS`` names, else from the installed package ``lsst-alert-packet`` (which is not imported).
    Never choose by trial: a 9.0 packet also decodes with 10.0, and means something else.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = Path(folder) if folder is not None else _default_folder()
        self._known: dict[int, WriterSchema] = {}

    def get(self, schema_id: int) -> WriterSchema:
        """The schema of an id; DecodeError where there is none."""
        if schema_id not in self._known:
            self._known[schema_id] = self._load(schema_id)
        return self._known[schema_id]

    def _load(self, schema_id: int) -> WriterSchema:
        major, minor = divmod(schema_id, 100)
        if self.folder is None:
            raise DecodeError(
                f"unknown LSST schema id {schema_id}: no schemas here; set {ENVIRONMENT} to a folder of"
                " lsst/alert_packet schemas, or pip install lsst-alert-packet"
            )
        name = f"lsst.v{major}_{minor}.alert.avsc"
        for layout in LAYOUTS:
            path = self.folder / layout.format(major=major, minor=minor) / name
            if path.is_file():
                try:
                    return checked(_linked(json.loads(path.read_bytes()), path.parent, set()))
                except (*UNPARSABLE, OSError) as error:
                    raise DecodeError(f"LSST schema {path}: {error!r}") from error
        raise DecodeError(f"unknown LSST schema id {schema_id} (v{major}.{minor}): not in {self.folder}")


def _linked(schema: Any, folder: Path, defined: set[str]) -> Any:
    """A schema with the records of its neighbouring files put in where they are first named."""
    if isinstance(schema, str):
        path = folder / f"{schema}.avsc"
        if schema in defined or not NAME.fullmatch(schema) or not path.is_file():
            return schema
        defined.add(schema)
        return _linked(json.loads(path.read_bytes()), folder, defined)
    if isinstance(schema, list):
        return [_linked(option, folder, defined) for option in schema]
    linked = {k: _linked(v, folder, defined) if k in ("type", "items", "values") else v for k, v in schema.items()}
    if "fields" in schema:
        linked["fields"] = [f | {"type": _linked(f["type"], folder, defined)} for f in schema["fields"]]
    return linked


def _default_folder() -> Path | None:
    if named := os.environ.get(ENVIRONMENT):
        return Path(named)
    try:
        spec = importlib.util.find_spec("lsst.alert")
    except (ImportError, ValueError):
        return None
    for location in (spec.submodule_search_locations if spec else None) or ():
        if (folder := Path(location) / "packet" / "schema").is_dir():
            return folder
    return None
