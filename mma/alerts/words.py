"""Text of very many rows as numbers, spelt out only where somebody wants to read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coincidence.alert import StrArray
from skymaps import IntArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Words:
    """A text column."""

    code: IntArray
    """Index into ``words``; or, without these, a number that is the text. Shape (n,)."""

    is_known: BoolArray
    """Where there is text at all. Shape (n,)."""

    words: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.code)

    def take(self, rows: IntArray) -> Words:
        """Chosen rows."""
        return Words(self.code[rows], self.is_known[rows], self.words)

    def text(self) -> StrArray:
        """The text itself, None where there is none. Shape (n,)."""
        column = np.full(len(self), None, dtype=object)
        known = self.code[self.is_known].tolist()
        column[self.is_known] = [str(v) for v in known] if self.words is None else [self.words[v] for v in known]
        return column

    def otherwise(self, other: Words) -> Words:
        """This text, and another where it is unknown."""
        ours, others = self._spelt(), other._spelt()
        first, second = ours.words or (), others.words or ()
        code = np.where(self.is_known, ours.code, others.code + len(first))
        return Words(code, self.is_known | other.is_known, first + second)

    def filled(self, word: str) -> Words:
        """The same with a word for what is unknown or empty."""
        ours = self._spelt()
        words = tuple(w or word for w in ours.words or ())
        return Words(np.where(self.is_known, ours.code, len(words)), np.ones(len(self), np.bool_), (*words, word))

    def numbers(self) -> IntArray:
        """The same number for the same word, from 0 on. Shape (n,)."""
        ours, number = self._spelt(), dict[str, int]()
        numbers = [number.setdefault(word, len(number)) for word in ours.words or ()]
        return np.array([*numbers, 0], dtype=np.int64)[ours.code]

    def _spelt(self) -> Words:
        if self.words is not None:
            return self
        if not self.is_known.any():
            return Words(np.zeros(len(self), dtype=np.int64), self.is_known, ())
        return Words(np.arange(len(self)), self.is_known, tuple(map(str, self.code.tolist())))

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Words:
        """Text as it is."""
        number = {word: i for i, word in enumerate(dict.fromkeys(v for v in values if v is not None))}
        code = np.array([-1 if v is None else number[v] for v in values], dtype=np.int64)
        return cls(np.maximum(code, 0), code >= 0, tuple(number))

    @classmethod
    def none(cls, n: int) -> Words:
        """Nothing known."""
        return cls(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_))

    @classmethod
    def concatenate(cls, parts: Sequence[Words]) -> Words:
        """One after another; there is one at least."""
        is_known = np.concatenate([p.is_known for p in parts])
        if all(p.words is None for p in parts if p.is_known.any()):
            return cls(np.concatenate([p.code for p in parts]), is_known)
        spelt, words = [p._spelt() for p in parts], tuple[str, ...]()
        codes = []
        for p in spelt:
            codes.append(p.code + len(words))
            words += p.words or ()
        return cls(np.concatenate(codes), is_known, words)


def text_column(values: Sequence[str | None]) -> StrArray:
    """Text as a column of objects."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
