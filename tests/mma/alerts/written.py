"""Avro bytes of random packets, written without fastavro: also as it may be written, but hardly ever is."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from random import Random
from typing import Any

NUMBERS = (math.nan, math.inf, -math.inf, 0.0, -999.0, -99999.0, 1e-300, 1e308, 19.5, 100.0)
MJD, JD = 61000.25, 2461000.75
BANDS = ("g", "r", "i", "", "a long name", "ü")
TIMES = {"midpointMjdTai": MJD, "midPointTai": MJD, "jd": JD}
SURE = frozenset(
    {"diaObjectId", "diaSourceId", "midpointMjdTai", "midPointTai", "jd", "fid", "ra", "dec", "decl", "isdiffpos"}
)
"""Fields that are hardly ever null."""

NULL = {"timeWithdrawnMjdTai": 0.95}


def long(number: int) -> bytes:
    """An integer, zig-zag, of variable length."""
    rest, out = (number << 1) ^ (number >> 63), bytearray()
    rest &= (1 << 64) - 1
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


def packet(schema: Any, random: Random, *, odd: float = 0.02) -> bytes:
    """One record; ``odd`` is the share of values that no survey sends."""
    return _Writer(random, odd, {}).value(schema, "", "", is_first=True)


class _Writer:
    def __init__(self, random: Random, odd: float, named: dict[str, Any]) -> None:
        self.random, self.odd, self.named = random, odd, named

    def value(self, schema: Any, name: str, space: str, *, is_first: bool = False) -> bytes:
        """A value of a type; the first of its name is the alert's own."""
        if isinstance(schema, list):
            return self.union(schema, name, space, is_first)
        if isinstance(schema, Mapping):
            return self.named_or_many(schema, name, space, is_first)
        if schema not in ("null", "boolean", "int", "long", "float", "double", "string", "bytes"):
            full = schema if schema in self.named else f"{space}.{schema}"
            return self.value(self.named[full], name, full.rpartition(".")[0], is_first=is_first)
        return self.plain(schema, name, is_first)

    def union(self, options: list[Any], name: str, space: str, is_first: bool) -> bytes:
        nulls = [i for i, option in enumerate(options) if option == "null"]
        others = [i for i, option in enumerate(options) if option != "null"]
        share = self.odd if name in SURE or name.startswith("prv") or name == "fp_hists" else NULL.get(name, 0.3)
        is_null = nulls and not (is_first and name in SURE) and self.random.random() < share
        branch = nulls[0] if is_null else self.random.choice(others)
        for option in options:  # a name may be told in a branch that is not taken
            if isinstance(option, Mapping) and "name" in option:
                self.define(option, space)
        return long(branch) + self.value(options[branch], name, space, is_first=is_first)

    def define(self, schema: Mapping[str, Any], space: str) -> str:
        space = schema.get("namespace", space)
        self.named[schema["name"] if "." in schema["name"] or not space else f"{space}.{schema['name']}"] = schema
        self.named[schema["name"]] = schema
        return space

    def named_or_many(self, schema: Mapping[str, Any], name: str, space: str, is_first: bool) -> bytes:
        if schema["type"] in ("array", "map"):
            return self.many(schema, name, space)
        space = self.define(schema, space)
        is_own = is_first and name in ("", "candidate", "diaSource")
        return b"".join(self.value(f["type"], f["name"], space, is_first=is_own) for f in schema["fields"])

    def many(self, schema: Mapping[str, Any], name: str, space: str) -> bytes:
        """Items, of a map with their keys, in some blocks with or without their size in bytes."""
        key, items = (b"", schema["items"]) if schema["type"] == "array" else (long(1) + b"k", schema["values"])
        out = b""
        for _ in range(self.random.choice((0, 1, 1, 2, 3))):
            listed = [key + self.value(items, name, space) for _ in range(self.random.randint(1, 8))]
            whole = b"".join(listed)
            is_sized = self.random.random() < 0.5
            out += (long(-len(listed)) + long(len(whole)) if is_sized else long(len(listed))) + whole
        return out + b"\0"

    def plain(self, kind: str, name: str, is_first: bool) -> bytes:
        random = self.random
        if kind == "null":
            return b""
        if kind in ("float", "double"):
            number = self.number(name, is_first)
            if kind == "float" and abs(number) > 3e38 and math.isfinite(number):
                number = 3e38
            return struct.pack("<f" if kind == "float" else "<d", number)
        if kind in ("int", "long"):
            if name == "fid":
                return long(random.choice((1, 2, 3, 1, 2, 4)))
            return long(random.getrandbits(31) if kind == "int" else random.choice((random.getrandbits(60), 7)))
        if kind == "boolean":
            return random.choice((b"\0", b"\1"))
        return self.text(kind, name, is_first)

    def number(self, name: str, is_first: bool) -> float:
        random = self.random
        if name in TIMES:
            back = 0.0 if is_first else random.choice((random.uniform(0, 40), random.randrange(12) / 40000, -1.0))
            return math.nan if not is_first and random.random() < self.odd / 4 else TIMES[name] - back
        if is_first and name in ("ra", "dec", "decl"):
            return random.uniform(0, 90)
        return random.choice(NUMBERS) if random.random() < 0.2 else random.choice((1, 20, 1000)) * random.gauss(1, 1)

    def text(self, kind: str, name: str, is_first: bool) -> bytes:
        random = self.random
        if kind == "bytes":
            content = random.randbytes(random.randrange(40))
        elif name == "isdiffpos":
            content = b"?" if random.random() < self.odd / 4 else random.choice((b"t", b"f", b"1", b"0"))
        elif random.random() < self.odd:
            content = random.choice(BANDS).encode()
        else:
            content = b"ZTF26abcdef" if name == "objectId" else random.choice((b"g", b"r"))
        return long(len(content)) + content
