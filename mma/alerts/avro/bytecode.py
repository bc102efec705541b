"""An Avro schema's leading fields as a small program, to be run over a whole batch of packets.

A program is a list of steps, each an operation and its operand: for a field that is wanted its *slot*, -1 for
one to pass over. A union's operand is its number of branches, after which the first step of each is told; that
of a field that may be null (``MAYBE``) is the branch of null, after which the step beyond the field is told; that
of many numbers to pass over (``PASS``) is how many, after which each is told: twice its size in bytes (0 for a
variable-length integer), one more where it may be null. The other operands say how far to go. Steps only lead
onwards, so a program ends whatever the bytes are.

A program of whole packets has loops too. An array or a map (``ARRAY``, its operand is the loop's depth) tells the step
beyond it, its *table* (0: none is wanted), and the first and one past the last slot of that table; its items end
with ``NEXT``, which leads back to it, and within them ``ROW`` says that a row of the table is complete. An item
takes a byte at least, and so these programs end as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

END, UNION, JUMP, DOUBLE, FLOAT, LONG, TEXT, SIZED, BOOL, INDEX, FIXED, REFUSE, MAYBE, PASS = range(1, 15)
ARRAY, NEXT, ROW, WORD = range(15, 19)
"""Operations. ``SIZED`` are bytes, ``INDEX`` is an enum, ``REFUSE`` gives the packet up, ``WORD`` is a short text.

Never renumber them, nor change another number that ``kernel.py`` imports: numba keeps the compiled kernel as long
as ``kernel.py`` itself does not change.
"""

PRIMITIVES = {
    "double": (DOUBLE, 8),
    "float": (FLOAT, 4),
    "long": (LONG, 10),
    "int": (LONG, 10),
    "string": (TEXT, 72),
    "bytes": (SIZED, 72),
    "boolean": (BOOL, 1),
}
"""Operation, and bytes that it takes at most; of text as a rule."""

SIZES = {"double": 8, "float": 4, "boolean": 1, "long": 0, "int": 0}
"""Bytes of what ``PASS`` can pass over, 0 for a variable-length integer."""

NUMERIC = frozenset({DOUBLE, FLOAT, LONG})
READABLE = NUMERIC | {TEXT, BOOL}
MAX_TYPES = 20_000
"""Most types in a packet's leading fields, each record counted as often as it is named."""

TEXT_BITS = 20
"""Bits of a text's length, below its place."""

MAX_WINDOW = (1 << TEXT_BITS) - 1
"""Most bytes of a packet that a program may need: nothing within is longer than ``TEXT_BITS`` can tell."""


MAX_WORD = 7
"""Bytes of a ``WORD``: they and their number fill 64 bits."""

MAX_LOOPS = 8
"""Deepest arrays within arrays."""

MAX_ITEMS = 4096
"""Most items of a table in one packet; a packet with more is left to fastavro."""

LOOP_STEPS = 6
"""Length of an ``ARRAY`` with what it tells."""


class NoProgramError(Exception):
    """The schema holds something that programs cannot read, or not as it is wanted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a survey's ``columns`` reads of a packet; paths are as ``candidate.jd``."""

    numbers: frozenset[str]
    """Fields that must be numbers (or null)."""

    values: frozenset[str]
    """Fields that may be numbers, texts or truth values."""

    parts: frozenset[str]
    """Records that must be there."""

    fields: frozenset[str]
    """Fields that a schema must have; they may still be null. Those of arrays: if it has the array."""

    arrays: frozenset[str] = frozenset()
    """Top-level arrays of records whose items are read. With any of them a program goes to the packet's end."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """How to read the wanted fields of one schema's packets."""

    code: npt.NDArray[np.int64]
    slots: Mapping[str, int]
    """Place of each wanted field that the schema has."""

    names: frozenset[str]
    """Top-level fields that were read or passed over."""

    window: int
    """Bytes that the fields take, unless a text is unusually long."""

    tables: tuple[str, ...] = ()
    """Arrays whose items are read; the first is table 1."""

    own: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Slots of the packet itself, not of its arrays."""


def compiled(schema: Mapping[str, Any], asked: Asked) -> Program | None:
    """The program for a record schema (without docs: ``schemas.checked``); None where there cannot be one."""
    compiler = _Compiler(asked)
    try:
        window = compiler.emit(schema, "", "")
    except (NoProgramError, RecursionError):
        return None
    names = frozenset(f["name"] for f in schema["fields"])
    missing = {path for path in asked.fields - compiler.slots.keys() if _is_due(path, asked, names)}
    if missing or not asked.parts <= compiler.seen or window > MAX_WINDOW:
        return None
    code = np.array([*compiler.code, END, 0], dtype=np.int64)
    own = [slot for path, slot in compiler.slots.items() if path.partition(".")[0] not in asked.arrays]
    return Program(code, compiler.slots, names, window, tuple(compiler.tables), np.array(own, dtype=np.int64))


def _is_due(path: str, asked: Asked, names: frozenset[str]) -> bool:
    """Whether a schema with these top-level fields must have this one."""
    head = path.partition(".")[0]
    return head not in asked.arrays or head in names


@dataclass(slots=True)
class _Compiler:
    asked: Asked
    code: list[int] = field(default_factory=list)
    slots: dict[str, int] = field(default_factory=dict)
    named: dict[str, Any] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """Records met, by path."""

    tables: list[str] = field(default_factory=list)
    depth: int = 0
    """Arrays around what is told."""

    n_types: int = 0
    run: int = -1
    """Where ``PASS`` began that may go on; -1 where something else was last, or some step leads here."""

    def emit(self, schema: Any, path: str, space: str) -> int:
        """Steps for one type at a path; bytes that it takes at most."""
        self.n_types += 1
        if self.n_types > MAX_TYPES:
            raise NoProgramError
        if isinstance(schema, list):
            return self._union(schema, path, space)
        if isinstance(schema, str) and schema != "null" and schema not in PRIMITIVES:
            name = schema if "." in schema or not space else f"{space}.{schema}"
            if name not in self.named:
                raise NoProgramError
            return self.emit(self.named[name], path, name.rpartition(".")[0])
        if isinstance(schema, dict):
            space = self._define(schema, space)
            if schema["type"] == "record":
                return self._record(schema, path, space)
            if schema["type"] in ("array", "map") and self.asked.arrays:
                return self._many(schema, path, space)
        if path in self.asked.parts:
            self.code += [REFUSE, 0]
            self.run = -1
            return 0
        return self._leaf(schema, path)

    def _define(self, schema: Mapping[str, Any], space: str) -> str:
        """Remember a named type; the namespace within it."""
        if "name" not in schema:
            return space
        outer = schema.get("namespace", space)
        name = schema["name"] if "." in schema["name"] or not outer else f"{outer}.{schema['name']}"
        self.named[name] = schema
        return str(name).rpartition(".")[0]

    def _record(self, schema: Mapping[str, Any], path: str, space: str) -> int:
        self.seen.add(path)
        size = sum(self.emit(f["type"], f"{path}.{f['name']}".lstrip("."), space) for f in schema["fields"])
        if path in self.asked.arrays:
            if not self.depth:
                raise NoProgramError
            self.code += [ROW, len(self.tables)]
            self.run = -1
        return size

    def _many(self, schema: Mapping[str, Any], path: str, space: str) -> int:
        is_map, is_table = schema["type"] == "map", path in self.asked.arrays
        is_other = path in self.asked.parts or self._is_wanted(path) or (is_map and is_table)
        if is_other or self.depth == MAX_LOOPS or (is_table and (self.depth or path in self.tables)):
            raise NoProgramError
        if is_table:
            self.tables.append(path)
        at, first = len(self.code), len(self.slots)
        table = len(self.tables) if is_table else 0
        self.code += [ARRAY, self.depth, 0, table, first, first]
        self.run = -1
        self.depth += 1
        if is_map:
            self.code += [TEXT, -1]
        size: int = is_map + self.emit(schema["values" if is_map else "items"], path, space)
        self.depth -= 1
        if not size:
            raise NoProgramError  # items without bytes could go on for ever
        self.code += [NEXT, self.depth, at]
        self.run = -1
        self.code[at + 2], self.code[at + 5] = len(self.code), len(self.slots)
        return 10 + size

    def _union(self, options: list[Any], path: str, space: str) -> int:
        at = len(self.code)
        if len(options) == 2 and "null" in options and path not in self.asked.parts:
            return self._maybe(options.index("null"), options, path, space)
        self.run = -1
        self.code += [UNION, len(options), *[0] * len(options)]
        ends, sizes = [], []
        for i, option in enumerate(options):
            self.code[at + 2 + i] = len(self.code)
            sizes.append(self.emit(option, path, space))
            self.run = -1
            self.code += [JUMP, 0]
            ends.append(len(self.code) - 1)
        for end in ends:
            self.code[end] = len(self.code)
        return 1 + max(sizes, default=0)

    def _maybe(self, null: int, options: list[Any], path: str, space: str) -> int:
        option = options[1 - null]
        if not null and self._can_pass(option, path):
            return 1 + self._pass(option, 1)
        self.run, at = -1, len(self.code)
        self.code += [MAYBE, null, 0]
        size = self.emit(option, path, space)
        self.code[at + 2] = len(self.code)
        self.run = -1
        return 1 + size

    def _can_pass(self, kind: Any, path: str) -> bool:
        return isinstance(kind, str) and kind in SIZES and not self._is_wanted(path)

    def _pass(self, kind: str, is_nullable: int) -> int:
        if self.run < 0:
            self.run = len(self.code)
            self.code += [PASS, 0]
        self.code.append(2 * SIZES[kind] + is_nullable)
        self.code[self.run + 1] += 1
        return PRIMITIVES[kind][1]

    def _is_wanted(self, path: str) -> bool:
        return path in self.asked.numbers or path in self.asked.values

    def _leaf(self, schema: Any, path: str) -> int:
        if schema == "null":
            return 0
        if path in self.asked.arrays:
            raise NoProgramError
        if self._can_pass(schema, path):
            return self._pass(schema, 0)
        wanted, self.run = self._is_wanted(path), -1
        if isinstance(schema, dict):
            if wanted or schema["type"] not in ("enum", "fixed"):
                raise NoProgramError
            is_enum = schema["type"] == "enum"
            size = len(schema["symbols"]) if is_enum else schema["size"]
            if not isinstance(size, int) or size < 0:
                raise NoProgramError
            self.code += [INDEX if is_enum else FIXED, size]
            return 10 if is_enum else size
        op, size = PRIMITIVES[schema]
        if wanted and op not in (NUMERIC if path in self.asked.numbers else READABLE):
            raise NoProgramError
        if wanted and op == TEXT and self.asked.arrays:
            op = WORD
        self.code += [op, self.slots.setdefault(path, len(self.slots)) if wanted else -1]
        return size
