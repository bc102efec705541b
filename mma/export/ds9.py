"""Regions for ds9: a circle around each candidate; the event's own region is what ``moc`` exports."""

from __future__ import annotations

from .angles import degrees
from .formats import More, Row

RADIUS_ARCSEC = 5.0
QUOTES = (("{", "}"), ('"', '"'), ("'", "'"))
"""What ds9 takes around a text. There is no escape: a text must not have the ones it stands in."""

COLOURS = {"active": "green", "vetoed": "red", "withdrawn": "yellow"}


def ds9(event: Row, candidates: list[Row], more: More) -> str:
    """A region file in ICRS degrees."""
    test = " TEST EVENT" if event["test"] else ""
    head = [
        "# Region file format: DS9 version 4.1",
        f"# mma: candidates of {_line(event['id'])}{test}",
        "global color=green width=2 select=1 edit=1 move=1",
        "icrs",
    ]
    return "\n".join([*head, *(_circle(row) for row in candidates)]) + "\n"


def _circle(row: Row) -> str:
    ra, dec = degrees(row["ra"], row["dec"], 7)
    label = row["object"] if row["rank"] is None else f"{row['rank']} {row['object']}"
    told = f"color={COLOURS.get(row['state'], 'white')} text={_quoted(label)} tag={_quoted(row['state'])}"
    return f'circle({ra},{dec},{RADIUS_ARCSEC:g}") # {told}'


def _quoted(text: str) -> str:
    text = _line(text)
    for first, last in QUOTES:
        if first not in text and last not in text:
            return f"{first}{text}{last}"
    return "{" + text.replace("{", "(").replace("}", ")") + "}"


def _line(text: str) -> str:
    return " ".join(text.split())
