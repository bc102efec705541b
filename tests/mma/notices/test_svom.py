"""SVOM's VOEvents: their own packet types, one event from all instruments (https://fsc.svom.org/readthedocs)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from coincidence.event import Kind, Messenger, Stage
from mma.engine import topics
from mma.notices import decode_gcn, decode_voevent
from skymaps import AllSky

BURST = "sb27030101"


@pytest.fixture
def svom(voevent):
    def make(packet, suffix, **given):
        groups = f'<Group name="Svom_Identifiers"><Param name="Burst_Id" value="{BURST}"/></Group>'
        params = {"Packet_Type": packet, "Pkt_Ser_Num": 1, "SNR": ("9.66", "sigma")} | given.pop("params", {})
        return voevent(
            None,
            ivorn=f"ivo://org.svom/fsc#{BURST}_{suffix}",
            params=params,
            **{
                "groups": groups, "system": "UTC-ICRS-GEO", "ra": "150.1", "dec": "-12.5", "error": "0.137",
                "date": "2027-03-01T10:03:20+00:00", "time": "2027-03-01T10:00:00.5",
            } | given,
        )  # fmt: skip

    return make


@pytest.mark.parametrize(
    ("packet", "suffix", "stage"),
    [
        (202, "eclairs-wakeup", Stage.INITIAL),
        (203, "eclairs-catalog", Stage.INITIAL),
        (204, "slewing", Stage.UPDATE),
        (205, "not-slewing", Stage.UPDATE),
        (209, "mxt-initial_qf1", Stage.UPDATE),
        (210, "mxt-update_qf2", Stage.UPDATE),
        (211, "vt-candidate", Stage.UPDATE),
        (208, "something-new", Stage.UPDATE),
        (201, "grm-trigger", Stage.INITIAL),
    ],
)
def test_each_packet_tells_of_the_burst(svom, packet, suffix, stage):
    event = decode_voevent(svom(packet, suffix))
    assert (event.id, event.stage, event.messenger) == (f"SVOM-{BURST}", stage, Messenger.GAMMA)
    assert event.time == datetime(2027, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)
    assert event.aliases == (BURST,)
    assert event.region.centre() == pytest.approx((150.1, -12.5))
    assert event.region.area_deg2(0.9) == pytest.approx(3.14159 * 0.137**2, rel=1e-3)
    assert event.significance_sigma == 9.66
    assert (event.kind is Kind.FLARE) == (packet == 203)
    assert any("208" in remark for remark in event.remarks) == (packet == 208)


def test_grm_without_a_radius_has_one_that_gives_way_to_any_other(svom):
    event = decode_voevent(svom(201, "grm-trigger", error="-1.0"))
    assert event.is_guess
    assert event.region.centre() == pytest.approx((150.1, -12.5))
    assert event.remarks == ("Position2D Error2Radius is '-1.0': 90 % radius of 10 deg taken for SVOM",)


def test_grm_without_a_position_is_somewhere(svom):
    payload = svom(201, "grm-trigger").payload
    start, end = payload.index(b"<Position2D"), payload.index(b"</Position2D>") + len(b"</Position2D>")
    from mma.streams.message import Message

    event = decode_voevent(Message(payload=payload[:start] + payload[end:], topic="t"))
    assert isinstance(event.region, AllSky)
    assert event.time == datetime(2027, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("has_place", [True, False])
def test_a_retraction_with_and_without_a_place(svom, said, has_place):
    cite = f'<Citations><EventIVORN cite="retraction">ivo://org.svom/fsc#{BURST}_slewing</EventIVORN></Citations>'
    payload = svom(219, "retraction", citations=cite).payload
    if not has_place:
        start, end = payload.index(b"<WhereWhen>"), payload.index(b"</WhereWhen>") + len(b"</WhereWhen>")
        payload = payload[:start] + payload[end:]
    event = decode_voevent(said(payload))
    assert (event.id, event.stage, event.region) == (f"SVOM-{BURST}", Stage.RETRACTION, None)


def test_numbers_of_other_senders_stay_theirs(voevent):
    """GCN Classic's 105 is AGILE's, whatever SVOM may send under that number."""
    assert decode_voevent(voevent(105)).observatory == "AGILE"


def test_json_and_xml_are_one_event_by_any_topic(svom, said):
    document = {
        "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/svom/eclairs/trigger.schema.json",
        "instrument": "ECLAIRs", "mission": "SVOM", "alert_datetime": "2027-03-01T10:03:20", "id": [BURST],
        "trigger_time": "2027-03-01T10:00:00.5", "ra": 150.1, "dec": -12.5, "ra_dec_error": 0.137,
    }  # fmt: skip
    assert decode_gcn(said(document)).id == decode_voevent(svom(202, "eclairs-wakeup")).id
    for topic in ("gcn.notices.svom.voevent.eclairs", "gcn.notices.svom.eclairs", "mine", "gcn.classic.voevent.X"):
        from dataclasses import replace

        assert topics.format_of(replace(svom(202, "eclairs-wakeup"), topic=topic)) == "voevent"
        assert topics.format_of(replace(said(json.dumps(document)), topic=topic)) == "gcn"
