"""Fields as a compiled program read them of many packets."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray

from ..columns import Fields
from ..words import Words
from .bytecode import BOOL, DOUBLE, FLOAT, LONG, MAX_WINDOW, MAX_WORD, TEXT, TEXT_BITS, WORD, Program

MAX_WORDS = 64
"""Most different texts of a column that are told apart one by one."""


@dataclass(kw_only=True)
class Batch(Fields):
    """What a program read of many packets; ``data`` and the arrays are as ``kernel.run`` filled them."""

    program: Program
    data: bytes
    tags: npt.NDArray[np.uint8]
    bits: npt.NDArray[np.int64]
    kept: dict[str, list[Any]] = field(default_factory=dict)
    """Values that were asked for before: each complaint asks again."""

    def number(self, path: str) -> FloatArray:
        slot = self.program.slots.get(path)
        return np.full(self.n, np.nan) if slot is None else self.real[slot]

    @cached_property
    def real(self) -> FloatArray:
        """All numbers, NaN for null and for what is none. Shape (slots, n)."""
        real = np.where(self.tags == DOUBLE, self.bits.view(np.float64), np.nan)
        single = self.tags == FLOAT
        real[single] = self.bits[single].astype(np.uint32).view(np.float32)
        np.copyto(real, self.bits, where=self.tags == LONG, casting="unsafe")
        return real

    def values(self, path: str) -> list[Any]:
        if path not in self.kept:
            slot = self.program.slots.get(path)
            self.kept[path] = [None] * self.n if slot is None or not self.n else self._values(slot)
        return self.kept[path]

    def words(self, path: str) -> Words:
        from . import jit

        slot = self.program.slots.get(path)
        if slot is None:
            return Words.none(self.n)
        is_word = self.tags[slot] == WORD
        if (self.tags[slot][~is_word] != 0).any():
            return super().words(path)
        bits, unique = self.bits[slot], np.zeros(MAX_WORDS, dtype=np.int64)
        code = np.zeros(self.n, dtype=np.int64)
        n = jit.distinct(bits, is_word, code, unique)
        return super().words(path) if n < 0 else Words(code, is_word, tuple(map(_word, unique[:n].tolist())))

    def ids(self, path: str, *, zero: bool = False) -> Words:
        slot = self.program.slots.get(path)
        if slot is None:
            return Words.none(self.n)
        is_long = self.tags[slot] == LONG
        if (self.tags[slot][~is_long] != 0).any():
            return super().ids(path, zero=zero)
        number = self.bits[slot]
        return Words(number, is_long if zero else is_long & (number != 0))

    def has(self, name: str) -> bool:
        return name in self.program.names

    def require(self, name: str, *names: str) -> None:
        """There is no program where it is missing, and a program gives up packets where it is null."""

    def _values(self, slot: int) -> list[Any]:
        tags = self.tags[slot]
        if (tags == tags[0]).all():
            return self._read(slot, int(tags[0]), np.arange(self.n))
        values: list[Any] = [None] * self.n
        for tag in np.unique(tags).tolist():
            rows = np.flatnonzero(tags == tag)
            for i, value in zip(rows.tolist(), self._read(slot, tag, rows), strict=True):
                values[i] = value
        return values

    def _read(self, slot: int, tag: int, rows: npt.NDArray[np.intp]) -> list[Any]:
        bits = self.bits[slot, rows]
        if tag == WORD:
            unique, which = np.unique(bits, return_inverse=True)
            return list(np.array([_word(b) for b in unique.tolist()], dtype=object)[which])
        if tag == TEXT:
            at, size = bits >> TEXT_BITS, bits & MAX_WINDOW
            return [self.data[i:end].decode() for i, end in zip(at.tolist(), (at + size).tolist(), strict=True)]
        if tag in (LONG, BOOL):
            return bits.tolist() if tag == LONG else [bool(v) for v in bits.tolist()]
        return self.real[slot, rows].tolist() if tag else [None] * len(rows)


def _word(bits: int) -> str:
    """What ``WORD`` read."""
    return bits.to_bytes(8, "little")[: bits >> 8 * MAX_WORD].decode()
