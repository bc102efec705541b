"""Names of sources: which spellings mean one source, and which of several names goes first."""

from __future__ import annotations

import re
import string

IAU_NAME = re.compile(r"([a-z]{2,4})?((?:19|20)\d{2}[a-z]{1,7}|(?:19|20)\d{6}[a-z]{1,7})")
"""A name of the Transient Name Server, folded: ``sn2019npv``, ``frb20190520b``, or either without its prefix.

The prefix (AT, SN, TDE, FRB ...) tells what a source is held for, and changes; the rest is the name.
"""

TNS = "tns"
SECOND_HAND = frozenset({TNS, "oac"})
"""Lists that repeat what surveys saw: where a survey's own alerts are there, these speak first."""

TABLE = "table"
"""Survey of rows that name none: two tables of it may be of two telescopes."""

NUMBERED = ("lsst", "elasticc", "decam", "atlas", TNS, "oac", TABLE)
"""Surveys that number their objects: the number alone finds them."""


SURVEY_WORDS = {"rubin": "lsst", "diaobjectid": "lsst", "diaobject": "lsst"}
"""What people write before a survey's number besides its name."""

OF_A_SURVEY = re.compile(rf"({'|'.join((*NUMBERED, *SURVEY_WORDS))})[\s:_=-]*(\d+)")


def key(survey: str, object_id: str) -> str:
    """An object's name across surveys: the survey's own where it tells the survey, else with its survey.

    Examples
    --------
    >>> key("ztf", "ZTF21abiuvdk"), key("lsst", "313637921267122191")
    ('ZTF21abiuvdk', 'lsst:313637921267122191')
    """
    return f"{survey}:{object_id}" if object_id[:4].isdigit() else object_id


def folded(name: str) -> str:
    """What all spellings of a name have in common: no case, no spaces, no prefix that TNS may change.

    Examples
    --------
    >>> {folded(name) for name in ("SN 2019npv", "AT2019npv", "at2019npv", "2019npv")}
    {'2019npv'}
    >>> folded("FRB 20190520B"), folded("ZTF21abiuvdk"), folded("GRB 170817A")
    ('20190520b', 'ztf21abiuvdk', 'grb170817a')
    """
    plain = "".join(name.replace("_", " ").split()).casefold()
    found = _iau(plain)
    return found[2] if found else plain


def is_iau(name: str) -> bool:
    """Whether this is a name of the Transient Name Server, with its prefix or without."""
    return _iau("".join(name.replace("_", " ").split()).casefold()) is not None


def _iau(plain: str) -> re.Match[str] | None:
    """A folded name taken apart; nearly all names have no year in them, which is quicker to see."""
    return IAU_NAME.fullmatch(plain) if "20" in plain or "19" in plain else None


def spellings(name: str) -> list[str]:
    """Ids of objects that somebody may mean by a name, besides those stored under ``folded``.

    Examples
    --------
    >>> spellings("ztf21abiuvdk")
    ['ztf21abiuvdk', 'ZTF21ABIUVDK', 'ZTF21abiuvdk', 'Ztf21abiuvdk']
    >>> spellings("LSST 313637921267122191")[-1], "ZTF21abiuvdk" in spellings("ZTF-21abiuvdk")
    ('lsst:313637921267122191', True)
    """
    plain = name.strip()
    if plain.isdigit():
        return [plain, *numbered(plain)]
    if found := OF_A_SURVEY.fullmatch(plain.casefold()):
        return [plain, f"{SURVEY_WORDS.get(found[1], found[1])}:{found[2]}"]
    joined = re.sub(r"[\s_-]+", "", plain)
    return list(dict.fromkeys([*_cases(plain), *_cases(joined)]))


def _cases(plain: str) -> list[str]:
    letters = plain[: len(plain) - len(plain.lstrip(string.ascii_letters))]
    rest = plain[len(letters) :]
    return [plain, plain.upper(), letters.upper() + rest.lower(), letters.capitalize() + rest.lower()]


def numbered(name: str) -> list[str]:
    """Ids of objects whose number this may be; none for what is no number."""
    return [f"{survey}:{name}" for survey in NUMBERED] if name.isdigit() else []


def rank(name: str, survey: str) -> tuple[int, bool, str]:
    """Sort key: of several names of one source the smallest is its id, whatever came first.

    A survey's own name goes first, as its alerts go on under it; then that of a table; then one of a list of
    names, AT last, which is what a source is called before anybody knows more.
    """
    return precedence(survey), is_iau(name) and name[:2].casefold() == "at", name


def precedence(survey: str) -> int:
    """0 for a survey, 1 for a table that names none, 2 for a list of what others saw."""
    return 2 if survey in SECOND_HAND else 1 if survey == TABLE else 0
