"""A world made of messages: bytes in by the front door, rows and published messages out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import numpy as np

import skymaps
from mma.answers import queries
from mma.engine.engine import Engine
from mma.messages.message import problems
from mma.simulate import notices
from mma.simulate.packets import ztf_packet
from mma.store import Store, message_log
from mma.streams import MemorySink, MemorySource, Message

T0 = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)
"""When the events of these tests happen."""

NOW = T0.timestamp() + 3600.0
HERE, THERE = (150.0, 20.0), (250.0, -40.0)
"""Two places on the sky, far apart."""


@dataclass
class World:
    """An engine with its store and what it published; every published message is checked as it is read."""

    store: Store
    sink: MemorySink = field(default_factory=MemorySink)
    clock: float = NOW
    engine: Engine = field(init=False)
    read: int = 0
    """Published messages that ``told`` has given already."""

    def __post_init__(self) -> None:
        self.engine = Engine(self.store, self.sink, clock=lambda: self.clock)

    def restart(self) -> None:
        """A new engine on the same store: what is in memory is gone."""
        self.__post_init__()

    def hears(self, *payloads: bytes | Message, batch_size: int = 500) -> list[dict[str, Any]]:
        """Play messages; what was published because of them."""
        self.engine.run(MemorySource([as_message(p) for p in payloads], batch_size))
        return self.told()

    def told(self) -> list[dict[str, Any]]:
        """Messages published since the last time, each valid and of the size we promise."""
        new, self.read = self.sink.written[self.read :], len(self.sink.written)
        for topic, _, payload in new:
            message = json.loads(payload)
            assert problems(message, message["schema"].split(":")[2]) == []
            assert len(payload) < 10_000
            assert topic.endswith(".test") == message["test"]
        return [{"topic": topic, "key": key, **json.loads(payload)} for topic, key, payload in new]

    def ask(self, question: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """An answer of ``mma.store``."""
        with self.store.read() as connection:
            return question(connection, *arguments, **named)

    def candidates(self, event: str, **named: Any) -> list[dict[str, Any]]:
        return self.ask(queries.candidates, event, **named)

    def objects(self, event: str) -> list[str]:
        """Ids of an event's standing candidates, the best first."""
        return [row["object"] for row in self.candidates(event)]

    def events(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.ask(queries.events)}

    def status(self) -> dict[str, Any]:
        return self.ask(queries.status)

    def dead_letters(self) -> list[dict[str, Any]]:
        return self.ask(message_log.dead_letters)

    def reasons(self) -> list[str]:
        """Of all dead letters."""
        return [row["reason"] for row in self.dead_letters()]


_offsets = count()


def as_message(payload: bytes | Message, **given: Any) -> Message:
    """Bytes as a message at a place of its own."""
    if isinstance(payload, Message):
        return payload
    return Message(**{"payload": payload, "topic": "test", "offset": next(_offsets)} | given)


def circle_map(ra: float, dec: float, radius_deg: float, mpc: tuple[float, float] | None = None) -> skymaps.SkyMap:
    """A small multi-order map, 90 % within a circle; with one distance everywhere, if wanted."""
    flat = skymaps.as_skymap(skymaps.circle(ra, dec, radius_deg), 0.01)
    if mpc is None:
        return flat
    tiles = flat.tiles()
    order = skymaps.healpix.order_of(tiles.upper - tiles.lower)
    mu, sigma = mpc
    layers = [np.full(len(order), v) for v in (mu, sigma, 1.0 / (mu**2 + sigma**2))]
    return skymaps.SkyMap.from_cells(tiles.lower, order, tiles.probdensity, layers)


def superevent(
    name: str = "S270301ab",
    place: tuple[float, float] = HERE,
    radius_deg: float = 3.0,
    *,
    stage: str = "INITIAL",
    minutes: float = 5.0,
    days: float = 0.0,
    mpc: tuple[float, float] | None = None,
    **given: Any,
) -> bytes:
    """An LVK alert issued some minutes after the merger; ``given`` goes over the ``event`` part."""
    time = T0 + timedelta(days=days)
    skymap = circle_map(*place, radius_deg, mpc)
    document = json.loads(notices.igwn(skymap, name, time, stage, time + timedelta(minutes=minutes)))
    document["event"] |= given
    return as_json(document)


def retraction(name: str = "S270301ab", minutes: float = 30.0) -> bytes:
    """LVK takes a superevent back."""
    return as_json(
        {
            "alert_type": "RETRACTION",
            "time_created": (T0 + timedelta(minutes=minutes)).isoformat(),
            "superevent_id": name,
            "urls": {"gracedb": f"https://gracedb.ligo.org/superevents/{name}/view/"},
            "event": None,
            "external_coinc": None,
        }
    )


def burst(
    trigger: str = "826000000",
    place: tuple[float, float] = HERE,
    error_deg: float = 3.0,
    *,
    seconds: float = 0.0,
    **given: Any,
) -> bytes:
    """A gamma-ray burst of Fermi GBM, some seconds after T0."""
    document = json.loads(notices.fermi_gbm(trigger, T0 + timedelta(seconds=seconds), *place, error_deg))
    return as_json(document | given)


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


def detection(
    name: str = "ZTF27aaaaaaa",
    place: tuple[float, float] = HERE,
    hours: float = 10.0,
    *,
    first_hours: float | None = None,
    unseen_hours: float | None = None,
    mag: float = 19.0,
    **given: Any,
) -> bytes:
    """A ZTF packet of a detection in the middle of an exposure, some hours after T0."""
    jd = (T0.timestamp() + hours * 3600.0 - 15.0) / 86400.0 + 2440587.5
    unseen = [] if unseen_hours is None else [{"jd": jd + (unseen_hours - hours) / 24.0, "fid": 2, "diffmaglim": 21.0}]
    return ztf_packet(
        **{
            "object_id": name,
            "candid": round((hours + 10_000) * 3600),
            "jd": jd,
            "ra": place[0],
            "dec": place[1],
            "magpsf": mag,
            "sigmapsf": 0.1,
            "fid": 2,
            "drb": 0.95,
            "jdstarthist": jd if first_hours is None else jd + (first_hours - hours) / 24.0,
            "prv_candidates": unseen,
        }
        | given
    )


def fits_of(skymap: skymaps.SkyMap) -> str:
    """A map as an LVK alert carries it."""
    return base64.b64encode(skymaps.write_fits(skymap)).decode()


def of_type(messages: Iterable[dict[str, Any]], schema: str, kind: str | None = None) -> list[dict[str, Any]]:
    """Published messages of one schema (``candidate``, ``event``, ``association``) and type."""
    return [m for m in messages if m["schema"] == f"urn:mma:{schema}:1" and kind in (None, m["type"])]
