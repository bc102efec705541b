"""Live topics and what they carry: the names that GCN has now, and those it had."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

import skymaps
from mma.engine import topics
from mma.engine.ingest import take_in
from mma.simulate import notices
from mma.streams import Message

CELLS = np.arange(12) << 58, np.zeros(12, dtype=np.int8), np.full(12, 1 / (4 * np.pi))
TIME = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("topic", ["igwn.gwalert", "gcn.notices.igwn.gwalert"])
def test_lvk_s_notices_under_their_old_and_new_name(topic):
    skymap = skymaps.SkyMap.from_cells(*CELLS, [None] * 3)
    payload = notices.igwn(skymap, "S260301a", TIME, "INITIAL", TIME)
    intake = take_in([Message(payload=payload, topic=topic)])
    assert [event.id for _, event in intake.events] == ["S260301a"]
    assert intake.faults == {}


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("igwn.gwalert", "igwn"),
        ("gcn.notices.igwn.gwalert", "igwn"),
        ("gcn.notices.swift.bat.guano", "gcn"),
        ("gcn.classic.voevent.FERMI_GBM_GND_POS", "voevent"),
        ("gcn.circulars", "circular"),
        ("mma.gamma", "gamma"),
        ("mma.gamma.test", None),
        ("igwn.gwalerts", None),
        ("gcn.notices", None),
    ],
)
def test_the_longest_name_that_fits_tells_the_format(topic, kind):
    assert topics.by_topic(topic) == kind
