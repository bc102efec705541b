"""ZTF packets: what we read is what the packet says when fastavro decodes all of it."""

import math
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mma.alerts import decode, decode_whole, facts, kind_of, last_nondetection
from tests.mma.alerts import make

HALF_S = 15.0
STARTED = (make.JD - 2440587.5) * 86400


def number(value: Any) -> float:
    return math.nan if value is None or value == -999 else float(value)


def middle(jd: float, c: dict[str, Any]) -> float:
    return (jd - 2440587.5) * 86400 + (c.get("exptime") or 0) / 2


def expected_flux(c: dict[str, Any]) -> float:
    """AB: m = -2.5 log10(f / 3631 Jy), with the sign of the subtraction."""
    return (1 if c["isdiffpos"] in ("t", "1") else -1) * 3631e9 * 10 ** (-0.4 * c["magpsf"])


def test_our_own_packet() -> None:
    decoded = decode([make.message(make.ztf())])
    b = decoded.batch
    assert (decoded.refused, decoded.ignored, decoded.n_whole) == ([], [], 0)
    assert (b.id[0], b.object_id[0], b.survey[0], b.band[0]) == (
        "3367463101415010117",
        "ZTF26aaaaaaa",
        "ztf",
        "r",
    )
    assert (b.ra[0], b.dec[0], b.n_detections[0]) == (150.25, -12.5, 3)
    assert b.time[0] == pytest.approx(STARTED + HALF_S, abs=1e-3)
    assert b.first_seen[0] == pytest.approx(STARTED - 86400 + HALF_S, abs=1e-3)
    assert b.flux_njy[0] == pytest.approx(10 ** (0.4 * (31.4 - 19.0)), rel=1e-6)
    assert b.flux_error_njy[0] / b.flux_njy[0] == pytest.approx(0.1 * math.log(10) / 2.5, rel=1e-6)
    assert b.reliability[0] == pytest.approx(0.9, rel=1e-6)
    assert (b.star_score[0], b.star_distance_arcsec[0]) == (0.25, 4.5)
    for column in (b.solar_system_arcsec, b.last_unseen, b.redshift, b.distance_mpc):
        assert np.isnan(column[0])
    assert b.classification[0] is None


@pytest.mark.parametrize("isdiffpos", ["f", "0"])
def test_a_fading_source_is_negative(isdiffpos: str) -> None:
    assert decode([make.message(make.ztf(isdiffpos=isdiffpos))]).batch.flux_njy[0] < 0


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"ra": math.nan}, "is not a position"),
        ({"ra": 360.1}, "candidate.ra, dec 360.1"),
        ({"dec": -90.5}, "is not a position"),
        ({"jd": 61000.25}, "candidate.jd 61000.25 is not a JD"),
        ({"isdiffpos": "maybe"}, "isdiffpos 'maybe'"),
    ],
)
def test_impossible_values_are_refused_by_name(given: dict[str, Any], reason: str) -> None:
    ((index, error),) = decode([make.message(make.ztf(**given))]).refused
    assert index == 0
    assert reason in str(error)


def test_ra_360_is_0_and_unknowns_are_unknown() -> None:
    given = {
        "ra": 360.0,
        "drb": None,
        "sgscore1": -999.0,
        "distpsnr1": math.nan,
        "magpsf": math.nan,
        "ndethist": 0,
    }
    b = decode([make.message(make.ztf(**given))]).batch
    assert b.ra[0] == 0
    for column in (
        b.reliability,
        b.star_score,
        b.star_distance_arcsec,
        b.flux_njy,
        b.flux_error_njy,
        b.n_detections,
    ):
        assert np.isnan(column[0])


def test_first_seen_is_never_later_than_now() -> None:
    b = decode([make.message(make.ztf(jdstarthist=make.JD + 1))]).batch
    assert b.first_seen[0] == b.time[0]


def test_history_of_our_own_packet() -> None:
    previous = [
        {"jd": make.JD - 3, "fid": 2, "diffmaglim": 20.0},
        {"jd": make.JD - 2, "fid": 2, "diffmaglim": 20.25},
        {
            "jd": make.JD - 1,
            "fid": 1,
            "diffmaglim": 20.5,
            "candid": 7,
            "isdiffpos": "t",
            "magpsf": 18.0,
            "sigmapsf": 0.1,
        },
        {"jd": make.JD - 0.5, "fid": 2, "diffmaglim": 20.5},
    ]
    (alert,) = decode_whole(make.message(make.ztf(prv_candidates=previous[::-1])), {"ZTF26aaaaaaa", "other"})
    assert [d.flux_njy is None for d in alert.history] == [True, True, False, True]
    assert (alert.history[2].alert_id, alert.history[2].band, alert.history[0].limit_mag) == ("7", "g", 20.0)
    told = facts(alert)
    assert told.n_detections == 2
    assert told.first_seen == pytest.approx(STARTED - 86400 + HALF_S, abs=1e-3)
    assert told.last_unseen == pytest.approx(STARTED - 2 * 86400 + HALF_S, abs=1e-3)
    assert last_nondetection(alert, told.first_seen - 2 * 86400) is None
    assert decode_whole(make.message(make.ztf()), {"other"}) == []


@pytest.mark.realdata
def test_every_packet_says_what_we_read(data: Path) -> None:
    patterns = (
        "ztf/**/*.avro",
        "fink/*Z*.avro",
        "fink/*ztf*.avro",
        "fink/avro_multi*.avro",
        "fink/fink-broker*.avro",
    )
    paths = sorted(p for pattern in patterns for p in (data / "optical").glob(pattern))
    assert len(paths) >= 19
    messages = [make.message(p.read_bytes()) for p in paths]
    packets = [p for m in messages for p in make.read_whole(m.payload)]
    decoded = decode(messages)
    b = decoded.batch
    assert decoded.refused == decoded.ignored == []
    assert len(b) == len(packets)
    for i, packet in enumerate(packets):
        c = packet["candidate"]
        assert (b.id[i], b.object_id[i]) == (str(packet["candid"]), packet["objectId"])
        assert (b.ra[i], b.dec[i], b.band[i]) == (c["ra"], c["dec"], "gri"[c["fid"] - 1])
        assert b.time[i] == pytest.approx(middle(c["jd"], c), abs=1e-3)
        assert b.first_seen[i] == pytest.approx(middle(c["jdstarthist"], c), abs=1e-3)
        assert b.flux_njy[i] == pytest.approx(expected_flux(c), rel=1e-4)
        assert b.n_detections[i] == c["ndethist"] - (c["isdiffpos"] in ("f", "0"))
        told = [c.get("drb", c["rb"]), c.get("sgscore1"), c.get("distpsnr1"), c["ssdistnr"]]
        columns = [b.reliability, b.star_score, b.star_distance_arcsec, b.solar_system_arcsec]
        np.testing.assert_equal([column[i] for column in columns], [number(v) for v in told])


@pytest.mark.realdata
def test_eight_successive_packets_tell_one_story(data: Path) -> None:
    paths = sorted((data / "optical/ztf/ZTF21abiuvdk-history").glob("*.avro"))
    messages = [make.message(p.read_bytes()) for p in paths]
    batch = decode(messages).batch
    assert len(batch) == 8
    assert set(batch.object_id) == {"ZTF21abiuvdk"}
    assert np.all(np.diff(batch.time) > 0)
    assert np.ptp(batch.first_seen) == 0
    assert batch.first_seen[0] == batch.time[0]
    assert np.all(np.diff(batch.n_detections) > 0)
    alerts = [a for m in messages for a in decode_whole(m, {"ZTF21abiuvdk"})]
    told = [facts(a, first) for a, first in zip(alerts, batch.first_seen, strict=True)]
    assert [t.n_detections for t in told] == list(range(1, 9))
    assert {t.first_seen for t in told} == {batch.first_seen[0]}
    assert len({t.last_unseen for t in told}) == 1
    assert told[0].last_unseen is not None
    assert told[0].last_unseen < told[0].first_seen
    for earlier, later in pairwise(alerts):
        seen = {d.alert_id: d for d in later.history if d.alert_id}
        assert seen[earlier.id].time == earlier.time
        assert seen[earlier.id].flux_njy == pytest.approx(earlier.flux_njy, rel=1e-4)  # magnitudes are rounded
        assert {d.alert_id for d in earlier.history if d.alert_id} <= set(seen)


@pytest.mark.realdata
def test_forced_photometry_of_schema_4_02(data: Path) -> None:
    """flux [DN] with zero point magzpsci is 3631 Jy * 10^(-0.4 magzpsci) * DN, a detection above 5 sigma."""
    payload = (data / "optical/ztf/boom-2695378462115010012-v4.02.avro").read_bytes()
    ((packet,), (alert,)) = make.read_whole(payload), decode_whole(make.message(payload), {"ZTF18abudxnw"})
    previous = {(round(middle(p["jd"], {"exptime": 30}), 0), p["fid"]) for p in packet["prv_candidates"] if p["candid"]}
    forced = [f for f in packet["fp_hists"] if (round(middle(f["jd"], f), 0), f["fid"]) not in previous]
    by_time = {round(d.time.timestamp()): d for d in alert.history}
    assert forced
    for f in forced:
        entry = by_time[round(middle(f["jd"], f))]
        if f["forcediffimflux"] is None or abs(f["forcediffimflux"]) <= 5 * f["forcediffimfluxunc"]:
            assert entry.flux_njy is None
        else:
            assert entry.flux_njy == pytest.approx(
                3631e9 * 10 ** (-0.4 * f["magzpsci"]) * f["forcediffimflux"], rel=1e-4
            )
    assert all(
        d.time < datetime.fromtimestamp(middle(packet["candidate"]["jd"], packet["candidate"]), UTC)
        for d in alert.history
    )


@pytest.mark.realdata
def test_fink_adds_tns_classes_and_galaxy_distances(data: Path) -> None:
    payload = (data / "optical/fink/ztf-part-3-305711.avro").read_bytes()
    packets = make.read_whole(payload)
    assert kind_of(make.message(payload)) == "fink-ztf"
    b = decode([make.message(payload)]).batch
    assert list(b.classification) == [p["tnsclass"] if p["tnsclass"] != "Unknown" else None for p in packets]
    told = [float(d) if (d := p["mangrove"]["lum_dist"]) != "None" else math.nan for p in packets]
    np.testing.assert_equal(b.distance_mpc, told)
    old = decode([make.message((data / "optical/fink/fink-broker-sample-alert-1.avro").read_bytes())]).batch
    assert list(old.classification) == [None]  # cdsxmatch RRLyr is a catalogue's word on the nearest source
