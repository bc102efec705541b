"""What messages say of the night to come: when a candidate is high in the dark, how much of a region is.

The night is the one that is on, or comes next, at the newest time that a message tells of: when the event's notice was
sent, or when the object was seen last. So a message says the same whenever it is made, and a night that is played again
tells of that night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from skymaps import FloatArray, Region

from .nights import STEP_S, Sky, altitude_deg, coming_night, darkness, sky, utc, vectors
from .sites import CTAO_N, CTAO_S, Site
from .visibility import observable, sample

Message = dict[str, Any]
HOUR_S = 3600.0
HIGH_DEG = 30.0
"""Altitude from which on a position counts as observable: a zenith angle of 60 degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Where the telescopes stand that messages are for."""

    sites: tuple[Site, ...] = (CTAO_N, CTAO_S)

    def of_positions(self, ra: FloatArray, dec: FloatArray, unix: FloatArray) -> list[Message | None]:
        """What is said of positions: by site, when each is high in the dark of the night of its time.

        Parameters
        ----------
        ra, dec
            ICRS degrees. Shapes (n,).
        unix
            Unix seconds. Shape (n,).
        """
        if not self.sites:
            return [None] * len(ra)
        told: list[Message] = [{} for _ in ra]
        for site in self.sites:
            nights = [coming_night(site, utc(time)) for time in unix.tolist()]
            for night in sorted(set(nights)):
                rows = [i for i, its in enumerate(nights) if its == night]
                for i, seen in zip(rows, _seen(site, night, ra[rows], dec[rows]), strict=True):
                    told[i][site.name] = seen
        return list(told)

    def of_region(self, region: Region | None, unix: float) -> Message | None:
        """What is said of a region: by site, the share of its probability that is high in the dark some time."""
        if region is None or not self.sites:
            return None
        places = sample(region)
        found = {}
        for site in self.sites:
            over, told = _over(site, coming_night(site, utc(unix)))
            share = observable(over, *places, (HIGH_DEG,))[HIGH_DEG]
            found[site.name] = told | {"share": round(share, 4)}
        return found


def _over(site: Site, night: date) -> tuple[Sky, Message]:
    """The night over a site, and what is said of it."""
    over = sky(site, night)
    dark = darkness(over)
    told = {
        "night": night.isoformat(),
        "dark": [_iso(dark.start.timestamp()), _iso(dark.end.timestamp())] if dark else None,
        "moon_lit": round(over.moon_lit, 3),
    }
    return over, told


def _seen(site: Site, night: date, ra: FloatArray, dec: FloatArray) -> list[Message]:
    """Of each position over one site; nothing but the night where it is never dark."""
    over, told = _over(site, night)
    dark = np.flatnonzero(over.dark)
    if not len(dark):
        nothing = dict.fromkeys(("highest", "altitude_deg", "moon_deg"))
        return [told | {"hours": 0.0} | nothing for _ in ra]
    place = vectors(ra, dec)
    sine = over.zenith[dark] @ place.T
    hours = (sine >= np.sin(np.radians(HIGH_DEG))).sum(axis=0) * STEP_S / HOUR_S
    best = sine.argmax(axis=0)
    altitude = altitude_deg(sine[best, np.arange(len(ra))])
    moon = np.degrees(np.arccos(np.clip(np.sum(over.moon[dark[best]] * place, axis=1), -1.0, 1.0)))
    times = over.unix[dark[best]]
    return [
        told | {"hours": round(h, 2), "highest": _iso(t), "altitude_deg": round(a, 1), "moon_deg": round(m, 1)}
        for h, t, a, m in zip(hours.tolist(), times.tolist(), altitude.tolist(), moon.tolist(), strict=True)
    ]


def _iso(unix: float) -> str:
    return utc(round(unix)).isoformat().replace("+00:00", "Z")
