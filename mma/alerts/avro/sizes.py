"""What an Avro schema makes of bytes: how many values a record has, its named types counted as often as they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mma.errors import DecodeError

MOST_IDLE = 20_000
"""Values of a record that take no bytes."""

MOST_OPTIONS = 50
"""Types of a union; fastavro looks at all of them for each value."""

DEEPEST = 64
"""Types within types; fastavro goes down by the C stack."""


class Size(NamedTuple):
    """Of one type: n bytes of it make ``rate * n + idle`` values at most."""

    least: int
    """Bytes that it takes at least."""

    rate: float
    """Values that a byte makes at most."""

    idle: int
    """Values without a byte of their own: nulls, and the records themselves."""

    depth: int

    def values(self, n_bytes: int, n_records: int) -> int:
        """Most values of so many records in so many bytes."""
        return int(self.rate * n_bytes) + self.idle * n_records


VALUE = Size(1, 1.0, 0, 1)
SIZES = {"null": Size(0, 1.0, 1, 1), "float": Size(4, 1.0, 0, 1), "double": Size(8, 1.0, 0, 1)}


def size_of(schema: Mapping[str, Any]) -> Size:
    """The size of a schema as fastavro parsed it: every name is whole, and defined before it is used.

    Raises
    ------
    DecodeError
        Items that take no bytes, of which a list can have any number; a type within itself; a union of very many.
    """
    return _Sizes().of(schema)


class _Sizes:
    def __init__(self) -> None:
        self._named: dict[str, Size | None] = {}

    def of(self, schema: Any) -> Size:
        size = self._of(schema)
        if size.idle > MOST_IDLE:
            raise DecodeError(f"Avro schema: a record of more than {MOST_IDLE} values that take no bytes")
        if size.depth > DEEPEST:
            raise DecodeError("Avro schema is nested too deeply")
        return size

    def _of(self, schema: Any) -> Size:
        if isinstance(schema, str):
            return self._name(schema)
        if isinstance(schema, list):
            return self._union([self.of(option) for option in schema])
        kind = schema["type"]
        if kind == "array":
            return self._many(self.of(schema["items"]), 0)
        if kind == "map":
            return self._many(self.of(schema["values"]), 1)
        if kind not in ("record", "error", "enum", "fixed"):
            return self.of(kind)
        self._named[schema["name"]] = None
        size = self._fixed(schema["size"]) if kind == "fixed" else VALUE
        if kind in ("record", "error"):
            size = self._record([self.of(field["type"]) for field in schema["fields"]])
        self._named[schema["name"]] = size
        return size

    def _name(self, name: str) -> Size:
        if name not in self._named:
            return SIZES.get(name, VALUE)
        size = self._named[name]
        if size is None:
            raise DecodeError(f"Avro schema: {name} contains itself")
        return size

    def _fixed(self, size: Any) -> Size:
        if not isinstance(size, int) or size < 0:
            raise DecodeError(f"Avro schema: a fixed of size {size!r}")
        return Size(size, 1.0, int(not size), 1)

    def _union(self, options: list[Size]) -> Size:
        """A byte tells which it is, and pays for what is idle in it."""
        if len(options) > MOST_OPTIONS:
            raise DecodeError(f"Avro schema: a union of more than {MOST_OPTIONS} types")
        least = 1 + min((o.least for o in options), default=0)
        rate = max((max(o.rate, float(o.idle)) for o in options), default=1.0)
        return Size(least, rate, 0, 1 + max((o.depth for o in options), default=0))

    def _record(self, fields: list[Size]) -> Size:
        least, idle = sum(f.least for f in fields), sum(f.idle for f in fields)
        rate, depth = (max((f[i] for f in fields), default=1) for i in (1, 3))
        return Size(least, rate, 1 + idle, 1 + int(depth))

    def _many(self, item: Size, key: int) -> Size:
        """Items pay for what is idle in them, and the end for the list."""
        if not item.least + key:
            raise DecodeError("Avro schema: array of items that take no bytes")
        return Size(1, item.rate + item.idle / (item.least + key), 0, 1 + item.depth)
