"""GW170817 as its night could have been: the real map, the real counterpart and galaxies, decoys of known number."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import skymaps
from coincidence import AlertBatch, Event, Kind, Messenger, Stage
from mma.streams import Message
from skymaps import SkyMap, cosmology, healpix
from skymaps.units import DAY_S

AT2017GFO = (197.450354, -23.381484)
"""ICRS degrees (Abbott et al. 2017, ApJL 848 L12)."""

DECOYS_PER_DEG2 = 1.79
"""Cowperthwaite et al. 2018 (ApJ 858 18): all contaminants to i = 22.5."""

SURE = {"HasNS": 1.0, "HasRemnant": 1.0, "HasMassGap": 0.0, "BNS": 1.0, "NSBH": 0.0, "BBH": 0.0, "Terrestrial": 0.0}
"""Certainly two neutron stars."""

SPREAD_D = 14.0
FARTHEST_MPC = 400.0


def gw170817(data: Path) -> Event:
    """The event with its published map."""
    skymap = skymaps.read(data / "skymaps/gw/GW170817.fits.gz")
    assert skymap.time is not None
    return Event(
        id="GW170817",
        messenger=Messenger.GW,
        kind=Kind.CBC,
        observatory="LVK",
        issued=skymap.time + timedelta(hours=5),
        stage=Stage.INITIAL,
        time=skymap.time,
        region=skymap,
        notice="published",
        classes={"BNS": 1.0},
        skymap_sha256=skymap.sha256,
    )


def first_light(data: Path) -> float:
    """First optical detection of AT2017gfo in the recorded photometry, Unix seconds."""
    lines = (data / "counterparts/nmma-AT2017gfo.dat").read_text().splitlines()
    return min(datetime.fromisoformat(line.split()[0]).replace(tzinfo=UTC).timestamp() for line in lines if line)


def positions(skymap: SkyMap, n: int, random: np.random.Generator) -> tuple[Any, Any]:
    """Places even over the 90 % area, degrees."""
    inside = skymap.level <= 0.9
    lower, size = skymap.lower[inside], (skymap.upper - skymap.lower)[inside]
    cell = random.choice(len(lower), n, p=size / size.sum())
    return healpix.pixel_centre(29, lower[cell] + (random.uniform(size=n) * size[cell]).astype(np.int64))


def alerts(event: Event, data: Path, random: np.random.Generator) -> AlertBatch:
    """AT2017gfo, and decoys seen nightly whose hosts have spectroscopic redshifts."""
    assert event.time is not None
    assert isinstance(event.region, SkyMap)
    start = event.time.timestamp()
    n = random.poisson(DECOYS_PER_DEG2 * event.region.area_deg2(0.9))
    ra, dec = positions(event.region, n, random)
    onset = random.uniform(0.0, SPREAD_D, n)
    phase = random.uniform()
    seen = np.ceil(onset - phase) + phase
    mpc = FARTHEST_MPC * np.cbrt(random.uniform(size=n))
    z = cosmology.redshift(np.maximum(mpc + random.normal(0.0, 4.4, n), 1.0))
    decoys = [
        {
            "id": f"d{i}",
            "object_id": f"decoy{i:03d}",
            "survey": "test",
            "ra": ra[i],
            "dec": dec[i],
            "time": start + seen[i] * DAY_S,
            "last_unseen": start + (seen[i] - 1.0) * DAY_S,
            "redshift": z[i],
        }
        for i in range(n)
    ]
    true = {
        "id": "gfo",
        "object_id": "AT2017gfo",
        "survey": "tns",
        "ra": AT2017GFO[0],
        "dec": AT2017GFO[1],
        "time": first_light(data),
    }
    return AlertBatch.from_rows([true, *decoys])


def igwn(
    name: str,
    skymap: SkyMap,
    issued: datetime,
    *,
    alert_type: str = "PRELIMINARY",
    topic: str = "igwn.gwalert",
    classes: Mapping[str, float] = SURE,
) -> Message:
    """An LVK alert as it comes over Kafka, with this map and these classes and properties."""
    time = skymap.time
    assert time is not None
    document = {
        "alert_type": alert_type,
        "time_created": issued.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "superevent_id": name,
        "urls": {"gracedb": f"https://gracedb.ligo.org/superevents/{name}/view/"},
        "event": {
            "significant": True,
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "far": 1e-15,
            "instruments": ["H1", "L1", "V1"],
            "group": "CBC",
            "pipeline": "gstlal",
            "search": "AllSky",
            "properties": {name: p for name, p in classes.items() if name.startswith("Has")},
            "classification": {name: p for name, p in classes.items() if not name.startswith("Has")},
            "skymap": base64.b64encode(skymaps.write_fits(skymap)).decode(),
        },
        "external_coinc": None,
    }
    return Message(payload=json.dumps(document).encode(), topic=topic)


def table(rows: list[dict[str, Any]], offset: int = 0) -> Message:
    """Transients as a CSV table."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return Message(payload=out.getvalue().encode(), topic="tables", name=f"table{offset}.csv", offset=offset)
