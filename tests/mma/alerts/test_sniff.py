"""A message's kind, from its content; and the packets of the simulator."""

import json

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mma.alerts import DECODERS, decode, decode_whole, kind_of
from mma.alerts.detect_format import KINDS
from mma.errors import ConfigError
from mma.simulate.packets import SCHEMA
from tests.mma.alerts import make


def test_every_kind_has_a_decoder() -> None:
    assert {kind for kind, _ in KINDS} <= set(DECODERS)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (make.ztf(), "ztf"),
        (make.confluent(b"x"), "lsst"),
        (b'{"objectId": "ZTF1", "candid": 1, "candidate": {"jd": 1}}', "ztf"),
        (b'{"diaSource": {"ra": 1}}', "lsst"),
        (b"ra,dec,mjd\n", "table"),
        (b'{"superevent_id": "S1"}', None),
        (b"[]", None),
        (b"[1]", None),
        (b"{", None),
        (b"<VOEvent ivorn='ivo://nasa.gsfc.gcn/Fermi#x'/>", None),
        (b"SIMPLE  =                    T", None),
        (b"PAR1\x00\x00", "table"),
        (b"filter,mjd,flux\n", None),
        (b"", None),
    ],
)
def test_kinds(payload: bytes, kind: str | None) -> None:
    assert kind_of(make.message(payload)) == kind


@given(st.binary(max_size=100))
def test_any_bytes_have_a_kind_or_none(payload: bytes) -> None:
    assert kind_of(make.message(payload)) in {None, *DECODERS}


def test_a_missing_record_is_refused_by_name() -> None:
    """Null where a record is expected."""
    packets = [{"objectId": "Z", "candid": 1, "candidate": None}, {"diaSource": None, "diaSourceId": 1}]
    decoded = decode([make.message(json.dumps(p).encode()) for p in packets])
    assert [i for i, _ in decoded.refused] == [0, 1]
    assert [str(e) for _, e in decoded.refused] == ["candidate is null", "diaSource is null"]


def test_a_packet_that_names_no_object_is_refused() -> None:
    source = {"diaSourceId": 1, "ra": 1.0, "dec": 1.0, "midpointMjdTai": make.MJD_TAI}
    sent = make.message(json.dumps({"diaSource": source}).encode())
    ((_, error),) = decode([sent]).refused
    assert "names no object" in str(error)
    assert decode_whole(sent, {"1"}) == []


def test_an_unknown_format_is_the_callers_error() -> None:
    with pytest.raises(ConfigError, match="unknown alert format nonsense"):
        decode([], "nonsense")


def test_simulated_packets_are_read_by_fastavro_itself() -> None:
    previous = [{"jd": make.JD - 1, "fid": 1, "diffmaglim": 20.5}, {"jd": make.JD - 2, "fid": 2, "candid": 1}]
    payload = make.ztf(prv_candidates=previous)
    (packet,) = make.read_whole(payload)
    assert packet["candidate"]["candid"] == packet["candid"] == 3367463101415010117
    assert packet["candidate"]["exptime"] == 30
    assert [p["jd"] for p in packet["prv_candidates"]] == [make.JD - 1, make.JD - 2]
    assert payload == make.ztf(prv_candidates=previous)
    assert fastavro.parse_schema(SCHEMA)["name"] == "ztf.alert"
