"""Rubin (LSST) alert packets, schema 3.0 to 11.x, and what brokers and ELAsTiCC make of them; Avro or JSON.

Times are MJD TAI of the middle of the exposure, fluxes nJy. Names moved: ``alertId`` (to 7.4) became
``diaSourceId`` (8.0 on), ``decl`` (to 4.0) ``dec``, ``midPointTai`` ``midpointMjdTai``, ``psFlux``
``psfFlux``, ``filterName`` ``band``, ``spuriousness`` ``reliability``. What spuriousness measures was never
said in the schema: it is left unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from coincidence import Detection
from mma.errors import DecodeError
from skymaps import FloatArray

from ..columns import Columns, Fields, is_mjd, row_of
from ..history import SAME_EXPOSURE
from ..packet import LIMIT_SIGMA, IncompleteError, PacketDecoder, Record, Row, known, limit_of_error, text, utc, within
from ..points import Readings
from ..times import MJD_1950, MJD_2100, leap_seconds_at, seconds_of_mjd, unix_of_tai
from ..words import Words

TIME = ("midpointMjdTai", "midPointTai")
DEC = ("dec", "decl")
FLUX = ("psfFlux", "psFlux")
FLUX_ERROR = ("psfFluxErr", "psFluxErr")
BAND = ("band", "filterName")
Z_MAX = 20.0


def first(source: Record, names: tuple[str, ...]) -> Any:
    """The first of several names of one field."""
    for name in names:
        if (value := source.get(name)) is not None:
            return value
    return None


def tai(source: Record, where: str) -> float:
    """Middle of the exposure, Unix seconds UTC."""
    value = first(source, TIME)
    if value is None:
        raise DecodeError(f"{where} has no {TIME[0]}")
    return unix_of_tai(value, f"{where}.{next(n for n in TIME if source.get(n) is not None)}")


def columns(p: Fields) -> Columns:
    """Columns of packets, but for what only a whole one tells: see ``lifetime``."""
    p.require("diaSource")
    ra, dec = p.position("diaSource.ra, dec", "diaSource.ra", *inside("diaSource", DEC))
    object_ids, solar_system_arcsec = source_objects(p)
    ids = [p.values(path) for path in ("diaSource.diaSourceId", "diaSourceId", "alertId")]
    bands = [p.values(path) for path in inside("diaSource", BAND)]
    return {
        "id": p.identities([a or b or c for a, b, c in zip(*ids, strict=True)], "diaSourceId"),
        "object_id": object_ids,
        "survey": "lsst",
        "ra": ra,
        "dec": dec,
        "time": p.tai(*inside("diaSource", TIME)),
        "band": [text(old if new is None else new) for new, old in zip(*bands, strict=True)],
        "flux_njy": p.known(*inside("diaSource", FLUX)),
        "flux_error_njy": p.known(*inside("diaSource", FLUX_ERROR)),
        "reliability": p.within("diaSource.reliability", 0.0, 1.0),
        "solar_system_arcsec": solar_system_arcsec,
    }


def inside(record: str, names: tuple[str, ...]) -> list[str]:
    """Paths of fields within a record."""
    return [f"{record}.{name}" for name in names]


def source_objects(p: Fields) -> tuple[list[str], FloatArray]:
    """The objects' ids, and 0 where the survey says it is of the solar system; an id 0 is no id."""
    dia, dia_too, solar, solar_too = (
        p.values(f"{record}.{name}")
        for name, records in (("diaObjectId", ("diaSource", "diaObject")), ("ssObjectId", ("diaSource", "ssSource")))
        for record in records
    )
    dia = [a or b for a, b in zip(dia, dia_too, strict=True)]
    solar = [a or b for a, b in zip(solar, solar_too, strict=True)]
    nameless = np.array([not (a or b) for a, b in zip(dia, solar, strict=True)], dtype=bool)
    if p.has("diaObject"):
        p.refuse(nameless, lambda _: "neither diaObject nor ssObject: the packet names no object")
    else:
        p.refuse(nameless, lambda _: "the packet names no object", IncompleteError)
    ids = p.identities([a or b for a, b in zip(dia, solar, strict=True)], "diaObjectId")
    object_ids = [name if a else f"sso-{name}" for a, name in zip(dia, ids, strict=True)]
    return object_ids, np.where([bool(b) for b in solar], 0.0, np.nan)


def row(packet: Record) -> Row:
    """Columns of one packet, decoded whole or as far as its diaSource."""
    return row_of(columns, packet) | lifetime(packet)


def lifetime(packet: Record) -> Row:
    """First detection and count: only a whole packet tells them. What is below its reference is no detection."""
    if packet.get("diaObject") is None and "prvDiaSources" not in packet:
        return {}
    time, is_seen = tai(packet["diaSource"], "diaSource"), not is_negative(packet["diaSource"])
    told = packet.get("diaObject") or {}
    earlier = [(tai(p, "prvDiaSources"), is_negative(p)) for p in _kept(packet.get("prvDiaSources"))]
    seen = [t for t, negative in earlier if not negative]
    n_seen = len(seen) + is_seen
    if first_tai := within(told.get("firstDiaSourceMjdTai"), MJD_1950, MJD_2100):
        first = unix_of_tai(first_tai, "diaObject.firstDiaSourceMjdTai")
        if not any(negative and abs(t - first) < SAME_EXPOSURE.total_seconds() for t, negative in earlier):
            seen.append(first)
    count = within(told.get("nDiaSources"), 1, 1e9)
    return {"first_seen": min([time, *seen]), "n_detections": n_seen if count is None else count - (not is_seen)}


def is_negative(source: Record) -> bool:
    """Whether a source is fainter than its reference."""
    return (known(first(source, FLUX)) or 0.0) < 0.0


def _kept(sources: Iterable[Record | None] | None) -> list[Record]:
    """Sources that are there and that the survey has not withdrawn."""
    return [s for s in sources or () if s is not None and not known(s.get("timeWithdrawnMjdTai"))]


def history(packet: Record) -> Iterator[Detection]:
    """Up to 12 months: earlier sources, forced photometry, limits."""
    for s in _kept(packet.get("prvDiaSources")):
        yield measured(s, "prvDiaSources", str(s["diaSourceId"]) if s.get("diaSourceId") else None)
    for s in _kept(packet.get("prvDiaForcedSources")):
        yield forced(s)
    for s in _kept(packet.get("prvDiaNondetectionLimits")):
        time, band = utc(tai(s, "prvDiaNondetectionLimits")), text(first(s, BAND)) or "unknown"
        yield Detection(time=time, band=band, flux_njy=None, limit_mag=limit_of_error(known(s.get("diaNoise"))))


def measured(s: Record, where: str, alert_id: str | None) -> Detection:
    """An earlier diaSource."""
    error = known(first(s, FLUX_ERROR))
    return Detection(
        time=utc(tai(s, where)),
        band=text(first(s, BAND)) or "unknown",
        flux_njy=known(first(s, FLUX)),
        flux_error_njy=error,
        limit_mag=limit_of_error(error),
        alert_id=alert_id,
    )


def forced(s: Record) -> Detection:
    """Forced photometry: a detection above 5 sigma, otherwise not seen down to 5 sigma."""
    entry = measured(s, "prvDiaForcedSources", None)
    flux, error = entry.flux_njy, entry.flux_error_njy
    if flux is not None and error and error > 0 and abs(flux) > LIMIT_SIGMA * error:
        return entry
    return Detection(time=entry.time, band=entry.band, flux_njy=None, limit_mag=entry.limit_mag)


def points(packets: Fields, items: Callable[[str], Fields]) -> list[Readings]:
    """What ``history`` says of many packets: one list for each of their arrays."""
    return [
        _measured_points("prvDiaSources", items("prvDiaSources")),
        _measured_points("prvDiaForcedSources", items("prvDiaForcedSources"), is_forced=True),
        _limit_points("prvDiaNondetectionLimits", items("prvDiaNondetectionLimits")),
    ]


def _measured_points(where: str, s: Fields, *, is_forced: bool = False) -> Readings:
    """``measured`` or ``forced`` on columns."""
    flux, error = s.known(*inside(where, FLUX)), s.known(*inside(where, FLUX_ERROR))
    noise = error
    if is_forced:
        is_seen = (error > 0) & (np.abs(flux) > LIMIT_SIGMA * error)
        flux, error = np.where(is_seen, flux, np.nan), np.where(is_seen, error, np.nan)
    ids = Words.none(s.n) if is_forced else s.ids(f"{where}.diaSourceId")
    return _points(where, s, flux, error, noise, ids)


def _limit_points(where: str, s: Fields) -> Readings:
    unknown = np.full(s.n, np.nan)
    return _points(where, s, unknown, unknown, s.known(f"{where}.diaNoise"), Words.none(s.n))


def _points(where: str, s: Fields, flux: FloatArray, error: FloatArray, noise: FloatArray, ids: Words) -> Readings:
    """Columns of an array without what the survey has withdrawn."""
    mjd, withdrawn = s.first(*inside(where, TIME)), s.known(f"{where}.timeWithdrawnMjdTai")
    new, old = (s.words(path) for path in inside(where, BAND))
    rows = Readings(
        owner=s.owner,
        time=np.where(is_mjd(mjd), seconds_of_mjd(mjd) - leap_seconds_at(mjd), np.nan),
        band=new.otherwise(old).filled("unknown"),
        flux_njy=flux,
        flux_error_njy=error,
        limit_mag=np.full(s.n, np.nan),
        noise_njy=noise,
        alert_id=ids,
    )
    is_kept = np.isnan(withdrawn) | (withdrawn == 0)
    return rows if is_kept.all() else rows.take(np.flatnonzero(is_kept))


def fink_row(packet: Record) -> Row:
    """An LSST row with Fink's cross-matches: TNS class and redshift, Mangrove distance, Legacy photo-z.

    Fink's own classifiers are not a spectrum: they are left out.
    """
    x = packet.get("xm") or {}
    star = within(x.get("legacydr8_pstar"), 0.0, 1.0)
    z, z_error = within(x.get("tns_redshift"), 1e-6, Z_MAX), None
    if z is None and x.get("legacydr8_fqual") == 1 and (star or 0.0) < 0.5:
        z, z_error = (
            within(x.get("legacydr8_zphot"), 1e-6, Z_MAX),
            within(x.get("legacydr8_e_zphot"), 0.0, Z_MAX),
        )
    return row(packet) | {
        "classification": text(x.get("tns_type")),
        "redshift": z,
        "redshift_error": z_error,
        "distance_mpc": within(x.get("mangrove_lum_dist"), 1e-3, 1e5),
        "star_score": star,
    }


def elasticc_row(packet: Record) -> Row:
    """An ELAsTiCC row (simulated LSST) with the redshift of its host; -9 and 0 are unknown."""
    told = packet.get("diaObject") or {}
    for name in ("z_final", "hostgal_z"):
        if (z := within(told.get(name), 1e-6, Z_MAX)) is not None:
            error = within(told.get(f"{name}_err"), 1e-9, Z_MAX)
            return row(packet) | {"survey": "elasticc", "redshift": z, "redshift_error": error}
    return row(packet) | {"survey": "elasticc"}


DECODER = PacketDecoder(row=row, columns=columns, history=history, points=points, needs=("diaSource",))
FINK = PacketDecoder(row=fink_row, history=history, points=points)
ELASTICC = PacketDecoder(row=elasticc_row, history=history, points=points)
