"""A simulated campaign: written, understood by anyone, played, scored; both ways of scoring agree."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from pathlib import Path

import fastavro
import numpy as np
import pytest

import skymaps
from mma.cli import main
from mma.config.settings import Settings
from mma.engine.ingest import take_in
from mma.simulate import maps, scoring, sky, triggers, truth, writing
from mma.simulate.bayestar import Merger
from mma.simulate.hosts import Mix
from mma.simulate.skymap import Ring, draw, ring_map
from mma.streams.files import find
from tests.mma.world import T0

RING = Ring(
    axis_ra=30.0,
    axis_dec=-10.0,
    radius_deg=40.0,
    width_deg=1.0,
    bright_ra=60.0,
    bright_dec=10.0,
    concentration=300.0,
    distance_mpc=60.0,
    distance_error_mpc=12.0,
)
"""Stands for a BAYESTAR map here: those take 10 s each."""

MIX = Mix(photo=0.3, hostless=0.2, others=300)


@pytest.fixture(scope="module")
def map_folder(tmp_path_factory) -> Path:
    """Two maps with sources drawn from them, as ``mma simulate maps`` keeps them."""
    folder = tmp_path_factory.mktemp("maps")
    random = np.random.default_rng(3)
    for i in range(2):
        skymap = ring_map(RING, T0, f"ring-{i}")
        skymaps.write_fits(skymap, folder / f"ring-{i}.fits")
        ra, dec, mpc = draw(skymap, random)
        record = {"name": f"ring-{i}", "time": T0.timestamp(), "ra": ra, "dec": dec, "distance_mpc": mpc}
        record |= {"inclination_deg": 30.0, "mass1": 1.4, "mass2": 1.3, "snr": 15.0, "instruments": ["H1", "L1"]}
        with (folder / maps.TRUTH).open("a") as lines:
            lines.write(json.dumps(record) + "\n")
    return folder


def plan(survey: str) -> truth.Plan:
    return truth.Plan(
        kinds=("cbc", "neutrino", "flare"), survey=survey, per_deg2_14d=0.5, mix=MIX, always=True, nights=3
    )


@pytest.fixture(scope="module", params=["ztf", "lsst"])
def campaign(request, map_folder) -> truth.Campaign:
    return sky.simulate(plan(request.param), 3, 7, map_folder=map_folder)


@pytest.fixture(scope="module")
def folder(campaign, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("campaign")
    writing.write(path, campaign)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_seed_gives_the_same_bytes(campaign, folder, map_folder, tmp_path):
    again = sky.simulate(campaign.plan, 3, 7, map_folder=map_folder)
    writing.write(tmp_path / "again", again)
    assert contents(tmp_path / "again") == contents(folder)
    other = sky.simulate(campaign.plan, 3, 8, map_folder=map_folder)
    assert [s.ra for s in other.sources] != [s.ra for s in campaign.sources]


def test_every_message_is_understood(campaign, folder):
    messages = [recorded.message() for recorded in find([folder / "notices", folder / "alerts"])]
    intake = take_in(messages)
    assert not intake.faults
    assert {event.id for _, event in intake.events} == {trigger.id for trigger in campaign.triggers}
    assert len(set(intake.alerts.object_id)) == len(campaign.sources)
    assert len(intake.alerts) == sum(int(s.seen.detected.sum()) for s in campaign.sources)


def test_packets_are_avro_that_anyone_can_read(campaign, folder):
    archive = next((folder / "alerts").iterdir())
    with tarfile.open(archive) as members:
        packets = [next(iter(fastavro.reader(io.BytesIO(members.extractfile(m).read())))) for m in members]
    if campaign.plan.survey == "ztf":
        assert {p["objectId"] for p in packets} <= {s.id for s in campaign.sources}
        assert all(p["candidate"]["magpsf"] < p["candidate"]["diffmaglim"] + 0.1 for p in packets)
    else:
        assert {str(p["diaObject"]["diaObjectId"]) for p in packets} <= {s.id for s in campaign.sources}
        assert all(p["diaSource"]["psfFlux"] > 0 for p in packets)


def test_what_packets_say_is_what_was_seen(campaign, folder):
    """Through Avro and our decoders and back: places, first and last detection."""
    intake = take_in([recorded.message() for recorded in find([folder / "alerts"])])
    direct = campaign.alerts()
    last = {name: i for i, name in sorted(enumerate(intake.alerts.object_id), key=lambda p: intake.alerts.time[p[0]])}
    prefix = "lsst:" if campaign.plan.survey == "lsst" else ""
    rows = [last[prefix + name] if prefix + name in last else last[name] for name in direct.object_id]
    assert intake.alerts.time[rows] == pytest.approx(direct.time, abs=2e-3)
    assert intake.alerts.ra[rows] == pytest.approx(direct.ra, abs=1e-9)
    assert intake.alerts.flux_njy[rows] == pytest.approx(direct.flux_njy, rel=1e-5)


def test_both_ways_of_scoring_agree(campaign, folder):
    """The engine, over packets and store, and the score alone give the same ranks and probabilities."""
    # packets have single precision and milliseconds; of a Rubin object seen once, before the event, no history is read
    close = 3e-3 if campaign.plan.survey == "ztf" else 0.15
    direct = scoring.direct(campaign)
    replayed, _ = scoring.replayed(folder, Settings())
    assert [j.event for j in direct] == [j.event for j in replayed] == [h.id for h in campaign.triggers]
    for a, b in zip(direct, replayed, strict=True):
        assert (a.candidates, a.rank, a.counted) == (b.candidates, b.rank, b.counted)
        assert a.probability == pytest.approx(b.probability, rel=close)
        assert (a.level, a.claimed) == (pytest.approx(b.level), pytest.approx(b.claimed))
    assert direct[0].tau == pytest.approx(replayed[0].tau)
    assert sum(j.rank is not None for j in direct) >= 2


def test_the_truth_is_beside_it(campaign, folder):
    document = json.loads((folder / "truth.json").read_text())
    with (folder / "truth.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    there = {row["event"]: row["object"] for row in rows if row["is_counterpart"] == "1"}
    assert there == {e["id"]: e["counterpart"]["object"] for e in document["events"] if e["counterpart"]}
    assert len(rows) == len(campaign.sources)
    with (folder / "galaxies.csv").open() as lines:
        names = {row["name"] for row in csv.DictReader(lines)}
    hosted = [row for row in rows if row["distance_mpc"]]
    assert {row["host"] for row in hosted if row["host"]} <= names
    share = np.mean([row["host"] == "" for row in hosted])
    assert share == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / len(hosted)))


def test_counterparts_are_where_and_when_their_events_are(campaign):
    for trigger in campaign.triggers:
        found = campaign.counterpart(trigger.id)
        assert found is not None
        assert (found.ra, found.dec, found.distance_mpc) == (trigger.ra, trigger.dec, trigger.distance_mpc)
        if trigger.kind == "cbc":
            assert 0.0 <= found.onset - trigger.time <= 10 * 86400.0
            assert found.seen.visits.time[found.seen.first] >= found.onset


def test_front_door(map_folder, tmp_path, capsys):
    night = tmp_path / "night"
    common = ["--kinds", "flare,cbc", "--maps", str(map_folder), "--background", "0.1", "--nights", "2", "--always"]
    assert main(["simulate", str(night), "--events", "2", "--json", *common]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["events"], told["counterparts"]) == (2, 2)
    assert main(["simulate", "score", str(night), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert (card["events"], card["with_counterpart"], card["rank"]["n"]) == (2, 2, 2)
    assert card["rank"]["recall_at_1"] >= 0.5
    assert main(["simulate", "score", "--direct", "--events", "1", *common, "--plots", str(tmp_path / "p")]) == 0
    assert "recall at 1" in capsys.readouterr().out
    assert {p.name for p in (tmp_path / "p").iterdir()} == {"reliability.png", "levels.png", "ranks.png"}


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["score", "{empty}"], "mma simulate {empty}"),
        (["score"], "mma simulate score --direct"),
        (["a", "b"], "one FOLDER"),
        (["{empty}/x", "--kinds", "cbc,novae"], "cbc, grb, neutrino, flare"),
        (["{empty}/x", "--photo", "0.9", "--hostless", "0.2"], "together 0 to 1"),
        (["{empty}/x", "--events", "0"], "1 at least"),
        (["{empty}/x", "--kinds", "cbc", "--maps", "{empty}"], "mma simulate maps"),
    ],
)
def test_wrong_input_is_told_what_to_do(words, advice, tmp_path, capsys):
    assert main(["simulate", *(w.format(empty=tmp_path) for w in words)]) == 1
    assert advice.format(empty=tmp_path) in capsys.readouterr().err


def test_a_campaign_is_never_overwritten(tmp_path, capsys):
    words = ["simulate", str(tmp_path / "n"), "--kinds", "flare", "--events", "1"]
    assert main(words) == 0
    capsys.readouterr()
    assert main(words) == 1
    assert "another folder" in capsys.readouterr().err


def test_a_moved_map_keeps_its_place_on_the_sky(map_folder):
    """Whole sidereal days: the detectors see the same sky, so the map may be used on another night."""
    drawn: Merger = maps.mergers(map_folder)[0]
    trigger = triggers.cbc(0, triggers.START, np.random.default_rng(1), map_folder, drawn)
    days = (trigger.time - drawn.time) / triggers.SIDEREAL_DAY_S
    assert abs(days - round(days)) * triggers.SIDEREAL_DAY_S < 1e-3
    assert triggers.START <= trigger.time < triggers.START + 86400.0
    first, last = trigger.events()
    at = np.array([drawn.ra]), np.array([drawn.dec])
    original = skymaps.read(maps.path_of(map_folder, drawn))
    assert last.region.probdensity_at(*at) == pytest.approx(original.probdensity_at(*at))
    assert first.region.area_deg2(0.9) > last.region.area_deg2(0.9)
