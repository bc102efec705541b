"""Chance counts measured on a scrambled sky are those that fresh skies show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

import skymaps
from coincidence import AlertBatch, Event, Kind, Messenger, Parameters, Stage
from coincidence.evidence import Evidence
from coincidence.pairs import all_of
from coincidence.score import in_window, score_pairs, window
from coincidence.scrambled import Chances, Sky, measure

DAY_S = 86400.0
START = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
DAYS = 120.0
PARAMETERS = Parameters()


def event(kind: Kind, days: float, radius_deg: float = 12.0, place: tuple[float, float] = (40.0, 20.0)) -> Event:
    when = datetime.fromtimestamp(START + days * DAY_S, UTC)
    return Event(
        id="E1", messenger=Messenger.GAMMA, kind=kind, observatory="test", issued=when, stage=Stage.INITIAL,
        time=when, region=skymaps.circle(*place, radius_deg), notice="n",
    )  # fmt: skip


def background(random: np.random.Generator, n: int, covered=lambda ra, dec: np.ones(len(ra), dtype=bool)) -> AlertBatch:
    """Unrelated objects: even on what is covered, even in time, with a cadence of about three days."""
    ra, dec = random.uniform(0.0, 360.0, n), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, n)))
    first = START + random.uniform(0.0, DAYS, n) * DAY_S
    keep = covered(ra, dec)
    first, gap, m = first[keep], random.uniform(1.0, 4.0, n)[keep], int(keep.sum())
    one = {"id": "a", "object_id": "a", "survey": "x", "ra": 0.0, "dec": 0.0, "time": 0.0, "reliability": 0.9}
    return replace(
        AlertBatch.from_rows([one]).take(np.zeros(m, dtype=np.int64)),
        object_id=np.array([f"o{i}" for i in range(m)], dtype=object),
        ra=ra[keep],
        dec=dec[keep],
        time=first + 0.01 * DAY_S,
        first_seen=first,
        last_unseen=first - gap * DAY_S,
    )


def sky_of(objects: AlertBatch, weight: float = 1.0) -> Sky:
    return Sky(
        objects=objects, weight=weight, start=START, end=START + DAYS * DAY_S, evidence=lambda some: Evidence.none()
    )


def real(its: Event, objects: AlertBatch) -> np.ndarray:
    """Log odds of everything inside the event's own region and window."""
    pairs = all_of(its, objects)
    inside = (pairs.credible_level <= PARAMETERS.level) & in_window(its, objects, PARAMETERS)
    odds = score_pairs([its], objects, pairs.take(np.flatnonzero(inside)), Evidence.none(), PARAMETERS).log_odds
    return odds[np.isfinite(odds)]


@pytest.mark.parametrize(
    ("kind", "days"),
    [(Kind.CBC, 60.0), (Kind.CBC, 118.0), (Kind.GRB, 3.0), (Kind.NEUTRINO, 60.0)],
    ids=["middle", "still open", "at the beginning", "window longer than what is stored"],
)
def test_claimed_is_what_is_counted(kind, days):
    random = np.random.default_rng(1)
    its = event(kind, days, radius_deg=20.0)
    claimed = measure(its, sky_of(background(random, 8000)), PARAMETERS, trials=200)
    assert claimed is not None
    fresh = np.sort(np.concatenate([real(its, background(random, 8000)) for _ in range(60)]))[::-1]
    for part in (0.2, 0.5, 0.9):
        at = fresh[int(part * len(fresh))]
        counted = (fresh >= at).sum() / 60.0
        assert 0.8 < counted / claimed.at(np.array([at]))[0] < 1.25


def test_a_survey_of_part_of_the_sky_counts_where_it_looks():
    def north(ra, dec):
        return (dec > 0.0) & (ra < 250.0)

    random = np.random.default_rng(2)
    its = event(Kind.CBC, 60.0)
    claimed = measure(its, sky_of(background(random, 16000, north)), PARAMETERS, trials=300)
    counted = np.mean([len(real(its, background(random, 16000, north))) for _ in range(20)])
    assert claimed is not None
    assert 0.8 < counted / claimed.counts[-1] < 1.25


def test_the_counterpart_itself_does_not_count():
    """However bright: what is in the region and window is not what chance is counted on."""
    random = np.random.default_rng(3)
    its, alone = event(Kind.CBC, 60.0), background(random, 4000)
    row = {"id": "k", "object_id": "k", "survey": "x", "ra": 40.0, "dec": 20.0, "time": START + 60.5 * DAY_S}
    more = {"first_seen": START + 60.4 * DAY_S, "last_unseen": START + 60.05 * DAY_S, "reliability": 0.9}
    found = AlertBatch.concatenate([alone, AlertBatch.from_rows([row | more])])
    without, with_it = (measure(its, sky_of(o), PARAMETERS, trials=100) for o in (alone, found))
    assert without is not None
    assert with_it is not None
    assert with_it.log_odds.tolist() == without.log_odds.tolist()


def test_a_sample_stands_for_the_whole():
    random = np.random.default_rng(4)
    its, objects = event(Kind.CBC, 60.0), background(random, 20000)
    whole = measure(its, sky_of(objects), PARAMETERS, trials=200)
    part = measure(its, sky_of(objects.take(np.arange(0, 20000, 4)), weight=4.0), PARAMETERS, trials=200)
    assert whole is not None
    assert part is not None
    assert part.counts[-1] == pytest.approx(whole.counts[-1], rel=0.15)


def test_too_little_to_count_on():
    its = event(Kind.CBC, 60.0)
    assert measure(its, sky_of(AlertBatch.empty()), PARAMETERS) is None
    far = background(np.random.default_rng(5), 500, lambda ra, dec: dec < -60.0)
    assert measure(its, sky_of(far), PARAMETERS) is None


def test_above_the_highest_counted_the_number_falls_as_the_odds_rise():
    curve = Chances(log_odds=np.array([3.0, 1.0, -2.0]), counts=np.array([0.01, 0.5, 4.0]), trials=100)
    asked = np.array([5.0, 3.0, 2.0, 1.0, -1.0, -2.0, -9.0, -np.inf, np.nan])
    expected = [0.01 * np.exp(-2.0), 0.01, 0.01, 0.5, 0.5, 4.0, 4.0, np.nan, np.nan]
    np.testing.assert_allclose(curve.at(asked), expected)
    nobody = Chances(log_odds=np.empty(0), counts=np.empty(0), trials=50)
    assert nobody.at(np.array([1.0])).tolist() == [0.02]


def test_the_window_is_where_it_should_be():
    start, end = window(event(Kind.CBC, 60.0), PARAMETERS)
    assert (end - start) / DAY_S == pytest.approx(10.0)


def test_errors_are_those_of_counts_and_none_at_all_is_an_upper_limit():
    """Poisson: n met at 100 places stand for n / 100 expected; none of them for less than 2.3 / 100 at 90 %."""
    found = Chances(log_odds=np.array([5.0, 4.0, 3.0, 2.0]), counts=np.arange(1.0, 5.0) / 100, trials=100)
    low, high = found.between(np.array([6.0, 5.0, 2.0, np.nan]))
    assert low[0] == 0.0
    assert high[0] == pytest.approx(np.log(10.0) / 100)
    assert low[1:3] == pytest.approx([0.00173, 0.0209], rel=0.01)  # Gehrels 1986, tables 1 and 2: 1 and 4 met
    assert high[1:3] == pytest.approx([0.0330, 0.0716], rel=0.01)
    assert np.isnan([low[3], high[3]]).all()
    none = Chances(log_odds=np.empty(0), counts=np.empty(0), trials=200)
    assert none.between(np.array([0.0]))[1] == pytest.approx([np.log(10.0) / 200])


def test_what_is_not_covered_is_told():
    random = np.random.default_rng(4)
    its = event(Kind.CBC, 110.0, place=(40.0, 0.0))
    whole = measure(its, sky_of(background(random, 30000)), PARAMETERS, trials=20)
    half = measure(its, sky_of(background(random, 60000, lambda ra, dec: dec > 0.0)), PARAMETERS, trials=20)
    start, end = window(its, PARAMETERS)
    assert whole.covers_sky > 0.95
    assert half.covers_sky == pytest.approx(0.5, abs=0.12)
    stored = (START + DAYS * DAY_S - start) / (end - start)
    assert whole.covers_time == pytest.approx(min(stored, 1.0))
