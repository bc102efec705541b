"""Packets that brokers and other surveys make, against the recorded files' own words."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from astropy.time import Time

from mma.alerts import decode, decode_whole, kind_of
from tests.mma.alerts import make

pytestmark = pytest.mark.realdata


def unix(mjd_tai: float) -> float:
    return float(Time(mjd_tai, format="mjd", scale="tai").unix)


def read(path: Path) -> Any:
    return make.message(path.read_bytes(), name=path.name)


def test_atlas(data: Path) -> None:
    for path in sorted((data / "optical/atlas").glob("*.avro")):
        (packet,) = make.read_whole(path.read_bytes())
        c = packet["candidate"]
        b = decode([read(path)]).batch
        assert (b.id[0], b.object_id[0], b.ra[0], b.dec[0]) == (
            packet["candid"],
            packet["objectId"],
            c["RA"],
            c["Dec"],
        )
        assert abs(b.flux_njy[0]) == pytest.approx(3631e9 * 10 ** (-0.4 * abs(c["Mag"])), rel=1e-3)
        assert b.flux_njy[0] < 0  # both difference images show a hole
        assert b.time[0] == pytest.approx(Time(c["mjd"], format="mjd").unix, abs=1e-3)


def test_decam(data: Path) -> None:
    (path,) = (data / "optical/other").glob("*decam*.avro")
    (packet,) = make.read_whole(path.read_bytes())
    c = packet["candidate"]
    b = decode([read(path)]).batch
    assert b.flux_njy[0] == pytest.approx(3631e9 * 10 ** (-0.4 * c["forcediffimmag"]), rel=1e-3)
    assert (b.object_id[0], b.reliability[0], b.band[0]) == (packet["objectId"], c["reliability"], c["band"])


def test_antares(data: Path) -> None:
    path = data / "optical/brokers/antares_lsst_locus.json"
    locus = json.loads(path.read_bytes())
    newest = locus["alerts"][-1]
    (alert,) = decode_whole(read(path), {"170595943059554358"})
    assert (alert.aliases, len(alert.history)) == (("ANT2019b5sdo",), 2)
    assert alert.flux_njy == newest["lsst_diaSource_psfFlux"]
    assert alert.time.timestamp() == pytest.approx(unix(newest["lsst_diaSource_midpointMjdTai"]), abs=1e-4)


def test_ampel_report(data: Path) -> None:
    path = data / "optical/brokers/ampel_report.avro"
    (report,) = make.read_whole(path.read_bytes())
    seen = [p for p in report["photometry"] if p["source"] == "LSST_DP" or p["flux"] > 5 * p["fluxerr"]]
    b = decode([read(path)]).batch
    assert (b.object_id[0], b.redshift[0]) == (str(report["object"]["id"]), report["host"][0]["redshift"])
    assert (b.n_detections[0], b.id[0]) == (len(seen), str(seen[-1]["id"]))
    assert (b.flux_njy[0], b.band[0]) == (seen[-1]["flux"], seen[-1]["band"].removeprefix("lsst"))
    assert b.first_seen[0] == pytest.approx(unix(seen[0]["time"] - 2400000.5), abs=1e-3)


def test_lasair(data: Path) -> None:
    folder, name = data / "optical/lasair", "unit__pipeline__filter__sample_alerts__313637921267122191"
    whole = json.loads((folder / f"{name}.json").read_bytes())
    times = [s["midpointMjdTai"] for s in whole["diaSourcesList"]]
    batch = decode([read(folder / f"{name}{kind}.json") for kind in ("", "_object")]).batch
    for i in range(2):
        assert (batch.object_id[i], batch.n_detections[i]) == ("313637921267122191", len(times))
        assert batch.time[i] == pytest.approx(unix(max(times)), abs=1e-4)
        assert batch.first_seen[i] == pytest.approx(unix(min(times)), abs=1e-4)
        assert (batch.band[i], batch.flux_njy[i]) == ("i", whole["diaSourcesList"][0]["psfFlux"])
    ((_, error),) = decode([read(folder / f"{name}_lite.json")]).refused
    assert "is not a position" in str(error)


def test_packets_as_json(data: Path) -> None:
    ztf = data / "optical/lasair/unit__pipeline__sherlock__example_ingested.json"
    packets = json.loads(ztf.read_bytes())
    assert list(decode([read(ztf)]).batch.id) == [str(p["candid"]) for p in packets]
    lsst = data / "optical/brokers/ampel-hu-alert_169641461369274412.json"
    packet = json.loads(lsst.read_bytes())
    b = decode([read(lsst)]).batch
    assert (b.id[0], b.flux_njy[0]) == (
        str(packet["diaSource"]["diaSourceId"]),
        packet["diaSource"]["psfFlux"],
    )
    assert b.first_seen[0] == pytest.approx(unix(min(p["midpointMjdTai"] for p in packet["prvDiaSources"])), abs=1e-4)


EXPECTED_ROWS = {
    "fink": 7 + 31 + 3 + 1 + 1 + 1,
    "atlas": 2,
    "elasticc": 2,
    "other": 1,
    "lasair": 1 + 1 + 1 + 5,
    "brokers": 3,
}
REFUSED = {f"lsst.v{v}" for v in ("3.0", "4.0", "6.0", "7.0", "7.1", "7.2", "7.4")} | {
    "unit__pipeline__filter__sample_alerts__313637921267122191_lite"
}


def test_every_optical_file_has_its_outcome(data: Path) -> None:
    """Rows, a refusal with its reason, or ignored: never an exception, never silence."""
    from mma.alerts import SchemaStore

    paths = sorted(p for p in (data / "optical").rglob("*") if p.is_file())
    decoded = decode([read(p) for p in paths], schemas=SchemaStore(data / "optical/rubin/schema"))
    with_rows = set(decoded.batch.message)
    refused, ignored = {i for i, _ in decoded.refused}, {i for i, _ in decoded.ignored}
    assert with_rows | refused | ignored == set(range(len(paths)))
    assert not with_rows & (refused | ignored)
    assert {paths[i].suffix for i in ignored} == {".avsc", ".yaml"}
    packets = {i for i in refused if paths[i].suffix not in (".csv", ".parquet")}
    assert {paths[i].name.removesuffix(".json").removesuffix("-fakeAlert.avro") for i in packets} == REFUSED
    assert {".csv", ".parquet"} == {paths[i].suffix for i in refused - packets}  # tables, none of them of transients
    for folder, rows in EXPECTED_ROWS.items():
        assert sum(paths[i].parent.name == folder for i in decoded.batch.message) == rows
    assert not any(math.isnan(t) for t in decoded.batch.time)
    for i, path in enumerate(paths):
        assert (kind_of(read(path)) is None) == (i in ignored)
