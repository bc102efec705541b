"""Missions of GCN's unified schema: what each sends, and what its notices leave unsaid.

A notice's *family* is its schema's path, ``fermi/gbm/trigger``, or ``mission/instrument`` where it names no
schema. Schemas: https://gcn.nasa.gov/schema/main/gcn/notices. A mission not in the table is read all the
same, as a transient, with a remark: one line here tells more about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from coincidence.event import Kind, Messenger

from . import fields
from .fields import Document

SCHEMA = re.compile(r"/notices/(.+)\.schema\.json$")

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
_ICECUBE = Source(observatory="IceCube", messenger=Messenger.NEUTRINO, kind=Kind.NEUTRINO)
_SUPERK = replace(_ICECUBE, observatory="Super-Kamiokande", kind=Kind.SUPERNOVA, trigger="trigger_number")
_DSA = Source(observatory="DSA-110", messenger=Messenger.RADIO, kind=Kind.FRB, confidence="importance")
_LAT_FLARE = replace(_FERMI_LAT, kind=Kind.FLARE, default_error_deg=0.1, times=("trigger_time", "observation_start"))

SOURCES: tuple[tuple[str, Source], ...] = (
    (r"fermi/gbm.*targeted", Source(observatory="Fermi", instrument="GBM-Targeted", significant=False)),
    (r"fermi/gbm", Source(observatory="Fermi", instrument="GBM")),
    (r"fermi/lat/flare", _LAT_FLARE),
    (r"fermi/lat", _FERMI_LAT),
    (r"swift/bat", Source(observatory="Swift", instrument="BAT", default_error_deg=0.05)),
    (r"maxi/gsc\.known", replace(_MAXI, kind=Kind.FLARE)),
    (r"maxi", _MAXI),
    (r"einstein_probe|einstein probe", _EP),
    (r"svom", Source(observatory="SVOM")),
    (r"burstcube", Source(observatory="BurstCube")),
    (r"glowbug", Source(observatory="Glowbug")),
    (r"icecube", _ICECUBE),
    (r"km3net", replace(_ICECUBE, observatory="KM3NeT")),
    (r"superk|super-kamiokande", _SUPERK),
    (r"chime", replace(_DSA, observatory="CHIME", times=("trigger_time_inf_freq", "trigger_time"))),
    (r"dsa110", _DSA),
)
"""First pattern found in the family wins."""

MESSENGERS = {"EM": Messenger.GAMMA, "GW": Messenger.GW, "Neutrino": Messenger.NEUTRINO}


def family(document: Document) -> str:
    """``fermi/gbm/trigger`` out of ``$schema``, else ``mission/instrument``, in small letters."""
    if found := SCHEMA.search(fields.maybe_text(document, "$schema") or ""):
        return found[1].lower()
    parts = (fields.text(document, "mission"), fields.maybe_text(document, "instrument"))
    return "/".join(part for part in parts if part).lower()


def source_of(document: Document) -> Source:
    """The row of the table, or one made from the notice's own words."""
    name = family(document)
    for pattern, source in SOURCES:
        if re.search(pattern, name):
            return source
    mission = fields.text(document, "mission")
    messenger = MESSENGERS.get(fields.maybe_text(document, "messenger") or "EM", Messenger.GAMMA)
    return Source(observatory=mission, messenger=messenger, kind=Kind.TRANSIENT, known=False)
