"""Who an event is: one exact id, built alike from every format that tells of it.

==========================  ========================================  ==============================
event                       id                                        example
==========================  ========================================  ==============================
LVK                         superevent id as it stands                ``S190425z``, ``MS181101ab``
trigger of an instrument    ``{Observatory}-{INSTRUMENT}-{trigger}``  ``Fermi-GBM-524666471``
trigger of a whole mission  ``{Observatory}-{trigger}``               ``SVOM-sb24022203``
IceCube, HAWC               ``{Observatory}-{run}_{event}``           ``IceCube-132518_36506425``
no trigger number           the trigger time stands in for it         ``IPN-20220116T140934.960``
==========================  ========================================  ==============================

Swift's XRT and UVOT notices tell of BAT's trigger, so all three are ``Swift-BAT-...``. SVOM, CHIME, DSA-110,
Super-Kamiokande and SNEWS number events, not triggers of an instrument, and leave the instrument out.
Trigger number 0, a negative one and 2147483647 (an overflow of 2015) mean none.

Aliases are names that belong to one event only: ``bn240812094``, ``GRB 230220A``, ``IC230416A``. The name of
a known source (``Mrk 421``), or a burst's name without its letter (``GRB 140423``), fits several events and
is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

WITHOUT_INSTRUMENT = frozenset({"SVOM", "CHIME", "DSA-110", "Super-Kamiokande", "SNEWS", "IceCube", "HAWC"})
NO_NUMBER = frozenset({"2147483647"})

UNIQUE_NAME = re.compile(
    r"bn\d{9}|GRB ?\d{6}[A-Z]+|(IceCube|IC)-?\d{6}[A-Z]|IceCubeCascade-\d{6}[a-z]|KM3-\d{6}[A-Z]+"
    r"|NuEm-\d{6}[A-Z]|EP\d{6}[a-z]+|GW\d{6}(_\d{6})?|AT ?\d{4}[a-z]+|SN ?\d{4}[A-Za-z]+"
    r"|SN\.\d+\.\d+|sb\d{8}|BUG\d{6}\.\d+"
)
ICECUBE_NAME = re.compile(r"IceCube-(\d{6}[A-Z])")
GRB_NAME = re.compile(r"GRB ?(\d{6}[A-Z]+)")


def compact(time: datetime) -> str:
    """``20220116T140934.960``: a time as part of an id."""
    return time.strftime("%Y%m%dT%H%M%S") + f".{time.microsecond // 1000:03d}"


def is_number(trigger: str | None) -> bool:
    """Whether a trigger id names a trigger: not absent, 0, negative or overflown."""
    return bool(trigger) and trigger not in NO_NUMBER and not re.fullmatch(r"-\d+|0+", trigger or "")


def event_id(observatory: str, instrument: str | None, trigger: str | None, time: datetime | None) -> str | None:
    """The id by the table above, None where there is neither trigger nor time.

    Examples
    --------
    >>> event_id("Fermi", "GBM", "524666471", None)
    'Fermi-GBM-524666471'
    """
    last = trigger if is_number(trigger) else compact(time) if time else None
    if last is None:
        return None
    keep = instrument if observatory not in WITHOUT_INSTRUMENT else None
    return "-".join(part.replace(" ", "") for part in (observatory, keep, last) if part)


def of_alert(mission: str, given: str) -> str:
    """The event of a gamma-ray alert, by the sender's own id of it, or by what we print and others may send back.

    Examples
    --------
    >>> of_alert("CTAO", "af89"), of_alert("CTAO", "CTAO-af89"), of_alert("Magic Two", "7")
    ('CTAO-af89', 'CTAO-af89', 'MagicTwo-7')
    """
    prefix = f"{mission.replace(' ', '')}-"
    return given if given.startswith(prefix) and given != prefix else prefix + given


def is_unique(name: str) -> bool:
    """Whether a name is of a kind that belongs to one event only."""
    return UNIQUE_NAME.fullmatch(name) is not None


def aliases(names: Iterable[str | None], prefix: str, own: str) -> tuple[str, ...]:
    """The names that belong to one event only; other ids get the prefix of their instrument."""
    found: dict[str, None] = {}
    for name in names:
        if name and is_unique(name):
            found[name] = None
            if short := ICECUBE_NAME.fullmatch(name):
                found[f"IC{short[1]}"] = None
            if burst := GRB_NAME.fullmatch(name):
                found[f"GRB {burst[1]}"] = None
        elif name and prefix and is_number(name):
            found[f"{prefix}-{name}"] = None
    return tuple(name for name in found if name != own)


def from_ivorn(ivorn: str) -> str | None:
    """The id of the event that a classic GCN notice tells of, from the notice's own name.

    Examples
    --------
    >>> from_ivorn("ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_1102329-658")
    'Swift-BAT-1102329'
    >>> from_ivorn("ivo://nasa.gsfc.gcn/Fermi#GBM_Fin_Pos2017-08-17T12:41:06.47_524666471_0-389")
    'Fermi-GBM-524666471'
    >>> from_ivorn("ivo://gwnet/LVC#S190425z-1-Initial")
    'S190425z'
    """
    if lvc := re.match(r"ivo://gwnet/\w+#((?:MS|TS|S|G|M|T)\d+[a-z]*)-", ivorn):
        return lvc[1]
    if fermi := re.match(r"ivo://nasa\.gsfc\.gcn/Fermi#(GBM|LAT)_.*?_(\d{8,})[-_]", ivorn):
        return f"Fermi-{fermi[1]}-{fermi[2]}"
    if swift := re.match(r"ivo://nasa\.gsfc\.gcn/SWIFT#(?:BAT|XRT|UVOT)_\w+?_(\d+)-\d+$", ivorn):
        return f"Swift-BAT-{int(swift[1])}"
    return None


def from_reference(name: str) -> str:
    """The id of an event that another mission refers to, ``Fermi 694215970`` being GBM's trigger number.

    Examples
    --------
    >>> from_reference("Fermi 694215970"), from_reference("MS230303q")
    ('Fermi-GBM-694215970', 'MS230303q')
    """
    instruments = {"fermi": "Fermi-GBM", "swift": "Swift-BAT"}
    parts = name.replace("-GBM", "").replace("-BAT", "").split()
    if len(parts) == 2 and parts[0].lower() in instruments and parts[1].isdigit():
        return f"{instruments[parts[0].lower()]}-{parts[1]}"
    return name


def superevent_in(text: str) -> str | None:
    """The superevent that a notice of LVK's is named after: S260101ab of ``S260101ab-2-Preliminary``."""
    found = re.match(r"((?:MS|TS|S)\d{6}[a-z]+)(?:-\d+(?:-\w+)?)?$", text.strip())
    return found[1] if found else None


def is_test_superevent(name: str | None) -> bool:
    """Whether this is a mock (``MS``) or test (``TS``) superevent: what follows one is a test as well."""
    return bool(name) and re.match(r"[MT]S\d", name or "") is not None
