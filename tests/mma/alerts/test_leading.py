"""Batches by compiled program: the same as record by record, for whatever bytes."""

import io
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincidence import AlertBatch
from mma.alerts import DECODERS, SchemaStore, decode
from mma.alerts.avro.framing import records
from mma.alerts.decode import MISFIT
from mma.alerts.detect_format import look
from mma.alerts.packet import PacketDecoder
from mma.errors import DecodeError
from mma.streams.message import Message
from tests.mma.alerts import make

WITHOUT_ADDRESS = slice(0, 40)
"""fastavro's own complaints end in an object's address."""


def one_by_one(message: Message, store: SchemaStore) -> dict[str, Any] | str:
    """The row that the first record gives, or the complaint: the definition."""
    try:
        seen = look(message, store)
        assert seen.framed is not None
        decoder = DECODERS[seen.kind or ""]
        assert isinstance(decoder, PacketDecoder)
        ((record, _),) = records(seen.framed, decoder.needs)
        return decoder.row(record)
    except DecodeError as error:
        return str(error)
    except MISFIT as error:
        return f"{seen.kind} packet: {error!r}"


def compare(messages: list[Message], store: SchemaStore) -> None:
    decoded = decode(messages, schemas=store)
    batch, refused = decoded.batch, dict(decoded.refused)
    place = {int(m): i for i, m in enumerate(batch.message)}
    for index, message in enumerate(messages):
        expected = one_by_one(message, store)
        if isinstance(expected, str):
            assert str(refused[index])[WITHOUT_ADDRESS] == expected[WITHOUT_ADDRESS]
            continue
        for f in fields(AlertBatch):
            if f.name != "message":
                value, told = getattr(batch, f.name)[place[index]], expected.get(f.name)
                if isinstance(told, float):
                    assert value == pytest.approx(told, rel=1e-14, abs=0), f.name
                else:
                    assert value == told or (told is None and (value is None or np.isnan(value))), f.name


numbers = st.one_of(st.floats(width=32), st.sampled_from([-999.0, -9.0, 0.0, 1.0]))
ztf_values = st.fixed_dictionaries(
    {},
    optional={
        "ra": st.one_of(st.floats(0, 360), st.floats()),
        "dec": st.one_of(st.floats(-90, 90), st.floats()),
        "jd": st.one_of(st.floats(2458000, 2462000), st.floats()),
        "magpsf": numbers, "sigmapsf": numbers, "drb": st.none() | numbers, "sgscore1": st.none() | numbers,
        "jdstarthist": st.none() | st.floats(),
        "ndethist": st.integers(-(2**31), 2**31 - 1), "candid": st.integers(-(2**63), 2**63 - 1),
        "fid": st.integers(-5, 5), "isdiffpos": st.sampled_from(["t", "f", "1", "0", "maybe", "", "ä"]),
        "object_id": st.one_of(st.just(""), st.text(max_size=100)),
    },
)  # fmt: skip
ids = st.none() | st.just(0) | st.integers(-(2**63), 2**63 - 1)
lsst_values = st.fixed_dictionaries(
    {},
    optional={
        "diaSourceId": st.integers(-(2**63), 2**63 - 1), "diaObjectId": st.integers(1, 2**63 - 1), "ssObjectId": ids,
        "midpointMjdTai": st.one_of(st.floats(30000, 90000), st.floats()),
        "ra": st.one_of(st.floats(0, 360), st.floats()),
        "dec": st.one_of(st.floats(-90, 90), st.floats()),
        "psfFlux": st.none() | st.floats(), "psfFluxErr": st.none() | st.floats(),
        "reliability": st.none() | st.floats(), "band": st.none() | st.text(max_size=100),
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SchemaStore:
    return SchemaStore(make.schema_folder(tmp_path_factory.mktemp("schemas")))


@given(st.lists(ztf_values, min_size=1, max_size=4), st.lists(lsst_values, min_size=1, max_size=4))
def test_any_values_are_what_the_records_say(
    store: SchemaStore, ztf: list[dict[str, Any]], lsst: list[dict[str, Any]]
) -> None:
    messages = [make.message(make.ztf(**given)) for given in ztf]
    messages += [make.message(make.confluent(make.lsst_body(make.dia_source(**given)))) for given in lsst]
    compare(messages, store)


@given(st.data())
def test_changed_and_cut_bytes_are_what_the_records_say(store: SchemaStore, data: st.DataObject) -> None:
    messages = []
    for whole in (make.ztf(), make.confluent(make.lsst_body(make.dia_source()))):
        payload = bytearray(whole)
        begin = max(whole.find(b"ZTF26") - 20, 5)
        for _ in range(data.draw(st.integers(0, 3))):
            payload[data.draw(st.integers(begin, len(payload) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(begin + 1, len(payload)))
        messages.append(make.message(bytes(payload[:cut])))
    compare(messages, store)


@pytest.mark.realdata
def test_every_real_packet_is_what_its_record_says(data: Path) -> None:
    store = SchemaStore(data / "optical/rubin/schema")
    paths = [*(data / "optical/ztf").rglob("*.avro"), *(data / "optical/rubin").glob("*.confluent-avro")]
    assert len(paths) >= 18
    messages = [make.message(p.read_bytes()) for p in paths]
    compare(messages, store)
    assert decode(messages, schemas=store).n_whole == 0


@pytest.mark.realdata
@pytest.mark.parametrize("number", [400, 704, 800, 900, 1000, 1100])
def test_every_real_schema_has_a_program(data: Path, number: int) -> None:
    schema = SchemaStore(data / "optical/rubin/schema").get(number)
    decoder = DECODERS["lsst"]
    assert isinstance(decoder, PacketDecoder)
    assert decoder.columns is not None
    assert decoder.needs is not None
    program = schema.program(decoder.columns, decoder.needs)
    assert program is not None
    assert {"diaSource.ra", "diaSource.diaObjectId"} <= program.slots.keys()


def test_a_missing_field_is_told_by_its_name() -> None:
    """As record by record: there is no program for such a schema."""
    whole = make.read_whole(make.ztf())[0]
    schema: Any = fastavro.reader(io.BytesIO(make.ztf())).writer_schema
    (candidate,) = (f["type"] for f in schema["fields"] if f["name"] == "candidate")
    candidate["fields"] = [f for f in candidate["fields"] if f["name"] != "magpsf"]
    schema.pop("__named_schemas", None)
    ((_, error),) = decode([make.message(make.container(schema, [whole]))], "ztf").refused
    assert str(error) == "ztf packet: KeyError('magpsf')"


def test_numbers_beyond_all_are_refused_without_a_warning(store: SchemaStore) -> None:
    sent = [make.ztf(jd=1e308), make.confluent(make.lsst_body(make.dia_source(midpointMjdTai=-1e308)))]
    decoded = decode([make.message(p) for p in sent], schemas=store)
    assert [str(e) for _, e in decoded.refused] == [
        "candidate.jd 1e+308 is not a JD",
        "diaSource.midpointMjdTai -1e+308 is not an MJD",
    ]


def test_all_in_the_order_of_the_messages(store: SchemaStore) -> None:
    """Programs, single records and refusals in between."""
    schema = fastavro.reader(io.BytesIO(make.ztf())).writer_schema
    whole = make.read_whole(make.ztf())[0]
    two = make.container(schema, [whole | {"candid": 20}, whole | {"candid": 21}], sync_interval=1_000_000)
    lsst = make.confluent(make.lsst_body(make.dia_source(diaSourceId=30)))
    sent = [
        make.ztf(candid=10),
        b"",
        two,
        make.ztf(ra=-1.0),
        lsst,
        make.ztf()[:-700],
        make.ztf(object_id="ü", candid=40),
    ]
    decoded = decode([make.message(p) for p in sent], schemas=store)
    assert list(decoded.batch.id) == ["10", "20", "21", "30", "40"]
    assert list(decoded.batch.message) == [0, 2, 2, 4, 6]
    assert decoded.batch.object_id[4] == "ü"
    assert [i for i, _ in decoded.refused] == [3, 5]
    assert [i for i, _ in decoded.ignored] == [1]
    assert decoded.n_whole == 2


def test_numba_is_loaded_only_when_a_packet_comes() -> None:
    code = "import sys, mma.alerts; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
