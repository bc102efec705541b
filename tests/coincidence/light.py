"""Light curves that the tests make themselves, and the real one of AT2017gfo."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import skymaps
from coincidence.curves import LightCurves
from tests.coincidence.rows import DAY_S, EPOCH

GW170817 = datetime(2017, 8, 17, 12, 41, 4, 430_000, tzinfo=UTC)
GFO_BANDS = {"ps1::g": "g", "ps1::r": "r", "ps1::i": "i", "ps1::z": "z", "ps1::y": "y", "sdssu": "u"}
GFO_BANDS |= {"2massj": "J", "2massh": "H", "2massks": "K"}


def njy(mag: float) -> float:
    """Flux of an AB magnitude."""
    return float(10.0 ** (0.4 * (31.4 - mag)))


def point(days: float, mag: float, band: str = "r", *, error: float = 0.05, row: int = 0) -> dict[str, Any]:
    """A detection so many days after EPOCH."""
    flux = njy(mag)
    error_njy = flux * error * np.log(10.0) / 2.5
    time = EPOCH.timestamp() + days * DAY_S
    return {"object": row, "time": time, "band": band, "flux_njy": flux, "flux_error_njy": error_njy}


def limit(days: float, mag: float, band: str = "r", *, row: int = 0) -> dict[str, Any]:
    """A non-detection so many days after EPOCH."""
    return {"object": row, "time": EPOCH.timestamp() + days * DAY_S, "band": band, "limit_mag": mag}


def curve(*points: dict[str, Any]) -> LightCurves:
    """Points as light curves."""
    return LightCurves.from_rows(points)


def gfo(data: Path, *, since: datetime = GW170817) -> LightCurves:
    """AT2017gfo as measured, without our Galaxy's reddening; its merger is put at ``since``."""
    rows = []
    for line in (data / "counterparts/nmma-AT2017gfo_corrected.dat").read_text().splitlines():
        time, band, mag, error = line.split()
        days = (datetime.fromisoformat(time).replace(tzinfo=UTC) - GW170817).total_seconds() / DAY_S
        made = point(days, float(mag), GFO_BANDS[band], error=float(error))
        made["time"] = since.timestamp() + days * DAY_S
        if np.isfinite(float(error)):
            rows.append(made)
    return LightCurves.from_rows(rows)


def even_map(mpc: float, error: float, circle: skymaps.Circle) -> skymaps.SkyMap:
    """A circle as a map with the same distance everywhere."""
    flat = skymaps.as_skymap(circle)
    n = len(flat.lower)
    uniq = (flat.lower >> (2 * (29 - flat.order.astype(int)))) + (np.int64(4) << (2 * flat.order.astype(int)))
    norm = np.full(n, 1.0 / (mpc**2 + error**2))
    return skymaps.SkyMap.from_tiles(
        uniq, flat.probdensity, distmu=np.full(n, mpc), distsigma=np.full(n, error), distnorm=norm
    )
