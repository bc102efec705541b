"""LSST packets: schema by id, TAI to UTC, ids exact, signs kept."""

import io
import math
import shutil
import sys
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pytest
from astropy.time import Time

from mma.alerts import SchemaStore, decode, decode_whole, facts, kind_of
from tests.mma.alerts import make


def unix(mjd_tai: float) -> float:
    return float(Time(mjd_tai, format="mjd", scale="tai").unix)


@pytest.fixture
def store(tmp_path: Path) -> SchemaStore:
    return SchemaStore(make.schema_folder(tmp_path))


def sent(source: dict[str, Any], schema_id: int = 900, **given: Any) -> Any:
    return make.message(make.confluent(make.lsst_body(source, **given), schema_id))


def test_our_own_packet(store: SchemaStore) -> None:
    decoded = decode([sent(make.dia_source())], schemas=store)
    b = decoded.batch
    assert (decoded.refused, decoded.ignored, decoded.n_whole) == ([], [], 0)
    assert (b.id[0], b.object_id[0]) == ("170094456272322680", "170028485706776685")
    assert (b.survey[0], b.band[0], b.ra[0], b.dec[0]) == ("lsst", "i", 63.5, -47.25)
    assert b.time[0] == pytest.approx(unix(make.MJD_TAI), abs=1e-4)
    assert (b.flux_njy[0], b.flux_error_njy[0], b.reliability[0]) == (-1500.5, 100.0, 0.75)
    for unknown in (b.first_seen, b.last_unseen, b.n_detections, b.solar_system_arcsec, b.redshift):
        assert np.isnan(unknown[0])


def test_a_solar_system_object(store: SchemaStore) -> None:
    source = make.dia_source(diaObjectId=0, ssObjectId=21163624394469969)
    b = decode([sent(source)], schemas=store).batch
    assert (b.object_id[0], b.solar_system_arcsec[0]) == ("sso-21163624394469969", 0.0)


def test_an_object_that_only_the_rest_of_the_packet_names(store: SchemaStore) -> None:
    known = {"diaObjectId": 281323062375219201, "firstDiaSourceMjdTai": make.MJD_TAI - 3, "nDiaSources": 4}
    decoded = decode([sent(make.dia_source(diaObjectId=None), diaObject=known)], schemas=store)
    b = decoded.batch
    assert (b.object_id[0], decoded.n_whole, b.n_detections[0]) == ("281323062375219201", 1, 3)
    assert b.first_seen[0] == pytest.approx(unix(make.MJD_TAI - 3), abs=1e-4)
    ((_, error),) = decode([sent(make.dia_source(diaObjectId=None))], schemas=store).refused
    assert "names no object" in str(error)


def test_history_and_its_facts(store: SchemaStore) -> None:
    forced = [
        {"midpointMjdTai": make.MJD_TAI - 4, "psfFlux": 400.0, "psfFluxErr": 100.0, "band": "i"},
        {"midpointMjdTai": make.MJD_TAI - 3, "psfFlux": 600.0, "psfFluxErr": 100.0, "band": "i"},
        {"midpointMjdTai": make.MJD_TAI - 2, "psfFlux": 600.0, "psfFluxErr": 100.0, "band": "i"},
    ]
    previous = [make.dia_source(diaSourceId=5, midpointMjdTai=make.MJD_TAI - 2, psfFlux=900.0)]
    packet = sent(make.dia_source(), prvDiaSources=previous, prvDiaForcedSources=forced)
    (alert,) = decode_whole(packet, {"170028485706776685"}, schemas=store)
    assert [d.flux_njy for d in alert.history] == [None, 600.0, 900.0]  # of one exposure the source counts
    assert alert.history[0].limit_mag == pytest.approx(31.4 - 2.5 * math.log10(500))
    assert alert.history[2].alert_id == "5"
    told = facts(alert)
    assert told.n_detections == 2  # the alert itself is below its reference
    assert told.first_seen == pytest.approx(unix(make.MJD_TAI - 3), abs=1e-4)
    assert told.last_unseen == pytest.approx(unix(make.MJD_TAI - 4), abs=1e-4)


def test_an_unknown_schema_id_is_never_guessed(store: SchemaStore, tmp_path: Path) -> None:
    """A 9.0 packet decodes with 10.0 too, and means something else."""
    message = sent(make.dia_source(), schema_id=1000)
    assert kind_of(message) == "lsst"
    ((_, error),) = decode([message], schemas=store).refused
    assert str(error).startswith("unknown LSST schema id 1000")


def test_where_schemas_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Explicit, then the environment, then the installed package; else a refusal that tells what to do."""
    monkeypatch.delenv("MMA_LSST_SCHEMAS", raising=False)
    message = sent(make.dia_source())
    ((_, error),) = decode([message]).refused
    assert "unknown LSST schema id 900" in str(error)
    assert "MMA_LSST_SCHEMAS" in str(error)
    package = tmp_path / "site" / "lsst" / "alert" / "packet"
    make.schema_folder(package / "schema", layout="9/0")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert SchemaStore().folder == package / "schema"
    assert "lsst.alert.packet" not in sys.modules
    assert len(decode([message], schemas=SchemaStore()).batch) == 1
    for name in ("lsst", "lsst.alert"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setenv("MMA_LSST_SCHEMAS", str(make.schema_folder(tmp_path / "named")))
    assert len(decode([message]).batch) == 1


def test_a_broken_schema_folder_is_a_refusal(tmp_path: Path) -> None:
    folder = make.schema_folder(tmp_path)
    (folder / "v9.0" / "lsst.v9_0.diaSource.avsc").write_text("{")
    ((_, error),) = decode([sent(make.dia_source())], schemas=SchemaStore(folder)).refused
    assert "LSST schema" in str(error)
    shutil.rmtree(folder / "v9.0")
    ((_, error),) = decode([sent(make.dia_source())], schemas=SchemaStore(folder)).refused
    assert "unknown LSST schema id 900 (v9.0)" in str(error)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"midpointMjdTai": 1480360995.0}, "diaSource.midpointMjdTai 1480360995.0 is not an MJD"),
        ({"midpointMjdTai": math.nan}, "is not an MJD"),
        ({"ra": math.nan}, "is not a position"),
        ({"dec": 91.0}, "is not a position"),
    ],
)
def test_impossible_values_are_refused_by_name(store: SchemaStore, given: dict[str, Any], reason: str) -> None:
    ((_, error),) = decode([sent(make.dia_source(**given))], schemas=store).refused
    assert reason in str(error)


@pytest.mark.realdata
def test_a_real_packet_by_its_schema_id(data: Path) -> None:
    payload = (data / "optical/rubin/boom-lsst-7912941781254298.confluent-avro").read_bytes()
    folder = data / "optical/rubin/schema"
    whole: Any = fastavro.schemaless_reader(io.BytesIO(payload[5:]), _linked(folder / "v9.0", "v9_0"), None)
    s = whole["diaSource"]
    decoded = decode([make.message(payload)], schemas=SchemaStore(folder))
    b = decoded.batch
    assert decoded.n_whole == 0
    assert (b.id[0], b.object_id[0]) == (str(s["diaSourceId"]), str(s["diaObjectId"]))
    assert (b.ra[0], b.dec[0], b.flux_njy[0], b.flux_error_njy[0]) == (
        s["ra"],
        s["dec"],
        s["psfFlux"],
        s["psfFluxErr"],
    )
    assert b.time[0] == pytest.approx(unix(s["midpointMjdTai"]), abs=1e-4)
    assert b.flux_njy[0] < 0
    as_10 = make.message(payload[:1] + (1050).to_bytes(4, "big") + payload[5:])
    assert len(decode([as_10], schemas=SchemaStore(folder)).refused) == 1


def _linked(folder: Path, version: str) -> Any:
    return fastavro.schema.load_schema(str(folder / f"lsst.{version}.alert.avsc"))


@pytest.mark.realdata
def test_every_version_of_the_projects_samples(data: Path) -> None:
    """3.0 to 7.4 have an invented time, which is no MJD; 8.0 on name their object in diaObject only."""
    for path in sorted((data / "optical/rubin/sample").glob("*.avro")):
        (packet,) = make.read_whole(path.read_bytes())
        decoded = decode([make.message(path.read_bytes())])
        s = packet["diaSource"]
        time = s.get("midpointMjdTai") or s.get("midPointTai")
        if time > 1e6:
            ((_, error),) = decoded.refused
            assert "1480360995.0 is not an MJD" in str(error)
            continue
        assert decoded.batch.object_id[0] == str(packet["diaObject"]["diaObjectId"])
        assert decoded.batch.time[0] == pytest.approx(unix(time), abs=1e-4)
        (alert,) = decode_whole(make.message(path.read_bytes()), set(decoded.batch.object_id))
        assert len(alert.history) == len(packet["prvDiaSources"]) == 2


@pytest.mark.realdata
def test_finks_rubin_alerts(data: Path) -> None:
    payload = (data / "optical/fink/lsst-part-2-918301.avro").read_bytes()
    packets = make.read_whole(payload)
    b = decode([make.message(payload)]).batch
    assert len(b) == len(packets) == 7
    for i, packet in enumerate(packets):
        s, o = packet["diaSource"], packet["diaObject"]
        assert b.id[i] == str(s["diaSourceId"])
        assert (b.flux_njy[i], b.ra[i], b.dec[i], b.band[i]) == (s["psfFlux"], s["ra"], s["dec"], s["band"])
        if s["diaObjectId"]:
            assert (b.object_id[i], b.n_detections[i]) == (str(s["diaObjectId"]), o["nDiaSources"] - (s["psfFlux"] < 0))
            oldest = min(p["midpointMjdTai"] for p in packet["prvDiaSources"])
            assert b.first_seen[i] == pytest.approx(unix(oldest), abs=1e-3)
            assert np.isnan(b.solar_system_arcsec[i])
        else:
            assert (b.object_id[i], b.solar_system_arcsec[i]) == (f"sso-{s['ssObjectId']}", 0.0)
    assert list(b.classification) == [None] * 7


@pytest.mark.realdata
def test_elasticc(data: Path) -> None:
    for path in (data / "optical/elasticc").glob("*.avro"):
        (packet,) = make.read_whole(path.read_bytes())
        b = decode([make.message(path.read_bytes())]).batch
        s = packet["diaSource"]
        assert (b.survey[0], b.dec[0], b.band[0], b.flux_njy[0]) == (
            "elasticc",
            s["decl"],
            s["filterName"],
            s["psFlux"],
        )
        assert b.time[0] == pytest.approx(unix(s["midPointTai"]), abs=1e-4)
        assert b.redshift[0] == packet["diaObject"]["hostgal_z"]
