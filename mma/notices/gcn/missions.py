"""Missions of GCN's unified schema: what each sends, and what its notices leave unsaid.

A notice's *family* is its schema's path, ``fermi/gbm/trigger``, or ``mission/instrument`` where it names no
schema. Schemas: https://gcn.nasa.gov/schema/main/gcn/notices. A mission not in the table is read all the
same, as a transient, with a remark: one line here tells more about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from coincidence.event import Kind, Messenger

from ..sheet import Sheet

SCHEMA = re.compile(r"/notices/(.{1,200})\.schema\.json$")

IGNORED = (
    (r"json-schema\.org/", "a JSON Schema, not a notice"),
    (r"/circulars\.schema", "a GCN circular"),
    (r"/notices/core/", "heartbeat, or an example of a part of the schema"),
    (r"/notices/boom/", "BOOM's coincidence notice: another engine's result"),
    (r"/notices/heasarc/", "an observation became public: no event"),
    (r"heartbeat", "heartbeat of a stream"),
    (r"/notices/burstcube/test", "test of the stream"),
)
"""Pattern of ``$schema`` and the reason why it is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one family of notices tells of."""

    observatory: str
    instrument: str | None = None
    """Where the notice does not name it."""
    messenger: Messenger = Messenger.GAMMA
    kind: Kind = Kind.GRB
    default_error_deg: float | None = None
    """90 % radius taken where a position comes without an error."""
    confidence: str = "p_astro"
    """Field that tells the probability of being astrophysical."""
    times: tuple[str, ...] = ("trigger_time",)
    """Fields that tell when it happened, best first."""
    trigger: str = "id"
    significant: bool | None = None
    known: bool = True


_FERMI_LAT = Source(observatory="Fermi", instrument="LAT", default_error_deg=0.5)
_MAXI = Source(
    observatory="MAXI", instrument="GSC", messenger=Messenger.XRAY, kind=Kind.TRANSIENT, default_error_deg=0.5
)
_EP = Source(
    observatory="Einstein Probe",
    instrument="WXT",
    messenger=Messenger.XRAY,
    kind=Kind.TRANSIENT,
    default_error_deg=0.05,
)
ICECUBE = Source(observatory="IceCube", messenger=Messenger.NEUTRINO, kind=Kind.NEUTRINO, default_error_deg=1.5)
_SUPERK = replace(
    ICECUBE, observatory="Super-Kamiokande", kind=Kind.SUPERNOVA, trigger="trigger_number", default_error_deg=10.0
)
_DSA = Source(
    observatory="DSA-110", messenger=Messenger.RADIO, kind=Kind.FRB, confidence="importance", default_error_deg=0.1
)
_LAT_FLARE = replace(_FERMI_LAT, kind=Kind.FLARE, default_error_deg=0.1, times=("trigger_time", "observation_start"))

_CHIME = replace(_DSA, observatory="CHIME", default_error_deg=0.5, times=("trigger_time_inf_freq", "trigger_time"))
SVOM_ERRORS_DEG = {"grm": 10.0, "mxt": 0.035, "vt": 0.0003, "eclairs": 0.2}
"""90 % radii of SVOM's instruments at their faintest (https://gcn.nasa.gov/missions/svom)."""


def _svom(error_deg: float) -> Source:
    return Source(observatory="SVOM", default_error_deg=error_deg)


SOURCES: tuple[tuple[str, Source], ...] = (
    (
        r"fermi/gbm.*targeted",
        Source(observatory="Fermi", instrument="GBM-Targeted", significant=False, default_error_deg=15.0),
    ),
    (r"fermi/gbm", Source(observatory="Fermi", instrument="GBM", default_error_deg=15.0)),
    (r"fermi/lat/flare", _LAT_FLARE),
    (r"fermi/lat", _FERMI_LAT),
    (r"swift/bat", Source(observatory="Swift", instrument="BAT", default_error_deg=0.05)),
    (r"maxi/gsc\.known", replace(_MAXI, kind=Kind.FLARE)),
    (r"maxi", _MAXI),
    (r"einstein_probe|einstein probe", _EP),
    *((rf"svom.*{word}", _svom(error)) for word, error in SVOM_ERRORS_DEG.items()),
    (r"svom", _svom(0.2)),
    (r"burstcube", Source(observatory="BurstCube", default_error_deg=15.0)),
    (r"glowbug", Source(observatory="Glowbug", default_error_deg=15.0)),
    (r"icecube", ICECUBE),
    (r"km3net", replace(ICECUBE, observatory="KM3NeT", default_error_deg=3.0)),
    (r"superk|super-kamiokande", _SUPERK),
    (
        r"chime",
        replace(_DSA, observatory="CHIME", default_error_deg=0.5, times=("trigger_time_inf_freq", "trigger_time")),
    ),
    (r"dsa110", _DSA),
)
"""First pattern found in the family wins."""

MESSENGERS = {"EM": Messenger.GAMMA, "GW": Messenger.GW, "Neutrino": Messenger.NEUTRINO}


def family(sheet: Sheet) -> str:
    """``fermi/gbm/trigger`` out of ``$schema``, else ``mission/instrument``, in small letters."""
    if found := SCHEMA.search(sheet.text("$schema") or ""):
        return found[1].lower()
    parts = (sheet.needs_text("mission"), sheet.text("instrument"))
    return "/".join(part for part in parts if part).lower()


def source_of(sheet: Sheet) -> Source:
    """The row of the table, or one made from the notice's own words."""
    name = family(sheet)
    for pattern, source in SOURCES:
        if re.search(pattern, name):
            return source
    mission = sheet.needs_text("mission")
    messenger = MESSENGERS.get(sheet.text("messenger") or "EM", Messenger.GAMMA)
    return Source(observatory=mission, messenger=messenger, kind=Kind.TRANSIENT, known=False)
