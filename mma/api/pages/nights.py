"""Tonight at CTA's sites, as the pages show it. The arithmetic is that of ``mma.observing``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mma.observing import (
    CTAO_N,
    CTAO_S,
    HIGH_DEG,
    Places,
    Site,
    Spell,
    coming_night,
    darkness,
    observable,
    sky,
    tonight,
)

Row = dict[str, Any]
WHERE: dict[Site, str] = {CTAO_N: "La Palma", CTAO_S: "near Paranal"}


def rows(now: float, best: tuple[float, float] | None, region: Places | None = None) -> list[Row]:
    """A row for each site: the night that is on at a Unix time or comes next.

    Parameters
    ----------
    best
        A position in ICRS degrees that is told of by itself.
    region
        Positions of which the share that is high is told.
    """
    return [_row(site, datetime.fromtimestamp(now, UTC), best, region) for site in WHERE]


def _row(site: Site, now: datetime, best: tuple[float, float] | None, region: Places | None) -> Row:
    night = coming_night(site, now)
    over = sky(site, night)
    dark = darkness(over)
    found: Row = {
        "site": {"name": site.name, "where": WHERE[site]},
        "dark": _ends(dark) if dark else None,
        "dark_h": dark.hours if dark else 0.0,
        "moon_lit": over.moon_lit,
    }
    if region is not None:
        found["share"] = observable(over, *region, (HIGH_DEG,))[HIGH_DEG]
    if best is not None:
        seen = tonight(site, *best, night, (HIGH_DEG,))
        found |= {
            "high_h": seen.hours(HIGH_DEG),
            "top_deg": seen.best_altitude,
            "top_time": seen.best.timestamp() if seen.best else None,
            "moon_deg": seen.moon_separation,
        }
    return found


def _ends(spell: Spell) -> tuple[float, float]:
    return spell.start.timestamp(), spell.end.timestamp()
