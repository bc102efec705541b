"""What is known of objects besides their alerts: galaxies near them, light curves, classifiers, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skymaps import FloatArray, IntArray

from .alert import StrArray
from .curves import LightCurves
from .hosts import Galaxies

PENDING, CONFIRMED, AMBIGUOUS, REJECTED = "pending", "confirmed", "ambiguous", "rejected"


def _text(values: Iterable[Any]) -> StrArray:
    return np.array(list(values), dtype=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """What external classifiers said of objects; each column has shape (n,)."""

    object: IntArray
    """Row of the object in its ``AlertBatch``."""

    classifier: StrArray
    version: StrArray
    label: StrArray
    """The class, as the classifier calls it."""

    probability: FloatArray

    @classmethod
    def none(cls) -> Classified:
        """Nothing said."""
        return cls.from_rows([])

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Classified:
        """Columns from one mapping an output, with the names of the columns."""
        said = list(rows)
        return cls(
            object=np.array([row["object"] for row in said], dtype=np.int64),
            classifier=_text(row["classifier"] for row in said),
            version=_text(row.get("version") for row in said),
            label=_text(row["label"] for row in said),
            probability=np.array([row["probability"] for row in said], dtype=np.float64),
        )

    def digests(self, n: int) -> list[str]:
        """What was said of each of n objects as one line, whatever its order; empty where nothing was."""
        lines: list[list[str]] = [[] for _ in range(n)]
        columns = (self.object.tolist(), self.classifier, self.version, self.label, self.probability.tolist())
        for row, *said in zip(*columns, strict=True):
            lines[row].append("/".join(str(part) for part in said))
        return ["|".join(sorted(line)) for line in lines]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What people judged of candidates; each column has shape (n,), one row a candidate."""

    event_id: StrArray
    object_id: StrArray
    status: StrArray
    """``pending``, ``confirmed``, ``ambiguous`` or ``rejected``."""

    spectral_class: StrArray
    """By a spectrum, e.g. ``SN Ib``; None without one."""

    @classmethod
    def none(cls) -> Verdicts:
        """No verdicts."""
        return cls.from_rows([])

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Verdicts:
        """Columns from one mapping a verdict, with the names of the columns."""
        said = list(rows)
        return cls(
            event_id=_text(row["event_id"] for row in said),
            object_id=_text(row["object_id"] for row in said),
            status=_text(row["status"] for row in said),
            spectral_class=_text(row.get("spectral_class") for row in said),
        )

    def __len__(self) -> int:
        return len(self.event_id)

    def by_pair(self) -> dict[tuple[str, str], tuple[str, str | None]]:
        """Status and spectral class, by event id and object id."""
        said = zip(self.status, self.spectral_class, strict=True)
        return dict(zip(zip(self.event_id, self.object_id, strict=True), said, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it, for one ``AlertBatch``."""

    galaxies: Galaxies = field(default_factory=Galaxies.empty)
    curves: LightCurves = field(default_factory=LightCurves.none)
    classified: Classified = field(default_factory=Classified.none)
    verdicts: Verdicts = field(default_factory=Verdicts.none)
    agn_known: bool = False
    """A catalogue of active nuclei was looked up: where it has none, that is knowledge too."""

    @classmethod
    def none(cls) -> Evidence:
        """Nothing is known."""
        return cls()
