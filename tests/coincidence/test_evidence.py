"""Classifiers, spectra, verdicts, and what they teach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skymaps
from coincidence import DEFAULT, Candidate, Kind, rank, score
from coincidence.evidence import Classified, Verdicts
from coincidence.learning import Judged, learn, shift
from coincidence.models import Classifier, Contamination
from coincidence.terms import TERMS
from coincidence.terms.verdict import fits
from tests.coincidence.light import curve, even_map, point
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

CIRCLE = skymaps.circle(150.0, 20.0, 3.0)
KN = Classifier(counterpart="kilonova", label="KN", version="2", prior=0.1)
TRUSTING = replace(DEFAULT, classifiers={"broker": KN})


def scored(row: dict[str, Any] | None = None, kind: Kind = Kind.CBC, **more: Any) -> Candidate:
    """One object a day after an event."""
    (found,) = score(event(CIRCLE, kind=kind), alerts({"ra": 150.0, "dec": 20.0} | (row or {})), **more)
    return found


def said(probability: float, classifier: str = "broker", label: str = "KN", version: str = "2") -> Classified:
    row = {"object": 0, "classifier": classifier, "label": label, "version": version, "probability": probability}
    return Classified.from_rows([row])


def verdict(status: str, spectral_class: str | None = None) -> Verdicts:
    row = {"event_id": "S260301a", "object_id": "ZTF26000000", "status": status, "spectral_class": spectral_class}
    return Verdicts.from_rows([row, row | {"event_id": "S260301b"}, row | {"object_id": "else"}])


def test_all_terms_are_told_and_add_up() -> None:
    fading = curve(point(1.0, 20.0), point(3.0, 22.0))
    star = {"star_score": 0.1, "star_distance_arcsec": 0.5}
    found = scored(star, curves=fading, classified=said(0.5), verdicts=verdict("confirmed"), parameters=TRUSTING)
    assert tuple(found.terms) == TERMS
    total = sum(value for value in found.terms.values() if value is not None)
    assert total == pytest.approx(found.by_class[found.counterpart])
    assert found.log_odds == pytest.approx(np.logaddexp.reduce(list(found.by_class.values())))


# Classifiers


def test_a_trusted_classifier_counts_by_bayes_and_instead_of_photometry() -> None:
    fading = curve(point(1.0, 20.0), point(3.0, 22.0))
    plain = scored(curves=fading, parameters=TRUSTING)
    found = scored(curves=fading, classified=said(0.6), parameters=TRUSTING)
    r = 0.6 / 0.4 * 0.9 / 0.1
    assert found.terms["classifier"] == pytest.approx(np.log(0.98 * r / (0.99 + 0.01 * r) + 0.02))
    assert plain.terms["photometry"] is not None
    assert found.terms["photometry"] is None
    assert found.by_class["afterglow"] == pytest.approx(plain.by_class["afterglow"])  # it tells of kilonovae only
    both = replace(DEFAULT, classifiers={"broker": replace(KN, replaces_photometry=False)})
    assert scored(curves=fading, classified=said(0.6), parameters=both).terms["photometry"] is not None


@pytest.mark.parametrize("other", [{"classifier": "another"}, {"label": "SN"}, {"version": "1"}])
def test_another_classifier_class_or_version_is_not_counted(other: dict[str, str]) -> None:
    assert scored(classified=said(0.99, **other), parameters=TRUSTING).terms["classifier"] is None
    assert scored(classified=said(0.99)).terms["classifier"] is None  # none is trusted by default


# Verdicts and spectra


def test_a_confirmed_counterpart_is_almost_certain_and_a_rejected_one_is_out_but_kept() -> None:
    plain, confirmed = scored(), scored(verdicts=verdict("confirmed"))
    assert confirmed.log_odds - plain.log_odds == pytest.approx(np.log((1 - 1e-6) / 1e-6))
    rejected = scored(verdicts=verdict("rejected"))
    assert (rejected.veto, rejected.log_odds) == ("rejected: by a verdict", -np.inf)
    assert scored(verdicts=verdict("rejected", "SN Ia")).veto == "rejected: classified SN Ia"
    (kept,) = rank([rejected])
    assert kept.rank is None


@pytest.mark.parametrize("status", ["pending", "ambiguous"])
def test_an_open_verdict_changes_nothing(status: str) -> None:
    assert scored(verdicts=verdict(status)).terms == scored().terms


@pytest.mark.parametrize("by", ["verdict", "alert"])
def test_a_supernova_is_no_counterpart_of_a_merger(by: str) -> None:
    told = {"classification": "SN IIP"}
    found = scored(told) if by == "alert" else scored(verdicts=verdict("pending", "SN IIP"))
    assert (found.veto, found.log_odds) == ("classified SN IIP", -np.inf)
    assert set(found.by_class.values()) == {-np.inf}


def test_a_verdicts_spectrum_goes_before_the_alerts() -> None:
    found = scored({"classification": "SN Ia"}, verdicts=verdict("pending", "kilonova"))
    assert (found.veto, found.counterpart) == (None, "kilonova")
    assert found.by_class["afterglow"] == -np.inf


def test_other_vetoes_are_told_first() -> None:
    assert str(scored({"solar_system_arcsec": 0.5}, verdicts=verdict("rejected")).veto).startswith("moving")
    late = scored({"first_seen": EPOCH.timestamp() - 5 * DAY_S, "classification": "SN Ia"})
    assert str(late.veto).startswith("already active")


@pytest.mark.parametrize(
    ("text", "kind", "can_be"),
    [
        ("SN Ia", Kind.GRB, set()),
        ("Ia-91T-like", Kind.GRB, set()),
        ("SN Iax[02cx-like]", Kind.NEUTRINO, set()),
        ("SN Ic-BL", Kind.GRB, {"supernova"}),
        ("SN Ib/c", Kind.GRB, {"supernova"}),
        ("SN IIP", Kind.GRB, set()),
        ("SN IIn", Kind.NEUTRINO, {"supernova"}),
        ("SLSN-I", Kind.BURST, {"supernova"}),
        ("TDE-H-He", Kind.NEUTRINO, {"tde"}),
        ("AGN", Kind.NEUTRINO, {"blazar"}),
        ("QSO", Kind.FLARE, {"flare"}),
        ("CV", Kind.CBC, set()),
        ("AGN", Kind.CBC, {"agn_flare"}),
        ("SN IIb", Kind.CBC, {"superkilonova"}),  # as that of AT2025ulz, which was looked at as one
        ("SN II", Kind.CBC, set()),
        ("Varstar", Kind.NEUTRINO, set()),
        ("Nova", Kind.FLARE, {"flare"}),
        ("kilonova", Kind.CBC, {"kilonova"}),
        ("Afterglow", Kind.GRB, {"afterglow"}),
        ("Candidate", Kind.CBC, set(DEFAULT.kinds[Kind.CBC])),
        ("Ia/Ic", Kind.CBC, set(DEFAULT.kinds[Kind.CBC])),
        ("SN Ia-pec", Kind.CBC, set()),
        ("Ia?", Kind.CBC, set(DEFAULT.kinds[Kind.CBC])),
        ("", Kind.GRB, {"afterglow", "supernova", "kilonova"}),
        (None, Kind.GRB, {"afterglow", "supernova", "kilonova"}),
    ],
)
def test_what_a_spectral_class_can_be(text: str | None, kind: Kind, can_be: set[str]) -> None:
    assert {name for name in DEFAULT.kinds[kind] if fits(text, kind, name)} == can_be


def test_a_class_of_ones_own_is_not_ruled_out_by_a_spectrum() -> None:
    assert fits("SN Ia", Kind.CBC, "nova of mine")


# What verdicts teach


def judged(p: float, confirmed: int, rejected: int) -> Judged:
    n = confirmed + rejected
    return Judged(
        counterpart=np.full(n, "kilonova", dtype=object),
        probability=np.full(n, p),
        is_confirmed=np.arange(n) < confirmed,
    )


def test_contamination_is_the_mean_of_a_beta_distribution() -> None:
    learnt = learn(DEFAULT, judged(0.6, 2, 18))
    c = (18 + 10 * 0.4) / (20 + 10)
    expected = np.log((1 - c) / c) - np.log(0.6 / 0.4)
    assert shift("kilonova", learnt) == pytest.approx(expected)
    assert learnt.id != DEFAULT.id
    assert shift("afterglow", learnt) == 0.0
    before, after = scored(), scored(parameters=learnt)
    assert after.by_class["kilonova"] - before.by_class["kilonova"] == pytest.approx(expected)
    assert after.by_class["afterglow"] == pytest.approx(before.by_class["afterglow"])


def test_verdicts_as_claimed_and_no_verdicts_change_no_score() -> None:
    assert shift("kilonova", learn(DEFAULT, judged(0.25, 1, 3))) == pytest.approx(0.0)
    assert learn(DEFAULT, judged(0.5, 0, 0)) == DEFAULT


@given(st.floats(0.01, 0.99), st.integers(0, 30), st.integers(0, 30))
def test_learning_again_from_the_same_verdicts_changes_nothing(p: float, confirmed: int, rejected: int) -> None:
    once = learn(DEFAULT, judged(p, confirmed, rejected))
    moved = shift("kilonova", once)
    again = learn(once, judged(1.0 / (1.0 + (1.0 - p) / p * np.exp(-moved)), confirmed, rejected))
    assert shift("kilonova", again) == pytest.approx(moved, abs=1e-6)
    assert (moved <= 1e-9) if confirmed == 0 else True


def test_one_verdict_moves_less_than_many() -> None:
    few, many = (shift("kilonova", learn(DEFAULT, judged(0.6, 0, n))) for n in (1, 50))
    assert many < few < 0.0
    told = replace(DEFAULT, contamination={"kilonova": Contamination(rejected=1.0, claimed=0.4)})
    assert shift("kilonova", told) == pytest.approx(few)


# Two neutrinos of 2017 and 2019, from published positions


def test_txs_0506_is_more_significant_than_at2019dsg() -> None:
    txs, dsg = neutrinos()
    assert (txs.counterpart, dsg.counterpart) == ("blazar", "tde")
    assert txs.log_odds > dsg.log_odds + 2.0


def neutrinos() -> tuple[Candidate, Candidate]:
    """IC170922A with TXS 0506+056 in its flare, IC191001A with AT2019dsg: positions and 90 % errors as published.

    IceCube et al. 2018 (Science 361 eaat1378) found 3.0 sigma after trials; Stein et al. 2021 (Nature Astronomy 5
    510) a chance of 0.5 %. TXS: 50 monthly points of history, none as bright as in its flare. AT2019dsg: seen
    first 175 d before, at M = -19.5 at first and 0.01 mag/d fainter each day, z = 0.051, no catalogued nucleus.
    """
    at = EPOCH.timestamp()
    agn = agn_at(77.3582, 5.6931)
    txs_region = skymaps.asymmetric(77.43, 5.72, 0.95, 0.65, 0.50, 0.30, 0.9)
    months = [point(-1500.0 + 28.0 * k, 15.0 - 0.3 * np.sin(k), row=0) for k in range(50)]
    flare = curve(*months, point(-3.0, 14.4), point(2.0, 14.3))
    row = {"ra": 77.3582, "dec": 5.6931, "first_seen": at - 50 * DAY_S, "days": 2.0}
    (txs,) = score(event(txs_region, kind=Kind.NEUTRINO), alerts(row), agn, curves=flare)
    dsg_region = skymaps.asymmetric(314.08, 12.94, 6.56, 2.26, 1.50, 1.47, 0.9)
    modulus = 5.0 * np.log10(227.0) + 25.0
    slow = [point(t, modulus - 19.5 + 0.01 * (t + 175.0), b) for t in range(-175, 10, 8) for b in "gr"]
    row = {"ra": 314.2623, "dec": 14.2044, "first_seen": at - 175 * DAY_S, "days": 9.0, "redshift": 0.051}
    (dsg,) = score(event(dsg_region, kind=Kind.NEUTRINO), alerts(row), agn, curves=curve(*slow))
    return txs, dsg


def agn_at(ra: float, dec: float) -> Any:
    """A catalogue of one active nucleus."""
    from coincidence import Galaxies

    text = np.array(["agn"], dtype=object)
    return Galaxies(
        name=text,
        catalog=text,
        ra=np.array([ra]),
        dec=np.array([dec]),
        distance_mpc=np.array([np.nan]),
        distance_error_mpc=np.array([np.nan]),
        kind=text,
        density_deg2=np.array([np.nan]),
        is_agn=np.array([True], dtype=object),
    )


def test_a_merger_map_with_distance_and_everything_known_gives_finite_terms() -> None:
    rows = alerts({"ra": 150.0, "dec": 20.0, "distance_mpc": 60.0, "star_score": 0.0, "star_distance_arcsec": 1.0})
    merger = event(even_map(60.0, 20.0, CIRCLE))
    (found,) = score(merger, rows, agn_at(10.0, 10.0), curves=curve(point(1.0, 18.0)), verdicts=verdict("pending"))
    unknown = {name for name, value in found.terms.items() if value is None}
    assert unknown == {"classifier", "verdict"}
