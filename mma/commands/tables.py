"""The tables that people read."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from rich.table import Table

from ..messages import iso
from ..store import SILENT_S
from .show import delay, number, table

Row = dict[str, Any]


def events(rows: list[Row]) -> Table:
    """Events, a line each."""
    columns = [
        ("event", "left"),
        ("time (UTC)", "left"),
        ("from", "left"),
        ("stage", "left"),
        ("state", "left"),
        ("90 % deg2", "right"),
        ("Mpc", "right"),
        ("candidates", "right"),
        ("P(none)", "right"),
    ]
    return table(
        "",
        columns,
        (
            (
                r["id"] + (" (test)" if r["test"] else ""),
                (r["time"] or "-")[:16].replace("T", " "),
                f"{r['observatory']} {r['kind']}",
                f"{r['stage']} {r['revision']}",
                r["state"],
                number(r["area90_deg2"], ".4g"),
                number(r["distance_mpc"], ".0f"),
                r["n_candidates"],
                number(r["p_none"], ".3f"),
            )
            for r in rows
        ),
        STAGES_FIRST,
    )


TERMS = ("other", "ctx", "prior", "time", "phot", "dist", "sky")
TERMS_FIRST = (*TERMS, "level", "host", "mag", "tags", "delay", "class", "ln odds", "P", "object")
STAGES_FIRST = ("stage", "P(none)", "from", "Mpc", "state", "90 % deg2", "time (UTC)", "candidates")
"""Columns of candidates, and of events, that a narrow window has no room for, the first of them first."""


def candidates(rows: list[Row], title: str = "") -> Table:
    """Candidates from the best on, with the terms of each score."""
    columns = [
        ("rank", "right"),
        ("object", "left"),
        ("P", "right"),
        ("ln odds", "right"),
        ("class", "wrap"),
        ("prior", "right"),
        ("sky", "right"),
        ("dist", "right"),
        ("time", "right"),
        ("phot", "right"),
        ("ctx", "right"),
        ("other", "right"),
        ("level", "right"),
        ("delay", "right"),
        ("mag", "right"),
        ("host", "wrap"),
    ]
    if not any(row.get("tags") for row in rows):
        return table(title, columns, map(_candidate, rows), TERMS_FIRST)
    tagged = ((*_candidate(row), " ".join(row["tags"])) for row in rows)
    return table(title, [*columns, ("tags", "wrap")], tagged, TERMS_FIRST)


def _candidate(r: Row) -> tuple[object, ...]:
    shown = ("prior", "sky", "distance", "time", "photometry", "context")
    terms = [number(r["terms"][name], ".1f") for name in shown]
    said = [value for name in ("classifier", "verdict") if (value := r["terms"][name]) is not None]
    terms.append(number(sum(said) if said else None, ".1f"))
    host = r["host"]
    return (
        number(r["rank"], "d"),
        r["object"],
        number(r["probability"], ".3f"),
        number(r["log_odds"], "+.1f"),
        r["class"] if r["state"] == "active" else f"{r['state']}: {r['reason']}",
        *terms,
        number(r["credible_level"], ".2f"),
        delay(r["delay_s"]),
        number(r["mag"], ".1f"),
        f"{host['name'] or 'z'} {host['distance_mpc']:.0f} Mpc" if host else "-",
    )


def objects(rows: list[Row]) -> Table:
    """Objects near a position."""
    columns = [
        ("object", "left"),
        ("arcsec", "right"),
        ("ra", "right"),
        ("dec", "right"),
        ("first seen", "left"),
        ("last seen", "left"),
        ("mag", "right"),
        ("class", "left"),
    ]
    return table(
        "",
        columns,
        (
            (
                r["id"],
                number(r["separation_arcsec"], ".2f"),
                number(r["ra"], ".5f"),
                number(r["dec"], "+.5f"),
                r["first_seen"][:16],
                r["last_seen"][:16],
                number(r["mag"]),
                r["classification"] or "-",
            )
            for r in rows
        ),
    )


def associations(rows: list[Row]) -> Table:
    """Pairs of events, the most significant first."""
    columns = [
        ("first", "left"),
        ("second", "left"),
        ("delay", "right"),
        ("overlap", "right"),
        ("FAR Hz (time)", "right"),
        ("(and sky)", "right"),
        ("(and trials)", "right"),
        ("ln odds", "right"),
        ("", "wrap"),
    ]
    return table(
        "",
        columns,
        (
            (
                r["first"],
                r["second"],
                delay(r["delay_s"]),
                number(r["overlap"], ".3g"),
                number(r["far_temporal_hz"], ".2e"),
                number(r["far_spacetime_hz"], ".2e"),
                number(r["far_after_trials_hz"], ".2e"),
                number(r["log_odds"], "+.1f"),
                _remark(r),
            )
            for r in rows
        ),
    )


def _remark(r: Row) -> str:
    """Why a pair has no rate, or which search it is from."""
    search = "" if r["search"] in (None, "untargeted") else r["search"]
    said = r["reason"] or ("pointed there" if r["by_construction"] else search)
    return said if r["p_alone"] is None else f"{said}; alone p = {r['p_alone']:.1e}"


def groups(rows: list[Row]) -> Table:
    """Groups of events that may be one source."""
    columns = [
        ("group", "left"),
        ("events", "wrap"),
        ("ln overlap", "right"),
        ("ln odds", "right"),
        ("p (product)", "right"),
        ("p (Fisher)", "right"),
    ]
    return table(
        "groups",
        columns,
        (
            (
                r["id"] + (" (test)" if r["is_test"] else ""),
                ", ".join(r["members"]),
                number(r["log_overlap"], "+.1f"),
                number(r["log_odds"], "+.1f"),
                number(r["p_product"], ".1e"),
                number(r["p_fisher"], ".1e"),
            )
            for r in rows
        ),
    )


def dead_letters(rows: list[Row]) -> Table:
    """Messages that were set aside."""
    columns = [("id", "right"), ("message", "wrap"), ("bytes", "right"), ("reason", "wrap")]
    return table("", columns, ((r["id"], r["name"] or r["topic"], r["bytes"], r["reason"]) for r in rows))


def live(rows: list[Row]) -> Table:
    """Live sources, a line for each and each worker."""
    columns = [
        ("live source", "wrap"),
        ("worker", "left"),
        ("read", "right"),
        ("waiting", "right"),
        ("newest", "left"),
        ("heartbeat", "left"),
        ("heard of", "left"),
        ("trouble", "wrap"),
    ]
    return table(
        "",
        columns,
        (
            (
                f"{r['name']} {', '.join(r['topics'])}",
                r["worker"],
                r["messages"],
                number(r["lag"], "d"),
                (r["last_message"] or "-")[:19],
                (r["last_heartbeat"] or "-")[:19],
                r["told"][:19],
                _troubles(r),
            )
            for r in rows
        ),
    )


def _troubles(r: Row) -> str:
    """What was wrong when a worker told last, and that it has been silent since."""
    told = [f"{about}: {text}" for about, text in sorted(r["troubles"].items())]
    silent_s = time.time() - datetime.fromisoformat(r["told"]).timestamp()
    if silent_s > SILENT_S:
        told.append(f"not heard of for {delay(silent_s).removeprefix('+')}")
    return "; ".join(told) or "none"


def verdicts(rows: list[Row]) -> Table:
    """Verdicts, the newest first."""
    columns = [
        ("when (UTC)", "left"), ("event", "left"), ("object", "left"), ("verdict", "left"),
        ("class", "left"), ("who", "left"), ("P then", "right"), ("why", "wrap"),
    ]  # fmt: skip
    return table("", columns, map(_verdict, rows))


def _verdict(r: Row) -> tuple[object, ...]:
    when = (iso(r["time"]) or "-")[:16].replace("T", " ")
    chance = number(r["probability"], ".3f")
    return when, r["event_id"], r["object_id"], r["status"], r["class"] or "-", r["who"] or "-", chance, r["why"] or "-"
