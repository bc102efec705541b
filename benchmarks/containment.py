"""``python -m benchmarks.containment``: what part of finer positions the regions of notices hold, by real notices.

A notice is measured where the records have a later one of the same event that is finer: another instrument's, or GBM's
own final position, whose error adds to what is measured. Two numbers are right where as many lie within a region as
it claims.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coincidence import Event
from mma.engine.ingest import take_in
from mma.sandbox import Room
from mma.streams.files import find

DATA = Path(os.environ.get("MMA_DATA", Path(__file__).parents[2] / "shared" / "data"))
LEVELS = (0.5, 0.68, 0.9, 0.99)
PAIRS = {
    "GBM flight, by the final position": (111, (115,)),
    "GBM flight, by the ground position": (111, (112,)),
    "GBM ground, by the final position": (112, (115,)),
    "BAT, by XRT": (61, (67,)),
    "BAT's quick look, by XRT": (97, (67,)),
    "XRT, by UVOT": (67, (81,)),
    "IBAS, as first told, by its last refined position": (53, (55,)),
}
"""What is measured, and by what: GCN's packet types."""

PACKET = re.compile(rb"""Packet_Type["'][^>]*value=["'](\d+)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One recorded notice that has a region."""

    packet: int
    trigger: str
    event: Event
    ra: float
    dec: float


def notices(data: Path, room: Room | None = None) -> Iterator[Notice]:
    """The VOEvents of the records, the oldest first where their names say so."""
    for item in find([data / "streams", data / "voevent"]):
        message = item.message()
        packet = PACKET.search(message.payload)
        for _, event in take_in([message], room=room).events if packet else ():
            if packet and event.region is not None and not event.is_test and math.isfinite(event.region.area_deg2(0.9)):
                ra, dec = event.region.centre() or (math.nan, math.nan)
                trigger = re.sub(r"\D", "", event.id)
                yield Notice(packet=int(packet[1]), trigger=trigger, event=event, ra=ra, dec=dec)


def levels(known: Iterable[Notice], coarse: int, fine: Iterable[int]) -> list[float]:
    """Credible level of the finer position in the coarse notice's region, for each event that has both."""
    of_event: dict[str, dict[int, Notice]] = {}
    for notice in known:
        of_event.setdefault(notice.trigger, {})[notice.packet] = notice
    found = []
    for packets in of_event.values():
        better = next((packets[kind] for kind in fine if kind in packets), None)
        if coarse in packets and better is not None and math.isfinite(better.ra):
            region = packets[coarse].event.region
            assert region is not None
            found.append(float(np.ravel(region.credible_level_at(better.ra, better.dec))[0]))
    return found


def main() -> int:
    """Print the table."""
    if not DATA.is_dir():
        print(f"no recorded data in {DATA}: set MMA_DATA", file=sys.stderr)
        return 1
    known = list(notices(DATA))
    print("| notice | pairs |" + "".join(f" within {level:.0%} |" for level in LEVELS))
    print("|---" * (2 + len(LEVELS)) + "|")
    for name, (coarse, fine) in PAIRS.items():
        found = levels(known, coarse, fine)
        cells = (f"{sum(level <= most for level in found) / len(found):.0%}" if found else "-" for most in LEVELS)
        print(f"| {name} | {len(found)} |" + "".join(f" {cell} |" for cell in cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
