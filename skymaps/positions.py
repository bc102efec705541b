"""Positions as people and programs write them, read in one place for the command line, REST, the client and tables.

What comes out is ICRS degrees. Right ascension in parts (13:09:48.1, 13 09 48.1) is hours, minutes and seconds of time,
as everywhere in astronomy; a lone number is degrees. Units settle it: 13h09m48.1s, 197d27m, 197.45deg, 13.16h.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator

EXAMPLE = "write 197.45 -23.38, 13h09m48.1s -23d22m53s or 13:09:48.1 -23:22:53"

_LOOKS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-")
    | dict.fromkeys("\u00ba\u02da\u00b0", "d")
    | dict.fromkeys("\u2032\u2019\u02b9\u00b4", "'")
    | dict.fromkeys("\u2033\u201d\u02ba", '"')
    | {"\ufb29": "+"}
)
"""Signs that look like those of a keyboard: minus, degree, prime, double prime, plus."""

_UNITS = {
    "h": ("h", "hr", "hrs", "hour", "hours", "hourangle"),
    "d": ("d", "deg", "degs", "degree", "degrees"),
    "r": ("rad", "rads", "radian", "radians"),
    "m": ("m", "min", "mins", "arcmin", "'"),
    "s": ("s", "sec", "secs", "arcsec", '"', "''"),
}
_UNIT = {name: unit for unit, names in _UNITS.items() for name in names}
LONGEST = 200
"""Signs of a text that is read: longer ones are none, and would take long."""

_PART = re.compile(r"""\s*(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(?P<unit>[a-z]+|''|['"])?\s*:?""")
_RADIUS = re.compile(
    r"""(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(?P<unit>d|deg|degrees?|arcmin|arcsec|['"]|'')?"""
)
_PER_DEGREE = dict.fromkeys((None, "d", "deg", "degree", "degrees"), 1.0) | {
    "arcmin": 60.0,
    "'": 60.0,
    "arcsec": 3600.0,
    '"': 3600.0,
    "''": 3600.0,
}
_TO_DEGREES = {"d": 1.0, "h": 15.0, "r": math.degrees(1.0)}
_LABELS = re.compile(r"\b(?:icrs|fk5|j2000(?:\.0)?|right ascension|declination|r\.?a\.?|decl?\.?)(?![a-z\d])\s*[=:]?")
_COMMAS = re.compile(r"([+-]?\d+),(\d+)(?:\s*;\s*|\s+)([+-]?\d+),(\d+)")
_SIGN = re.compile(r"(?<![e\s,;(\[])\s*(?=[+-])|(?<=\s)(?=[+-])")


def read(text: str) -> tuple[float, float]:
    """Right ascension and declination of a text that names both, in degrees.

    Raises
    ------
    ValueError
        It says what is wrong, and gives an example. A right ascension of -10 is 350; 400 is none.

    Examples
    --------
    >>> read("13:09:48.1, -23:22:53") == read("13h09m48.1s \N{MINUS SIGN}23\N{DEGREE SIGN}22'53")
    True
    >>> read("RA=197.45 Dec=-23.38"), read("197.45-23.38")
    ((197.45, -23.38), (197.45, -23.38))
    """
    plain = _plain(text)
    if re.search(r"\b(?:b1950|fk4|gal|galactic|ecliptic)\b", plain):
        raise ValueError(f"{text[:60]!r}: only ICRS (J2000) positions are read; {EXAMPLE}")
    plain = _LABELS.sub(" ", plain).strip(" ()[]")
    plain = _COMMAS.sub(r"\1.\2 \3.\4", plain) if _COMMAS.fullmatch(plain) else plain
    problem = "two angles are wanted, right ascension and declination"
    for ra, dec in _halves(plain):
        try:
            return right_ascension(ra, wraps=ra.lstrip().startswith("-")), declination(dec)
        except ValueError as error:
            problem = str(error).partition("; write ")[0]
    raise ValueError(f"{text[:60]!r}: {problem}; {EXAMPLE}")


def right_ascension(value: str | float, unit: str | None = None, *, wraps: bool = False) -> float:
    """Degrees from 0 to 360 of a right ascension; parts without a unit are hours, minutes and seconds.

    Parameters
    ----------
    unit
        Of what does not say its own: ``deg``, ``h``, ``rad``. None: degrees for a lone number, hours for parts.
    wraps
        A turn too many or too few is taken off, as people who search write it: -10 is 350.

    Examples
    --------
    >>> right_ascension("05h34m31s") == right_ascension("5 34 31") == (5 + 34 / 60 + 31 / 3600) * 15
    True
    """
    degrees = _angle(value, unit, "right ascension", "h")
    turn = 360.0 if wraps else 0.0
    if not -turn <= degrees <= 360.0 + turn:
        raise ValueError(f"right ascension {_shown(value)} is {degrees:g} degrees, not 0 to 360; {EXAMPLE}")
    return degrees % 360.0


def declination(value: str | float, unit: str | None = None) -> float:
    """Degrees of a declination.

    Examples
    --------
    >>> declination("-00:30")
    -0.5
    """
    degrees = _angle(value, unit, "declination", "d")
    if not -90.0 <= degrees <= 90.0:
        raise ValueError(f"declination {_shown(value)} is {degrees:g} degrees, not -90 to 90; {EXAMPLE}")
    return degrees


def radius(text: str) -> float:
    """Degrees, above 0 and up to 180, of a radius; a lone number is degrees.

    Raises
    ------
    ValueError
        It says what is wrong, and gives examples.

    Examples
    --------
    >>> radius("0.5"), radius("30arcsec") == radius("30 \N{DOUBLE PRIME}") == 30 / 3600, radius("6'")
    (0.5, True, 0.1)
    """
    found = _RADIUS.fullmatch(_plain(text))
    degrees = float(found["number"]) / _PER_DEGREE[found["unit"]] if found else math.nan
    if not 0.0 < degrees <= 180.0:
        raise ValueError(f"radius {_shown(text)}: write degrees up to 180, or 30arcsec, 5arcmin, 1deg")
    return degrees


def _plain(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"{text[:40]!r}... has {len(text)} signs, no angle has more than {LONGEST}")
    return unicodedata.normalize("NFKC", text.translate(_LOOKS)).translate(_LOOKS).strip().lower()


def _shown(value: str | float) -> str:
    return repr(value[:40]) if isinstance(value, str) else f"{value}"


def _halves(text: str) -> Iterator[tuple[str, str]]:
    """Where a text may part into two angles: at its comma, before the second sign, in the middle, after any blank."""
    if "," in text or ";" in text:
        parts = [part.strip() for part in re.split(r"\s*[,;]\s*", text.strip(" ,;"))]
        if len(parts) == 2:
            yield parts[0], parts[1]
        return
    if signed := [found.start() for found in _SIGN.finditer(text) if found.start() > 0]:
        yield text[: signed[0]].strip(), text[signed[0] :].strip()
        return
    words = text.split()
    middle = [len(words) // 2] if len(words) % 2 == 0 and words else []
    at = middle or [i for i in range(1, len(words)) if any(c.isalpha() for c in words[i - 1])]
    for i in at:
        yield " ".join(words[:i]), " ".join(words[i:])


def _angle(value: str | float, unit: str | None, name: str, of_parts: str) -> float:
    """Degrees."""
    told = None if unit is None else _UNIT.get(unit.strip().lower())
    if unit is not None and told not in _TO_DEGREES:
        raise ValueError(f"{name}: {unit!r} is no unit of an angle; deg, h and rad are")
    if not isinstance(value, str):
        degrees = float(value) * _TO_DEGREES[told or "d"]
        if not math.isfinite(degrees):
            raise ValueError(f"{name} {value} is no angle; {EXAMPLE}")
        return degrees
    text = re.sub(r"(?<=\d),(?=\d)", ".", _plain(value), count=1) if value.count(",") == 1 else _plain(value)
    sign = -1.0 if text.startswith("-") else 1.0
    parts = _parts(text.lstrip("+-") if text[1:2] not in ("+", "-") else text)
    if parts is None:
        raise ValueError(f"{name} {value[:40]!r} is no angle; {EXAMPLE}")
    scale = _scale(parts, told, of_parts)
    if problem := _problem(parts, scale, of_parts):
        raise ValueError(f"{name} {value[:40]!r}: {problem}; {EXAMPLE}")
    return sign * sum(number / 60.0**i for i, (number, _) in enumerate(parts)) * _TO_DEGREES[scale]


def _parts(text: str) -> list[tuple[float, str | None]] | None:
    """Numbers with their units; None where something else stands between them."""
    parts: list[tuple[float, str | None]] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or (found["unit"] and found["unit"] not in _UNIT):
            return None
        parts.append((float(found["number"]), _UNIT.get(found["unit"] or "")))
        at = found.end()
    return None if not parts or len(parts) > 3 or text.endswith(":") else parts


def _scale(parts: list[tuple[float, str | None]], told: str | None, of_parts: str) -> str:
    """What the first number counts: degrees, hours or radians."""
    return parts[0][1] or told or (of_parts if len(parts) > 1 else "d")


def _problem(parts: list[tuple[float, str | None]], scale: str, of_parts: str) -> str | None:
    """What is wrong with the parts of an angle."""
    if scale not in _TO_DEGREES:
        return "degrees or hours come first"
    if scale == "h" and of_parts == "d":
        return "a declination is never in hours"
    if scale == "r" and len(parts) > 1:
        return "radians have no minutes"
    for (_, unit), usual in zip(parts[1:], "ms", strict=False):
        if unit not in (None, usual):
            return "minutes follow degrees or hours, and seconds minutes"
    if any(number > 60.0 for number, _ in parts[1:]):  # catalogues do write 23:52:60.000
        return "minutes and seconds go to 60"
    if any(number % 1.0 for number, _ in parts[:-1]):
        return "only the last part has a fraction"
    if scale == "h" and parts[0][0] > 24.0:
        return "hours go to 24 (degrees in parts: 197d27m00s)"
    return None
