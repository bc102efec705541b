"""Optical alerts: one detection whole, or many as columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray

StrArray = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One measurement in an object's history. ``flux_njy`` None: nothing seen down to ``limit_mag``."""

    time: datetime
    """Middle of the exposure, UTC."""

    band: str
    flux_njy: float | None
    """Signed difference flux in nanojansky."""

    flux_error_njy: float | None = None
    limit_mag: float | None = None
    """5-sigma AB limiting magnitude of the exposure."""

    alert_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One optical detection, decoded whole."""

    id: str
    object_id: str
    survey: str
    """``ztf``, ``lsst``, ``atlas``, ``tns`` ...: lower case."""

    ra: float
    """ICRS right ascension in degrees, 0 to 360."""

    dec: float
    """ICRS declination in degrees."""

    time: datetime
    """Middle of the exposure, UTC."""

    band: str
    flux_njy: float | None
    """Signed difference flux in nanojansky."""

    flux_error_njy: float | None = None
    history: tuple[Detection, ...] = ()
    """Earlier detections, forced photometry above 5 sigma and non-detections, oldest first."""

    aliases: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertBatch:
    """Alerts as columns, one row each; all arrays have shape (n,).

    The same columns describe objects: then a row is an object's latest state. NaN
    (and None in text columns) is unknown.
    """

    id: StrArray
    """The survey's id of the detection, as text."""

    object_id: StrArray
    """The survey's id of the source, as text."""

    survey: StrArray
    ra: FloatArray
    """ICRS degrees, 0 to 360."""

    dec: FloatArray
    position_error_arcsec: FloatArray
    """Standard error of the position along each axis, arcseconds; NaN: small."""

    time: FloatArray
    """Middle of the exposure, Unix seconds UTC."""

    band: StrArray
    flux_njy: FloatArray
    """Signed difference flux in nanojansky."""

    flux_error_njy: FloatArray
    first_seen: FloatArray
    """First detection that the survey knows of, Unix seconds; never later than ``time``. NaN unknown."""

    last_unseen: FloatArray
    """Last non-detection before ``first_seen``, Unix seconds."""

    n_detections: FloatArray
    """Detections the survey knows of, this one included."""

    reliability: FloatArray
    """Real/bogus score, 0 bogus to 1 real (ZTF drb or rb, LSST reliability)."""

    star_score: FloatArray
    """Nearest catalogued source: 0 galaxy to 1 star (ZTF sgscore1)."""

    star_distance_arcsec: FloatArray
    """Distance to that source in arcseconds."""

    solar_system_arcsec: FloatArray
    """Distance to the nearest known solar-system object, arcseconds; 0 where the survey says it is one."""

    redshift: FloatArray
    """Of the transient or its host, where the packet tells it."""

    redshift_error: FloatArray
    distance_mpc: FloatArray
    """Redshift-independent or catalogued luminosity distance, where the packet tells it."""

    classification: StrArray
    """Class by a human or spectrum (``SN Ia``), where told; None otherwise."""

    message: npt.NDArray[np.int64]
    """Index of the message, in the list that was decoded, that each row came from."""

    def __len__(self) -> int:
        return len(self.ra)

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> AlertBatch:
        """Chosen rows, as a new batch."""
        return AlertBatch(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @classmethod
    def empty(cls) -> AlertBatch:
        """No rows."""
        return cls.from_rows([])

    @classmethod
    def from_rows(cls, rows: list[dict[str, object]]) -> AlertBatch:
        """Columns from one mapping a row; what a row does not name is unknown."""
        columns: dict[str, npt.NDArray[np.generic]] = {}
        for f in fields(cls):
            values = [row.get(f.name) for row in rows]
            if f.name in TEXT_COLUMNS:
                columns[f.name] = np.array(values, dtype=object)
            elif f.name == "message":
                columns[f.name] = np.array([v or 0 for v in values], dtype=np.int64)
            else:
                columns[f.name] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        return cls(**columns)  # type: ignore[arg-type]

    @classmethod
    def concatenate(cls, batches: list[AlertBatch]) -> AlertBatch:
        """Batches one after another; ``message`` is kept as it is."""
        if not batches:
            return cls.empty()
        return cls(**{f.name: np.concatenate([getattr(b, f.name) for b in batches]) for f in fields(cls)})


TEXT_COLUMNS = frozenset({"id", "object_id", "survey", "band", "classification"})
