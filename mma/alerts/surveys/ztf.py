"""ZTF alert packets, schema 1.3 to 4.02, from IPAC or passed on by Fink; Avro or JSON.

Fields and units: ``ztf-avro-alert`` candidate.avsc, prv_candidate.avsc, fp_hist.avsc 4.02.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from coincidence import Detection
from mma.errors import DecodeError
from skymaps import FloatArray
from skymaps.units import AB_ZERO_MAG, JD_OF_MJD_ZERO

from ..columns import Columns, Fields, is_mjd, limited, row_of, signed_fluxes
from ..packet import (
    LIMIT_SIGMA,
    LN10_OVER_2_5,
    PacketDecoder,
    Record,
    Row,
    fluxes_of_mags,
    known,
    signed_flux,
    utc,
    within,
)
from ..points import Readings
from ..times import MJD_1950, MJD_2100, seconds_of_mjd, unix_of_jd
from ..words import Words

BANDS = {1: "g", 2: "r", 3: "i"}
POSITIVE, NEGATIVE = ("t", "T", "true", "True", "1", "+", "+1", 1), ("f", "F", "false", "False", "0", "-", "-1", 0, -1)
SIGNS: dict[Any, int] = dict.fromkeys(POSITIVE, 1) | dict.fromkeys(NEGATIVE, -1)
"""``isdiffpos``: science minus reference, or the reverse; True and False are 1 and 0. Brokers write many words."""

NO_SIGN = "neither positive (t, 1) nor negative (f, 0)"
MISSING_FLUX_DN = -99999.0
LONGEST_EXPOSURE_S = 3600.0


def columns(p: Fields) -> Columns:
    """Columns of packets. ``last_unseen`` needs the whole packet: see ``history``."""
    p.require("candidate", "jd", "ra", "dec", "fid", "magpsf", "sigmapsf", "isdiffpos")
    half = np.nan_to_num(p.within("candidate.exptime", 0.0, LONGEST_EXPOSURE_S)) / 2
    time = p.jd("candidate.jd") + half
    ra, dec = p.position("candidate.ra, dec", "candidate.ra", "candidate.dec")
    told = p.values("candidate.isdiffpos")
    sign = np.array([SIGNS.get(v, np.nan) for v in told], dtype=np.float64)
    p.refuse(np.isnan(sign), lambda i: f"isdiffpos {told[i]!r} is {NO_SIGN}")
    flux, error = signed_fluxes(p.number("candidate.magpsf"), p.number("candidate.sigmapsf"), sign)
    drb, rb = (p.within(f"candidate.{name}", 0.0, 1.0) for name in ("drb", "rb"))
    start = p.within("candidate.jdstarthist", JD_OF_MJD_ZERO + MJD_1950, JD_OF_MJD_ZERO + MJD_2100)
    return {
        "id": p.identities(p.values("candid"), "candid"),
        "object_id": p.identities(p.values("objectId"), "objectId"),
        "survey": "ztf",
        "ra": ra,
        "dec": dec,
        "time": time,
        "band": [BANDS.get(v) for v in p.values("candidate.fid")],
        "flux_njy": flux,
        "flux_error_njy": error,
        "first_seen": np.minimum(seconds_of_mjd(start - JD_OF_MJD_ZERO) + half, time),
        "n_detections": p.within("candidate.ndethist", 1, 1e9) - (sign < 0),
        "reliability": np.where(np.isnan(drb), rb, drb),
        "star_score": p.within("candidate.sgscore1", 0.0, 1.0),
        "star_distance_arcsec": p.within("candidate.distpsnr1", 0.0, 3600.0),
        "solar_system_arcsec": p.within("candidate.ssdistnr", 0.0, 3600.0),
    }


def row(packet: Record) -> Row:
    """Columns of one packet, decoded whole or as far as its candidate."""
    return row_of(columns, packet)


def half_exposure_s(c: Record) -> float:
    """Half the exposure in seconds: ZTF's ``jd`` is its start (candidate.avsc).

    Packets before schema 3.3 do not tell ``exptime``: their time stays the start, 15 s early as a rule.
    """
    return (within(c.get("exptime"), 0.0, LONGEST_EXPOSURE_S) or 0.0) / 2


def sign_of(isdiffpos: Any) -> int:
    """+1 or -1 for ``isdiffpos``."""
    try:
        return SIGNS[isdiffpos]
    except (KeyError, TypeError) as error:
        raise DecodeError(f"isdiffpos {isdiffpos!r} is {NO_SIGN}") from error


def history(packet: Record) -> Iterator[Detection]:
    """The last 30 days: detections and limits of ``prv_candidates``, forced photometry of ``fp_hists``."""
    half = half_exposure_s(packet["candidate"])
    for p in packet.get("prv_candidates") or ():
        if p is not None:
            yield _previous(p, half)
    for f in packet.get("fp_hists") or ():
        if f is not None:
            yield _forced(f)


def _previous(p: Record, half: float) -> Detection:
    time, band = utc(unix_of_jd(p["jd"], "prv_candidates.jd") + half), BANDS.get(p["fid"], "unknown")
    limit = within(p.get("diffmaglim"), 0.0, 50.0)
    if p.get("candid") is None or p.get("magpsf") is None:
        return Detection(time=time, band=band, flux_njy=None, limit_mag=limit)
    flux, error = signed_flux(p["magpsf"], p.get("sigmapsf"), sign_of(p["isdiffpos"]))
    candid = str(p["candid"])
    return Detection(time=time, band=band, flux_njy=flux, flux_error_njy=error, limit_mag=limit, alert_id=candid)


def _forced(f: Record) -> Detection:
    """Forced photometry, DN with zero point ``magzpsci``; a non-detection below 5 sigma."""
    time = utc(unix_of_jd(f["jd"], "fp_hists.jd") + half_exposure_s(f))
    band, limit = BANDS.get(f["fid"], "unknown"), within(f.get("diffmaglim"), 0.0, 50.0)
    flux, error = known(f.get("forcediffimflux")), within(f.get("forcediffimfluxunc"), 0.0, 1e12)
    zero = within(f.get("magzpsci"), 0.0, 50.0)
    if flux is None or flux == MISSING_FLUX_DN or not error or zero is None or abs(flux) <= LIMIT_SIGMA * error:
        return Detection(time=time, band=band, flux_njy=None, limit_mag=limit)
    njy = 10 ** (0.4 * (AB_ZERO_MAG - zero))
    return Detection(time=time, band=band, flux_njy=flux * njy, flux_error_njy=error * njy, limit_mag=limit)


def points(packets: Fields, items: Callable[[str], Fields]) -> list[Readings]:
    """What ``history`` says of many packets: ``prv_candidates``, and ``fp_hists``."""
    half = _half_exposures(packets, "candidate")
    previous, forced = items("prv_candidates"), items("fp_hists")
    previous.require("prv_candidates", "jd", "fid")
    forced.require("fp_hists", "jd", "fid")
    return [_previous_points(previous, half[previous.owner]), _forced_points(forced)]


def _half_exposures(p: Fields, where: str) -> FloatArray:
    return np.nan_to_num(p.within(f"{where}.exptime", 0.0, LONGEST_EXPOSURE_S)) / 2


def _previous_points(p: Fields, half: FloatArray) -> Readings:
    """``_previous`` on columns."""
    told = p.values("prv_candidates.isdiffpos")
    is_seen = ~(p.is_null("prv_candidates.candid") | p.is_null("prv_candidates.magpsf"))
    seen = np.flatnonzero(is_seen)
    mag, mag_error = (limited(p.number(f"prv_candidates.{name}"), 0.0, 50.0)[seen] for name in ("magpsf", "sigmapsf"))
    size = fluxes_of_mags(mag)
    sign = np.array([SIGNS.get(told[i], np.nan) for i in seen.tolist()], dtype=np.float64)
    flux, error = np.full(p.n, np.nan), np.full(p.n, np.nan)
    flux[seen], error[seen] = sign * size, size * mag_error * LN10_OVER_2_5
    rows = _points(p, "prv_candidates", half, flux, error)
    rows.time[seen[np.isnan(sign)]] = np.nan
    ids = p.ids("prv_candidates.candid", zero=True)
    return replace(rows, alert_id=Words(ids.code, ids.is_known & is_seen, ids.words))


def _forced_points(p: Fields) -> Readings:
    """``_forced`` on columns."""
    flux, error = p.known("fp_hists.forcediffimflux"), p.within("fp_hists.forcediffimfluxunc", 0.0, 1e12)
    njy = fluxes_of_mags(p.within("fp_hists.magzpsci", 0.0, 50.0))
    is_seen = (flux != MISSING_FLUX_DN) & (error > 0) & (np.abs(flux) > LIMIT_SIGMA * error) & ~np.isnan(njy)
    flux, error = np.where(is_seen, flux * njy, np.nan), np.where(is_seen, error * njy, np.nan)
    return _points(p, "fp_hists", _half_exposures(p, "fp_hists"), flux, error)


def _points(p: Fields, where: str, half: FloatArray, flux: FloatArray, error: FloatArray) -> Readings:
    mjd = p.number(f"{where}.jd") - JD_OF_MJD_ZERO
    fid = p.number(f"{where}.fid")
    band = np.where((fid >= 1) & (fid <= len(BANDS)) & (fid == np.rint(fid)), fid, 0.0).astype(np.int64)
    return Readings(
        owner=p.owner,
        time=np.where(is_mjd(mjd), seconds_of_mjd(mjd) + half, np.nan),
        band=Words(band, np.ones(p.n, dtype=np.bool_), ("unknown", *BANDS.values())),
        flux_njy=flux,
        flux_error_njy=error,
        limit_mag=p.within(f"{where}.diffmaglim", 0.0, 50.0),
        noise_njy=np.full(p.n, np.nan),
        alert_id=Words.none(p.n),
    )


def fink_row(packet: Record) -> Row:
    """A ZTF row with what Fink added: TNS's class (a spectrum's, no classifier's), Mangrove's distance."""
    told = packet.get("tnsclass") or str(packet.get("tns") or "").removesuffix(" (TNS)")
    galaxy = packet.get("mangrove") or {}
    distance = str(galaxy.get("lum_dist"))
    return row(packet) | {
        "classification": told if told not in ("", "Unknown", "None", "nan") else None,
        "distance_mpc": within(distance, 1e-3, 1e5) if distance[:1].isdigit() else None,
    }


DECODER = PacketDecoder(
    row=row, columns=columns, history=history, points=points, needs=("objectId", "candid", "candidate")
)
FINK = PacketDecoder(row=fink_row, history=history, points=points)
