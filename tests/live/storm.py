"""What the tests of faults send: notices of many events, a night's alerts out of order and some twice, and poison."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
from confluent_kafka import Producer

import skymaps
from mma.cluster.broker import Broker
from mma.notices.gamma import alert
from mma.simulate import night, notices
from mma.simulate.events import START
from mma.simulate.packets import ztf_packet
from tests.live.doing import payloads, topics

PARTITIONS = 4
POISON, TWICE = 0.01, 0.05
"""Shares of the alerts."""

DISORDER_D = 0.5
"""Alerts come this much out of the order of their times (one sigma), and some of them so twice."""

HUGE = 1_200_000
"""Bytes of a message that is larger than the workers of these tests take."""

Sent = dict[int, list[bytes]]
"""Partition to its messages, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Three topics, full: one is read to its end before the next is begun."""

    early: str
    alerts: str
    late: str
    poison: set[tuple[str, int, int]] = field(default_factory=set)
    """Topic, partition and offset of each message that nobody can read."""

    topics: dict[str, int] = field(default_factory=dict)
    """Topic to number of messages, in the order in which they are read."""


def send(broker: Broker, folder: Path, n_alerts: int, seed: int) -> Storm:
    """Make the topics, and fill them."""
    random = np.random.default_rng(seed)
    night.write(folder, n_alerts, seed=seed)
    told, packets = payloads(folder)
    (alerts,) = topics(broker, "alerts", partitions=PARTITIONS, settings={"max.message.bytes": "2000000"})
    early, late = topics(broker, "early", "late", settings={"max.message.bytes": "2000000"})
    storm = Storm(early=early, alerts=alerts, late=late)
    for topic, messages in ((early, early_notices(told)), (late, late_notices())):
        bad = notice_poison()
        at = np.sort(random.choice(np.arange(1, len(messages) + 1), len(bad), replace=False))
        for i, message in reversed(list(zip(at.tolist(), bad, strict=True))):
            messages.insert(i, message)
        _send(broker, storm, topic, {0: messages}, set(bad))
    shared, bad = alert_stream(packets, random)
    _send(broker, storm, alerts, shared, bad)
    return replace(storm, topics={name: storm.topics[name] for name in (early, alerts, late)})


def _send(broker: Broker, storm: Storm, topic: str, shares: Sent, poison: set[bytes]) -> None:
    settings = {"message.max.bytes": 2_000_000, "enable.idempotence": True, "log_level": 0}
    producer = Producer({"bootstrap.servers": broker.plain, **settings})
    for partition, messages in shares.items():
        for offset, message in enumerate(messages):
            producer.produce(topic, message, partition=partition)
            producer.poll(0)
            if message in poison:
                storm.poison.add((topic, partition, offset))
    assert producer.flush(120) == 0
    storm.topics[topic] = sum(map(len, shares.values()))


def alert_stream(packets: list[bytes], random: np.random.Generator) -> tuple[Sent, set[bytes]]:
    """Alerts by partition, all of one object in one; and the poison among them."""
    known = [_identity(packet) for packet in packets]
    twice = random.choice(len(packets), round(TWICE * len(packets)), replace=False)
    which = np.concatenate([np.arange(len(packets)), twice])
    when = np.array([jd for _, jd in known])[which] + random.normal(0.0, DISORDER_D, len(which))
    shares: Sent = {p: [] for p in range(PARTITIONS)}
    for i in which[np.argsort(when)].tolist():
        shares[zlib.crc32(known[i][0].encode()) % PARTITIONS].append(packets[i])
    bad = alert_poison(packets, max(round(POISON * len(packets)), 6), random)
    for message in bad:
        share = shares[int(random.integers(PARTITIONS))]
        share.insert(int(random.integers(len(share))), message)
    return shares, set(bad)


def _identity(packet: bytes) -> tuple[str, float]:
    from io import BytesIO

    record: Any = next(iter(fastavro.reader(BytesIO(packet))))
    return record["objectId"], record["candidate"]["jd"]


def alert_poison(packets: list[bytes], n: int, random: np.random.Generator) -> list[bytes]:
    """Cut short, with bytes too many, no JSON, no position, no Avro; and one that is huge. All are different."""
    out = [bytes(random.bytes(HUGE))]
    for i in range(1, n):
        packet = packets[int(random.integers(len(packets)))]
        nowhere = {"ra": 200.0, "dec": 120.0 + i} if i % 2 else {"ra": float("nan"), "dec": i / n}
        named = {"object_id": f"ZTF26bad{i}", "candid": i, "jd": 2461100.5}
        kinds = (
            packet[: int(random.integers(10, len(packet) - 1))],
            packet + bytes([1 + i % 200]),
            b'{"candid": %d, "objectId": ' % i,
            ztf_packet(**named, **nowhere, magpsf=19.0, sigmapsf=0.1, fid=2),
            b"Obj\x01" + bytes([i % 256]) * 20,
        )
        out.append(kinds[i % len(kinds)])
    return out


def notice_poison() -> list[bytes]:
    """Notices that break off, or say text where a number belongs."""
    return [
        b'{"superevent_id": "S1a", "alert_type": "INITIAL", "time_created": ',
        b'{"superevent_id": 5, "alert_type": "INITIAL", "event": []}',
        b'<?xml version="1.0"?><voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn=',
        b'{"$schema": "urn:mma:gamma:1", "mission": 5}',
        b'{"alert_datetime": 5, "alert_type": 3, "trigger_time": [], "mission": 1}',
    ]


def early_notices(night_s: list[bytes]) -> list[bytes]:
    """What comes before the alerts: some windows close while the alerts come."""
    old, burst = _at(-14.0), _at(-14.0) + timedelta(seconds=1.7)
    return [
        *night_s,
        merger("S260215b", old, (190.0, 20.0), 14.0, "PRELIMINARY", 5),
        notices.fermi_gbm("790000001", burst, 192.0, 21.0, 6.0),
        merger("S260215b", old, (192.0, 22.0), 9.0, "INITIAL", 60),
        merger("S260220c", _at(-9.0), (220.0, 30.0), 12.0, "PRELIMINARY", 5),
        merger("S260220c", _at(-9.0), (220.0, 30.0), 10.0, "UPDATE", 600),
        merger("S260303d", _at(2.0), (170.0, 35.0), 12.0, "PRELIMINARY", 5),
        retraction("S260303d", _at(2.0), 90),
        *[notices.fermi_gbm(f"79200{i:04d}", _at(-12.0 + 2 * i), 160.0 + 12 * i, 10.0 + 5 * i, 5.0) for i in range(6)],
        notices.icecube(142100, 555, _at(-3.0), 215.0, 22.0, 5.0),
        *flare("SAG-20260216-07", _at(-13.0), (205.0, 15.0), "update"),
        *flare("SAG-20260222-02", _at(-7.3), (232.0, 45.0), "retraction"),
        night_s[0],
    ]


def late_notices() -> list[bytes]:
    """What comes after the alerts: events of which nobody had told, better maps, withdrawals."""
    return [
        merger("S260220c", _at(-9.0), (223.0, 33.0), 7.0, "UPDATE", 1200),
        merger("S260225e", _at(-4.0), (200.0, 40.0), 10.0, "INITIAL", 7 * 1440),
        retraction("S260215b", _at(-14.0), 1000),
        notices.fermi_gbm("790000002", _at(-4.0) + timedelta(seconds=2.0), 201.0, 38.0, 7.0),
        notices.icecube(142200, 777, _at(-5.0), 180.0, 30.0, 6.0),
        *flare("SAG-20260227-03", _at(-2.0), (165.0, 40.0), "update", "retraction"),
    ]


def _at(days: float) -> datetime:
    return START + timedelta(days=days)


def merger(
    name: str, time: datetime, place: tuple[float, float], radius_deg: float, stage: str, minutes: float
) -> bytes:
    """A superevent with a round map."""
    skymap = skymaps.as_skymap(skymaps.circle(*place, radius_deg), 0.01)
    return notices.igwn(skymap, name, time, stage, time + timedelta(minutes=minutes))


def retraction(name: str, time: datetime, minutes: float) -> bytes:
    """A superevent is taken back."""
    document = {
        "alert_type": "RETRACTION",
        "time_created": (time + timedelta(minutes=minutes)).isoformat(),
        "superevent_id": name,
        "urls": {"gracedb": f"https://gracedb.ligo.org/superevents/{name}/view/"},
        "event": None,
        "external_coinc": None,
    }
    return json.dumps(document).encode()


def flare(name: str, time: datetime, place: tuple[float, float], *then: str) -> list[bytes]:
    """A CTAO alert, and what it says later: a better position, or that it was nothing."""
    first = json.loads(notices.cta(name, time, *place, 4.0))
    out = [first]
    for hours, stage in enumerate(then, start=1):
        told = {"alert_type": stage, "alert_datetime": (time + timedelta(hours=hours)).isoformat()}
        out.append(out[-1] | told | ({"ra_dec_error": 3.0} if stage == "update" else {}))
    return [alert.encode(document) for document in out]
