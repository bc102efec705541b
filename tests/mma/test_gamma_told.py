"""What a gamma-ray observatory says is kept whole: in the store, answers, messages, on the page and the screen."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coincidence import Kind, fold
from coincidence.gamma import NAMES, Gamma, of, together
from mma.answers import queries
from mma.cli import main
from mma.errors import NotFoundError
from mma.export import measured
from mma.messages.message import schema
from mma.messages.stream_filter import Filter, StreamFilter, facts
from mma.notices.gamma import alert, voevent
from mma.notices.gcn.measured import of_gcn
from mma.store.codec import event_document, event_of
from tests.mma.world import T0, World, as_json, as_message, burst, detection, of_type

SAID = {
    "event_name": ["Mrk 421", "GRB 270301B"],
    "array": "N",
    "instrument": "LST-1",
    "source_class": "grb_follow_up",
    "follow_up_event": "Fermi-GBM-826000000",
    "ref_type": "GRB",
    "ref_instrument": "Fermi-GBM",
    "ra": 150.0,
    "dec": 20.0,
    "ra_dec_error": 0.05,
    "containment_probability": 0.68,
    "systematic_included": True,
    "systematic_error_arcsec": 20.0,
    "healpix_url": "https://example.org/map.fits",
    "detection": True,
    "significance": 8.1,
    "significance_post_trial": 7.2,
    "n_trials": 400,
    "p_value": 3e-13,
    "far": 1e-9,
    "p_astro": 0.93,
    "n_on": 120,
    "n_off": 400,
    "alpha": 0.1,
    "flux": 2.5e-11,
    "flux_error": 3e-12,
    "flux_unit": "ph/cm2/s",
    "flux_upper_limit": 4e-11,
    "upper_limit_confidence": 0.95,
    "energy_range_tev": [0.1, 10.0],
    "reference_energy_tev": 1.0,
    "spectral_index": 2.2,
    "spectral_index_error": 0.15,
    "redshift": 0.42,
    "observation_start": "2027-03-01T02:00:00Z",
    "observation_stop": "2027-03-01T02:30:00Z",
    "observation_livetime": 1700.0,
    "zenith_angle": 20.0,
    "tiles_observed": 3,
    "field_of_view_deg": 4.0,
    "obs_id": ["a", 7],
    "irf": "prod6",
    "preliminary": True,
    "quality": "degraded",
    "contact": "Ann Other <ann@example.org>",
    "data_archive_page": "https://example.org/b3f1",
    "additional_info": "Moonlight, 5 < 6",
    "x_run": {"a": [1, None]},
    "x_note": "of the shift",
}
ALERT = {
    "$schema": "urn:mma:gamma:1",
    "mission": "CTAO",
    "id": "b3f1",
    "alert_type": "initial",
    "alert_datetime": (T0 + timedelta(minutes=40)).isoformat(),
    "trigger_time": T0.isoformat(),
} | SAID
EVENT = "CTAO-b3f1"


def later(minutes: float, kind: str, **given: Any) -> dict[str, Any]:
    envelope = {name: ALERT[name] for name in ("$schema", "mission", "id", "trigger_time")}
    return envelope | {"alert_type": kind, "alert_datetime": (T0 + timedelta(minutes=minutes)).isoformat()} | given


def decoded(document: dict[str, Any]):
    return alert.decode(as_message(alert.encode(document)))


def test_the_block_has_every_field_that_is_no_envelope():
    envelope = {
        "$schema", "mission", "messenger", "record_number", "id", "alert_type", "alert_tense",
        "alert_datetime", "supersedes", "trigger_time", "healpix_file", "classification", "ref_ID",
    }  # fmt: skip
    assert set(NAMES) == set(schema("gamma")["properties"]) - envelope
    assert set(SAID) - {"x_run", "x_note"} == set(NAMES)


@pytest.mark.parametrize("encode", [alert.encode, voevent.encode], ids=["json", "voevent"])
def test_nothing_is_lost_on_the_way(world: World, encode):
    told = world.hears(encode(ALERT), detection("ZTF27a", (150.0, 20.0), 10.0))
    answer = world.ask(queries.event, EVENT)
    assert answer["gamma"] == SAID
    assert (answer["significance_sigma"], answer["follows"]) == (7.2, "Fermi-GBM-826000000")
    short = {name: value for name, value in SAID.items() if not name.startswith("x_")}
    for kind in ("event", "candidate"):
        (message,) = of_type(told, kind)
        assert message["event"]["gamma"] == short
    world.restart()
    assert world.engine.active[EVENT].gamma.told == SAID


@pytest.mark.parametrize("encode", [alert.encode, voevent.encode], ids=["json", "voevent"])
def test_the_senders_own_id_is_an_alias_wherever_names_are_told(small_world: World, encode):
    """So that whoever follows the topic with a program of theirs finds the alert by the id that they sent."""
    told = small_world.hears(encode(ALERT), detection("ZTF27a", (150.0, 20.0), 10.0))
    for kind in ("event", "candidate"):
        (message,) = of_type(told, kind)
        assert "b3f1" in message["event"]["aliases"]
        assert Filter(StreamFilter(event="B3F1")).takes(facts(message))
        assert Filter(StreamFilter(event="b3f1", loose=False)).takes(facts(message))
    (candidate,) = of_type(told, "candidate")
    assert type(candidate["object"]["n_detections"]) is int
    assert "b3f1" in small_world.ask(queries.event, "b3F1")["aliases"]


def test_other_events_have_no_block(small_world: World):
    small_world.hears(as_json(later(1, "retraction")))
    assert small_world.ask(queries.event, EVENT)["gamma"] is None


def test_a_document_of_an_earlier_version_is_read():
    document = event_document(decoded(ALERT))
    del document["gamma"]
    assert event_of(document, lambda _: pytest.fail("no map")).gamma is None


def test_a_retraction_and_a_classless_update_keep_kind_class_and_what_was_said(small_world: World):
    small_world.hears(
        as_json(ALERT),
        as_json(later(50, "update", ra=150.1, dec=20.1, ra_dec_error=0.02, containment_probability=0.9)),
    )
    row = small_world.ask(queries.event, EVENT)
    assert (row["kind"], row["gamma"]["source_class"]) == ("grb", "grb_follow_up")
    assert (row["gamma"]["ra"], row["gamma"]["ra_dec_error"]) == (150.1, 0.02)
    assert "systematic_included" not in row["gamma"]
    assert row["gamma"]["flux"] == 2.5e-11
    assert {"flux", "source_class", "contact"} <= set(row["gamma"]["told_earlier"])
    assert not {"ra", "dec", "ra_dec_error"} & set(row["gamma"]["told_earlier"])
    lines = dict(measured.lines(row["gamma"]))
    assert lines["Flux"].endswith("0.1 to 10 TeV (told earlier)")
    assert lines["Position"].endswith("(90 %)")
    assert "preliminary" not in row["gamma"]
    (told,) = of_type(small_world.hears(as_json(later(60, "retraction"))), "event")
    row = small_world.ask(queries.event, EVENT)
    assert (row["state"], row["kind"], row["gamma"]["source_class"]) == ("retracted", "grb", "grb_follow_up")
    assert (told["event"]["kind"], told["event"]["gamma"]["significance"]) == ("grb", 8.1)


def test_the_order_of_arrival_does_not_matter():
    notices = [
        decoded(ALERT),
        decoded(later(50, "update", significance=9.0, ra=1.0, dec=2.0, ra_dec_error=0.1, containment_probability=0.9)),
        decoded(later(60, "retraction", contact="B")),
    ]
    folded = [fold(list(some)) for some in itertools.permutations(notices)]
    assert all(one.gamma == folded[0].gamma and one.kind is Kind.GRB for one in folded)
    assert (folded[0].gamma.significance, folded[0].gamma.n_trials) == (9.0, None)
    assert (folded[0].gamma.flux, folded[0].gamma.contact) == (2.5e-11, "B")


def test_of_one_measurement_the_newest_tells_all():
    older, newer = Gamma(flux=1.0, flux_unit="Crab", spectral_index=2.0, irf="a"), Gamma(flux_upper_limit=3.0)
    assert together([newer, older]) == Gamma(flux_upper_limit=3.0, irf="a", told_earlier=("irf",))
    assert together([]) is None
    assert of(together([older]).told) == older


def test_satellites_blocks_hold_what_is_of_the_right_type(small_world: World):
    small_world.hears(burst(rate_snr=7.5, flux=None, additional_info="short"))
    told = small_world.ask(queries.event, "Fermi-GBM-826000000")["gamma"]
    assert (told["ra"], told["dec"], told["ra_dec_error"]) == (150.0, 20.0, 3.0)
    assert (told["x_rate_snr"], told["additional_info"]) == (7.5, "short")
    assert "flux" not in told
    odd = {"ra": "1", "dec": True, "far": float("nan"), "instrument": 3, "ra_dec_error": [1, None], "rate_snr": "7"}
    assert of_gcn(odd, None) is None


def test_messages_stay_small(small_world: World):
    long = dict.fromkeys(("contact", "additional_info", "irf", "follow_up_event", "ref_type"), "x" * 5000)
    told = small_world.hears(as_json(ALERT | long | {"x_big": ["y" * 9000], "obs_id": list(range(5000))}))
    (message,) = of_type(told, "event")
    assert message["event"]["gamma"]["contact"] == "x" * 197 + "..."
    assert small_world.ask(queries.event, EVENT)["gamma"]["contact"] == "x" * 5000


def test_lines_leave_nothing_out():
    text = "\n".join(f"{name}: {value}" for name, value in measured.lines(SAID))
    for line in (
        "Significance: 7.2 sigma after 400 trials, 8.1 before",
        "Flux: 2.5e-11 +- 3e-12 ph/cm2/s, 0.1 to 10 TeV",
        "Flux limit: < 4e-11 ph/cm2/s (95%), 0.1 to 10 TeV",
        "Spectral index: 2.2 +- 0.15",
        "Livetime: 1700 s = 28.3 min",
        "Site: North (La Palma)",
        "Class: grb follow up",
        "Follows: Fermi-GBM-826000000 (GRB, Fermi-GBM)",
        "Contact: Ann Other <ann@example.org>",
        "Position: RA 150.00000 Dec +20.00000, radius 0.05 deg = 3 arcmin (68 %)",
    ):
        assert line in text
    additions = {"ra", "dec", "ra_dec_error", "containment_probability", "flux_error", "flux_unit",
              "upper_limit_confidence", "spectral_index_error"}  # fmt: skip
    assert {name for name in SAID if not measured.lines({name: SAID[name]})} == additions


def test_the_command_shows_it(tmp_path: Path, capsys):
    (tmp_path / "alert.json").write_text(json.dumps(ALERT))
    database = str(tmp_path / "mma.sqlite")
    assert main(["replay", str(tmp_path / "alert.json"), "--db", database]) == 0
    capsys.readouterr()
    assert main(["event", EVENT, "--db", database]) == 0
    shown = capsys.readouterr().out
    assert "CTAO says" in shown
    assert "7.2 sigma after 400 trials, 8.1 before" in shown
    assert main(["event", EVENT, "--db", database, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gamma"] == SAID


def test_the_source_finds_its_events(small_world: World):
    small_world.hears(as_json(ALERT))
    for name in ("Mrk 421", "MRK421", "GRB 270301B", "b3f1"):
        assert small_world.ask(queries.event, name)["id"] == EVENT
    small_world.hears(as_json(ALERT | {"id": "other", "event_name": "Mrk 421"}))
    with pytest.raises(NotFoundError, match="'mrk421' may be CTAO-b3f1 or CTAO-other"):
        small_world.ask(queries.event, "mrk421")


@pytest.mark.parametrize("name", ["EP241021a", ["EP241021a", 5], 5, None, "  ", ["", "EP241021a"]])
def test_names_in_satellites_notices_are_kept_where_they_are_text(small_world: World, name: Any):
    small_world.hears(burst(event_name=name, rate_snr=7.5))
    told = small_world.ask(queries.event, "Fermi-GBM-826000000")["gamma"]
    assert told.get("event_name") == (["EP241021a"] if "EP241021a" in str(name) else None)
