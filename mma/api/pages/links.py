"""Where else to look: links made of ids and positions. Nothing is asked of these places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

Row = dict[str, Any]
Link = tuple[str, str]
"""Name and URL."""

SUPEREVENT = re.compile(r"(MS|TS|S|GW)\d{6}[a-z]*|GW\d{6}_\d{6}")
NAMED = re.compile(r"(?:AT|SN)\s?((?:19|20)\d\d[A-Za-z]{1,5})")
ZTF = re.compile(r"ZTF\d{2}[a-z]{7}")


def of_event(event: Row) -> list[Link]:
    """Pages about an event."""
    found = []
    if (url := safe(event["url"])) is not None:
        found.append(("The sender's page", url))
    name = event["id"].removesuffix("-test")
    if event["messenger"] == "gw" and SUPEREVENT.fullmatch(name) and not name.startswith("GW"):
        found.append(("GraceDB", f"https://gracedb.ligo.org/superevents/{quote(name)}/view/"))
    if event["messenger"] == "gw":
        found.append(("Treasure Map", f"https://treasuremap.space/alerts?graceids={quote_plus(name)}"))
    found.append(("GCN Circulars", f"https://gcn.nasa.gov/circulars?query={quote_plus(name)}"))
    return _once(found)


def of_object(name: str, aliases: Iterable[str], ra: float, dec: float) -> list[Link]:
    """Pages about an object, by its names and by its position in degrees."""
    names = [name, *aliases]
    found = [*_named(names), *_brokers(names, ra, dec)]
    position = f"{ra:.6f}{dec:+.6f}"
    if not any(title == "TNS" for title, _ in found):
        query = f"ra={ra:.6f}&decl={dec:.6f}&radius=5&coords_unit=arcsec"
        found.append(("TNS, 5″ around", f"https://www.wis-tns.org/search?{query}"))
    ned = "search_type=Near%20Position%20Search&in_csys=Equatorial&in_equinox=J2000"
    found += [
        ("NED", f"https://ned.ipac.caltech.edu/conesearch?{ned}&ra={ra:.6f}d&dec={dec:.6f}d&radius=0.5"),
        (
            "SIMBAD",
            f"https://simbad.cds.unistra.fr/simbad/sim-coo?Coord={quote_plus(position)}"
            "&CooFrame=ICRS&Radius=30&Radius.unit=arcsec",
        ),
        (
            "Legacy Surveys",
            f"https://www.legacysurvey.org/viewer?ra={ra:.6f}&dec={dec:.6f}&zoom=15&layer=ls-dr10&mark={ra:.6f},{dec:.6f}",
        ),
    ]
    return _once(found)


def _named(names: Iterable[str]) -> list[Link]:
    matches = (NAMED.fullmatch(name) for name in names)
    return [("TNS", f"https://www.wis-tns.org/object/{quote(match[1])}") for match in matches if match]


def _brokers(names: Iterable[str], ra: float, dec: float) -> list[Link]:
    """Of an object of ZTF or Rubin, its own pages; of others, what is near."""
    for name in names:
        if ZTF.fullmatch(name):
            return [
                ("Fink", f"https://fink-portal.org/{name}"),
                ("ALeRCE", f"https://alerce.online/object/{name}"),
                ("Lasair", f"https://lasair-ztf.lsst.ac.uk/objects/{name}/"),
            ]
        survey, _, number = name.partition(":")
        if survey == "lsst" and number.isdigit():
            return [
                ("Fink", f"https://lsst.fink-portal.org/{number}"),
                ("ALeRCE", f"https://alerce.online/object/{number}?survey=lsst"),
                ("Lasair", f"https://lasair.lsst.ac.uk/objects/{number}/"),
            ]
    around = f"ra={ra:.6f}&dec={dec:.6f}&radius=5"
    return [
        ("Fink, 5″ around", f"https://fink-portal.org/?action=conesearch&{around}"),
        ("ALeRCE, 5″ around", f"https://alerce.online/?{around}"),
    ]


def safe(url: str | None) -> str | None:
    """A URL that a notice told, if it is one of the web: a page must not offer a script."""
    if url is None or not re.match(r"https?://[A-Za-z0-9.-]+(:\d+)?([/?#]|$)", url):
        return None
    return url


def _once(found: list[Link]) -> list[Link]:
    """Each URL once, under its first name."""
    urls: dict[str, str] = {}
    for name, url in found:
        urls.setdefault(url, name)
    return [(name, url) for url, name in urls.items()]
