"""Surveys and brokers with packets of their own: ATLAS, DECam, Lasair, ANTARES, AMPEL.

Fink passes on the survey's packets with fields added: see ``ztf.fink_row`` and ``lsst.fink_row``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coincidence import Detection
from mma.errors import DecodeError
from skymaps.units import AB_ZERO_MAG, JD_OF_MJD_ZERO

from ..packet import (
    LIMIT_SIGMA,
    PacketDecoder,
    Record,
    Row,
    identity,
    known,
    limit_of_error,
    part,
    position,
    text,
    utc,
    within,
)
from ..times import unix_of_mjd, unix_of_tai
from . import rubin
from .ztf import sign_of

UJY_NJY = 1000.0


def atlas_row(packet: Record) -> Row:
    """ATLAS: flux in microjansky; ``mjd`` UTC is taken for the middle of the exposure.

    A source is below its reference where ``flux`` or ``isdiffpos`` says so: that agrees with the difference images of
    both packets we have, of which one tells it in the one field and one in the other.
    """
    c = part(packet, "candidate")
    ra, dec = position(c["RA"], c["Dec"], "candidate.RA, Dec")
    flux, error = known(c["flux"]), known(c.get("Dflux"))
    return {
        "id": identity(packet["candid"], "candid"),
        "object_id": identity(packet["objectId"], "objectId"),
        "survey": "atlas",
        "ra": ra,
        "dec": dec,
        "time": unix_of_mjd(c["mjd"], "candidate.mjd"),
        "band": text(c.get("filter")),
        "flux_njy": None if flux is None else (-abs(flux) if sign_of(c["isdiffpos"]) < 0 else flux) * UJY_NJY,
        "flux_error_njy": None if error is None else abs(error) * UJY_NJY,
        "reliability": within(c.get("rb"), 0.0, 1.0),
    }


def decam_row(packet: Record) -> Row:
    """DECam (DESIRT) as BOOM passes it on: fluxes in nJy; ``mjd`` UTC is taken for the middle."""
    c = part(packet, "candidate")
    ra, dec = position(c["ra"], c["dec"], "candidate.ra, dec")
    return {
        "id": identity(packet["candid"], "candid"),
        "object_id": identity(packet["objectId"], "objectId"),
        "survey": "decam",
        "ra": ra,
        "dec": dec,
        "time": unix_of_mjd(c["mjd"], "candidate.mjd"),
        "band": text(c.get("band")),
        "flux_njy": known(c["psfFlux"]),
        "flux_error_njy": known(c["psfFluxErr"]),
        "reliability": within(c.get("reliability"), 0.0, 1.0),
    }


def decam_history(packet: Record) -> Iterator[Detection]:
    """Forced photometry, a non-detection below 5 sigma."""
    for f in packet.get("fp_hists") or ():
        flux, error = known(f["psfFlux"]), known(f["psfFluxErr"])
        is_seen = flux is not None and error is not None and abs(flux) > LIMIT_SIGMA * error
        yield Detection(
            time=utc(unix_of_mjd(f["mjd"], "fp_hists.mjd")),
            band=text(f.get("band")) or "unknown",
            flux_njy=flux if is_seen else None,
            flux_error_njy=error if is_seen else None,
            limit_mag=within(f.get("diffmaglim"), 0.0, 50.0),
        )


def lasair_packet(record: Record) -> Record:
    """A Lasair alert as the LSST packet it was: its newest source in front."""
    sources = sorted(record["diaSourcesList"], key=lambda s: rubin.tai(s, "diaSourcesList"))
    if not sources:
        raise DecodeError("diaSourcesList is empty")
    return {
        "diaSource": sources[-1],
        "prvDiaSources": sources[:-1],
        "prvDiaForcedSources": record.get("diaForcedSourcesList"),
        "prvDiaNondetectionLimits": record.get("diaNondetectionLimitsList"),
        "diaObject": record.get("diaObject"),
    }


def lasair_row(record: Record) -> Row:
    """A Lasair alert (object, sources, annotations). Sherlock's class is no spectrum: it is left out."""
    return rubin.row(lasair_packet(record))


def lasair_history(record: Record) -> Iterator[Detection]:
    """All other sources of the object."""
    return rubin.history(lasair_packet(record))


def lasair_object_row(record: Record) -> Row:
    """A Lasair object: its latest state. It names no detection, so the id is object and time."""
    ra, dec = position(record.get("ra"), rubin.first(record, rubin.DEC))
    last = record["lastDiaSourceMjdTai"]
    object_id = identity(record["diaObjectId"], "diaObjectId")
    bands = [b for b in "ugrizy" if record.get(f"{b}_latestMJD") == last]
    first = known(record.get("firstDiaSourceMjdTai"))
    return {
        "id": f"{object_id}@{last}",
        "object_id": object_id,
        "survey": "lsst",
        "ra": ra,
        "dec": dec,
        "time": unix_of_tai(last, "lastDiaSourceMjdTai"),
        "band": bands[0] if bands else None,
        "flux_njy": known(record.get(f"{bands[0]}_psfFlux")) if bands else None,
        "first_seen": None if first is None else unix_of_tai(first, "firstDiaSourceMjdTai"),
        "n_detections": within(record.get("nDiaSources"), 1, 1e9),
        "reliability": within(record.get("latestR"), 0.0, 1.0),
    }


def antares_sources(record: Record) -> list[Record]:
    """An ANTARES locus's alerts as LSST sources, oldest first."""
    head = "lsst_diaSource_"
    stripped = [
        {k.removeprefix(head): v for k, v in (a.get("properties") or a).items() if k.startswith(head)}
        for a in record["alerts"]
    ]
    sources = [s for s in stripped if s]
    if not sources:
        raise DecodeError("ANTARES locus without lsst_diaSource alerts")
    return sorted(sources, key=lambda s: rubin.tai(s, "alerts"))


def antares_row(record: Record) -> Row:
    """An ANTARES locus: its newest alert. Where the alert has no id, the id is object and time."""
    sources = antares_sources(record)
    newest, seen = sources[-1], [s for s in sources if not rubin.is_negative(s)]
    object_id = identity(newest.get("diaObjectId") or record["locus_id"], "diaObjectId")
    ra, dec = position(newest.get("ra", record.get("ra")), newest.get("dec", record.get("dec")))
    return {
        "id": str(newest.get("diaSourceId") or f"{object_id}@{rubin.first(newest, rubin.TIME)}"),
        "object_id": object_id,
        "survey": "lsst",
        "ra": ra,
        "dec": dec,
        "time": rubin.tai(newest, "alerts"),
        "band": text(rubin.first(newest, rubin.BAND)),
        "flux_njy": known(rubin.first(newest, rubin.FLUX)),
        "flux_error_njy": known(rubin.first(newest, rubin.FLUX_ERROR)),
        "first_seen": rubin.tai(seen[0], "alerts") if seen else None,
        "n_detections": len(seen),
        "reliability": within(newest.get("reliability"), 0.0, 1.0),
    }


def antares_history(record: Record) -> Iterator[Detection]:
    """The locus's earlier alerts."""
    for s in antares_sources(record)[:-1]:
        told = s.get("diaSourceId")
        yield rubin.measured(s, "alerts", str(told) if told else f"{s.get('diaObjectId')}@{rubin.first(s, rubin.TIME)}")


def antares_aliases(record: Record) -> Iterator[str]:
    """The locus id, and every survey's ids."""
    yield str(record["locus_id"])
    for survey in ((record.get("properties") or {}).get("survey") or {}).values():
        for ids in survey.values():
            yield from (str(i) for i in (ids if isinstance(ids, list) else [ids]))


FORCED = "_FP"
"""End of ``source`` of AMPEL's forced photometry (LSST_FP); LSST_DP are diaSources."""


def ampel_points(report: Record) -> list[Record]:
    """Photometry of an AMPEL report, oldest first."""
    return sorted(report["photometry"], key=lambda p: float(p["time"]))


def ampel_row(report: Record) -> Row:
    """An AMPEL report on an LSST object: newest measurement beyond 5 sigma, and the host's digest redshift.

    ``time`` is LSST's MJD TAI + 2400000.5 (Ampel-LSST, LSSTT2Tabulator).
    """
    o, points = report["object"], [p for p in ampel_points(report) if _ampel_is_seen(p)]
    if not points:
        raise DecodeError("AMPEL report without a detection")
    newest, seen = points[-1], [p for p in points if not (_ampel_flux(p)[0] or 0.0) < 0.0]
    ra, dec = position(o["ra"], o["dec"], "object.ra, dec")
    host: Any = next(iter(report.get("host") or ()), {})
    flux = _ampel_flux(newest)
    return {
        "id": identity(newest["id"], "photometry.id"),
        "object_id": identity(o["id"], "object.id"),
        "survey": "lsst",
        "ra": ra,
        "dec": dec,
        "time": _ampel_time(newest),
        "band": _ampel_band(newest),
        "flux_njy": flux[0],
        "flux_error_njy": flux[1],
        "first_seen": _ampel_time(seen[0]) if seen else None,
        "n_detections": len(seen),
        "redshift": within(host.get("redshift"), 1e-6, rubin.Z_MAX),
        "redshift_error": within(host.get("redshift_error"), 0.0, rubin.Z_MAX),
    }


def ampel_history(report: Record) -> Iterator[Detection]:
    """The report's earlier points; forced photometry counts above 5 sigma."""
    for p in ampel_points(report):
        flux, error = _ampel_flux(p)
        is_seen = _ampel_is_seen(p)
        yield Detection(
            time=utc(_ampel_time(p)),
            band=_ampel_band(p),
            flux_njy=flux if is_seen else None,
            flux_error_njy=error if is_seen else None,
            limit_mag=limit_of_error(error),
            alert_id=None if p["source"].endswith(FORCED) else str(p["id"]),
        )


def ampel_aliases(report: Record) -> Iterator[str]:
    """The object's other id."""
    if told := report["object"].get("external_id"):
        yield str(told)


def _ampel_is_seen(point: Record) -> bool:
    """A diaSource, or forced photometry above 5 sigma."""
    flux, error = _ampel_flux(point)
    if not point["source"].endswith(FORCED):
        return True
    return flux is not None and error is not None and abs(flux) > LIMIT_SIGMA * error


def _ampel_time(point: Record) -> float:
    return unix_of_tai(point["time"] - JD_OF_MJD_ZERO, "photometry.time (as MJD)")


def _ampel_band(point: Record) -> str:
    return str(point["band"]).removeprefix("lsst")


def _ampel_flux(point: Record) -> tuple[float | None, float | None]:
    scale = 10 ** (0.4 * (AB_ZERO_MAG - float(point["zp"])))
    flux, error = known(point["flux"]), known(point["fluxerr"])
    return None if flux is None else flux * scale, None if error is None else error * scale


ATLAS = PacketDecoder(row=atlas_row, needs=("objectId", "candid", "candidate"))
DECAM = PacketDecoder(row=decam_row, history=decam_history, needs=("objectId", "candid", "candidate"))
LASAIR = PacketDecoder(row=lasair_row, history=lasair_history)
LASAIR_OBJECT = PacketDecoder(row=lasair_object_row)
ANTARES = PacketDecoder(row=antares_row, history=antares_history, aliases=antares_aliases)
AMPEL = PacketDecoder(row=ampel_row, history=ampel_history, aliases=ampel_aliases)
