"""The options of ``mma publish gamma``: one for each field of a gamma-ray alert. Nothing slow is imported here."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .arguments import PER_UNIT, number, quantity

CLASSES = ("grb_follow_up", "gw_follow_up", "neutrino_follow_up", "agn_flare", "galactic", "serendipitous")
UNITS = ("ph/cm2/s", "erg/cm2/s", "Crab")
TENSES = ("current", "archival", "injection", "test")
QUALITIES = ("good", "degraded", "bad")
SITES = ("N", "S")
LEVELS = {"r68": 0.68, "r90": 0.9}
"""Options for a radius that tell its containment."""

SIGNED = re.compile(r"^-\d.*$|^-\.\d.*$")
"""What begins with a minus and is a value: ``-22d00m52s`` too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One option, by the alert's field that it fills."""

    field: str
    names: tuple[str, ...]
    text: str
    group: str
    kind: type = str
    unit: str | None = None
    choices: tuple[str, ...] | None = None
    count: int | None = None
    """How many values; None for one that stands alone."""

    again: bool = False
    """Whether it may come again, a value each."""

    @property
    def shown(self) -> str:
        """As complaints call it."""
        return self.names[0]


def _text(field: str, name: str, group: str, text: str, unit: str = "TEXT", **more: Any) -> Flag:
    return Flag(field=field, names=(name,), text=text, group=group, unit=unit, **more)


def _number(field: str, name: str, group: str, unit: str, text: str, **more: Any) -> Flag:
    return Flag(field=field, names=(name,), text=text, group=group, unit=unit, **({"kind": float} | more))


def _one_of(field: str, name: str, group: str, choices: tuple[str, ...], text: str) -> Flag:
    return Flag(field=field, names=(name,), text=text, group=group, choices=choices)


EVENT, WHEN, WHERE, HOW_SURE, HOW_BRIGHT, REST = (
    "which event", "when", "where", "how significant", "how bright", "how it was observed, and by whom",
)  # fmt: skip

FLAGS = (
    _text("mission", "--mission", EVENT, "observatory (CTAO)"),
    _text("id", "--id", EVENT, "of the alert (default: made up)", "ID"),
    Flag(field="event_name", names=("--name",), text="e.g. 'GRB 260301A'; again for more", group=EVENT, unit="NAME",
         again=True),
    _one_of("source_class", "--class", EVENT, CLASSES, "why the telescope looked there, or what it found"),
    _text("follow_up_event", "--follows", EVENT, "what the telescope was pointed at, e.g. S190425z", "EVENT"),
    _text("ref_type", "--ref-type", EVENT, "of what was followed: GRB, GW, neutrino"),
    _text("ref_instrument", "--ref-instrument", EVENT, "who triggered"),
    _one_of("alert_tense", "--tense", EVENT, TENSES, "as GCN has it; --test is short for test"),
    _number("record_number", "--record-number", EVENT, "N", "counts the messages of one event", kind=int),
    _text("trigger_time", "--trigger-time", WHEN, "when the signal began, ISO 8601 with zone", "TIME"),
    Flag(field="observation_start", names=("--start", "--observation-start"), group=WHEN, unit="TIME",
         text="of the exposure, ISO 8601 with zone"),
    Flag(field="observation_stop", names=("--stop", "--observation-stop"), text="of the exposure", group=WHEN,
         unit="TIME"),
    _number("observation_livetime", "--livetime", WHEN, "S", "seconds"),
    _text("alert_datetime", "--issued", WHEN, "when this message was made (now)", "TIME"),
    _text("ra", "--ra", WHERE, "ICRS degrees, or 05h34m31s", "RA"),
    _text("dec", "--dec", WHERE, "ICRS degrees, or +22d00m52s", "DEC"),
    _text("r68", "--r68", WHERE, "68 %% containment radius: degrees, or 3arcmin", "DEG"),
    _text("r90", "--r90", WHERE, "90 %% containment radius: degrees, or 3arcmin", "DEG"),
    Flag(field="ra_dec_error", names=("--ellipse",), group=WHERE, kind=float, unit="DEG", count=3,
         text="semi-major and semi-minor axis, position angle from North through East; with --containment"),
    Flag(field="containment_probability", names=("--containment", "--containment-probability"), group=WHERE, kind=float,
         unit="P", text="of the ellipse, 0 to 1"),
    _number("systematic_error_arcsec", "--pointing-error", WHERE, "ARCSEC", "one sigma on each axis (30)"),
    Flag(field="systematic_included", names=("--systematic-included",), group=WHERE, kind=bool,
         text="whether the radius holds the pointing error already"),
    _text("healpix_file", "--map", WHERE, "FITS sky map, which goes with the alert", "FILE"),
    _text("healpix_url", "--map-url", WHERE, "where a FITS sky map is; it is recorded, not fetched", "URL"),
    _number("field_of_view_deg", "--field-of-view", WHERE, "DEG", "its radius, degrees (5)"),
    _number("tiles_observed", "--tiles", WHERE, "N", "pointings made in search of the event", kind=int),
    Flag(field="detection", names=("--detection",), group=HOW_SURE, kind=bool, text="whether a source is claimed"),
    _number("significance", "--significance", HOW_SURE, "SIGMA", "before trials"),
    _number("significance_post_trial", "--significance-post-trial", HOW_SURE, "SIGMA", "after trials"),
    _number("n_trials", "--n-trials", HOW_SURE, "N", "trials between the two"),
    _number("p_value", "--p-value", HOW_SURE, "P", "after trials"),
    _number("far", "--far", HOW_SURE, "HZ", "false-alarm rate"),
    _number("p_astro", "--p-astro", HOW_SURE, "P", "probability of an astrophysical origin"),
    Flag(field="classification", names=("--classification",), group=HOW_SURE, unit="CLASS=P", again=True,
         text="an exclusive class with its probability; again for more"),
    _number("n_on", "--n-on", HOW_SURE, "N", "events in the source region", kind=int),
    _number("n_off", "--n-off", HOW_SURE, "N", "events in the background regions", kind=int),
    _number("alpha", "--alpha", HOW_SURE, "A", "exposure of source over background region"),
    _number("flux", "--flux", HOW_BRIGHT, "F", "integral flux above the lower energy"),
    _number("flux_error", "--flux-error", HOW_BRIGHT, "F", "one sigma"),
    _number("flux_upper_limit", "--upper-limit", HOW_BRIGHT, "F", "of the flux"),
    Flag(field="upper_limit_confidence", names=("--confidence", "--upper-limit-confidence"), group=HOW_BRIGHT,
         kind=float, unit="P", text="of the upper limit, e.g. 0.95"),
    _one_of("flux_unit", "--flux-unit", HOW_BRIGHT, UNITS, "of flux, error and limit"),
    Flag(field="energy_range_tev", names=("--energy-range",), group=HOW_BRIGHT, kind=float, unit="TEV", count=2,
         text="lowest and highest energy of the analysis: TeV, or 200GeV"),
    _number("reference_energy_tev", "--reference-energy", HOW_BRIGHT, "TEV", "of what is differential"),
    Flag(field="spectral_index", names=("--index", "--spectral-index"), group=HOW_BRIGHT, kind=float, unit="GAMMA",
         text="of dN/dE = N (E/E0)^-GAMMA"),
    Flag(field="spectral_index_error", names=("--index-error", "--spectral-index-error"), group=HOW_BRIGHT, kind=float,
         unit="GAMMA", text="one sigma"),
    _number("redshift", "--redshift", HOW_BRIGHT, "Z", "assumed for absorption"),
    Flag(field="array", names=("--site", "--array"), text="North (La Palma) or South (Paranal)", group=REST,
         choices=SITES),
    _text("instrument", "--instrument", REST, "telescope or subarray, e.g. LST-1"),
    _number("zenith_angle", "--zenith-angle", REST, "DEG", "mean, degrees"),
    Flag(field="preliminary", names=("--preliminary",), group=REST, kind=bool, text="on-site result, to be revised"),
    _one_of("quality", "--quality", REST, QUALITIES, "sky and hardware during the exposure"),
    Flag(field="obs_id", names=("--obs-id",), group=REST, unit="ID", again=True,
         text="observation block; again for more"),
    _text("irf", "--irf", REST, "instrument response functions"),
    _text("contact", "--contact", REST, "whom to ask: 'Name <mail@example.org>'"),
    _text("data_archive_page", "--page", REST, "page about the event", "URL"),
    _text("additional_info", "--info", REST, "free text"),
)  # fmt: skip
"""In the order of the help."""


def _reader(flag: Flag) -> Callable[[str], float]:
    """Reads the number of an option: with a unit where that has some, a flux's has an option of its own."""
    if flag.unit in PER_UNIT:
        return quantity(flag.unit)
    return number(unit=f"its unit goes to --flux-unit: {', '.join(UNITS)}") if flag.unit == "F" else number()


def add(parser: argparse.ArgumentParser) -> None:
    """Every option for a field; what is not given is None."""
    parser._negative_number_matcher = SIGNED  # argparse knows only plain numbers, and has no door for others
    groups = {name: parser.add_argument_group(name) for name in dict.fromkeys(flag.group for flag in FLAGS)}
    for flag in FLAGS:
        given: dict[str, Any] = {"dest": flag.field, "help": flag.text, "default": None}
        if flag.kind is bool:
            given["action"] = argparse.BooleanOptionalAction
        else:
            given |= {"action": "append"} if flag.again else {"nargs": flag.count}
            given["type"] = _reader(flag) if flag.kind is float else flag.kind
            given |= {"choices": flag.choices} if flag.choices else {"metavar": flag.unit}
        groups[flag.group].add_argument(*flag.names, **given)
