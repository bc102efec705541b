"""Large maps are cut out of a notice before it is parsed: nobody may notice."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import skymaps
from mma.errors import DecodeError
from mma.notices import decode_igwn
from mma.notices.embedded import LEAST, cut
from mma.streams.message import Message

UNIQ = np.arange(4 << 12, 16 << 12)


def large(seed: int) -> bytes:
    """A map of more bytes than stay in the text."""
    density = np.random.default_rng(seed).uniform(size=UNIQ.size)
    density /= (density * np.pi / 3.0 / 4.0**6).sum()
    return skymaps.write_fits(skymaps.SkyMap.from_tiles(UNIQ, density))


def encoded(fits: bytes) -> str:
    return base64.b64encode(fits).decode()


FITS, OTHER = large(1), large(2)


def with_map(document, text, **more):
    return document | {"event": document["event"] | {"skymap": text}} | more


def test_the_event_has_the_map_and_the_text_has_it_no_more(said, igwn_document):
    message = said(with_map(igwn_document, encoded(FITS)))
    assert len(cut(message.payload).text) < 3000
    event, small = decode_igwn(message), decode_igwn(said(igwn_document))
    assert event.skymap_sha256 == hashlib.sha256(FITS).hexdigest()
    assert np.array_equal(event.region.probdensity, skymaps.read(FITS).probdensity)
    assert (event.id, event.time, event.far_hz, event.classes) == (small.id, small.time, small.far_hz, small.classes)


def test_the_combined_map_is_taken_of_two(said, igwn_document):
    external = {"gcn_notice_id": 1, "observatory": "Fermi", "combined_skymap": encoded(OTHER)}
    event = decode_igwn(said(with_map(igwn_document, encoded(FITS), external_coinc=external)))
    assert event.skymap_sha256 == hashlib.sha256(OTHER).hexdigest()
    same = decode_igwn(said(with_map(igwn_document, encoded(OTHER), external_coinc=external)))
    assert same.notice != event.notice


def test_the_digest_tells_any_two_messages_apart(igwn_document):
    """Spaces, another map, the order of two, a map's own sha256 or word in its place, base64 of the same bytes."""
    document = with_map(igwn_document, encoded(FITS), combined_skymap=encoded(OTHER))
    swapped = with_map(igwn_document, encoded(OTHER), combined_skymap=encoded(FITS))
    payload = json.dumps(document).encode()
    at = payload.find(encoded(FITS)[:100].encode())
    plain = cut(payload).text
    texts = [
        payload,
        payload + b" ",
        json.dumps(document, indent=1).encode(),
        json.dumps(swapped).encode(),
        payload.replace(encoded(FITS).encode(), hashlib.sha256(FITS).hexdigest().encode()),
        payload.replace(encoded(FITS).encode(), f"map-{at}".encode()),
        payload.replace(encoded(FITS).encode(), b""),
        payload.replace(encoded(OTHER).encode(), encoded(FITS).encode()),
        plain,
        payload[:at] + b"\\n" + payload[at:],
        payload[: at - 9] + b" " + payload[at - 9 :],
    ]
    digests = [cut(text).digest({}) for text in texts]
    assert len(set(digests)) == len(texts)
    assert digests == [cut(text).digest({}) for text in texts]


def test_base64_that_could_be_written_otherwise_stays_in_the_text():
    """The last letter of such a text has bits that say nothing: QQ== and QR== are both the letter A."""
    content = b"A" * (3 * LEAST // 3 + 1)
    told = [json.dumps({"skymap": encoded(content)[:-4] + end}).encode() for end in ("QQ==", "QR==")]
    assert [len(cut(t).maps) for t in told] == [1, 0]
    assert cut(told[0]).digest({}) != cut(told[1]).digest({})
    assert cut(told[1]).digest({}) == hashlib.sha256(told[1]).hexdigest()


@pytest.mark.parametrize("key", ["combined_skymap", "skymap"])
def test_text_that_quotes_a_field_is_text(said, igwn_document, key):
    quoting = f'what "{key}" : "is": ' + "A" * (LEAST + 4)
    message = said(with_map(igwn_document, encoded(FITS), comment=quoting))
    assert json.loads(cut(message.payload).text)["comment"] == quoting
    assert decode_igwn(message).skymap_sha256 == hashlib.sha256(FITS).hexdigest()


def test_a_word_that_the_message_uses_itself_is_not_used(said, igwn_document):
    message = said(with_map(igwn_document, encoded(FITS)))
    (word,) = cut(message.payload).maps
    again = said(with_map(igwn_document, encoded(FITS), remark=word))
    assert not cut(again.payload).maps
    assert decode_igwn(again).skymap_sha256 == hashlib.sha256(FITS).hexdigest()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (encoded(FITS)[:-1], "event.skymap: not base64"),
        (encoded(FITS)[: LEAST + 4], "event.skymap: "),
        ("?" * (LEAST + 1), "event.skymap: not base64"),
        (encoded(b"x" * LEAST), "event.skymap: not a FITS file"),
    ],
)
def test_a_broken_map_is_named(said, igwn_document, text, complaint):
    event = decode_igwn(said(with_map(igwn_document, text)))
    assert event.region is None
    assert event.remarks[0].startswith(f"map left aside: {complaint}")


def test_broken_json_is_told_by_its_place_in_the_message(said, igwn_document):
    payload = said(with_map(igwn_document, encoded(FITS))).payload
    with pytest.raises(DecodeError, match=f"of {len(payload) - 1}"):
        decode_igwn(Message(payload=payload[:-1], topic="igwn.gwalert"))


@pytest.mark.realdata
def test_real_notices_with_and_without_cutting(data: Path):
    for path in sorted((data / "lvk-kafka").glob("*.json")):
        payload = path.read_bytes()
        text = cut(payload)
        document = json.loads(payload)
        expected = [m for m in (document.get("event") or {}, document.get("external_coinc") or {}) if m]
        maps = [m[name] for m in expected for name in ("skymap", "combined_skymap") if m.get(name)]
        assert [*text.maps.values()] == [base64.b64decode(m) for m in maps]
        assert len(text.text) < 5000
