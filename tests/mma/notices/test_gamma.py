"""Gamma-ray alerts of our own schema."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import numpy as np
import pytest

from coincidence.event import Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.notices import decode
from mma.notices.gamma import alert
from mma.notices.gamma.schema import _validator
from skymaps import AllSky, SkyMap


def without(document, *names):
    return {key: value for key, value in document.items() if key not in names}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(_validator().schema)
    assert _validator().schema["$id"] == alert.SCHEMA_ID


def test_a_detection(said, gamma_document):
    event = decode(said(gamma_document))
    assert event.id == "CTAO-20270301-7"
    assert event.aliases == ("GRB 270301A",)
    assert (event.kind, event.messenger, event.stage) == (Kind.GRB, Messenger.GAMMA, Stage.INITIAL)
    assert event.time == datetime(2027, 3, 1, 2, 10, tzinfo=UTC)
    assert event.issued == datetime(2027, 3, 1, 2, 10, 20, tzinfo=UTC)
    assert (event.observatory, event.instruments) == ("CTAO", ("CTAO-N", "LST-1"))
    assert (event.significance_sigma, event.significant) == (6.1, True)
    assert event.follows == "Fermi-GBM-826000000"
    assert event.region.centre() == pytest.approx((83.6, 22.0))


@pytest.mark.parametrize(
    ("change", "arcsec"),
    [({}, 30.0), ({"systematic_error_arcsec": 60}, 60.0), ({"systematic_included": True}, 0.0)],
)
def test_the_pointing_error_is_added_in_quadrature(said, gamma_document, change, arcsec):
    """68 % of a round Gaussian lies within 1.5096 sigma."""
    radius = np.hypot(0.05, 1.5096 * arcsec / 3600)
    region = decode(said(gamma_document | change)).region
    assert region.area_deg2(0.68) == pytest.approx(np.pi * radius**2, rel=0.01)


def test_an_ellipse_and_a_map(said, gamma_document, fits):
    change = {"ra_dec_error": [0.2, 0.1, 30.0], "systematic_included": True, "containment_probability": 0.9}
    ellipse = decode(said(gamma_document | change)).region
    assert ellipse.area_deg2(0.9) == pytest.approx(np.pi * 0.02, rel=0.01)
    mapped = decode(said(gamma_document | {"healpix_file": base64.b64encode(fits).decode()}))
    assert isinstance(mapped.region, SkyMap)
    assert mapped.skymap_sha256 == mapped.region.sha256


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("grb_follow_up", Kind.GRB),
        ("gw_follow_up", Kind.TRANSIENT),
        ("neutrino_follow_up", Kind.FLARE),
        ("agn_flare", Kind.FLARE),
        ("galactic", Kind.FLARE),
        ("serendipitous", Kind.FLARE),
    ],
)
def test_kind_by_class(said, gamma_document, name, kind):
    assert decode(said(gamma_document | {"source_class": name})).kind is kind


def test_an_upper_limit_is_no_event(said, gamma_document):
    limit = without(gamma_document, "flux") | {"flux_upper_limit": 1e-12, "upper_limit_confidence": 0.95}
    with pytest.raises(Ignored, match="upper limit"):
        decode(said(limit))
    with pytest.raises(Ignored, match="upper limit"):
        decode(said(gamma_document | {"detection": False}))
    assert decode(said(limit | {"detection": True})).region is not None


def test_update_and_retraction_keep_the_id(said, gamma_document):
    update = decode(said(gamma_document | {"alert_type": "update", "supersedes": "1"}))
    names = ("$schema", "mission", "id", "alert_datetime")
    bare = {name: gamma_document[name] for name in names} | {"alert_type": "retraction"}
    retraction = decode(said(bare))
    assert (update.id, update.stage) == ("CTAO-20270301-7", Stage.UPDATE)
    assert (retraction.id, retraction.stage, retraction.region) == ("CTAO-20270301-7", Stage.RETRACTION, None)


@pytest.mark.parametrize("change", [{"alert_tense": "test"}, {"follow_up_event": "MS270301ab"}])
def test_tests_are_tests(said, gamma_document, change):
    assert decode(said(gamma_document | change)).is_test


def test_a_url_alone_is_no_region(said, gamma_document):
    document = without(gamma_document, "ra", "dec", "ra_dec_error", "containment_probability")
    event = decode(said(document | {"healpix_url": "https://example.org/map.fits"}))
    assert (event.region, event.skymap_url) == (None, "https://example.org/map.fits")


PROBLEMS = [
    ({"ra": -1}, "ra: -1 is less than 0"),
    ({"ra": "83"}, "ra: '83' is not a number"),
    ({"ra": None}, "ra: null is not a number"),
    ({"dec": 91.0}, "dec: 91.0 is more than 90"),
    ({"ra_dec_error": 0}, "ra_dec_error: 0 is not more than 0"),
    ({"ra_dec_error": 360}, "ra_dec_error: 360 is not less than 180"),
    ({"ra_dec_error": [1, -1]}, "ra_dec_error[1]: -1 is not more than 0"),
    ({"ra_dec_error": "wide"}, "ra_dec_error: 'wide' is not a number or a list"),
    ({"containment_probability": 68}, "containment_probability: 68 is not less than 1"),
    ({"trigger_time": "2027-02-30T00:00:00Z"}, "trigger_time: '2027-02-30T00:00:00Z' is not a date and time"),
    ({"id": 7}, "id: 7 is not text"),
    ({"id": "a b"}, "id: 'a b' has characters that an id cannot have"),
    ({"alert_type": "news"}, "alert_type: 'news' is none of initial, update, retraction"),
    ({"raa": 1}, "raa: unknown field; did you mean ra?"),
    ({"qqq": 1}, "qqq: unknown field; an observatory's own begin with x_"),
    ({"flux_unit": None}, "flux_unit: null is none of ph/cm2/s, erg/cm2/s, Crab"),
    ({"energy_range_tev": [3, 1]}, "energy_range_tev: 3 is more than 1"),
    ({"classification": {"GRB": 2}}, "classification.GRB: 2 is more than 1"),
    ({"observation_start": "2027-03-01T03:00:00Z", "observation_stop": "2027-03-01T02:00:00Z"},
     "observation_stop: '2027-03-01T02:00:00Z' is before observation_start"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "problem"), PROBLEMS)
def test_problems_in_plain_words(said, gamma_document, change, problem):
    document = gamma_document | change
    found = alert.validate(document)
    assert found == [problem.replace("'2027-03-01T02:00:00Z' is before", "2027-03-01T02:00:00Z is before")]
    with pytest.raises(DecodeError):
        alert.check(said(document))
    if problem.startswith(("trigger_time", "id: 'a b'")):
        with pytest.raises(DecodeError):
            decode(said(document))
        return
    event = decode(said(document))
    assert (event.id, event.time) == (f"CTAO-{document['id']}", datetime(2027, 3, 1, 2, 10, tzinfo=UTC))
    assert any(next(iter(change)) in remark for remark in event.remarks)


@pytest.mark.parametrize(
    ("absent", "problem"),
    [
        ("mission", "mission: missing"),
        ("containment_probability", "containment_probability: missing, and ra_dec_error needs it"),
        ("dec", "dec: missing, and ra needs it"),
        ("trigger_time", "one of trigger_time, observation_start: missing"),
        ("flux_unit", "flux_unit: missing, and flux needs it"),
        ("n_trials", "n_trials: missing, and significance_post_trial needs it"),
    ],
)
def test_what_is_missing_is_named(gamma_document, absent, problem):
    assert problem in alert.validate(without(gamma_document, absent))


def test_every_problem_is_told_at_once(gamma_document):
    found = alert.validate(gamma_document | {"ra": -1, "dec": 99, "id": 7})
    assert [problem.split(":")[0] for problem in found] == ["dec", "id", "ra"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none(said, gamma_document, value):
    assert any("ra" in problem for problem in alert.validate(gamma_document | {"ra": value}))
    event = decode(said(json.dumps(gamma_document | {"ra": value})))
    assert isinstance(event.region, AllSky)
    assert any(remark.startswith("ra: ") for remark in event.remarks)


def test_new_alert_builds_encodes_and_decodes(said):
    start = datetime(2027, 3, 1, 3, 10, tzinfo=timezone(timedelta(hours=1)))
    document = alert.new_alert(
        mission="CTAO",
        id="a-1",
        alert_datetime=start + timedelta(seconds=20),
        trigger_time=start,
        ra=1.0,
        dec=2.0,
        ra_dec_error=(0.1, 0.05, 20.0),
        containment_probability=0.68,
        array="S",
        x_run=17,
    )
    assert document["trigger_time"] == "2027-03-01T02:10:00Z"
    event = decode(said(alert.encode(document)))
    assert (event.id, event.time) == ("CTAO-a-1", start)
    with pytest.raises(DecodeError, match="ra: 400"):
        alert.new_alert(mission="CTAO", id="1", alert_datetime=start, trigger_time=start, ra=400, dec=0)
    with pytest.raises(DecodeError, match="time zone"):
        alert.new_alert(mission="CTAO", id="1", alert_datetime=datetime(2027, 3, 1))
    with pytest.raises(DecodeError, match="alert_type"):
        alert.encode(document | {"alert_type": "x"})


def test_what_we_print_as_the_id_is_the_same_event(said, gamma_document):
    own = decode(said(gamma_document)).id
    assert decode(said(gamma_document | {"id": own})).id == own


@pytest.mark.parametrize("tense", ["Test", "TEST", "firedrill", "mock", ["test"]])
def test_a_rehearsal_in_other_words_is_never_real(said, gamma_document, tense):
    event = decode(said(gamma_document | {"alert_tense": tense}))
    assert event.is_test
    assert any("alert_tense" in remark for remark in event.remarks)


def test_words_in_another_case_and_positions_in_parts_are_read(said, gamma_document):
    change = {"alert_type": "Update", "source_class": "AGN_flare", "ra": "05h34m24s", "dec": "22:00:00"}
    event = decode(said(gamma_document | change))
    assert (event.stage, event.kind) == (Stage.UPDATE, Kind.FLARE)
    assert event.region.centre() == pytest.approx((83.6, 22.0))
