"""Publishing a gamma-ray alert: what is sent is what was meant, or nothing is sent and the fault has a name."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import skymaps
from mma.answers import queries
from mma.cli import main
from mma.commands import gamma_flags
from mma.messages.message import schema
from mma.notices.gamma import alert as gamma
from mma.notices.gamma import voevent
from mma.notices.voevent import document as voevent_xml
from mma.store import Store
from mma.streams import Message
from tests.mma.world import World, as_message, superevent

NOW = datetime.now(UTC)
TRIGGER = (NOW - timedelta(hours=1)).isoformat()
ISSUED = (NOW - timedelta(minutes=50)).isoformat()
ALERT = {
    "$schema": "urn:mma:gamma:1",
    "mission": "CTAO",
    "id": "af89",
    "event_name": "GRB 260301A",
    "alert_type": "initial",
    "alert_datetime": ISSUED,
    "trigger_time": TRIGGER,
    "ra": 83.63,
    "dec": 22.01,
    "ra_dec_error": 0.1,
    "containment_probability": 0.9,
    "source_class": "grb_follow_up",
}
PLACE = ("--ra", "83.63", "--dec", "22.01", "--r68", "0.05", "--trigger-time", TRIGGER)
REGION = ("--ra", "83.64", "--dec", "22.02", "--r68", "0.02")

Said = tuple[int, Any, str]
Say = Callable[..., Said]


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run ``mma publish gamma ... --dry-run``: exit code, the alert that would leave, the standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, file: Any = None) -> Said:
        path = []
        if file is not None:
            (tmp_path / "alert.json").write_text(json.dumps(file))
            path = ["alert.json"]
        capsys.readouterr()
        try:
            code = main(["publish", "gamma", *path, *arguments, "--dry-run"])
        except SystemExit as end:
            code = int(str(end.code))
        out, err = capsys.readouterr()
        return code, json.loads(out) if code == 0 and "voevent" not in arguments else out, err

    return run


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A database where the command looks by itself."""
    with closing(Store(str(tmp_path / "mma.sqlite"))) as store:
        yield World(store)


def heard(world: World, document: dict[str, Any]) -> None:
    world.hears(gamma.encode(document))


# A1: options over a file

OVER = [
    (("--test",), {"alert_tense": "test"}),
    (("--tense", "archival"), {"alert_tense": "archival"}),
    (("--r68", "0.02"), {"ra_dec_error": 0.02, "containment_probability": 0.68}),
    (("--r90", "0.03"), {"ra_dec_error": 0.03, "containment_probability": 0.9}),
    (("--ellipse", "0.3", "0.1", "45"), {"ra_dec_error": [0.3, 0.1, 45.0], "containment_probability": 0.9}),
    (("--mission", "VERITAS", "--id", "7"), {"mission": "VERITAS", "id": "7"}),
    (("--class", "agn_flare"), {"source_class": "agn_flare"}),
    (("--name", "Mrk 421"), {"event_name": "Mrk 421"}),
    (("--name", "Mrk 421", "--name", "GRB 1"), {"event_name": ["Mrk 421", "GRB 1"]}),
    (("--ra", "05h34m31.2s", "--dec", "-22d00m36s"), {"ra": pytest.approx(83.63), "dec": pytest.approx(-22.01)}),
    (("--r68", "3arcmin"), {"ra_dec_error": pytest.approx(0.05), "containment_probability": 0.68}),
    (("--ra", "05:34:31.2", "--dec=-22.01"), {"ra": pytest.approx(83.63), "dec": -22.01}),
    (("--site", "S", "--instrument", "LST-1"), {"array": "S", "instrument": "LST-1"}),
    (("--no-detection",), {"detection": False}),
    (("--classification", "GRB=0.9", "--classification", "noise=0.1"), {"classification": {"GRB": 0.9, "noise": 0.1}}),
    (
        ("--flux", "1e-11", "--flux-error", "2e-12", "--flux-unit", "ph/cm2/s", "--energy-range", "0.1", "10",
         "--index", "2.2", "--index-error", "0.1"),
        {"flux": 1e-11, "flux_error": 2e-12, "flux_unit": "ph/cm2/s", "energy_range_tev": [0.1, 10.0],
         "spectral_index": 2.2, "spectral_index_error": 0.1},
    ),
    (
        ("--upper-limit", "3e-12", "--confidence", "0.95", "--flux-unit", "Crab", "--energy-range", "0.1", "10"),
        {"flux_upper_limit": 3e-12, "upper_limit_confidence": 0.95, "flux_unit": "Crab",
         "energy_range_tev": [0.1, 10.0]},
    ),
    (("--start", TRIGGER, "--stop", ISSUED, "--livetime", "550"), {"observation_start": TRIGGER,
     "observation_stop": ISSUED, "observation_livetime": 550.0}),
    (("--contact", "A <a@b.org>", "--preliminary"), {"contact": "A <a@b.org>", "preliminary": True}),
]  # fmt: skip


def names_of(options: Any) -> str:
    """What tells a test from the others, without its times."""
    return " ".join(word for word in options if word.startswith("--")) if isinstance(options, tuple) else ""


@pytest.mark.parametrize(("options", "told"), OVER, ids=names_of)
def test_options_go_over_the_fields_of_a_file(say: Say, options: tuple[str, ...], told: dict[str, Any]):
    code, alert, _ = say(*options, file=ALERT)
    assert code == 0
    assert alert == ALERT | told


def test_every_field_of_the_schema_has_an_option():
    properties = schema("gamma")["properties"]
    have = {flag.field for flag in gamma_flags.FLAGS} - set(gamma_flags.LEVELS)
    without = {"$schema", "alert_type", "messenger", "supersedes", "ref_ID"}  # said by other means, or always the same
    assert have == set(properties) - without
    for flag in gamma_flags.FLAGS:
        if flag.choices:
            assert list(flag.choices) == properties[flag.field]["enum"]


def test_the_help_tells_the_choices(capsys):
    with pytest.raises(SystemExit):
        main(["publish", "gamma", "--help"])
    shown = "".join(capsys.readouterr().out.split())
    for words in (gamma_flags.CLASSES, gamma_flags.UNITS, gamma_flags.SITES, gamma_flags.QUALITIES):
        assert f"{{{','.join(words)}}}" in shown


def test_a_map_goes_along(say: Say, tmp_path: Path):
    fits = skymaps.write_fits(skymaps.as_skymap(skymaps.circle(10.0, 20.0, 5.0)))
    (tmp_path / "map.fits").write_bytes(fits)
    code, alert, _ = say("--map", "map.fits", "--trigger-time", TRIGGER)
    assert code == 0
    assert base64.b64decode(alert["healpix_file"]) == fits


# A2: the alert that is changed


@pytest.mark.parametrize("name", ["CTAO-af89", "af89", "GRB 260301A", "grb260301a", "ctao-AF89"])
@pytest.mark.parametrize("change", ["--update", "--retract"])
def test_an_alert_is_found_by_every_name_it_has(say: Say, world: World, name: str, change: str):
    heard(world, ALERT)
    code, alert, _ = say(change, name, *(REGION if change == "--update" else ()))
    assert code == 0
    assert (alert["mission"], alert["id"], alert["source_class"]) == ("CTAO", "af89", "grb_follow_up")
    assert alert["alert_type"] == {"--update": "update", "--retract": "retraction"}[change]
    assert alert["record_number"] == 2
    world.hears(json.dumps(alert).encode())
    (event,) = world.events().values()
    assert (event["id"], event["kind"], event["revision"]) == ("CTAO-af89", "grb", 2)
    assert event["state"] == ("retracted" if change == "--retract" else "active")


def test_an_alert_whose_id_begins_with_its_mission(say: Say, world: World):
    heard(world, ALERT | {"id": "CTAO-9"})
    assert set(world.events()) == {"CTAO-9"}
    for name in ("CTAO-9", "ctao-9", "9"):
        code, alert, _ = say("--retract", name)
        assert (code, alert["id"]) == (0, "CTAO-9")
    heard(world, ALERT | {"id": "9", "alert_type": "retraction"})
    assert {name: row["state"] for name, row in world.events().items()} == {"CTAO-9": "retracted"}


def test_an_update_keeps_what_was_not_told_anew_of_whose_it_is(say: Say, world: World):
    heard(world, ALERT | {"array": "N", "contact": "A <a@b.org>", "follow_up_event": "S260301ab"})
    code, alert, _ = say("--update", "af89", *REGION, "--class", "serendipitous")
    assert code == 0
    assert alert["trigger_time"] == TRIGGER
    assert (alert["array"], alert["contact"], alert["follow_up_event"]) == ("N", "A <a@b.org>", "S260301ab")
    assert alert["source_class"] == "serendipitous"


def test_an_update_keeps_the_place_and_the_beginning_and_tells_nothing_without_anything_new(say: Say, world: World):
    heard(world, ALERT)
    assert say("--update", "af89")[::2] == (
        1, "mma: --update: nothing is told that is new; give a FILE or options, such as --ra --dec --r68\n",
    )  # fmt: skip
    code, alert, _ = say("--update", "af89", "--significance", "9")
    assert code == 0
    shared = ("trigger_time", "ra", "dec", "ra_dec_error", "containment_probability")
    assert [alert.get(name) for name in shared] == [ALERT.get(name) for name in shared]
    assert alert["significance"] == 9.0


def test_what_nobody_has_seen_is_refused_unless_forced(say: Say, world: World):
    for change, more in (("--retract", ()), ("--update", PLACE)):
        code, _, said = say(change, "CTAO-nope", *more)
        assert code == 1
        assert "CTAO-nope: no such alert in the database; --force goes on all the same" in said
        code, alert, _ = say(change, "CTAO-nope", *more, "--force")
        assert (code, alert["id"], alert["mission"]) == (0, "nope", "CTAO")
    assert say(file=ALERT | {"alert_type": "retraction"})[0] == 1
    heard(world, ALERT)
    assert say(file=ALERT | {"alert_type": "retraction"})[0] == 0


def test_with_nowhere_to_look_it_says_so(say: Say):
    code, _, said = say("--retract", "af89")
    assert code == 1
    assert "no database at mma.sqlite and no --to" in said
    assert say("--retract", "af89", "--force")[0] == 0


def test_what_others_sent_is_not_ours_to_retract(say: Say, world: World):
    world.hears(as_message(superevent()))
    code, _, said = say("--retract", "S270301ab")
    assert code == 1
    assert "S270301ab is no gamma-ray alert of ours" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--update", "a", "--retract", "b"), "--update with --retract: one of them"),
        (("--retract", "a", "--id", "b"), "--id with --retract"),
        (("--r68", "1", "--ellipse", "2", "1", "0"), "--r68 with --ellipse: one of them"),
        (("--r68", "1", "--containment", "0.5"), "--r68 with --containment"),
        (("--test", "--tense", "current"), "--test with --tense current: one of them"),
    ],
)
def test_what_cannot_be_meant_together(say: Say, options, said):
    code, _, err = say(*options)
    assert code == 1
    assert said in err


def test_a_region_is_not_hidden_behind_the_files_map(say: Say):
    code, _, said = say("--r68", "0.1", "--ra", "1", "--dec", "2", file=ALERT | {"healpix_file": "AAAA"})
    assert code == 1
    assert "--r68 with the file's healpix_file" in said


def test_tests_and_real_alerts_are_kept_apart(say: Say, world: World):
    heard(world, ALERT | {"alert_tense": "test"})
    code, alert, _ = say("--retract", "CTAO-af89")
    assert (code, alert["alert_tense"]) == (0, "test")
    assert say("--retract", "CTAO-af89-test")[1]["alert_tense"] == "test"
    code, _, said = say("--retract", "CTAO-af89", "--tense", "current")
    assert code == 1
    assert "--tense: CTAO-af89 is a test" in said
    heard(world, ALERT)
    assert "alert_tense" not in say("--retract", "CTAO-af89")[1]
    assert say("--retract", "CTAO-af89", "--test")[1]["alert_tense"] == "test"


def test_a_tests_name_never_changes_a_real_alert(say: Say, world: World):
    heard(world, ALERT)
    for name in ("CTAO-af89-test", "af89-test", "GRB 260301A-test"):
        code, _, said = say("--retract", name)
        assert code == 1
        assert f"{name}: no such alert in the database" in said
    forced = say("--retract", "CTAO-af89-test", "--force")[1]
    assert (forced["id"], forced["alert_tense"]) == ("af89", "test")
    heard(world, ALERT | {"alert_tense": "test"})
    for name in ("CTAO-af89-test", "af89-test", "GRB 260301A-test"):
        for change in (("--retract", name), ("--update", name, *REGION)):
            code, alert, said = say(*change)
            assert (code, alert["id"], alert["alert_tense"]) == (0, "af89", "test"), said
    assert "alert_tense" not in say("--retract", "GRB 260301A")[1]


def test_an_id_that_was_published_is_not_published_again(say: Say, world: World):
    heard(world, ALERT)
    again = "CTAO-af89 was published already: --update CTAO-af89, or another --id; --force sends it all the same"
    for arguments, file in (((), ALERT), ((*PLACE, "--id", "af89"), None), ((*PLACE, "--id", "CTAO-af89"), None)):
        code, _, said = say(*arguments, file=file)
        assert (code, said) == (1, f"mma: {again}\n")
        assert say(*arguments, "--force", file=file)[0] == 0
        assert say(*arguments, "--test", file=file)[0] == 0
    assert say(*PLACE)[0] == say(*PLACE, "--id", "af8")[0] == 0
    code, _, said = say(*PLACE, "--id", "af8-test")
    assert code == 1
    assert "--id: af8-test: only a test's ends in -test; say --test" in said


@pytest.mark.parametrize("change", [("--retract", "af89"), ("--update", "CTAO-af89", *REGION)], ids=names_of)
def test_what_is_retracted_is_not_changed_again(say: Say, world: World, change: tuple[str, ...]):
    heard(world, ALERT)
    heard(world, say("--retract", "af89")[1])
    code, _, said = say(*change)
    assert (code, said) == (1, "mma: CTAO-af89 is retracted already; --force sends it all the same\n")
    assert say(*change, "--force")[1]["id"] == "af89"


def test_a_real_alert_does_not_go_to_a_topic_of_tests(capsys, tmp_path: Path):
    (tmp_path / "alert.json").write_text(json.dumps(ALERT))
    assert main(["publish", "gamma", str(tmp_path / "alert.json"), "--to", "kafka://127.0.0.1:1/mma.gamma.test"]) == 1
    assert "mma.gamma.test is for tests: say --test" in capsys.readouterr().err


def test_a_retraction_stays_the_newest_word_when_the_clock_is_behind(say: Say, world: World):
    ahead = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    heard(world, ALERT | {"alert_datetime": ahead})
    alert = say("--retract", "af89")[1]
    assert datetime.fromisoformat(alert["alert_datetime"]) > datetime.fromisoformat(ahead)
    assert alert["supersedes"] == ahead


# A3: what our own engine would set aside, and what cannot be


FUTURE = (NOW + timedelta(days=1)).isoformat()
WRONG = [
    (("--trigger-time", FUTURE), {}, f"--trigger-time: {FUTURE} is in the future"),
    ((), {"trigger_time": FUTURE}, f"trigger_time: {FUTURE} is in the future"),
    ((), {"alert_datetime": FUTURE}, f"alert_datetime: {FUTURE} is in the future"),
    ((), {"alert_datetime": (NOW - timedelta(days=1)).isoformat()}, f"trigger_time: {TRIGGER} is after alert_datetime"),
    (("--trigger-time", "2026-03-01T01:02:03"), {}, "--trigger-time: '2026-03-01T01:02:03' has no time zone"),
    ((), {"observation_start": "2026-03-01T01:02:03"}, "observation_start: '2026-03-01T01:02:03' has no time zone"),
    ((), {"ra_dec_error": [0.1, 0.2, 5]}, "ra_dec_error: the semi-major axis, 0.1, is smaller than the semi-minor one"),
    (("--ellipse", "0.1", "0.2", "5"), {}, "--ellipse: the semi-major axis, 0.1, is smaller"),
    (("--flux", "1", "--flux-unit", "Crab"), {}, "energy_range_tev: missing, and --flux needs it"),
    ((), {"flux": 1, "flux_unit": "Crab"}, "energy_range_tev: missing, and flux needs it"),
    ((), {"flux_upper_limit": 1, "upper_limit_confidence": 0.9, "flux_unit": "Crab"}, "energy_range_tev: missing"),
    (("--r68", "0"), {}, "--r68: radius '0': write degrees up to 180"),
    (("--r68", "nan"), {}, "--r68: radius 'nan': write degrees up to 180"),
    ((), {"healpix_file": "%%%"}, "healpix_file: not base64"),
    ((), {"healpix_file": base64.b64encode(b"hello").decode()}, "healpix_file: not a FITS file"),
    ((), {"trigger_tmie": TRIGGER}, "trigger_tmie: unknown field; did you mean trigger_time?"),
    ((), {"source_class": "agn_flair"}, "source_class: 'agn_flair' is none of grb_follow_up"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "change", "said"), WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("form", ["json", "voevent"])
def test_what_must_not_leave_is_named_as_it_was_told(say: Say, options, change, said, form):
    code, _, err = say(*options, "--format", form, file=ALERT | change)
    assert code == 1
    assert f" {said}" in err


def test_a_map_file_that_is_none_is_named_by_its_option(say: Say, tmp_path: Path):
    (tmp_path / "no.fits").write_bytes(b"hello")
    assert "  --map: not a FITS file" in say("--map", "no.fits", "--trigger-time", TRIGGER)[2]
    assert "--map: gone.fits: No such file" in say("--map", "gone.fits")[2]


def test_without_a_file_options_are_named(say: Say):
    assert "one of --trigger-time, --start: missing" in say("--ra", "1", "--dec", "2", "--r68", "1")[2]
    assert "  --dec: missing, and --ra needs it" in say("--ra", "1", "--trigger-time", TRIGGER)[2]
    assert "--ra: right ascension 'x' is no angle" in say("--ra", "x")[2]
    assert "--ra: right ascension '400' is 400 degrees, not 0 to 360" in say("--ra", "400")[2]
    assert "--dec: declination '-91' is -91 degrees, not -90 to 90" in say("--dec", "-91")[2]
    assert say("--class", "agn_flair")[0] == 2


def test_a_clocks_error_is_put_up_with(say: Say):
    soon = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    assert say(file=ALERT | {"alert_datetime": soon, "trigger_time": soon})[0] == 0


def test_an_upper_limit_leaves_and_says_that_it_is_no_event(say: Say):
    limit = ("--upper-limit", "3e-12", "--confidence", "0.95", "--flux-unit", "Crab", "--energy-range", "0.1", "10")
    code, _, said = say(*limit, "--trigger-time", TRIGGER)
    assert code == 0
    assert "an upper limit: mma itself makes no event of it" in said


def test_an_update_to_no_detection_is_a_retraction(say: Say, world: World):
    heard(world, ALERT)
    code, _, said = say("--update", "af89", *REGION, "--no-detection")
    assert code == 1
    assert "  --no-detection: an update without a detection leaves the event as it is; retract it" in said


def test_a_map_that_is_too_large_for_a_message(say: Say, tmp_path: Path):
    (tmp_path / "small.toml").write_text("max_message_mb = 0.001\n")
    fits = skymaps.write_fits(skymaps.as_skymap(skymaps.circle(10.0, 20.0, 5.0)))
    (tmp_path / "map.fits").write_bytes(fits)
    code, _, said = say("--map", "map.fits", "--trigger-time", TRIGGER, "-c", "small.toml")
    assert code == 1
    assert "  --map: the alert has" in said


# A6


def test_the_author_is_a_setting(say: Say, tmp_path: Path):
    (tmp_path / "ours.toml").write_text('author_ivorn = "ivo://org.ctao/alerts"\n')
    code, xml, _ = say("--format", "voevent", "-c", "ours.toml", file=ALERT)
    packet = voevent_xml.read(xml.strip().encode())
    assert (code, packet.ivorn) == (0, "ivo://org.ctao/alerts/CTAO#af89")
    assert "<AuthorIVORN>ivo://org.ctao/alerts</AuthorIVORN>" in xml
    assert voevent.document_of(packet)["id"] == "af89"
    (tmp_path / "ours.toml").write_text('author_ivorn = "org.ctao"\n')
    assert "author_ivorn: 'org.ctao' is not like ivo://" in say("-c", "ours.toml", file=ALERT)[2]


def test_another_authors_voevent_is_found_and_taken_back(say: Say, world: World):
    xml = voevent.encode(ALERT, "ivo://org.ctao/alerts")
    world.hears(Message(payload=xml, topic="alerts"))
    assert world.ask(queries.event, "CTAO-af89")["kind"] == "grb"
    alert = say("--retract", "CTAO-af89")[1]
    assert alert["source_class"] == "grb_follow_up"
    assert datetime.fromisoformat(alert["supersedes"]) == datetime.fromisoformat(ISSUED)


@pytest.mark.parametrize(
    "said",
    [
        "2026-03-01 03:02:03 +02:00",
        "2026-03-01T01:02:03Z",
        "20260301T010203Z",
        "2026/03/01 01:02:03z",
        "2026-03-01 01:02:03 UTC",
    ],
)
def test_times_leave_as_the_schema_has_them(say: Say, said: str):
    """RFC 3339, whatever was typed; the same for options and files."""
    for flags, change in ((("--trigger-time", said), {}), ((), {"trigger_time": said})):
        code, alert, _ = say(*flags, file=ALERT | change)
        assert (code, alert["trigger_time"]) == (0, "2026-03-01T01:02:03Z")


def test_that_it_is_not_known_whether_an_id_was_published_is_said(say: Say):
    code, alert, said = say(file=ALERT)
    assert (code, alert, said) == (0, ALERT, "")
    code, alert, said = say("--to", "kafka://127.0.0.1:1/mma.gamma", file=ALERT)
    assert (code, alert) == (0, ALERT)
    assert "whether CTAO-af89 was published already is not known: 127.0.0.1:1 does not answer" in " ".join(said.split())


def test_a_file_may_tell_its_position_in_hours(say: Say):
    code, alert, _ = say(file=ALERT | {"ra": "05h34m31.2s", "dec": "-22d00m36s"})
    assert code == 0
    assert (alert["ra"], alert["dec"]) == (pytest.approx(83.63), pytest.approx(-22.01))


def test_a_choice_that_is_misspelt_in_a_file_gets_its_nearest(say: Say):
    code, _, err = say(file=ALERT | {"source_class": "galctic"})
    assert code == 1
    assert "did you mean galactic?" in err


def test_a_url_without_a_topic_is_refused_with_one(say: Say):
    code, _, err = say("--to", "kafka://127.0.0.1:1", file=ALERT)
    assert code == 1
    assert "names no topic: --to kafka://127.0.0.1:1/mma.gamma" in err


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--significance", "7sigma"), "'7sigma' is no number; write it without"),
        (("--energy-range", "200XeV", "10"), "'200XeV' is no number in TeV, nor one with its unit: GeV, MeV"),
        (("--flux", "1e-11erg/cm2/s"), "its unit goes to --flux-unit: ph/cm2/s, erg/cm2/s, Crab"),
        (("--sigma", "7"), "no option --sigma; did you mean '--significance'?"),
        (
            ("--flux", "1e-11", "--energy-range", "1", "2"),
            "flux_unit: missing, and --flux needs it; it is ph/cm2/s or",
        ),
        (("--r68", "3sigma"), "write degrees up to 180, or 30arcsec"),
    ],
)
def test_a_unit_that_does_not_belong_is_told(say: Say, option: tuple[str, str], says: str):
    code, _, err = say(*option, file=ALERT)
    assert code != 0
    assert says in err


def test_a_file_without_an_id_gets_one(say: Say):
    code, alert, _ = say(file={name: value for name, value in ALERT.items() if name != "id"})
    assert code == 0
    assert len(alert["id"]) == 12


def test_an_update_keeps_the_whole_exposure(say: Say, world: World):
    exposure = {"observation_start": TRIGGER, "observation_stop": ISSUED, "observation_livetime": 550.0}
    heard(world, {name: value for name, value in ALERT.items() if name != "trigger_time"} | exposure)
    code, alert, _ = say("--update", "af89", "--significance", "9")
    assert code == 0
    assert {name: alert[name] for name in exposure} == exposure


@pytest.mark.parametrize(
    ("option", "kept"),
    [
        (("--livetime", "500"), ("observation_start", "observation_stop")),
        (("--stop", ISSUED), ("observation_start",)),
    ],
)
def test_an_end_alone_is_that_of_the_exposure_that_began(say: Say, world: World, option: tuple[str, str], kept):
    exposure = {"observation_start": TRIGGER, "observation_stop": ISSUED, "observation_livetime": 550.0}
    heard(world, {name: value for name, value in ALERT.items() if name != "trigger_time"} | exposure)
    code, alert, err = say("--update", "af89", *option)
    assert code == 0, err
    assert {name: alert[name] for name in kept} == {name: exposure[name] for name in kept}
    assert alert.get("observation_livetime") == (500.0 if "--livetime" in option else None)


def test_a_livetime_fits_into_the_exposure(say: Say):
    exposure = {"observation_start": TRIGGER, "observation_stop": ISSUED, "observation_livetime": 70_000.0}
    code, _, err = say(file=ALERT | exposure)
    assert code == 1
    assert "observation_livetime: 70000 s is more than the 600 s from observation_start to observation_stop" in err


def test_numbers_with_their_units(say: Say):
    options = ("--flux", "1", "--flux-unit", "Crab", "--energy-range", "200GeV", "10TeV", "--livetime", "30min")
    code, alert, err = say(*options, "--far", "1/yr", "--pointing-error", "0.5arcmin", file=ALERT)
    assert (code, err) == (0, "")
    assert alert["energy_range_tev"] == [0.2, 10.0]
    assert alert["observation_livetime"] == pytest.approx(1800.0)
    assert alert["far"] == pytest.approx(1 / (365.25 * 86400))
    assert alert["systematic_error_arcsec"] == pytest.approx(30.0)


def test_a_radius_that_is_missing_names_every_option_for_one(say: Say):
    assert "one of --r68, --r90, --ellipse, --map" in say("--ra", "1", "--dec", "2", "--trigger-time", TRIGGER)[2]


@pytest.mark.parametrize("prefix", ["mma", "ours"])
@pytest.mark.parametrize("ending", ["candidates", "events", "associations", "groups", "heartbeat", "candidates.test"])
def test_an_alert_does_not_go_where_the_engine_itself_tells(say: Say, tmp_path: Path, prefix: str, ending: str):
    (tmp_path / "own.toml").write_text(f'prefix = "{prefix}"\n')
    code, _, err = say("--to", f"kafka://127.0.0.1:1/{prefix}.{ending}", "-c", "own.toml", file=ALERT)
    assert code == 1
    assert f"--to {prefix}.{ending}: there mma tells" in err
    assert "they go to mma.gamma" in err


def test_an_event_that_is_not_known_is_remarked_and_the_alert_leaves(say: Say, world: World):
    world.hears(superevent())
    code, alert, err = say("--follows", "S270301b", file=ALERT)
    assert (code, alert["follow_up_event"]) == (0, "S270301b")
    assert err == "--follows: no event 'S270301b' is known to the database; did you mean 'S270301ab'?\n"
    assert say("--follows", "s270301AB", file=ALERT)[2] == ""


def test_what_is_hardly_meant_is_remarked_and_leaves(say: Say):
    code, alert, err = say("--significance", "700", "--r68", "5", file=ALERT)
    assert (code, alert["significance"], alert["ra_dec_error"]) == (0, 700.0, 5.0)
    assert err.splitlines() == [
        "--significance: 700 sigma is very much; it is sent as it is",
        "--r68: a radius of 5 deg is wide for one source; it is sent as it is",
    ]


@pytest.mark.parametrize("name", ["live", "LIVE2", "CTAO-liv1"])
def test_an_alert_that_is_misspelt_gets_its_nearest(say: Say, world: World, name: str):
    heard(world, ALERT | {"id": "live1"})
    code, _, err = say("--update", name, *REGION)
    assert code == 1
    assert f"{name}: no such alert in the database; did you mean " in err
    assert "live1'?" in err
