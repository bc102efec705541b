"""A simulated stretch of nights, with known truth: notices, ZTF packets and a galaxy catalogue in a folder."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import skymaps
from skymaps import Region

from . import notices, sources
from .packets import ztf_packet
from .skymap import Ring, draw, ring_map
from .sources import DAY_S, LIMIT_MAG, Field, Galaxy, Source

START = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE_D, AFTER_D = 16.0, 8.0
RATE = 1.79 / 14.0
"""Background transients per square degree and day, as the score assumes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """An event and the counterpart that was put there."""

    event: str
    what: str
    object_id: str


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
    events = _events(field, catalog, random)
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


Planned = tuple[Truth, list[bytes], Source]


def _events(field: Field, catalog: list[Galaxy], random: np.random.Generator) -> list[Planned]:
    return [
        _merger(field, catalog, random),
        _burst(field, random),
        _track(field, random),
        _flare(field, random),
    ]


def _merger(field: Field, catalog: list[Galaxy], random: np.random.Generator) -> Planned:
    """A binary neutron star merger: a preliminary map, an hour later a better one; a kilonova near a galaxy."""
    time, name = START, "S260301a"
    ring = Ring(
        axis_ra=260.0,
        axis_dec=20.0,
        radius_deg=60.0,
        width_deg=2.0,
        bright_ra=200.0,
        bright_dec=28.0,
        concentration=25.0,
        distance_mpc=95.0,
        distance_error_mpc=22.0,
    )
    better = ring_map(ring, time, name)
    first = ring_map(replace(ring, width_deg=4.0, concentration=12.0, distance_error_mpc=30.0), time, name)
    while True:
        ra, dec, mpc = draw(better, random)
        if field.contains(ra, dec, 1.0):
            break
    catalog.append(Galaxy(name="host of the merger", ra=ra, dec=dec, distance_mpc=mpc))
    place = sources.beside(catalog[-1], random)
    modulus = 5.0 * np.log10(mpc) + 25.0
    kilonova = Source(
        id="ZTF26akilonv",
        kind="kilonova",
        ra=place[0],
        dec=place[1],
        onset=time.timestamp(),
        peak_mag=min(-16.0 + modulus, 19.5),
        rise_d=0.4,
        fade_mag_d=0.6,
        visits=(time.timestamp() + 0.45 * DAY_S,),
    )
    messages = [
        notices.igwn(first, name, time, "PRELIMINARY", time + timedelta(minutes=5)),
        notices.igwn(better, name, time, "INITIAL", time + timedelta(hours=1)),
    ]
    return Truth(event=name, what="kilonova", object_id=kilonova.id), messages, kilonova


def _burst(field: Field, random: np.random.Generator) -> Planned:
    """A gamma-ray burst seen by Fermi GBM, with an afterglow that the survey happens to catch."""
    time = START + timedelta(days=1.3)
    ra, dec = 205.0, 32.0
    region = skymaps.circle(ra, dec, 1.5, containment=0.68, systematic=skymaps.GBM_SYSTEMATIC["ground"])
    place = _draw_near(region, field, random)
    afterglow = Source(
        id="ZTF26aaftglw",
        kind="afterglow",
        ra=place[0],
        dec=place[1],
        onset=time.timestamp() + 60.0,
        peak_mag=17.5,
        rise_d=0.01,
        fade_mag_d=1.5,
        visits=(time.timestamp() - 1800.0, time.timestamp() + 3000.0, time.timestamp() + 10000.0),
    )
    message = notices.fermi_gbm("794101500", time, ra, dec, 1.5)
    return Truth(event="Fermi-GBM-794101500", what="afterglow", object_id=afterglow.id), [message], afterglow


def _track(field: Field, random: np.random.Generator) -> Planned:
    """An IceCube track with a supernova inside that exploded days before."""
    time = START + timedelta(days=2.7)
    ra, dec, radius = 180.0, 12.0, 0.5
    place = _draw_near(skymaps.circle(ra, dec, radius), field, random)
    supernova = Source(
        id="ZTF26asupern",
        kind="supernova",
        ra=place[0],
        dec=place[1],
        onset=time.timestamp() - 6.0 * DAY_S,
        peak_mag=18.0,
        rise_d=10.0,
    )
    message = notices.icecube(142000, 12345678, time, ra, dec, radius)
    return (
        Truth(event="IceCube-142000_12345678", what="supernova", object_id=supernova.id),
        [message],
        supernova,
    )


def _flare(field: Field, random: np.random.Generator) -> Planned:
    """A very-high-energy flare seen by CTAO, with its optical flare."""
    time = START + timedelta(days=3.4)
    ra, dec, radius = 228.0, 41.0, 0.05
    place = _draw_near(skymaps.circle(ra, dec, radius, containment=0.68), field, random)
    flare = Source(
        id="ZTF26aflarez",
        kind="flare",
        ra=place[0],
        dec=place[1],
        onset=time.timestamp() + 3600.0,
        peak_mag=17.0,
        rise_d=0.2,
        fade_mag_d=0.2,
    )
    message = notices.cta("SAG-20260304-01", time, ra, dec, radius)
    return Truth(event="CTAO-SAG-20260304-01", what="flare", object_id=flare.id), [message], flare


def _draw_near(region: Region, field: Field, random: np.random.Generator) -> tuple[float, float]:
    """A place drawn from a region, within the field."""
    tiles = region.tiles()
    weight = tiles.probdensity * (tiles.upper - tiles.lower)
    while True:
        cell = random.choice(len(weight), p=weight / weight.sum())
        pixel = np.array([random.integers(tiles.lower[cell], tiles.upper[cell])])
        ra, dec = skymaps.healpix.pixel_centre(29, pixel)
        if field.contains(float(ra[0]), float(dec[0])):
            return float(ra[0]), float(dec[0])


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
    return unix / DAY_S + 2440587.5


def _write_galaxies(path: Path, catalog: list[Galaxy]) -> None:
    lines = ["name,ra,dec,distance_mpc,distance_error_mpc,kind"]
    lines += [f"{g.name},{g.ra:.6f},{g.dec:.6f},{g.distance_mpc:.3f},{0.02 * g.distance_mpc:.3f},spec" for g in catalog]
    path.write_text("\n".join(lines) + "\n")


def truths(folder: Path) -> Iterator[Truth]:
    """What was put into a night that was written before."""
    for record in json.loads((folder / "truth.json").read_text()):
        yield Truth(event=record["event"], what=record["what"], object_id=record["object"])
