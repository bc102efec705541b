"""GCN Circular: subject and body of a draft, in ASCII and narrow lines. Authors and credits are left to fill in."""

from __future__ import annotations

import math
import re
import textwrap
import unicodedata

from coincidence.terms import TERMS
from skymaps.units import DAY_S

from ..messages import stage, version
from .angles import degrees, sexagesimal
from .formats import More, Row

WIDTH, TABLE_WIDTH = 72, 80
NAMED = re.compile(r"GRB \d{6}[A-Z]|IceCube-\d{6}[A-Z]")
"""Names that GCN finds in a subject by itself, and files the Circular under."""

LVK = re.compile(r"S\d{6}[a-z]+")
SHORT = {
    "distance": "dist", "photometry": "phot", "context": "ctx", "classifier": "class", "verdict": "verd",
}  # fmt: skip
"""Names of terms as they fit over a column."""


def circular(event: Row, candidates: list[Row], more: More) -> str:
    """The draft: a line ``SUBJECT:``, and the body."""
    parts = [
        f"SUBJECT: {subject(event, candidates)}",
        "[Authors and affiliations: to be filled in]",
        *(["THIS IS A TEST: the event is a test event."] if event["test"] else []),
        _fill(_introduction(event, candidates)),
        *(_tables(candidates) if candidates else []),
        *_hosts(candidates),
        _fill(_method(event)),
        "[Credits of surveys, brokers and catalogues: to be filled in]",
    ]
    return ascii_text("\n\n".join(parts)) + "\n"


def subject(event: Row, candidates: list[Row]) -> str:
    """A subject that GCN takes: it has one of its words in it (``transient``), and the event's usual name first."""
    n = len(_standing(candidates))
    count = "no" if n == 0 else str(n)
    test = "TEST: " if event["test"] else ""
    plural = "" if n == 1 else "s"
    line = f"{test}{_name(event)}: {count} optical transient candidate{plural} ranked by mma"
    return ascii_text(" ".join(line.split()))


def _standing(candidates: list[Row]) -> list[Row]:
    return [row for row in candidates if row["rank"] is not None]


def _name(event: Row) -> str:
    if LVK.fullmatch(event["id"]):
        return f"LIGO/Virgo/KAGRA {event['id']}"
    names: list[str] = [event["id"], *event["aliases"]]
    return next((name for name in names if NAMED.fullmatch(name)), names[0])


def _introduction(event: Row, candidates: list[Row]) -> str:
    when = f" of {_minute(event['time'])} UTC" if event["time"] else ""
    area = event["skymap"]["area90_deg2"]
    region = f" (90% within {area:.4g} deg2)" if area is not None else ""
    what = (
        f"We compared objects seen by optical surveys with {event['id']} ({event['observatory']}{when}), "
        f"{_map(event)}{region}. "
    )
    n, others = len(_standing(candidates)), len(candidates) - len(_standing(candidates))
    listed = f"{event['n_candidates']} candidates stand, {n} are listed" if n else "No candidate counterpart stands"
    listed += f"; {others} vetoed or withdrawn ones are listed too. " if others else ". "
    if n == 0:
        return what + listed
    return f"{what}{listed}" + (
        f"P is the probability that the object is the counterpart, given that at most one is; that none of "
        f"them is has P = {math.exp(-event['log_none']):.3g}."
    )


def _map(event: Row) -> str:
    """Name of the map, and how far the event's news is."""
    url, sha256 = event["skymap"]["url"], event["skymap"]["sha256"]
    name = url.rsplit("/", 1)[-1] if url else None
    if name or sha256:
        digest = f", sha256 {sha256[:12]}" if sha256 else ""
        return f"sky map {name or 'without a name'}{digest} ({stage(event)})"
    return f"the region of the newest notice ({stage(event)})"


def _tables(candidates: list[Row]) -> list[str]:
    head = f"{'#':>3} {'RA (ICRS)':<11} {'Dec (ICRS)':<11} {'RA deg':>9} {'Dec deg':>9} {'P':>5} object"
    places = [head, *(_place(number, row) for number, row in enumerate(candidates, start=1))]
    heads = "".join(f" {name:>6}" for name in ("ln O", *(SHORT.get(name, name) for name in TERMS)))
    scores = [f"{'#':>3}{heads} {'delay d':>8}", *(_score(n, row) for n, row in enumerate(candidates, start=1))]
    seen = [f"{'#':>3} last seen (UTC)   AB mag      class", *(_seen(n, r) for n, r in enumerate(candidates, start=1))]
    return ["\n".join(places), "\n".join(scores), "\n".join(seen)]


def _place(number: int, row: Row) -> str:
    hours, arcs = sexagesimal(row["ra"], row["dec"])
    ra, dec = degrees(row["ra"], row["dec"], 5)
    chance = "    -" if row["probability"] is None else f"{row['probability']:5.3f}"
    name = " ".join(row["object"].split())
    line = f"{number:>3} {hours:<11} {arcs:<11} {ra:>9} {dec:>9} {chance} {name}"
    return line if len(line) <= TABLE_WIDTH else _fill(name, start=f"{line[: -len(name)]}\n    ", after="    ")


def _score(number: int, row: Row) -> str:
    values = [row["log_odds"], *(row["terms"][name] for name in TERMS)]
    days = None if row["delay_s"] is None else row["delay_s"] / DAY_S
    cells = "".join(f" {'-' if v is None else f'{v:.2f}':>6}" for v in values)
    return f"{number:>3}{cells} {'-' if days is None else f'{days:.2f}':>8}"


def _seen(number: int, row: Row) -> str:
    mag = "-" if row["mag"] is None else f"{row['band'] or '?'} = {row['mag']:.2f}"
    standing = row["class"] if row["rank"] is not None else f"{row['state']}: {row['reason']}"
    return _fill(standing, start=f"{number:>3} {_minute(row['last_seen']):<17} {mag:<11} ", after=" " * 8)


def _hosts(candidates: list[Row]) -> list[str]:
    """A line for each candidate with a host."""
    lines = []
    for number, row in enumerate(candidates, start=1):
        if row["host"]:
            host = row["host"]
            error = host["distance_error_mpc"]
            far = f"{host['distance_mpc']:.4g}" + (f" +- {error:.2g}" if error is not None else "")
            name = host["name"] or "a galaxy without a name"
            text = (
                f"host {name} ({host['catalog']}), {far} Mpc, at {host['separation_arcsec']:.1f} arcsec, "
                f"P(host) = {host['p_host']:.2f}"
            )
            lines.append(_fill(text, start=f"{number:>3} ", after="    "))
    return ["\n".join(lines)] if lines else []


def _method(event: Row) -> str:
    return (
        "ln odds is the natural log of the odds, summed over classes of counterpart. The terms beside it are "
        "those of the best class, log likelihood ratios of counterpart and chance that add up to its own ln "
        "odds; a dash is a term that knows nothing and counts 0. Delay is first detection minus event. "
        f"Computed with mma {version()}. This text is a draft made by a program; a person must check it."
    )


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _fill(text: str, start: str = "", after: str = "") -> str:
    """Lines of at most ``WIDTH``. Only what follows the last line break of ``start`` counts for the first one."""
    head, _, first = start.rpartition("\n")
    lines = textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=after, break_on_hyphens=False)
    return f"{head.rstrip()}\n{lines}" if head else lines


def ascii_text(text: str) -> str:
    """Text in ASCII: letters without their accents, anything else as a question mark."""
    plain = unicodedata.normalize("NFKD", text)
    kept = (c for c in plain if not unicodedata.combining(c))
    return "".join(c if c == "\n" or " " <= c <= "~" else "?" for c in kept)
