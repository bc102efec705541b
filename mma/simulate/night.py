"""A simulated stretch of nights, with known truth: notices, ZTF packets and a galaxy catalogue in a folder."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from skymaps.units import DAY_S, JD_OF_UNIX_ZERO

from . import sources
from .events import START, Truth, planned
from .packets import ztf_packet
from .sources import LIMIT_MAG, Field, Galaxy, Source

BEFORE_D, AFTER_D = 16.0, 8.0
RATE = 1.79 / 14.0
"""Background transients per square degree and day, as the score assumes."""


def write(folder: Path, n_alerts: int, seed: int, progress: Callable[[int], None] = lambda n: None) -> list[Truth]:
    """Write a night into a folder.

    Parameters
    ----------
    folder
        Gets ``notices/``, ``alerts/``, ``galaxies.csv`` and ``truth.json``.
    n_alerts
        Optical detections.
    seed
        The same seed gives the same night.
    progress
        Told how many detections were written since the last time.
    """
    random = np.random.default_rng(seed)
    field = Field()
    catalog = sources.galaxies(field, 20000, random)
    events = planned(field, catalog, random)
    start = START.timestamp() - BEFORE_D * DAY_S
    days = BEFORE_D + AFTER_D
    sky = [counterpart for _, _, counterpart in events]
    sky += sources.background(field, catalog, start, days, RATE, random)
    sky += sources.contaminants(field, len(sky) // 4, start, days, random)
    for sub in ("notices", "alerts"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    for truth, messages, _ in events:
        for i, message in enumerate(messages):
            suffix = "xml" if message.startswith(b"<") else "json"
            (folder / "notices" / f"{truth.event}-{i + 1}.{suffix}").write_bytes(message)
    _write_galaxies(folder / "galaxies.csv", catalog)
    _write_alerts(folder / "alerts", _visits(sky, field, start, days, random), n_alerts, progress)
    truths = [truth for truth, _, _ in events]
    record = [{"event": t.event, "what": t.what, "object": t.object_id} for t in truths]
    (folder / "truth.json").write_text(json.dumps(record, indent=2) + "\n")
    return truths


def _visits(
    sky: list[Source], field: Field, start: float, days: float, random: np.random.Generator
) -> list[tuple[float, Source, list[float]]]:
    """Every detection to be made: its time, its source, and the earlier exposures of that place; in time order."""
    out = []
    for source in sky:
        phase = random.uniform(0.0, field.cadence_d)
        regular = start + (phase + np.arange(0.0, days, field.cadence_d)) * DAY_S
        times = sorted([*regular.tolist(), *source.visits])
        seen = [t for t in times if source.mag(t) < LIMIT_MAG]
        out += [(t, source, [e for e in times if e < t]) for t in seen]
    return sorted(out, key=lambda visit: visit[0])


def _write_alerts(
    folder: Path,
    visits: list[tuple[float, Source, list[float]]],
    n_alerts: int,
    progress: Callable[[int], None],
) -> None:
    """Packets of each night in an archive; where there are more detections than wanted, whole objects go."""
    kept = _limit(visits, n_alerts)
    nights: dict[str, list[tuple[float, Source, list[float]]]] = {}
    for visit in kept:
        nights.setdefault(datetime.fromtimestamp(visit[0], UTC).strftime("%Y%m%d"), []).append(visit)
    for night, some in nights.items():
        with tarfile.open(folder / f"ztf_{night}.tar", "w") as archive:
            for time, source, earlier in some:
                _add(archive, f"{source.id}-{_candid(time)}.avro", _packet(time, source, earlier))
        progress(len(some))


def _limit(visits: list[tuple[float, Source, list[float]]], n: int) -> list[tuple[float, Source, list[float]]]:
    """At most n detections, objects whole; the injected counterparts come first, so they always stay."""
    counts: dict[str, int] = {}
    for _, source, _ in visits:
        counts[source.id] = counts.get(source.id, 0) + 1
    total, chosen = 0, set()
    injected = ("ZTF26akilonv", "ZTF26aaftglw", "ZTF26asupern", "ZTF26aflarez")
    for name in sorted(counts, key=lambda name: (name not in injected, name[5], name[::-1])):
        if total + counts[name] > n and name not in injected:
            continue
        total += counts[name]
        chosen.add(name)
    return [visit for visit in visits if visit[1].id in chosen]


def _add(archive: tarfile.TarFile, name: str, payload: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(payload)
    archive.addfile(member, io.BytesIO(payload))


def _candid(time: float) -> int:
    """Id of a detection: its time in milliseconds, which no object has twice."""
    return round(time * 1000.0)


def _packet(time: float, source: Source, earlier: list[float]) -> bytes:
    jd = _jd(time)
    mag = source.mag(time)
    history: list[dict[str, Any]] = []
    for t in earlier[-20:]:
        entry: dict[str, Any] = {"jd": _jd(t), "fid": 2, "diffmaglim": LIMIT_MAG}
        if source.mag(t) < LIMIT_MAG:
            seen = {"candid": _candid(t), "isdiffpos": "t", "ra": source.ra, "dec": source.dec}
            entry |= seen | {"magpsf": source.mag(t), "sigmapsf": 0.1}
        history.append(entry)
    first = next((t for t in earlier if source.mag(t) < LIMIT_MAG), time)
    if source.kind == "star":
        first = source.onset
    star = source.star or (None, None)
    return ztf_packet(
        object_id=source.id,
        candid=_candid(time),
        jd=jd,
        ra=source.ra,
        dec=source.dec,
        magpsf=mag,
        sigmapsf=0.1,
        fid=2,
        drb=source.drb,
        sgscore1=star[0],
        distpsnr1=star[1],
        ssdistnr=source.asteroid_arcsec,
        jdstarthist=_jd(first),
        ndethist=1 + sum(source.mag(t) < LIMIT_MAG for t in earlier),
        prv_candidates=history,
    )


def _jd(unix: float) -> float:
    return unix / DAY_S + JD_OF_UNIX_ZERO


def _write_galaxies(path: Path, catalog: list[Galaxy]) -> None:
    lines = ["name,ra,dec,distance_mpc,distance_error_mpc,kind"]
    lines += [f"{g.name},{g.ra:.6f},{g.dec:.6f},{g.distance_mpc:.3f},{0.02 * g.distance_mpc:.3f},spec" for g in catalog]
    path.write_text("\n".join(lines) + "\n")


def truths(folder: Path) -> Iterator[Truth]:
    """What was put into a night that was written before."""
    for record in json.loads((folder / "truth.json").read_text()):
        yield Truth(event=record["event"], what=record["what"], object_id=record["object"])
