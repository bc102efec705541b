"""Numbers and times as a page shows them. What is not known is a dash."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

DASH = "–"
SECONDS, MINUTE, HOUR, DAY = 1.0, 60.0, 3600.0, 86400.0
UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECONDS, "s"))


def number(value: float | None, form: str = ".3g") -> str:
    """A number with a true minus.

    Examples
    --------
    >>> number(-0.5, "+.1f"), number(None)
    ('−0.5', '–')
    """
    if value is None or not math.isfinite(value):
        return DASH
    return format(value, form).replace("-", "−")


def probability(value: float | None) -> str:
    """Percent, as exact as it is of use: never "0" or "100" for what is neither.

    Examples
    --------
    >>> probability(0.4567), probability(0.99999), probability(2e-5), probability(3e-9), probability(0.0)
    ('46 %', '> 99.9 %', '0.002 %', '< 0.0001 %', '0 %')
    """
    if value is None:
        return DASH
    if value >= 0.9995:
        return "> 99.9 %" if value < 1.0 else "100 %"
    if value >= 0.1:
        return f"{100 * value:.3g} %" if value > 0.99 else f"{100 * value:.0f} %"
    if value >= 1e-4 or value <= 0.0:
        return f"{100 * value:.2g} %"
    return f"{float(f'{100 * value:.2g}'):.5f}".rstrip("0") + " %" if value >= 1e-6 else "< 0.0001 %"


def span(seconds: float | None) -> str:
    """A time span in its best unit.

    Examples
    --------
    >>> span(40752.0), span(-90.0), span(0.4)
    ('11.3 h', '−1.5 min', '0.4 s')
    """
    if seconds is None:
        return DASH
    size, unit = next((u for u in UNITS if abs(seconds) >= 1.5 * u[0] or (u[1] == "min" and abs(seconds) >= 90.0)),
                      UNITS[-1])  # fmt: skip
    return f"{number(seconds / size, '.3g')} {unit}"


def delay(seconds: float | None) -> str:
    """A delay, in words.

    Examples
    --------
    >>> delay(40752.0), delay(-90.0)
    ('11.3 h after', '1.5 min before')
    """
    if seconds is None:
        return DASH
    return f"{span(abs(seconds))} {'before' if seconds < 0 else 'after'}"


def clock(text: str | None) -> str:
    """An ISO 8601 time of ours to the second.

    Examples
    --------
    >>> clock("2017-08-17T12:41:04.430000Z")
    '2017-08-17 12:41:04'
    """
    return DASH if not text else text[:19].replace("T", " ")


def moment(unix: float | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """Unix seconds as UTC."""
    return DASH if unix is None else datetime.fromtimestamp(unix, UTC).strftime(form)


def ago(unix: float | None, now: float | None = None) -> str:
    """How long ago a Unix time was."""
    if unix is None:
        return DASH
    since = (time.time() if now is None else now) - unix
    return f"{span(max(since, 0.0))} ago"


def rate(far_hz: float | None) -> str:
    """A false-alarm rate as one in a time.

    Examples
    --------
    >>> rate(1e-12), rate(None), rate(1e-6)
    ('1 in 31 700 years', '–', '1 in 11.6 days')
    """
    if far_hz is None:
        return DASH
    if far_hz <= 0.0:
        return "none"
    days = 1.0 / far_hz / DAY
    if days >= 365.25:
        years = days / 365.25
        return f"1 in {grouped(years)} years" if years < 1e6 else f"1 in {number(years, '.1e')} years"
    return f"1 in {days:.3g} days" if days >= 1.0 else f"{1.0 / days:.3g} a day"


def grouped(value: float) -> str:
    """Three figures, thousands apart."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}".replace(",", " ") if rounded >= 100 else f"{rounded:g}"


def flux(value: float | None) -> str:
    """A flux in nanojansky, four figures, without powers of ten as long as people can read it.

    Examples
    --------
    >>> flux(83176.4), flux(-12.345), flux(None), flux(2.5e9)
    ('83180', '−12.35', '–', '2.5e+09')
    """
    if value is None or not 1e3 <= abs(value) < 1e8:
        return number(value, ".4g")
    return number(float(f"{value:.4g}"), ".0f")


def sexagesimal(ra: float, dec: float) -> str:
    """A position in hours and degrees.

    Examples
    --------
    >>> sexagesimal(197.45037, -23.38148)
    '13h09m48.09s −23°22′53.3″'
    """
    ticks = round(ra % 360.0 / 15.0 * 360000.0) % (24 * 360000)
    arcs = round(abs(dec) * 36000.0)
    h, m, s = ticks // 360000, ticks // 6000 % 60, ticks % 6000 / 100
    sign = "−" if dec < 0 else "+"
    return f"{h:02d}h{m:02d}m{s:05.2f}s {sign}{arcs // 36000:02d}°{arcs // 600 % 60:02d}′{arcs % 600 / 10:04.1f}″"


def radius(degrees: float) -> str:
    """A radius in the unit that suits it.

    Examples
    --------
    >>> radius(1 / 60), radius(0.5), radius(2 / 3600), radius(12.0)
    ('1′', '30′', '2″', '12°')
    """
    for unit, per_degree in (("°", 1.0), ("′", 60.0), ("″", 3600.0)):
        if degrees * per_degree >= 0.99:
            return f"{degrees * per_degree:.3g}{unit}"
    return f"{degrees * 3600.0:.2g}″"


MESSENGERS = {
    "gw": "gravitational waves",
    "gamma": "gamma rays",
    "neutrino": "neutrinos",
    "xray": "X-rays",
    "radio": "radio",
    "optical": "optical",
}
KINDS = {
    "cbc": "compact binary merger",
    "burst": "unmodelled burst",
    "grb": "gamma-ray burst",
    "neutrino": "high-energy neutrino",
    "supernova": "core-collapse supernova",
    "flare": "very-high-energy flare",
    "frb": "fast radio burst",
    "transient": "transient",
}
COUNTERPARTS = {"tde": "tidal disruption", "blazar": "blazar", "flare": "flare of an active nucleus"}


MEANINGS = {
    "BNS": "two neutron stars",
    "NSBH": "neutron star and black hole",
    "BBH": "two black holes",
    "Terrestrial": "noise",
    "HasNS": "one body is a neutron star",
    "HasRemnant": "matter stays outside the black hole",
    "HasMassGap": "one body has 3 to 5 solar masses",
    "HasSSM": "one body is lighter than the Sun",
}


def meaning(name: str) -> str:
    """What a class or property of a merger means (LVK Public Alerts User Guide); nothing for others."""
    return MEANINGS.get(name, "")


def kind(name: str) -> str:
    """What an event is, in words."""
    return KINDS.get(name, name.replace("_", " "))


def messenger(name: str) -> str:
    """What carried it, in words."""
    return MESSENGERS.get(name, name)


def counterpart(name: str) -> str:
    """A class of counterparts, in words."""
    return COUNTERPARTS.get(name, name.replace("_", " "))


def article(words: str) -> str:
    """Words with the article that goes before their first letter.

    Examples
    --------
    >>> article("afterglow"), article("kilonova")
    ('an afterglow', 'a kilonova')
    """
    return f"{'an' if words[:1].lower() in set('aeiou') else 'a'} {words}"


def plain(name: str) -> str:
    """A name of ours as a phrase."""
    return name.replace("_", " ")
