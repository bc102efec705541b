"""A source below its reference is measured, and not detected, whatever survey or broker tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from mma.alerts import decode
from mma.answers import queries
from mma.simulate.packets import ztf_packet
from mma.store import objects
from tests.mma.alerts import make
from tests.mma.world import HERE, T0, World, as_json, detection, superevent

EVENT = "S270301ab"
DAY_S = 86400.0
MJD0 = T0.timestamp() / DAY_S + 40587.0
TAI_S = 37.0
"""TAI - UTC since 2017."""


def jd(days: float) -> float:
    """Start of an exposure so many days after the event."""
    return T0.timestamp() / DAY_S + 2440587.5 + days


def tai(days: float) -> float:
    """Middle of an exposure so many days after the event, MJD TAI."""
    return MJD0 + days + TAI_S / DAY_S


def previous(days: float, sign: str) -> dict[str, Any]:
    """A detection in ZTF's history; so many days before the alert, which is 10 h after the event."""
    return {
        "jd": jd(10 / 24 + days), "fid": 2, "diffmaglim": 20.5, "candid": 7, "isdiffpos": sign, "magpsf": 19.5,
        "sigmapsf": 0.1,
    }  # fmt: skip


def forced(days: float, dn: float) -> dict[str, Any]:
    """Forced photometry of ZTF."""
    return {
        "jd": jd(10 / 24 + days), "fid": 2, "diffmaglim": 20.5, "forcediffimflux": dn, "forcediffimfluxunc": 15.0,
        "magzpsci": 26.2, "exptime": 30.0,
    }  # fmt: skip


def as_ztf_json(**candidate: Any) -> bytes:
    """A ZTF packet as JSON, as brokers pass it on."""
    history = {name: candidate.pop(name, None) for name in ("prv_candidates", "fp_hists")}
    usual = {
        "jd": jd(10 / 24), "fid": 2, "candid": 1, "isdiffpos": "t", "ra": HERE[0], "dec": HERE[1], "magpsf": 19.0,
        "sigmapsf": 0.1, "drb": 0.95, "ndethist": 2, "jdstarthist": jd(10 / 24 - 20), "exptime": 30.0,
    }  # fmt: skip
    return as_json({"objectId": "ZTF27aaaaaaa", "candid": 1, "candidate": usual | candidate, **history})


def source(number: int, days: float, flux: float) -> dict[str, Any]:
    """A diaSource."""
    return {
        "diaSourceId": number, "diaObjectId": 17, "midpointMjdTai": tai(days), "ra": HERE[0], "dec": HERE[1],
        "psfFlux": flux, "psfFluxErr": 100.0, "band": "r", "reliability": 0.9,
    }  # fmt: skip


def rubin(earlier: float, **more: Any) -> dict[str, Any]:
    """A Rubin packet whose object was once below its reference, which the survey counts as a detection."""
    told = {"diaObjectId": 17, "firstDiaSourceMjdTai": tai(-20.0), "nDiaSources": 2}
    return {
        "diaSource": source(2, 0.5, 9e4), "prvDiaSources": [source(1, -20.0, earlier)], "diaObject": told, **more
    }  # fmt: skip


def lasair(earlier: float) -> dict[str, Any]:
    packet = rubin(earlier)
    sources = [packet["diaSource"], *packet["prvDiaSources"]]
    return {"diaObjectId": 17, "diaSourcesList": sources, "diaObject": packet["diaObject"]}


def antares(earlier: float) -> dict[str, Any]:
    packet = rubin(earlier)
    alerts = [
        {"properties": {f"lsst_diaSource_{k}": v for k, v in s.items()}}
        for s in (packet["diaSource"], *packet["prvDiaSources"])
    ]
    return {"locus_id": "ANT2027a", "alerts": alerts, "properties": {}}


def ampel(earlier: float) -> dict[str, Any]:
    points = [
        {"id": i, "time": tai(days) + 2400000.5, "band": "lsstr", "flux": flux, "fluxerr": 100.0, "zp": 31.4,
         "source": "LSST_DP"}
        for i, days, flux in ((1, -20.0, earlier), (2, 0.5, 9e4))
    ]  # fmt: skip
    return {"object": {"id": 17, "ra": HERE[0], "dec": HERE[1]}, "photometry": points, "host": []}


def decam(earlier: float) -> dict[str, Any]:
    point = {"psfFluxErr": 100.0, "band": "r", "diffmaglim": 22.0}
    candidate = point | {"mjd": MJD0 + 0.5, "psfFlux": 9e4, "ra": HERE[0], "dec": HERE[1]}
    history = [point | {"mjd": MJD0 - 20.0, "psfFlux": earlier}]
    return {"objectId": "A27a", "candid": 5, "candidate": candidate, "fp_hists": history}


JSON = {
    "rubin": rubin,
    "fink": lambda earlier: rubin(earlier, fink_broker_version="1"),
    "elasticc": lambda earlier: rubin(earlier) | {"diaObject": {"hostgal_z": 0.1, **rubin(earlier)["diaObject"]}},
    "lasair": lasair,
    "antares": antares,
    "ampel": ampel,
    "decam": decam,
}


@pytest.mark.parametrize("kind", JSON)
def test_a_negative_history_is_no_earlier_activity(small_world: World, kind: str) -> None:
    """With the sign turned the same packet is vetoed: the object was active 20 days before the merger."""
    small_world.hears(superevent(), as_json(JSON[kind](-2e3)))
    (row,) = small_world.candidates(EVENT)
    assert row["delay_s"] == pytest.approx(0.5 * DAY_S, abs=1.0)
    (curve,) = [small_world.ask(objects.light_curve, row["object"])]
    assert [(p["flux_njy"] or 0.0) < 0.0 for p in curve] == [True, False]  # its point is kept


@pytest.mark.parametrize("kind", JSON)
def test_a_positive_history_is(small_world: World, kind: str) -> None:
    small_world.hears(superevent(), as_json(JSON[kind](2e3)))
    assert small_world.candidates(EVENT) == []
    (row,) = small_world.candidates(EVENT, everything=True)
    assert "already active" in row["reason"]


HISTORIES = {
    "detection": {"prv_candidates": [previous(-20.0, "f")], "jdstarthist": jd(10 / 24 - 20), "ndethist": 2},
    "sign as a number": {"prv_candidates": [previous(-20.0, "0")], "jdstarthist": jd(10 / 24 - 20), "ndethist": 2},
    "forced photometry": {"fp_hists": [forced(-20.0, -90.0)], "jdstarthist": jd(10 / 24), "ndethist": 1},
}


@pytest.mark.parametrize(
    ("name", "form"), [*((n, "json") for n in HISTORIES), *((n, "avro") for n in list(HISTORIES)[:2])]
)
def test_ztf(small_world: World, name: str, form: str) -> None:
    """The survey counts a subtraction of either sign as a detection, in ``jdstarthist`` and ``ndethist``."""
    told = HISTORIES[name]
    small_world.hears(superevent(), as_ztf_json(**told) if form == "json" else detection(**told))
    (row,) = small_world.candidates(EVENT)
    assert row["delay_s"] == pytest.approx(10 * 3600.0, abs=16.0)
    assert row["earliest_s"] == pytest.approx((10 - 480) * 3600.0, abs=16.0)  # a look that saw nothing new
    assert small_world.ask(queries.object_, row["object"])["n_detections"] == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_alerts_below_the_reference_are_no_detections_in_any_order(small_world: World, order: tuple[int, int]) -> None:
    low = detection(hours=-240.0, isdiffpos="f")
    high = detection(hours=10.0, first_hours=10.0)
    small_world.hears(superevent(), *[(low, high)[i] for i in order])
    (row,) = small_world.candidates(EVENT)
    assert row["delay_s"] == pytest.approx(36_000.0, abs=1.0)


def test_a_source_that_is_only_fainter_ranks_far_below(small_world: World) -> None:
    there = (HERE[0], HERE[1] + 0.1)
    small_world.hears(superevent(), detection("ZTF27pos"), detection("ZTF27neg", there, isdiffpos="f"))
    best, worst = small_world.candidates(EVENT)
    assert (best["object"], worst["object"]) == ("ZTF27pos", "ZTF27neg")
    assert worst["log_odds"] < best["log_odds"] - 5.0
    assert worst["terms"]["photometry"] < -5.0
    (point,) = small_world.ask(objects.light_curve, "ZTF27neg")
    assert point["flux_njy"] < 0.0
    assert worst["mag"] is None


def test_a_packet_that_only_ever_was_negative_has_no_detections() -> None:
    payload = ztf_packet(
        object_id="ZTF27a", candid=3, jd=jd(1.0), ra=1.0, dec=2.0, magpsf=19.0, sigmapsf=0.1, fid=2, drb=0.9,
        jdstarthist=jd(1.0), ndethist=1, isdiffpos="f",
    )  # fmt: skip
    assert decode([make.message(payload)]).batch.n_detections.tolist() == [0.0]
