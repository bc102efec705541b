"""The formats: one file each, one line here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from skymaps import Region

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """What a format may want besides the event and its candidates."""

    now: datetime
    """When the document is made, aware UTC."""

    level: float = 0.9
    """Credible level of the region, 0 to 1."""

    raw: bool = False
    """CSV for programs: every text as it is."""

    region: Region | None = None
    """The event's region; read for formats with ``region``."""

    light_curves: dict[str, list[Row]] = field(default_factory=dict)
    """Object id to its detections and non-detections, oldest first; read for formats with ``light_curves``."""


Write = Callable[[Row, list[Row], More], str | bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How to write one format."""

    function: str
    """``module:function`` in this package, imported when it is wanted."""

    extension: str
    """Of a file of this format."""

    text: str
    """One line of help."""

    limit: int | None = None
    """Candidates where none is asked for; None for all of them."""

    light_curves: bool = False
    region: bool = False
    one_object: bool = False
    """It is about one object, which must be named."""

    telescopes: bool = False
    """It is made to be acted on: refused for test events unless that is asked for."""

    def write(self, event: Row, candidates: list[Row], more: More) -> str | bytes:
        """The document."""
        module, function = self.function.split(":")
        write: Write = getattr(importlib.import_module(f".{module}", __package__), function)
        return write(event, candidates, more)


FORMATS: dict[str, Format] = {
    "csv": Format(function="csv:csv", extension="csv", text="a line each, units in the column names"),
    "votable": Format(function="votable:votable", extension="vot", text="VOTable with UCDs, units, coordinate system"),
    "parquet": Format(function="parquet:parquet", extension="parquet", text="Parquet (needs the extra [parquet])"),
    "moc": Format(function="moc:moc", extension="moc.fits", text="the event's region as MOC FITS", region=True),
    "ds9": Format(function="ds9:ds9", extension="reg", text="a circle each, for ds9"),
    "hermes": Format(
        function="hermes:hermes", extension="hermes.json", text="draft of a SCiMMA Hermes message", limit=100
    ),
    "tom": Format(function="tom:targets", extension="tom.csv", text="targets for a TOM's import page"),
    "tom-candidates": Format(
        function="tom:candidates", extension="tom.json", text="EventCandidates of tom_nonlocalizedevents"
    ),
    "tns": Format(
        function="tns:tns",
        extension="tns.json",
        text="draft of a TNS AT report (needs --object)",
        light_curves=True,
        one_object=True,
        telescopes=True,
    ),
    "lco": Format(
        function="lco:lco", extension="lco.json", text="draft of an LCO request group", limit=3, telescopes=True
    ),
    "treasuremap": Format(
        function="treasuremap:treasuremap",
        extension="treasuremap.json",
        text="candidates for the Treasure Map",
        light_curves=True,
    ),
    "skyportal": Format(
        function="skyportal:skyportal", extension="skyportal.json", text="candidates and annotations for SkyPortal"
    ),
    "circular": Format(function="circular:circular", extension="txt", text="draft of a GCN Circular", limit=10),
}
"""Name to format."""
