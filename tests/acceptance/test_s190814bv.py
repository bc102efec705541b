"""S190814bv: a first map of 772 deg2, a final one of 23, and the transients that were really reported."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import skymaps
from benchmarks import night
from coincidence import DEFAULT
from mma import alerts
from mma.answers import queries
from mma.engine.engine import Engine
from mma.messages.message import problems
from mma.store import Store
from mma.streams import MemorySink, MemorySource, Message

pytestmark = pytest.mark.realdata
EVENT = "S190814bv"
N_TABLES = 4


@pytest.fixture(scope="module")
def maps(data: Path) -> tuple[skymaps.SkyMap, skymaps.SkyMap]:
    folder = data / "skymaps/gw"
    return (
        skymaps.read(folder / "S190814bv-bayestar.multiorder.fits,0"),
        skymaps.read(folder / "S190814bv-LALInference.v1.fits.gz"),
    )


class Night(list[Message]):
    """Messages whose repr is short."""

    def __repr__(self) -> str:
        return f"Night of {len(self)} messages"


def rounded(value: Any) -> Any:
    """Numbers to 9 decimals: vectorised arithmetic differs in the last bit with a number's place in its array."""
    return json.loads(json.dumps(value), parse_float=lambda text: round(float(text), 9))


@pytest.fixture(scope="module")
def messages(data: Path, maps: tuple[skymaps.SkyMap, skymaps.SkyMap]) -> Night:
    """Two notices and the table of transients in pieces."""
    time = maps[0].time
    assert time is not None
    first = night.igwn(EVENT, maps[0], time + timedelta(minutes=20))
    final = night.igwn(EVENT, maps[1], time + timedelta(hours=13), alert_type="UPDATE")
    lines = (data / "counterparts/oac-window-S190814bv.csv").read_text().splitlines()
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    tables = [night.table(rows[i::N_TABLES], i) for i in range(N_TABLES)]
    return Night([first, final, *tables])


def play(path: Path, messages: list[Message], batch_size: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Final candidates by object, and every message published; each candidate is told, however improbable."""
    store, sink = Store(str(path)), MemorySink()
    Engine(store, sink, parameters=replace(DEFAULT, tell_from_log_odds=-100.0)).run(MemorySource(messages, batch_size))
    with store.read() as connection:
        event = queries.events(connection)[0]
        rows = queries.candidates(connection, EVENT, everything=True)
    store.close()
    shown = ("rank", "probability", "log_odds", "terms", "credible_level", "state", "host", "object_version")
    standing = {r["object"]: {name: r[name] for name in shown} for r in rows if r["state"] != "withdrawn"}
    standing["event"] = {name: event[name] for name in ("skymap_sha256", "n_candidates", "p_none", "revision")}
    return standing, [json.loads(payload) for _, _, payload in sink.written]


def test_what_fell_out_is_withdrawn_and_the_rest_scored_again(
    messages: Night, maps: tuple[skymaps.SkyMap, skymaps.SkyMap], tmp_path: Path
) -> None:
    first, final, *tables = messages
    standing, told = play(tmp_path / "a.sqlite", [first, *tables, final], 1)
    told = [m for m in told if m["schema"] == "urn:mma:candidate:1"]
    assert [p for m in told for p in problems(m, "candidate")] == []
    before = {m["object"]["id"]: m for m in told if m["event"]["revision"] == 1}
    last = {m["object"]["id"]: m for m in told}
    where = np.array([[m["object"]["ra"], m["object"]["dec"]] for m in before.values()]).T
    outside = maps[1].credible_level_at(*where) > 0.99
    withdrawn = {o for o, out in zip(before, outside, strict=True) if out}
    assert len(before) > 100
    assert len(withdrawn) > 0.1 * len(before)  # most were found by looking where the final map points
    assert {o for o, m in last.items() if m["type"] == "withdrawal"} == withdrawn
    for message in (m for m in told if m["type"] == "withdrawal"):
        assert message["score"] is None
        assert message["reason"] == "outside the region or window of the newest notice"
        assert message["supersedes"] is not None
    kept = set(before) - withdrawn
    assert kept <= set(standing)
    for object_id in kept:
        place = np.array([last[object_id]["object"]["ra"]]), np.array([last[object_id]["object"]["dec"]])
        assert standing[object_id]["credible_level"] == pytest.approx(maps[1].credible_level_at(*place)[0])
    assert sum(c["probability"] or 0 for o, c in standing.items() if o != "event") <= 1


def test_every_transient_of_the_table_is_used(messages: Night) -> None:
    decoded = alerts.decode(messages[2:])
    assert len(decoded.batch) == 1336
    assert decoded.refused == []


@pytest.fixture(scope="module")
def reference(messages: Night, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The outcome where everything comes at once."""
    answer: dict[str, Any] = rounded(play(tmp_path_factory.mktemp("reference") / "night.sqlite", messages, 6)[0])
    return answer


@given(order=st.permutations(range(2 + N_TABLES)), batch_size=st.integers(1, 3), twice=st.booleans())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_arrival_does_not_matter(
    messages: Night,
    reference: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    order: list[int],
    batch_size: int,
    twice: bool,
) -> None:
    folder = tmp_path_factory.mktemp("order")
    sequence = [messages[i] for i in order] * (1 + twice)
    standing, _ = play(folder / "this.sqlite", sequence, batch_size)
    assert rounded(standing) == reference
