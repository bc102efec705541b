"""A score in words: one sentence for each term, what it means and how much it counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .words import article, counterpart, delay, grouped, number, probability

Row = dict[str, Any]


def factor(value: float | None) -> str:
    """What a term does to the odds.

    Examples
    --------
    >>> factor(2.3), factor(-2.3), factor(0.02), factor(None)
    ('multiplies the odds by 10', 'divides the odds by 10', 'leaves the odds as they are', 'counts nothing')
    """
    if value is None:
        return "counts nothing"
    if not math.isfinite(value):
        return "rules it out"
    if abs(value) < 0.05:
        return "leaves the odds as they are"
    size = math.exp(min(abs(value), 700.0))
    text = grouped(float(f"{size:.2g}")) if size < 1e6 else f"{size:.0e}"
    return f"{'multiplies' if value > 0 else 'divides'} the odds by {text}"


def told(event: Row, row: Row) -> list[Row]:
    """Each term's name, value, and its sentence."""
    return [
        {"name": name, "value": value, "counts": factor(value), "text": SENTENCES[name](event, row, value)}
        for name, value in row["terms"].items()
    ]


def summary(event: Row, row: Row) -> str:
    """The whole score in a sentence or two."""
    if row["rank"] is None:
        return f"This object does not stand as a candidate: {row['state']}, {row['reason'] or 'no reason told'}."
    sure = row["probability"]
    judged = (
        "very likely" if sure > 0.9 else "likelier than not" if sure > 0.5 else "possibly" if sure > 0.1 else "hardly"
    )
    text = (
        f"Number {row['rank']} of {event['n_candidates']}: {judged} the counterpart of {event['id']}, "
        f"with probability {probability(sure)}, best explained as {_a(counterpart(row['class']))}."
    )
    count = row["chance_count"]
    if count is not None:
        text += f" {_by_chance(grouped(float(f'{count:.2g}')), row['chance_by'])}."
    return text


def _by_chance(count: str, by: str) -> str:
    """How many unrelated objects are expected to do as well."""
    if by == "limit":
        return f"Fewer than {count} unrelated objects are expected to score as high by chance (90 %)"
    if by == "measured":
        return f"About {count} unrelated objects are expected to score as high by chance"
    reckoned = "reckoned from its area and the rates alone; mma chance counts those that score as high"
    return f"About {count} unrelated objects are expected to lie as deep inside the region by chance ({reckoned})"


def _prior(event: Row, row: Row, value: float | None) -> str:
    return (
        f"Before anything else is known: one counterpart, if there is a visible one, among all unrelated transients "
        f"that the whole sky shows in the time {article(counterpart(row['class']))} may take to appear."
    )


def _sky(event: Row, row: Row, value: float | None) -> str:
    level = row["credible_level"]
    if level is None:
        return "The event has no position to compare with."
    where = "inside" if level <= 0.9 else "outside"
    return (
        f"It lies {where} the 90 % region, at credible level {number(100 * level, '.3g')} %: the part of the "
        "probability that is at denser places. The term compares the density here with that of an even sky."
    )


def _distance(event: Row, row: Row, value: float | None) -> str:
    host, mpc = row["host"], row["event_mpc"]
    if mpc is None:
        return "The event tells no distance along this line of sight, so a host cannot help or hurt."
    there = f"{mpc:.0f} ± {row['event_error_mpc']:.0f} Mpc" if row["event_error_mpc"] is not None else f"{mpc:.0f} Mpc"
    if host is None:
        return f"The event is at {there} along this line of sight; no galaxy with a distance is known near the object."
    name = host["name"] or "a galaxy"
    return (
        f"The event is at {there} along this line of sight; the likeliest host, {name}, at "
        f"{host['distance_mpc']:.0f} ± {host['distance_error_mpc']:.0f} Mpc."
    )


def _time(event: Row, row: Row, value: float | None) -> str:
    seen = f"It was first seen {delay(row['delay_s'])} the event"
    unseen = row["earliest_s"]
    since = f", and not yet {delay(unseen)}" if unseen is not None else "; when it was last absent is not known"
    return f"{seen}{since}. The term asks how well that onset suits {article(counterpart(row['class']))}."


def _photometry(event: Row, row: Row, value: float | None) -> str:
    if value is None:
        return "The light curve says nothing yet: too few points, or a classifier speaks in its place."
    better = "better" if value > 0 else "worse"
    return (
        f"Brightness, colour and change suit {article(counterpart(row['class']))} {better} than an unrelated "
        "transient, at the distances of its possible hosts."
    )


def _context(event: Row, row: Row, value: float | None) -> str:
    if value is None:
        return "Nothing is known of what lies underneath: no catalogued source was looked up."
    return "What lies underneath (a star, a galaxy, an active nucleus) " + (
        "is what such counterparts come from." if value >= 0 else "speaks more for an unrelated source."
    )


def _classifier(event: Row, row: Row, value: float | None) -> str:
    if value is None:
        return "No calibrated classifier has spoken of this object."
    return f"A calibrated classifier {'takes it for' if value > 0 else 'does not take it for'} such a source."


def _verdict(event: Row, row: Row, value: float | None) -> str:
    judged = value is not None or "reject" in (row.get("reason") or "")
    return "People have judged it; see the verdicts." if judged else "Nobody has confirmed or rejected it."


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


SENTENCES: dict[str, Callable[[Row, Row, float | None], str]] = {
    "prior": _prior,
    "sky": _sky,
    "distance": _distance,
    "time": _time,
    "photometry": _photometry,
    "context": _context,
    "classifier": _classifier,
    "verdict": _verdict,
}
