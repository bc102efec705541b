"""Transients as tables: CSV and its like (TNS, Open Astronomy Catalog, any with position and time), ECSV, VOTable.

Columns are found by name in any case (docs/reference/tables.md lists them); angles are as ``skymaps.positions`` reads
them, in the units that the table tells. Time is MJD, JD or ISO, in UTC; a date alone is noon of that day. A cell that
can be read in two ways costs its row, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coincidence.names import TNS
from mma.errors import DecodeError
from mma.streams import Message
from skymaps import positions
from skymaps.units import JD_OF_MJD_ZERO

from ..packet import Row, known, signed_flux, within
from ..surveys.ztf import BANDS, sign_of
from ..times import MJD_1950, MJD_2100, unix_of_iso, unix_of_jd, unix_of_mjd, unix_of_tai
from .cells import EMPTY, Numbers, identity
from .names import ALIASES, NUMERIC, OTHER_NAMES, find, fold
from .reading import Cells, Table, is_table, read

__all__ = ["is_table", "rows"]

REQUIRED = ("ra", "dec", "time")
OAC = "oac"
SOURCES = ((TNS, frozenset({"objid", "name_prefix"})), (TNS, frozenset({"discovery_date_(ut)"})),
           (OAC, frozenset({"claimedtype", "discoverdate"})))  # fmt: skip
"""Which catalogue a table is of, by columns that no other has."""

NOT_A_CLASS = frozenset({"", "candidate", "other", "unknown", "removed", "none", "null", "nan", "at", "--"})
MPC = {"mpc": 1.0, "kpc": 1e-3, "gpc": 1e3, "pc": 1e-6}
PARTS = frozenset({"h:m:s", "d:m:s", "hms", "dms", "hh:mm:ss", "dd:mm:ss"})
"""Units of angles that tell how they are written."""


def rows(message: Message) -> Iterator[Row | DecodeError]:
    """One row a transient; a row that cannot be used is an error in its place."""
    table = read(message)
    found = {want: name for want in ALIASES if (name := find(table.columns, want))}
    if missing := [want for want in REQUIRED if want not in found]:
        raise DecodeError(f"table has no column {', '.join(missing)} (columns: {', '.join(table.columns)[:200]})")
    folded = frozenset(fold(c) for c in table.columns)
    source = next((name for name, marks in SOURCES if marks <= folded), "table")
    others = [c for c in table.columns if fold(c) in OTHER_NAMES and c != found.get("object_id")]
    for number, line in table.lines:
        try:
            if isinstance(line, DecodeError):
                raise line
            yield _row(found, table, line, source) | {"aliases": _other_names(found, others, line, source)}
        except (DecodeError, ValueError, TypeError, ArithmeticError) as error:
            yield DecodeError(f"row {number}: {error}")


def _row(found: Mapping[str, str], table: Table, line: Cells, source: str) -> Row:
    cell = {want: line.get(name) for want, name in found.items()}
    if source == OAC:  # several values in one cell, of several reports
        cell = {want: value.partition(",")[0] if isinstance(value, str) else value for want, value in cell.items()}
    number = {want: table.numbers.read(cell.get(want), found.get(want, want)) for want in NUMERIC}
    ra, dec = _place(cell, found, table)
    time = _time(cell["time"], found["time"], table.numbers)
    name = identity(cell.get("object_id"), found.get("object_id", "")) or f"J{ra:.5f}{dec:+.5f}"
    object_id = (_text(cell.get("prefix")) or "") + name
    flux, error = _flux(number, cell.get("sign"))
    return {
        "id": identity(cell.get("id"), found.get("id", "")) or f"{object_id}@{time:.0f}",
        "object_id": object_id,
        "survey": (_text(cell.get("survey")) or source).lower(),
        "ra": ra,
        "dec": dec,
        "position_error_arcsec": within(number["position_error_arcsec"], 1e-6, 3600.0),
        "time": time,
        "band": _band(cell.get("band"), found.get("band", "")),
        "flux_njy": flux,
        "flux_error_njy": error,
        "first_seen": _first_seen(cell, found, time, table.numbers),
        "n_detections": within(number["n_detections"], 1, 1e9),
        "redshift": within(number["redshift"], 1e-6, 20.0),
        "redshift_error": within(number["redshift_error"], 0.0, 20.0),
        "distance_mpc": _mpc(number["distance_mpc"], table.units.get(found.get("distance_mpc", ""), "")),
        "classification": _class(cell.get("classification")),
    }


def _other_names(found: Mapping[str, str], columns: Sequence[str], line: Cells, source: str) -> list[str]:
    """What else a row calls its object in some columns, TNS's own number among them."""
    told = [name.strip() for c in columns for name in re.split(r"[,;|]", _text(line.get(c)) or "")]
    number = identity(line.get(found.get("id", "")), "objid") if source == TNS else None
    return [name for name in (*told, f"{TNS}:{number}" if number else "") if name]


def _text(value: Any) -> str | None:
    text = str(value).strip() if value is not None else ""
    return None if text.lower() in EMPTY else text


def _place(cell: Cells, found: Mapping[str, str], table: Table) -> tuple[float, float]:
    """ICRS degrees."""
    told = []
    for want, angle in (("ra", positions.right_ascension), ("dec", positions.declination)):
        value, unit, field = cell[want], table.units.get(found[want]), f"column {found[want]}"
        if isinstance(value, str):
            text = _text(value)
            if text is None:
                raise DecodeError(f"{field} is empty")
            value = table.numbers.with_point(text, found[want]) if "," in text else text
        elif value is None or value != value:
            raise DecodeError(f"{field} is empty")
        try:
            told.append(angle(value, None if unit in PARTS else unit))
        except ValueError as error:
            raise DecodeError(f"{field}: {str(error).partition('; write ')[0]}") from error
    return told[0], told[1]


def _flux(number: Mapping[str, float | None], sign: Any) -> tuple[float | None, float | None]:
    """Signed nJy and its error; below the reference where ``isdiffpos`` or the flux itself says so."""
    flux, error = known(number["flux_njy"]), known(number["flux_error_njy"])
    if flux is None:
        flux, error = signed_flux(number["mag"], number["mag_error"], 1)
    told = _text(sign)
    is_negative = told is not None and sign_of(told.lower().removesuffix(".0")) < 0
    return (-abs(flux) if flux is not None and is_negative else flux), error


def _band(value: Any, column: str) -> str | None:
    text = _text(value)
    if text is not None and fold(column) == "fid":
        return BANDS.get(int(float(text))) if text.replace(".", "", 1).isdigit() else None
    return text


def _first_seen(cell: Cells, found: Mapping[str, str], time: float, numbers: Numbers) -> float | None:
    """First detection: a column of its own, or the discovery."""
    if "first_seen" in found and _text(cell["first_seen"]) is not None:
        return _time(cell["first_seen"], found["first_seen"], numbers)
    return time if "disc" in found["time"].lower() else None


def _time(value: Any, name: str, numbers: Numbers) -> float:
    """Unix seconds of an MJD, a JD, an ISO time or an astropy Time."""
    if (unix := getattr(value, "unix", None)) is not None:
        return float(unix)
    text = _text(value)
    if text is None:
        raise DecodeError(f"column {name} is empty")
    field = f"column {name}"
    number = None if ":" in text else numbers.read(value, name)
    if number is None:
        return unix_of_iso(text, field)
    if fold(name).endswith("tai"):
        return unix_of_tai(number, field)
    is_jd = MJD_1950 < number - JD_OF_MJD_ZERO < MJD_2100
    return unix_of_jd(number, field) if is_jd else unix_of_mjd(number, field)


def _mpc(number: float | None, unit: str) -> float | None:
    return None if number is None else within(number * MPC.get(unit, 1.0), 1e-3, 1e5)


def _class(value: Any) -> str | None:
    """As told, with ``SN`` before the supernova types that a catalogue writes without (Ia, IIn)."""
    text = _text(value)
    if text is None or text.lower() in NOT_A_CLASS:
        return None
    return f"SN {text}" if re.match(r"I[IVabcx]*\b", text) else text
