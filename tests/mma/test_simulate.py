"""A simulated night: the same seed gives the same bytes, and what it says is true of it."""

from __future__ import annotations

import csv
import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import fastavro
import numpy as np
import pytest

import skymaps
from mma import alerts
from mma.engine import in_time_order
from mma.engine.ingest import take_in
from mma.notices import decode
from mma.simulate import night, notices
from mma.simulate.packets import ztf_packet
from mma.simulate.skymap import Ring, draw, ring_map
from mma.streams.files import find
from tests.mma.world import HERE, T0, as_message, circle_map


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A small night."""
    path = tmp_path_factory.mktemp("night")
    night.write(path, 400, 11)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_seed_gives_the_same_night(folder, tmp_path):
    truths = night.write(tmp_path, 400, 11)
    assert contents(tmp_path) == contents(folder)
    assert list(night.truths(folder)) == truths
    night.write(tmp_path / "other", 400, 12)
    assert contents(tmp_path / "other") != contents(folder)


def test_every_message_of_a_night_is_understood(folder):
    messages = [recorded.message() for recorded in find([folder / "notices", folder / "alerts"])]
    intake = take_in(messages)
    assert not intake.faults
    assert {outcome for _, outcome, _ in intake.counts} == {"read", "decoded"}
    assert {event.id for _, event in intake.events} == {truth.event for truth in night.truths(folder)}
    assert len(messages) - len(intake.events) == len(intake.alerts) <= 400
    assert {truth.object_id for truth in night.truths(folder)} <= set(intake.alerts.object_id)


def test_counterparts_are_inside_their_regions_and_begin_after_their_events(folder):
    intake = take_in([recorded.message() for recorded in find([folder])])
    events = {event.id: event for _, event in sorted(intake.events, key=lambda pair: pair[1].issued)}
    for truth in night.truths(folder):
        row = np.flatnonzero(intake.alerts.object_id == truth.object_id)[:1]
        event = events[truth.event]
        level = event.region.credible_level_at(intake.alerts.ra[row], intake.alerts.dec[row])
        assert level[0] < 0.9999
        onset = intake.alerts.first_seen[row][0]
        assert (onset > event.time.timestamp()) == (truth.what != "supernova")


def test_the_galaxies_hold_the_host_of_the_merger(folder):
    with (folder / "galaxies.csv").open() as lines:
        hosts = [row for row in csv.DictReader(lines) if row["name"] == "host of the merger"]
    assert len(hosts) == 1
    assert float(hosts[0]["distance_mpc"]) > 0


def test_a_night_plays_in_time_order(folder):
    times = [time for _, time in in_time_order(find([folder / "notices", folder / "alerts"]))]
    assert times == sorted(times)
    assert times[0] >= night.START.timestamp() - 17 * 86400.0


def test_archives_hold_packets_that_anyone_can_read(folder):
    archive = next((folder / "alerts").iterdir())
    with tarfile.open(archive) as members:
        packets = [list(fastavro.reader(io.BytesIO(members.extractfile(m).read()))) for m in members]
    assert all(len(packet) == 1 for packet in packets)
    assert all(str(packet[0]["objectId"]).startswith("ZTF26") for packet in packets)


def test_a_packet_says_what_it_was_told():
    payload = ztf_packet(
        object_id="ZTF27a", candid=2**62, jd=2461466.0, ra=10.0, dec=-20.0, magpsf=18.5, sigmapsf=0.05, fid=1, drb=0.9
    )
    batch = alerts.decode([as_message(payload)]).batch
    assert (batch.object_id[0], batch.id[0], batch.band[0]) == ("ZTF27a", str(2**62), "g")
    assert batch.time[0] == pytest.approx((2461466.0 - 2440587.5) * 86400.0 + 15.0, abs=1e-3)
    assert batch.flux_njy[0] == pytest.approx(10 ** (0.4 * (31.4 - 18.5)), rel=1e-6)


RING = Ring(
    axis_ra=30.0,
    axis_dec=-10.0,
    radius_deg=40.0,
    width_deg=3.0,
    bright_ra=60.0,
    bright_dec=10.0,
    concentration=10.0,
    distance_mpc=100.0,
    distance_error_mpc=25.0,
)


def test_a_ring_is_a_map_and_lies_where_it_should():
    skymap = ring_map(RING, T0, "S1a")
    tiles = skymap.tiles()
    area = 4.0 * np.pi * (tiles.upper - tiles.lower) / (12 << 58)
    assert np.sum(tiles.probdensity * area) == pytest.approx(1.0)
    random = np.random.default_rng(2)
    drawn = np.array([draw(skymap, random) for _ in range(60)])
    axis = skymaps.circle(RING.axis_ra, RING.axis_dec, 1.0)
    assert axis.probdensity_at(drawn[:, 0], drawn[:, 1]).max() < 1e-3
    a, b = np.radians(drawn[:, 0] - RING.axis_ra), np.radians(drawn[:, 1])
    b0 = np.radians(RING.axis_dec)
    angle = np.degrees(np.arccos(np.sin(b) * np.sin(b0) + np.cos(b) * np.cos(b0) * np.cos(a)))
    assert np.mean(angle) == pytest.approx(RING.radius_deg, abs=1.5)
    assert np.abs(angle - RING.radius_deg).max() < 5 * RING.width_deg
    assert skymap.has_distance
    assert 40.0 < np.median(drawn[:, 2]) < 160.0


def test_notices_say_what_they_were_told():
    skymap = circle_map(*HERE, 3.0)
    merger = decode(as_message(notices.igwn(skymap, "S270301ab", T0, "INITIAL", datetime(2027, 3, 1, 3, tzinfo=UTC))))
    assert (merger.id, merger.kind, merger.stage, merger.time) == ("S270301ab", "cbc", "initial", T0)
    assert merger.issued == datetime(2027, 3, 1, 3, tzinfo=UTC)
    burst = decode(as_message(notices.fermi_gbm("7", T0, *HERE, 3.0)))
    assert (burst.id, burst.kind, burst.time) == ("Fermi-GBM-7", "grb", T0)
    track = decode(as_message(notices.icecube(140000, 5, T0, *HERE, 0.5)))
    assert (track.id, track.kind) == ("IceCube-140000_5", "neutrino")
    assert track.region.area_deg2(0.9) == pytest.approx(np.pi * 0.25, rel=1e-3)
    flare = decode(as_message(notices.cta("SAG-1", T0, *HERE, 0.1)))
    assert (flare.id, flare.kind, flare.messenger) == ("CTAO-SAG-1", "flare", "gamma")
    assert flare.region.area_deg2(0.68) == pytest.approx(np.pi * 0.01, rel=0.02)  # a small systematic error is added
