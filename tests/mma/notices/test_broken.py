"""Whatever is done to a good document ends as an event, ``Ignored`` or a ``DecodeError``: nothing else."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mma.errors import DecodeError, Ignored, MmaError
from mma.notices import Decoder, decode, decode_gamma, decode_gcn, decode_igwn, decode_snews, decode_voevent
from mma.streams.message import Message

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.just([]),
    st.just({}),
    st.lists(st.one_of(st.floats(), st.none(), st.text(max_size=3)), max_size=5),
    st.just(10**400),
    st.just("2016-01--20T16:07:34.52"),
)
FIXTURES = ("igwn_document", "gcn_document", "gamma_document")
SLOW = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def answered(decoder: Decoder, message: Message) -> bool:
    """Whether there is an event, or a complaint that says something; other exceptions pass through."""
    try:
        decoder(message)
    except MmaError as error:
        return bool(str(error))
    return True


def paths(document: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(document, dict):
        return [here]
    return [here] * bool(here) + [p for key, value in document.items() for p in paths(value, (*here, key))]


@pytest.mark.parametrize("name", FIXTURES)
@given(draw=st.data())
@SLOW
def test_one_field_replaced_by_junk(request, said, name, draw):
    document = copy.deepcopy(request.getfixturevalue(name))
    *outer, last = draw.draw(st.sampled_from(paths(document)))
    place = document
    for key in outer:
        place = place[key]
    place[last] = draw.draw(JUNK)
    assert answered(decode, said(document))


@pytest.mark.parametrize("name", FIXTURES)
@pytest.mark.parametrize("decoder", [decode_igwn, decode_gcn, decode_gamma, decode_snews, decode_voevent])
def test_each_decoder_refuses_the_others_documents_in_its_own_words(request, said, name, decoder):
    assert answered(decoder, said(request.getfixturevalue(name)))


@given(st.binary(max_size=300))
def test_any_bytes(said, payload):
    for decoder in (decode, decode_igwn, decode_gcn, decode_gamma, decode_snews, decode_voevent):
        with pytest.raises((DecodeError, Ignored)):
            decoder(said(payload))


@pytest.mark.parametrize("name", FIXTURES)
def test_truncated_json_tells_where(request, said, name):
    whole = json.dumps(request.getfixturevalue(name)).encode()
    decoder = {"igwn_document": decode_igwn, "gcn_document": decode_gcn, "gamma_document": decode_gamma}[name]
    for length in range(1, len(whole), max(1, len(whole) // 50)):
        with pytest.raises(DecodeError, match="JSON"):
            decoder(said(whole[:length]))


@pytest.mark.parametrize("decoder", [decode_igwn, decode_gcn, decode_gamma, decode_snews])
@pytest.mark.parametrize(
    ("payload", "word"),
    [
        (b"[" * 200_000 + b"]" * 200_000, "nested"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"null", "object"),
        (b"[]", "object"),
        (b"[{}, {}]", "object"),
        (b'"text"', "object"),
        (b"7", "object"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "JSON|digits|missing|text|neutrino"),
    ],
)
def test_json_that_is_no_document(said, decoder, payload, word):
    with pytest.raises((DecodeError, Ignored), match=word):
        decoder(said(payload))


def test_a_document_with_a_megabyte_of_map_takes_milliseconds_to_read(said, igwn_document):
    """Only the reading: what FITS takes is the map's own affair. Generous, for a shared machine."""
    from mma.notices import fields, lvk

    text = "A" * 1_400_000
    payload = json.dumps(igwn_document | {"event": igwn_document["event"] | {"skymap": text}}).encode()
    began = time.perf_counter()
    document = lvk.read(payload)
    fields.decode_base64(document["event"]["skymap"], "event.skymap")
    assert time.perf_counter() - began < 0.2
