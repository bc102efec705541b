"""Situations of public bug reports of this field, replayed from files, with what standard or schema says is right."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from mma.answers import queries
from mma.cli import main
from mma.store import Store, names

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="session")
def cases(data: Path) -> Path:
    """The folder of the cases, beside that of the recorded data."""
    folder = data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases in {folder}")
    return folder


class Night:
    """What a replay of some files leaves in a database."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.database, self._capsys = str(folder / "mma.sqlite"), capsys

    def plays(self, *paths: Path) -> dict[str, Any]:
        """Counts of the messages."""
        answer = self.asked("replay", *map(str, paths))
        return dict(answer["messages"])

    def asked(self, *words: str) -> Any:
        self._capsys.readouterr()
        assert main([*words, "--db", self.database, "--json"]) == 0
        return json.loads(self._capsys.readouterr().out)

    def events(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.asked("events")}

    def event(self, name: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.asked("event", name)
        return answer

    def candidates(self, event: str, *more: str) -> list[dict[str, Any]]:
        rows = self.asked("candidates", event, *more)
        return list(rows["candidates"] if isinstance(rows, dict) else rows)


@pytest.fixture
def night(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Night:
    return Night(tmp_path, capsys)


EP = "EinsteinProbe-WXT-01709999002"


def test_two_surveys_that_tell_of_one_source_make_one_candidate(cases: Path, night: Night, tmp_path: Path):
    folder = cases / "two-surveys-one-source"
    assert night.plays(cases / "S260101ab.json", folder)["decoded"] == 4
    for event in (EP, "S260101ab"):
        (row,) = night.candidates(event)
        assert row["object"] == "ZTF26aaabcde"
        with Store(night.database).read() as connection:
            assert names.of_objects(connection, [row["object"]]) == {"ZTF26aaabcde": ["AT2026abc", "ATLAS26qrs"]}
    (row,) = night.candidates(EP)
    assert row["probability"] > 0.97


@pytest.mark.parametrize("order", list(permutations(("ep.json", "tns.csv", "ztf.json"))))
def test_the_order_in_which_two_surveys_tell_changes_nothing(cases: Path, night: Night, order: tuple[str, ...]):
    for name in order:
        night.plays(cases / "two-surveys-one-source" / name)
    (row,) = night.candidates(EP)
    assert row["object"] == "ZTF26aaabcde"
    assert row["probability"] > 0.97


def test_svom_voevents_by_file(cases: Path, night: Night):
    folder = cases / "svom-voevent"
    areas = []
    for name in ("eclairs-wakeup.xml", "mxt-initial.xml"):
        night.plays(folder / name)
        areas.append(night.events()["SVOM-sb26010101"]["area90_deg2"])
    assert areas == [pytest.approx(3.14159 * r**2, rel=0.02) for r in (0.137, 0.012)]
    night.plays(folder / "retraction.xml")
    assert night.events()["SVOM-sb26010101"]["state"] == "retracted"


def test_a_negative_difference_in_the_history_is_no_detection(cases: Path, night: Night):
    night.plays(cases / "S260101ab.json", cases / "negative-history")
    states = {row["object"]: row["state"] for row in night.candidates("S260101ab", "--all")}
    assert states.pop("ZTF26posprv") == "vetoed"
    assert states == dict.fromkeys(["ZTF26clean", "ZTF26negforced", "ZTF26negprv"], "active")


def test_a_source_below_its_reference_is_far_below_one_above_it(cases: Path, night: Night):
    night.plays(cases / "S260101ab.json", cases / "negative-candidate")
    odds = {row["object"]: row["log_odds"] for row in night.candidates("S260101ab", "--all")}
    assert odds["ZTF26pos"] - odds["ZTF26neg"] > 5.0
    assert len(night.asked("object", "ZTF26neg")["light_curve"]) >= 1


def test_a_search_for_neutrinos_with_a_null_p_value(cases: Path, night: Night):
    night.plays(cases / "S260101ab.json", cases / "icecube-null-pvalue")
    neutrinos = {name: row for name, row in night.events().items() if row["messenger"] == "neutrino"}
    assert len(neutrinos) == 2
    assert {night.event(name)["follows"] for name in neutrinos} == {"S260101ab"}


def test_a_combined_map_of_nothing_but_nan_gives_way_to_the_events_own(cases: Path, night: Night):
    night.plays(cases / "combined-map-nan")
    event = night.event("S260101ab")
    assert event["area90_deg2"] == pytest.approx(130.1, rel=0.01)
    assert any("map" in remark for remark in event["remarks"])


def test_a_map_that_does_not_sum_to_one_is_normalised_and_says_so(cases: Path, night: Night):
    night.plays(cases / "map-sum-not-1")
    (name,) = night.events()
    assert any("1.12" in remark for remark in night.event(name)["remarks"])


def test_an_error_radius_of_zero_is_the_missions_or_a_stated_one(cases: Path, night: Night):
    night.plays(cases / "zero-radius")
    events = night.events()
    assert len(events) == 2
    for name, row in events.items():
        assert 0.0 < row["area90_deg2"] < 50.0
        assert night.event(name)["remarks"]


def test_numbers_sent_as_text_cost_neither_time_nor_place(cases: Path, night: Night):
    assert night.plays(cases / "decorations-as-text")["decoded"] == 2
    rows = night.events()
    assert [row["area90_deg2"] for row in rows.values()] == [pytest.approx(0.00785, rel=0.01)] * 2
    assert rows["EinsteinProbe-WXT-01700002"]["far_hz"] in (None, pytest.approx(1e-5))


def test_a_retraction_retracts_whatever_its_clock_says(cases: Path, night: Night):
    for order in (1, -1):
        night.plays(*sorted((cases / "retraction-early-clock").iterdir())[::order])
        (row,) = night.events().values()
        assert row["state"] == "retracted"


def test_a_supernova_coincidence_of_snews_on_gcn(cases: Path, night: Night):
    night.plays(cases / "snews2-on-gcn")
    (row,) = night.events().values()
    assert (row["kind"], row["messenger"]) == ("supernova", "neutrino")


def test_the_public_list_of_tns_begins_with_a_date(cases: Path, night: Night):
    assert night.plays(cases / "tns-preamble")["decoded"] == 1
    assert night.asked("object", "AT2026abc")["aliases"] == ["ZTF26aaabcde"]


def test_a_comma_may_be_decimal(cases: Path, night: Night):
    night.plays(cases / "decimal-comma")
    found = night.asked("object", "cand-1")
    assert (found["ra"], found["dec"], found["mag"]) == (60.95, 20.95, pytest.approx(19.25))


def test_a_leap_second_is_a_time(cases: Path, night: Night):
    assert night.plays(cases / "leap-second")["decoded"] == 1
    (row,) = night.events().values()
    assert row["time"].startswith("2017-01-01T00:00:00.5")


def test_the_cases_leave_nothing_unaccounted(cases: Path, night: Night):
    folders = sorted(path for path in cases.iterdir() if path.is_dir())
    n = night.plays(cases / "S260101ab.json", *folders)
    assert n["read"] == n["decoded"] + n["set_aside"] + n["ignored"]
    with Store(night.database).read() as connection:
        assert queries.status(connection)["messages"]["read"] == n["read"]
