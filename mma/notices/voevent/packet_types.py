"""GCN Classic's packet types: what each tells of, and how its error circle is to be read.

Numbers and parameter names are those of recorded notices. What part of the sources a circle holds is measured where
records have a finer position too (``python -m benchmarks.containment``), and unmeasured elsewhere:

- GBM: 68 %. Ground and final are "statistical only" and get the core and tail of Connaughton et al. 2015
  (``skymaps.GBM_SYSTEMATIC``). Flight is "statistical plus systematic" (its JSON says ``systematic_included``), and
  holds too few: as told, its 90 % region had 78 % of 41 final positions. With the ground positions' core and tail
  it has 98 %, and the 68 % region 80 %.
- BAT: 90 %, measured on four bursts alone, all of them within.
- XRT: the circles of notices are of positions found on board, which should be half as large again as told (GCN 5628,
  5750). In a longer record 55 +- 9 % of UVOT's places were within, which is the containment taken here.
- LAT, UVOT, INTEGRAL (IBAS), MAXI: 90 %. GECAM: 68 % ("SRC_ERROR68"). Unmeasured, as are the default radii.
- AMON and Super-Kamiokande send radii with their containment as parameters, which take precedence over
  ``Error2Radius`` (that is the 90 % radius in most, the 50 % radius in EHE and NU_EM, 0 in Super-Kamiokande).

A type in neither table is counted as ignored by its number: one line here brings it in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from coincidence.event import Kind, Messenger, Stage

RETRACTING_FLAGS = ("Def_NOT_a_GRB", "Definite_Not_GRB", "Retraction", "RetractFlag", "retraction")
TEST_FLAGS = ("Test_Submission", "InternalTest", "Test_Notice", "Test")
CATALOGUE_FLAGS = ("Target_in_Flt_Catalog", "Target_in_Gnd_Catalog", "Target_in_Blk_Catalog")


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketType:
    """One notice type that tells of an event."""

    observatory: str
    instrument: str | None
    """As in the event's id; see ``names``."""
    messenger: Messenger
    kind: Kind
    stage: Stage = Stage.INITIAL
    containment: float = 0.9
    """Of ``Error2Radius``, 0 to 1."""
    systematic: str | None = None
    """Key of ``skymaps.GBM_SYSTEMATIC`` to add to the circle."""
    default_error_deg: float | None = None
    """90 % radius taken where a position comes without an error."""
    unlocalised: bool = False
    """The instrument sees the whole sky: any position in the notice is not the source's."""
    significant: bool | None = None
    trigger: tuple[str, ...] = ("TrigID",)
    """Parameters whose values, joined by ``_``, number the trigger."""
    detector: str | None = None
    """Instrument that this notice comes from, where it is not the one that triggered."""
    observed_later: bool = False
    """The notice's time is that of a later observation, not of the trigger. Where another notice of the same
    event tells the trigger's (``detector`` is set), the event's time is left to that one."""
    is_test: bool = False


def _grb(observatory: str, instrument: str | None, **more: object) -> PacketType:
    base = PacketType(observatory=observatory, instrument=instrument, messenger=Messenger.GAMMA, kind=Kind.GRB)
    return replace(base, **more)  # type: ignore[arg-type]


def _neutrino(observatory: str, instrument: str | None, *trigger: str, **more: object) -> PacketType:
    base = PacketType(
        observatory=observatory, instrument=instrument, messenger=Messenger.NEUTRINO, kind=Kind.NEUTRINO,
        trigger=trigger,
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


_GBM = _grb("Fermi", "GBM", containment=0.68, systematic="ground", stage=Stage.UPDATE)
_LAT = _grb("Fermi", "LAT", default_error_deg=0.5)
_BAT = _grb("Swift", "BAT", default_error_deg=0.05)  # 3 arcmin
_UVOT = replace(_BAT, stage=Stage.UPDATE, detector="UVOT", observed_later=True, default_error_deg=0.0003)
_XRT = replace(_UVOT, detector="XRT", containment=0.55, default_error_deg=0.0025)
_IBAS = _grb("INTEGRAL", "IBIS", default_error_deg=0.07)
_MAXI = PacketType(
    observatory="MAXI", instrument="GSC", messenger=Messenger.XRAY, kind=Kind.TRANSIENT, default_error_deg=0.5
)
_ICECUBE = _neutrino("IceCube", None, "run_id", "event_id", default_error_deg=1.5)
_FLARE = {"kind": Kind.FLARE, "significant": None}

TYPES: dict[int, PacketType] = {
    2: _grb("GRO", "BATSE", containment=0.68, is_test=True),
    31: _grb("IPN", None),
    40: _grb("HETE", None),
    41: _grb("HETE", None, stage=Stage.UPDATE),
    42: _grb("HETE", None, stage=Stage.UPDATE),
    43: _grb("HETE", None, stage=Stage.UPDATE),
    44: _grb("HETE", None, is_test=True),
    45: _grb("GCN", "COUNTERPART", observed_later=True),
    52: _grb("INTEGRAL", "SPIACS", unlocalised=True),
    53: _IBAS,
    54: replace(_IBAS, stage=Stage.UPDATE),
    55: replace(_IBAS, stage=Stage.UPDATE),
    56: replace(_IBAS, significant=False),
    59: _grb("KONUS", None, unlocalised=True),
    60: replace(_BAT, stage=Stage.PRELIMINARY, unlocalised=True),
    61: _BAT,
    67: _XRT,
    81: _UVOT,
    82: replace(_BAT, is_test=True),
    84: replace(_BAT, kind=Kind.TRANSIENT),
    97: replace(_BAT, stage=Stage.PRELIMINARY),
    98: replace(_BAT, significant=False),
    99: _BAT,
    100: _grb("AGILE", "SuperAGILE", stage=Stage.PRELIMINARY),
    101: _grb("AGILE", "SuperAGILE"),
    102: _grb("AGILE", "SuperAGILE", stage=Stage.UPDATE),
    105: _grb("AGILE", "MCAL", unlocalised=True),
    108: _grb("AGILE", "SuperAGILE"),
    109: _grb("AGILE", "SuperAGILE", is_test=True),
    110: replace(_GBM, stage=Stage.INITIAL, unlocalised=True),
    111: _GBM,
    112: _GBM,
    115: replace(_GBM, systematic="final"),
    119: replace(_GBM, systematic=None, is_test=True),
    120: _LAT,
    121: replace(_LAT, stage=Stage.UPDATE),
    123: _LAT,
    124: replace(_LAT, is_test=True),
    125: replace(_LAT, default_error_deg=0.1, **_FLARE),  # type: ignore[arg-type]
    127: replace(_LAT, stage=Stage.UPDATE),
    128: replace(_LAT, stage=Stage.UPDATE),
    131: replace(_GBM, stage=Stage.INITIAL, significant=False, trigger=("Trans_Num",)),
    133: replace(_BAT, trigger=("RefNum",), instrument="BAT-MONITOR", **_FLARE),  # type: ignore[arg-type]
    134: _MAXI,
    135: replace(_MAXI, kind=Kind.FLARE),
    136: replace(_MAXI, is_test=True),
    140: replace(_BAT, kind=Kind.TRANSIENT, significant=False),
    141: replace(_BAT, **_FLARE),  # type: ignore[arg-type]
    146: replace(_GBM, systematic="final"),
    149: _neutrino("SNEWS", None, "TrigID", kind=Kind.SUPERNOVA),
    157: _ICECUBE,
    158: _ICECUBE,
    159: _neutrino("AMON", "TEST", "TrigID", is_test=True),
    160: _grb("CALET", "CGBM", unlocalised=True),
    169: _ICECUBE,
    171: _grb("HAWC", None, trigger=("run_id", "event_id")),
    172: _neutrino("AMON", "NU_EM", "Event_ID"),
    173: _ICECUBE,
    174: _ICECUBE,
    175: _neutrino("Super-Kamiokande", None, "Trigger_Number", kind=Kind.SUPERNOVA),
    176: _ICECUBE,
    188: _grb("GECAM", None, containment=0.68, trigger=("MISSION", "Trigger_Number")),
    189: _grb("GECAM", None, containment=0.68, trigger=("MISSION", "Trigger_Number"), stage=Stage.UPDATE),
}

IGNORED: dict[int, str] = {
    3: "GCN heartbeat",
    46: "Swift figure of merit: a plan to slew, not a detection",
    47: "Swift slew for a target of opportunity",
    51: "INTEGRAL pointing direction",
    62: "Swift BAT found no position",
    63: "Swift BAT light curve of a trigger told in its own notice",
    64: "Swift BAT map of a trigger told in its own notice",
    65: "Swift figure of merit: a plan to slew, not a detection",
    66: "Swift slew",
    68: "Swift XRT spectrum",
    69: "Swift XRT image",
    70: "Swift XRT light curve",
    71: "Swift XRT found no source",
    72: "Swift UVOT image",
    73: "Swift UVOT source list",
    76: "Swift BAT light curve of a trigger told in its own notice",
    77: "Swift XRT spectrum",
    78: "Swift XRT image",
    79: "Swift UVOT image",
    80: "Swift UVOT source list",
    83: "Swift pointing direction",
    89: "Swift UVOT found no source",
    103: "Swift pointing direction",
    107: "AGILE pointing direction",
    122: "Fermi LAT diagnostic",
    126: "Fermi slew",
    129: "Fermi pointing direction",
    139: "MOA microlensing event",
}

LVC = frozenset({150, 151, 152, 153, 154, 163, 164})
