"""A light curve as numbers for a picture: places of points, bars, limits and ticks."""

from __future__ import annotations

import math
from typing import Any

from skymaps.units import AB_ZERO_MAG, DAY_S

Row = dict[str, Any]
WIDTH, HEIGHT = 480.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 10.0, 12.0, 46.0
SHAPES = ("circle", "square", "diamond", "triangle", "cross", "star", "pentagon", "bar")
KNOWN = ("g", "r", "i", "u", "z", "y")
LEAST_SIGNAL = 3.0
MOST = 2000
"""Points drawn: the newest."""


def drawn(light_curve: list[Row], event_time: float | None) -> Row | None:
    """The picture's parts; None where there is nothing to draw.

    Parameters
    ----------
    light_curve
        Rows of measurements, times in Unix seconds, fluxes in nanojansky, limits in AB magnitudes.
    event_time
        Unix seconds; days count from it, or from the first point where it is not known.
    """
    rows = light_curve[-MOST:]
    if not rows:
        return None
    zero = event_time if event_time is not None else rows[0]["time"]
    points = [_point(row, (row["time"] - zero) / DAY_S) for row in rows]
    days = [p["day"] for p in points] + ([0.0] if event_time is not None else [])
    mags = [m for p in points if p["mag"] is not None for m in (p["mag"] - p["error"], p["mag"] + p["error"])]
    x_axis, y_axis = _axis(min(days), max(days)), _axis(min(mags, default=18.0), max(mags, default=22.0))
    bands = _bands({p["band"] for p in points})

    def x(day: float) -> float:
        return round(LEFT + (day - x_axis[0]) / (x_axis[1] - x_axis[0]) * (WIDTH - LEFT - RIGHT), 1)

    def y(mag: float) -> float:
        return round(TOP + (mag - y_axis[0]) / (y_axis[1] - y_axis[0]) * (HEIGHT - TOP - BOTTOM), 1)

    for point in points:
        point["x"] = x(point["day"])
        point |= {name: bands[point["band"]][name] for name in ("shape", "index")}
        if point["mag"] is not None:
            point |= {
                "y": y(point["mag"]),
                "high": y(point["mag"] - point["error"]),
                "low": y(point["mag"] + point["error"]),
            }
    return {
        "points": [p for p in points if p["what"] != "hidden"],
        "n_hidden": sum(p["what"] == "hidden" for p in points),
        "n_left_out": len(light_curve) - len(rows),
        "bands": list(bands.values()),
        "x_ticks": [{"at": x(t), "text": _tick(t)} for t in _ticks(*x_axis)],
        "y_ticks": [{"at": y(t), "text": _tick(t)} for t in _ticks(*y_axis)],
        "event_x": x(0.0) if event_time is not None else None,
        "days": "days since the event" if event_time is not None else "days since the first point",
    }


def _point(row: Row, day: float) -> Row:
    """What one measurement is: a detection, a source below its reference (the magnitude is that of what is missing), a
    limit, a sighting without brightness, or nothing that shows."""
    flux, error, limit = row["flux_njy"], row["flux_error_njy"], row["limit_mag"]
    point: Row = {
        "day": day,
        "band": row["band"] or "band not told",
        "mag": None,
        "error": 0.0,
        "what": "seen",
        "time": row["time"],
    }
    size = abs(flux or 0.0)
    if flux is not None and size > 0.0 and not (error and size < LEAST_SIGNAL * error):
        spread = 2.5 / math.log(10.0) * error / size if error else 0.0
        what = "detection" if flux > 0.0 else "below"
        return point | {"what": what, "mag": AB_ZERO_MAG - 2.5 * math.log10(size), "error": min(spread, 2.0)}
    if flux is not None and error:
        bound = max(flux, 0.0) + LEAST_SIGNAL * error
        return point | {"what": "limit", "mag": AB_ZERO_MAG - 2.5 * math.log10(bound)}
    if limit is not None:
        return point | {"what": "limit", "mag": limit}
    unseen = str(row["id"]).endswith("/-")  # as histories name non-detections, here one without a limit
    return point if flux is None and not unseen else point | {"what": "hidden"}


def _bands(names: set[str]) -> dict[str, Row]:
    """Each band's place, and its mark: marks tell bands apart where colours do not."""
    order = sorted(names, key=lambda name: (KNOWN.index(name) if name in KNOWN else len(KNOWN), name))
    return {name: {"name": name, "index": i % 8, "shape": SHAPES[i % len(SHAPES)]} for i, name in enumerate(order)}


def _axis(low: float, high: float) -> tuple[float, float]:
    """The range with some room at both ends."""
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Six or so round numbers."""
    rough = (high - low) / 6.0
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1.0, 2.0, 5.0, 10.0) if size * m >= rough)
    first = math.ceil(low / step)
    return [i * step for i in range(first, math.floor(high / step) + 1)]


def _tick(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")
