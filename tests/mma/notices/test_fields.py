"""JSON and base64 at the door: fast where they are right, and what is wrong is told as Python tells it."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mma.errors import DecodeError
from mma.notices import fields

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values, st.booleans())
def test_json_is_what_python_reads(value: object, is_ascii: bool) -> None:
    payload = json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    assert fields.parse_json(payload) == json.loads(payload)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-be"])
def test_json_in_other_encodings(encoding: str) -> None:
    assert fields.parse_json('{"a": "ü"}'.encode(encoding)) == {"a": "ü"}


def test_json_that_only_python_reads() -> None:
    assert fields.parse_json(b'["\\ud800"]') == ["\ud800"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"a": 1,}', "JSON: Illegal trailing comma before end of object|JSON: Expecting property name"),
        (b"", "JSON: Expecting value at character 0 of 0"),
        (b'{"a": "\xff"}', "JSON: not UTF-8 at byte 7"),
        (b"[" * 100_000, "JSON: nested too deeply"),
    ],
)
def test_what_is_no_json_says_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        fields.parse_json(payload)


@given(st.binary(max_size=300))
def test_base64_with_lines_and_without(content: bytes) -> None:
    assert fields.decode_base64(base64.b64encode(content).decode(), "event.skymap") == content
    assert fields.decode_base64(base64.encodebytes(content).decode(), "event.skymap") == content
    assert fields.decode_base64(content, "event.skymap") is content


@given(st.text(alphabet="ABab09+/=\n -_ü", max_size=12))
def test_base64_is_what_python_reads(text: str) -> None:
    try:
        expected: bytes | None = base64.b64decode(text.replace("\n", ""), validate=True)
    except ValueError:
        expected = None
    if expected is not None:
        assert fields.decode_base64(text, "map") == expected
        return
    with pytest.raises(DecodeError, match=r"^map: not base64 \("):
        fields.decode_base64(text, "map")
