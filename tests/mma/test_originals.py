"""Each notice of an event can be had as it came, whatever its format; a map that came twice is kept once."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

import fastavro
import numpy as np
import pytest
from sqlalchemy import func, select

import skymaps
from mma.cli import main
from mma.errors import NotFoundError
from mma.notices import embedded
from mma.notices.gamma import voevent
from mma.store import originals, tables
from tests.mma.world import T0, World, as_json, as_message, burst, detection, fits_of, retraction, superevent

EVENT = "S270301ab"


def ragged(seed: int) -> skymaps.SkyMap:
    """A map of more bytes than stay in a notice's text."""
    density = np.random.default_rng(seed).uniform(size=12 << 12)
    uniq = np.arange(4 << 12, 16 << 12)
    return skymaps.SkyMap.from_tiles(uniq, density / (density * np.pi / 3.0 / 4.0**6).sum())


def alert(**given) -> dict:
    """A gamma-ray alert."""
    return {
        "$schema": "urn:mma:gamma:1",
        "mission": "CTAO",
        "id": "7",
        "alert_type": "initial",
        "alert_datetime": (T0 + timedelta(minutes=1)).isoformat(),
        "trigger_time": T0.isoformat(),
        "ra": 83.63,
        "dec": 22.01,
        "ra_dec_error": 0.05,
        "containment_probability": 0.68,
    } | given


def avro(payload: bytes) -> bytes:
    """An LVK alert as its topic sends it: one record in an Avro container."""
    import io

    document = json.loads(payload)
    fields = [{"name": n, "type": ["null", "string"]} for n in ("alert_type", "time_created", "superevent_id")]
    schema = {"type": "record", "name": "igwn.alerts.alert", "fields": fields}
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema(schema), [{f["name"]: document[f["name"]] for f in fields}])
    return out.getvalue()


def raw(world: World, event: str, number: int | None = None) -> originals.Original:
    return world.ask(originals.of_event, event, number)


def test_every_notice_comes_back_byte_for_byte_under_its_number(world: World):
    payloads = [superevent(minutes=5), b"  " + superevent(minutes=7, stage="UPDATE"), retraction()]
    world.hears(*payloads)
    assert [raw(world, EVENT, n).payload for n in (1, 2, 3)] == payloads
    assert raw(world, EVENT).payload == payloads[-1]
    for wrong in (0, 4, -1):
        with pytest.raises(NotFoundError, match="it has 3"):
            raw(world, EVENT, wrong)


def test_a_notice_that_came_late_or_twice_is_kept_once_in_the_order_of_arrival(world: World):
    late, early = superevent(minutes=9, stage="UPDATE"), superevent(minutes=5)
    world.hears(late, early, late)
    assert [raw(world, EVENT, n).payload for n in (1, 2)] == [late, early]
    with pytest.raises(NotFoundError):
        raw(world, EVENT, 3)


def test_a_map_in_several_notices_is_kept_once(world: World):
    fits = fits_of(ragged(1))
    assert len(fits) > embedded.LEAST
    payloads = [superevent(minutes=m, skymap=fits, stage=s) for m, s in ((5, "PRELIMINARY"), (9, "UPDATE"))]
    payloads.append(as_json(alert(id="8", healpix_file=fits)))
    world.hears(*payloads)
    assert [raw(world, EVENT, 1).payload, raw(world, EVENT, 2).payload, raw(world, "CTAO-8").payload] == payloads
    assert world.ask(lambda c: c.execute(select(func.count()).select_from(tables.map_files)).scalar_one()) == 1
    assert world.ask(lambda c: c.execute(select(func.max(func.length(tables.originals.c.packed)))).scalar_one()) < 2000


@pytest.mark.parametrize("spoilt", ["escaped", "quoted", "padded"])
def test_a_map_written_in_another_way_comes_back_as_it_was_written(small_world: World, spoilt):
    payload = superevent(skymap=fits_of(ragged(2)))
    if spoilt == "escaped":
        payload = payload.replace(b"/", b"\\/")
    elif spoilt == "quoted":
        payload = payload.replace(b'"skymap"', b'"note": "map-1 \\"skymap\\": \\"", "skymap"', 1)
    else:
        payload = payload.replace(b'"skymap": "', b'"skymap"  :\n "')
    small_world.hears(payload)
    assert raw(small_world, EVENT).payload == payload


def test_the_type_is_that_of_the_bytes(small_world: World):
    xml = voevent.encode(alert())
    small_world.hears(xml, burst())
    assert raw(small_world, "CTAO-7").media_type == "application/xml"
    assert raw(small_world, "Fermi-GBM-826000000").media_type == "application/json"
    starts = {
        avro(superevent()): "application/avro",
        gzip.compress(b"x"): "application/gzip",
        b"SIMPLE  =                    T": "application/fits",
        b"TITLE: GCN": "text/plain; charset=utf-8",
        b"\xff\x00\x80": "application/octet-stream",
    }
    with small_world.store.begin() as connection:
        for i, payload in enumerate(starts):
            originals.keep(connection, "Fermi-GBM-826000000", f"{i}", payload)
            row = {"event_id": "x", "notice": f"{i}", "issued": 0.0, "stage": "initial", "received": 0.0, "place": "x"}
            connection.execute(tables.event_revisions.insert().values(**row, document={}, seq=100 + i))
            originals.keep(connection, "x", f"{i}", payload)
    for i, (payload, media) in enumerate(starts.items(), start=1):
        found = raw(small_world, "x", i)
        assert (found.media_type, found.payload) == (media, payload)


def test_a_notice_of_an_earlier_version_says_that_its_bytes_were_not_kept(small_world: World):
    small_world.hears(superevent())
    with small_world.store.begin() as connection:
        connection.execute(tables.originals.delete())
    with pytest.raises(NotFoundError, match="not kept: an earlier version"):
        raw(small_world, EVENT)


@pytest.fixture
def filled(small_world: World) -> str:
    small_world.hears(superevent(minutes=5), superevent(minutes=7, stage="UPDATE"), as_message(detection()))
    return small_world.store.url


def test_the_command_shows_an_event_and_writes_its_notices(filled, capfdbinary):
    assert main(["event", EVENT, "--db", filled]) == 0
    shown = capfdbinary.readouterr().out.decode()
    assert EVENT in shown
    assert "LVK: cbc, by gw" in shown
    assert "update, 2 notices" in shown
    assert main(["event", EVENT, "--json", "--db", filled]) == 0
    answer = json.loads(capfdbinary.readouterr().out)
    assert [n["number"] for n in answer["notices"]] == [1, 2]
    for number, minutes, stage in ((1, 5, "INITIAL"), (2, 7, "UPDATE")):
        assert main(["event", EVENT, "--raw", "--notice", str(number), "--db", filled]) == 0
        assert capfdbinary.readouterr().out == superevent(minutes=minutes, stage=stage)
    assert main(["event", EVENT, "--raw", "--db", filled]) == 0
    assert capfdbinary.readouterr().out == superevent(minutes=7, stage="UPDATE")


def test_the_command_says_what_is_wrong(filled, capsys):
    for arguments, said in (
        (["S999999zz"], "no event 'S999999zz'"),
        ([EVENT, "--raw", "--notice", "3"], "no notice 3 of S270301ab: it has 2"),
        ([EVENT, "--notice", "1"], "--notice N goes with --raw"),
    ):
        assert main(["event", *arguments, "--db", filled]) == 1
        assert said in capsys.readouterr().err
