"""What is drawn, asked of a client."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from skymaps import FloatArray, Region

from ..client import Candidate, Client, Event, NotFoundError, Object
from ..messages import stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An event, its region and its best candidates."""

    event: Event
    region: Region | None
    """None: it has no region (yet), or the server does not tell it."""

    candidates: tuple[Candidate, ...]
    """The best first."""

    objects: tuple[Object, ...]
    """The candidates' objects with their light curves, of as many as have a place for one; the best first."""

    @property
    def ra(self) -> FloatArray:
        """Of the candidates, ICRS degrees. Shape (n,)."""
        return np.array([candidate["ra"] for candidate in self.candidates], dtype=np.float64)

    @property
    def dec(self) -> FloatArray:
        """Of the candidates, ICRS degrees. Shape (n,)."""
        return np.array([candidate["dec"] for candidate in self.candidates], dtype=np.float64)

    @property
    def title(self) -> str:
        """Event, who saw it, when."""
        row = self.event
        time = "time unknown" if row["time"] is None else row["time"][:19].replace("T", " ") + " UTC"
        return f"{row['id']}  ({row['observatory']}, {row['kind']})   {time}"

    @property
    def state(self) -> str:
        """Whether it is a test or taken back; how large the region is, how far; which notice this is."""
        row, n = self.event, self.event["n_candidates"]
        words = [word for word, said in (("TEST", row["test"]), ("RETRACTED", row["state"] == "retracted")) if said]
        if row["area90_deg2"] is not None:
            words.append(f"90 % region {area(row['area90_deg2'])}")
        if row["distance_mpc"] is not None:
            words.append(f"{row['distance_mpc']:.0f} ± {row['distance_error_mpc']:.0f} Mpc")
        words.append(stage(row))
        words.append("1 candidate" if n == 1 else f"{n} candidates")
        return "   ".join(words)


def area(deg2: float) -> str:
    """An area in the unit that suits it."""
    if deg2 < 0.01:
        return f"{deg2 * 3600:.3g} arcmin²"
    return f"{deg2:.0f} deg²" if deg2 >= 100 else f"{deg2:.2g} deg²"


def load(client: Client, event: str, *, limit: int = 10, curves: int = 6) -> Content:
    """What is drawn of an event.

    Parameters
    ----------
    event
        Exact id or alias.
    limit
        Candidates, the best first.
    curves
        Of so many the light curves, too.
    """
    found = client.event(event)
    try:
        region = client.region(found.id)
    except NotFoundError:
        region = None
    candidates = tuple(islice(client.candidates(found.id, limit=limit), limit))
    objects = tuple(client.object(candidate.object) for candidate in candidates[:curves])
    return Content(event=found, region=region, candidates=candidates, objects=objects)
