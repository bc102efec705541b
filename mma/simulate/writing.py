"""A campaign in a folder: notices, packets and galaxies as their senders write them, the truth beside."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from mma.alerts import leap_seconds_at
from mma.errors import ConfigError
from skymaps.units import AB_ZERO_MAG, DAY_S, JD_OF_UNIX_ZERO, MJD_OF_UNIX_ZERO

from . import hosts
from .hosts import Galaxy, Mix
from .light import BANDS
from .packets import EXPOSURE_S, ztf_packet
from .rubin import lsst_packet
from .truth import HISTORY_D, Campaign, Plan, Source

TRUTH = "truth.json"


def write(folder: Path, campaign: Campaign, progress: Callable[[int], None] = lambda n: None) -> int:
    """Write a campaign; the number of packets.

    Parameters
    ----------
    folder
        Gets ``notices/``, ``alerts/``, ``galaxies.csv``, ``truth.json`` and ``truth.csv``.
    progress
        Told how many sources were written since the last time.
    """
    for sub in ("notices", "alerts"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    events = []
    for trigger in campaign.triggers:
        names = []
        for i, message in enumerate(trigger.messages, start=1):
            suffix = "xml" if message.startswith(b"<") else "json"
            names.append(f"notices/{trigger.id}-{i}.{suffix}")
            (folder / names[-1]).write_bytes(message)
        found = campaign.counterpart(trigger.id)
        record = {name: getattr(trigger, name) for name in ("id", "kind", "time", "ra", "dec", "distance_mpc")}
        record["counterpart"] = {"object": found.id, "class": found.what} if found else None
        events.append(record | {"notices": names})
    n = _write_packets(folder / "alerts", campaign, progress)
    _write_galaxies(folder / "galaxies.csv", campaign.galaxies)
    _write_sources(folder / "truth.csv", campaign.sources)
    document = {
        "seed": campaign.seed,
        "plan": asdict(campaign.plan),
        "completeness": hosts.completeness(campaign.plan.mix),
        "unobservable": campaign.unobservable,
        "events": events,
    }
    (folder / TRUTH).write_text(json.dumps(document, indent=2) + "\n")
    return n


def read(folder: Path) -> tuple[Plan, dict[str, Any]]:
    """The plan of a campaign that was written before, and its truth.

    Raises
    ------
    ConfigError
        No campaign there; the message says how to make one.
    """
    try:
        document = json.loads((folder / TRUTH).read_text())
        plan = document["plan"]
        return Plan(**plan | {"kinds": tuple(plan["kinds"]), "mix": Mix(**plan["mix"])}), document
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{folder}: no campaign there ({error.__class__.__name__}); make one with 'mma simulate {folder}'"
        ) from error


def _write_packets(folder: Path, campaign: Campaign, progress: Callable[[int], None]) -> int:
    """An archive of each night, packets in time order."""
    nights: dict[str, list[tuple[float, str, bytes]]] = {}
    make = {"ztf": _ztf, "lsst": _lsst}[campaign.plan.survey]
    n = 0
    for source in campaign.sources:
        for time, number, payload in make(source):
            night = datetime.fromtimestamp(time, UTC).strftime("%Y%m%d")
            nights.setdefault(night, []).append((time, f"{source.id}-{number}.avro", payload))
            n += 1
        progress(1)
    for night, some in sorted(nights.items()):
        with tarfile.open(folder / f"{campaign.plan.survey}_{night}.tar", "w") as archive:
            for _, name, payload in sorted(some):
                member = tarfile.TarInfo(name)
                member.size = len(payload)
                archive.addfile(member, io.BytesIO(payload))
    return n


def _candid(time: float) -> int:
    """Id of a detection: its time in milliseconds, which no object has twice."""
    return round(time * 1000.0)


def _mag(flux_njy: float) -> float:
    return AB_ZERO_MAG - 2.5 * float(np.log10(flux_njy))


def _ztf(source: Source) -> Iterator[tuple[float, int, bytes]]:
    """One packet for each detection, with the exposures of the 30 days before."""
    seen = source.seen
    visits = seen.visits
    first = _jd(visits.time[seen.first])
    for k in np.flatnonzero(seen.detected).tolist():
        reach = visits.time[k] - HISTORY_D["ztf"] * DAY_S
        history = [_ztf_entry(source, j) for j in range(k) if visits.time[j] > reach]
        mag, error = _measured(source, k)
        yield (
            float(visits.time[k]),
            _candid(visits.time[k]),
            ztf_packet(
                object_id=source.id,
                candid=_candid(visits.time[k]),
                jd=_jd(visits.time[k]),
                ra=source.ra,
                dec=source.dec,
                magpsf=mag,
                sigmapsf=error,
                fid=_fid(visits.band[k]),
                drb=source.reliability,
                sgscore1=source.star_score,
                distpsnr1=source.star_distance_arcsec,
                ssdistnr=source.solar_system_arcsec,
                jdstarthist=first,
                ndethist=int(seen.detected[: k + 1].sum()),
                diffmaglim=float(visits.limit_mag[k]),
                prv_candidates=history,
            ),
        )


def _ztf_entry(source: Source, j: int) -> dict[str, Any]:
    visits = source.seen.visits
    entry: dict[str, Any] = {
        "jd": _jd(visits.time[j]),
        "fid": _fid(visits.band[j]),
        "diffmaglim": float(visits.limit_mag[j]),
    }
    if source.seen.detected[j]:
        mag, error = _measured(source, j)
        entry |= {"candid": _candid(visits.time[j]), "isdiffpos": "t", "ra": source.ra, "dec": source.dec}
        entry |= {"magpsf": mag, "sigmapsf": error}
    return entry


def _measured(source: Source, k: int) -> tuple[float, float]:
    flux, error = float(source.seen.flux_njy[k]), float(source.seen.error_njy[k])
    return _mag(flux), error / flux * 2.5 / float(np.log(10.0))


def _fid(band: int) -> int:
    """ZTF's number of a band: 1 g, 2 r, 3 i."""
    return int(band)


def _jd(time: float) -> float:
    """JD UTC of the start of an exposure whose middle this is."""
    return float((time - EXPOSURE_S / 2) / DAY_S + JD_OF_UNIX_ZERO)


def _lsst(source: Source) -> Iterator[tuple[float, int, bytes]]:
    """One packet for each detection, with all exposures before."""
    seen = source.seen
    time = seen.visits.time
    entries = [_lsst_entry(source, j) for j in range(len(time))]
    keys = ("midpointMjdTai", "psfFlux", "psfFluxErr", "band")
    for k in np.flatnonzero(seen.detected).tolist():
        earlier = [entries[j] for j in range(k) if seen.detected[j]]
        unseen = [j for j in range(k) if not seen.detected[j]]
        forced = [{"diaForcedSourceId": _candid(time[j])} | {key: entries[j][key] for key in keys} for j in unseen]
        whole = {
            "diaObjectId": int(source.id),
            "ra": source.ra,
            "dec": source.dec,
            "firstDiaSourceMjdTai": entries[seen.first]["midpointMjdTai"],
            "nDiaSources": len(earlier) + 1,
        }
        yield float(time[k]), _candid(time[k]), lsst_packet(entries[k], earlier, forced, whole)


def _lsst_entry(source: Source, j: int) -> dict[str, Any]:
    visits = source.seen.visits
    mjd = visits.time[j] / DAY_S + MJD_OF_UNIX_ZERO
    leap = float(leap_seconds_at(np.array([mjd]))[0])
    return {
        "diaSourceId": int(source.id) % 10**8 * 10**10 + _candid(visits.time[j]) % 10**10,
        "diaObjectId": int(source.id),
        "ssObjectId": 1 + int(source.id) % 10**8 if source.what == "asteroid" else None,
        "midpointMjdTai": float(mjd + leap / DAY_S),
        "ra": source.ra,
        "dec": source.dec,
        "psfFlux": float(source.seen.flux_njy[j]),
        "psfFluxErr": float(source.seen.error_njy[j]),
        "band": BANDS[visits.band[j]],
        "reliability": source.reliability,
    }


def _write_galaxies(path: Path, galaxies: Sequence[Galaxy]) -> None:
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["name", "ra", "dec", "distance_mpc", "distance_error_mpc", "kind"])
        for g in galaxies:
            writer.writerow([g.name, repr(g.ra), repr(g.dec), repr(g.distance_mpc), repr(g.distance_error_mpc), g.kind])


def _write_sources(path: Path, sources: Sequence[Source]) -> None:
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(
            [
                "object",
                "what",
                "event",
                "is_counterpart",
                "ra",
                "dec",
                "distance_mpc",
                "onset",
                "first_seen",
                "n",
                "host",
            ]
        )
        for s in sources:
            first = datetime.fromtimestamp(float(s.seen.visits.time[s.seen.first]), UTC).isoformat()
            onset = datetime.fromtimestamp(s.onset, UTC).isoformat()
            place = [f"{s.ra:.6f}", f"{s.dec:.6f}", "" if s.distance_mpc is None else f"{s.distance_mpc:.3f}"]
            n = int(s.seen.detected.sum())
            writer.writerow([s.id, s.what, s.event, int(s.is_counterpart), *place, onset, first, n, s.host or ""])
