"""Transients as tables: CSV (TNS, Open Astronomy Catalog, any with position and time), ECSV, VOTable.

Columns are found by name in any case; their units count in ECSV and VOTable, and in CSV angles with a colon
or a space are sexagesimal, right ascension then in hours. Time is
MJD, JD or ISO, in UTC; a date alone is noon of that day.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO, StringIO
from typing import Any

from mma.errors import DecodeError
from mma.streams.message import Message

from .packet import Row, known, position, signed_flux, within
from .times import JD_OF_MJD_ZERO, MJD_1950, MJD_2100, unix_of_iso, unix_of_jd, unix_of_mjd, unix_of_tai

ALIASES: dict[str, tuple[str, ...]] = {
    "ra": ("ra", "ra_deg", "radeg", "raj2000", "ra_j2000", "_raj2000", "right_ascension", "meanra",
           "ramean", "ra_icrs"),
    "dec": (
        "dec", "decl", "dec_deg", "decdeg", "dej2000", "decj2000", "dec_j2000", "_dej2000", "declination",
        "meandec", "decmean", "de_icrs", "dec_icrs",
    ),
    "time": (
        "discoverydate", "discoverdate", "discovery_date", "discovery_date_(ut)", "discdate",
        "midpointmjdtai", "mjd", "jd", "obstime", "obs_time", "time", "date_obs", "dateobs",
        "date", "datetime", "isot", "epoch",
    ),
    "object_id": (
        "object_id", "objectid", "event", "name", "objname", "iau_name", "designation", "source_name",
        "diaobjectid", "object", "oid", "objid", "id",
    ),
    "prefix": ("name_prefix",),
    "id": ("candid", "alert_id", "alertid", "diasourceid", "objid"),
    "mag": ("discoverymag", "discovery_mag/flux", "discmag", "maxappmag", "magpsf", "mag", "magnitude"),
    "mag_error": ("mag_err", "magerr", "e_mag", "sigmapsf", "mag_error"),
    "flux_njy": ("flux_njy", "psfflux"),
    "flux_error_njy": ("flux_error_njy", "psffluxerr"),
    "band": ("filter", "discovery_filter", "discmagfilter", "band", "filtername", "passband"),
    "redshift": ("redshift", "z", "host_redshift", "z_host"),
    "redshift_error": ("redshift_error", "redshift_err", "z_err", "e_z"),
    "distance_mpc": ("distance_mpc", "lumdist", "distmpc", "dist_mpc", "luminosity_distance_mpc"),
    "classification": ("classification", "claimedtype", "type", "object_type", "obj._type", "objtype"),
    "survey": ("survey",),
    "position_error_arcsec": ("position_error_arcsec", "pos_error_arcsec", "ra_dec_error_arcsec"),
    "aliases": ("aliases", "alias", "internal_names", "internal_name", "disc._internal_name"),
}  # fmt: skip
REQUIRED = ("ra", "dec", "time")
SOURCES = (("tns", frozenset({"objid", "name_prefix"})), ("tns", frozenset({"discovery_date_(ut)"})),
           ("oac", frozenset({"claimedtype", "discoverdate"})))  # fmt: skip
"""Which catalogue a table is of, by columns that no other has."""

NOT_A_CLASS = frozenset({"", "candidate", "other", "unknown", "removed", "none", "null", "nan", "at", "--"})
EMPTY = frozenset({"", "nan", "null", "none", "--", "n/a"})
DELIMITERS = (",", "\t", ";", "|")
ECSV, VOTABLE = b"# %ECSV", re.compile(rb"<(?:\w+:)?VOTABLE\b")
FORBIDDEN = re.compile(rb"<!DOCTYPE|<!ENTITY|<(?:\w+:)?STREAM\b[^>]*\bhref", re.IGNORECASE)
"""What would make a VOTable reader expand entities or open an address."""

HEAD_BYTES = 65536
DEGREES = {
    "deg": 1.0,
    "degree": 1.0,
    "d": 1.0,
    "hourangle": 15.0,
    "h": 15.0,
    "hour": 15.0,
    "hr": 15.0,
    "rad": 57.29577951308232,
}
MPC = {"mpc": 1.0, "kpc": 1e-3, "gpc": 1e3, "pc": 1e-6}
UNREADABLE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, ImportError, ArithmeticError,
    RecursionError,
)  # fmt: skip
Cells = Mapping[str, Any]


def is_table(message: Message) -> bool:
    """ECSV, VOTable, or text whose header has right ascension and declination."""
    head = message.payload[:HEAD_BYTES]
    if head.startswith(ECSV) or VOTABLE.search(head[:4096]):
        return True
    try:
        lines = head.decode("utf-8-sig", "strict" if len(message.payload) <= HEAD_BYTES else "ignore").splitlines()
    except UnicodeDecodeError:
        return False
    return "\x00" not in "".join(lines[:3]) and _delimiter(_header_line(lines)) is not None


def rows(message: Message) -> Iterator[Row | DecodeError]:
    """One row a transient; a row that cannot be used is an error in its place."""
    columns, units, lines = _read(message.payload)
    found = {want: name for want in ALIASES if (name := _find(columns, want))}
    if missing := [want for want in REQUIRED if want not in found]:
        raise DecodeError(f"table has no column {', '.join(missing)} (columns: {', '.join(columns)[:200]})")
    folded = frozenset(_fold(c) for c in columns)
    source = next((name for name, marks in SOURCES if marks <= folded), "table")
    for number, line in enumerate(lines, 1):
        try:
            yield _row(found, units, line, source)
        except (DecodeError, ValueError, TypeError, ArithmeticError) as error:
            yield DecodeError(f"row {number}: {error}")


def _row(found: Mapping[str, str], units: Mapping[str, str], line: Cells, source: str) -> Row:
    cell = {want: _first(line.get(name)) for want, name in found.items()}
    ra = _degrees(cell["ra"], units.get(found["ra"]), 15.0, f"column {found['ra']}")
    dec = _degrees(cell["dec"], units.get(found["dec"]), 1.0, f"column {found['dec']}")
    ra, dec = position(ra, dec, f"columns {found['ra']}, {found['dec']}")
    time = _time(line.get(found["time"]), found["time"])
    name = _text(cell.get("object_id")) or f"J{ra:.5f}{dec:+.5f}"
    object_id = (_text(cell.get("prefix")) or "") + name
    flux, error = known(_number(cell.get("flux_njy"))), known(_number(cell.get("flux_error_njy")))
    if flux is None:
        flux, error = signed_flux(_number(cell.get("mag")), _number(cell.get("mag_error")), 1)
    survey = (_text(cell.get("survey")) or source).lower()
    return {
        "id": _text(cell.get("id")) or f"{object_id}@{time:.0f}",
        "object_id": object_id,
        "survey": survey,
        "ra": ra,
        "dec": dec,
        "position_error_arcsec": within(_number(cell.get("position_error_arcsec")), 1e-6, 3600.0),
        "time": time,
        "band": _text(cell.get("band")),
        "flux_njy": flux,
        "flux_error_njy": error,
        "first_seen": time if "disc" in found["time"].lower() else None,
        "redshift": within(_number(cell.get("redshift")), 1e-6, 20.0),
        "redshift_error": within(_number(cell.get("redshift_error")), 0.0, 20.0),
        "distance_mpc": _mpc(cell.get("distance_mpc"), units.get(found.get("distance_mpc", ""), "")),
        "classification": _class(cell.get("classification")),
        "aliases": [a.strip() for a in str(line.get(found.get("aliases", "")) or "").split(",")],
    }


def _read(payload: bytes) -> tuple[list[str], dict[str, str], Iterator[Cells]]:
    """Column names, their units, and the lines."""
    if payload.startswith(ECSV):
        return _astropy(payload, "ascii.ecsv")
    if VOTABLE.search(payload[:4096]):
        if FORBIDDEN.search(payload):
            raise DecodeError("VOTable with a document type, an entity or an external stream")
        return _astropy(payload, "votable")
    return _csv(payload)


def _csv(payload: bytes) -> tuple[list[str], dict[str, str], Iterator[Cells]]:
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DecodeError(f"table is not UTF-8 text: {error}") from error
    lines = [line for line in text.splitlines() if line.strip() and not _is_comment(line)]
    if not lines:
        raise DecodeError("table is empty")
    reader = csv.DictReader(StringIO("\n".join(lines)), delimiter=_delimiter(lines[0]) or ",")
    try:
        columns = [c.strip().lstrip("#").strip() for c in reader.fieldnames or ()]
    except csv.Error as error:
        raise DecodeError(f"table: {error}") from error
    reader.fieldnames = columns
    return columns, {}, _lines(reader)


def _lines(reader: csv.DictReader[str]) -> Iterator[Cells]:
    try:
        yield from reader
    except csv.Error as error:
        raise DecodeError(f"table: {error}") from error


def _astropy(payload: bytes, reader: str) -> tuple[list[str], dict[str, str], Iterator[Cells]]:
    from astropy.io.votable.exceptions import VOTableSpecError
    from astropy.table import Table

    stream: Any = payload.decode("utf-8", "replace").splitlines() if reader == "ascii.ecsv" else BytesIO(payload)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(stream, format=reader)
    except (*UNREADABLE, VOTableSpecError) as error:
        raise DecodeError(f"table: {str(error)[:200]}") from error
    units = {n: str(table[n].unit).lower() for n in table.colnames if getattr(table[n], "unit", None) is not None}
    return list(table.colnames), units, ({n: row[n] for n in table.colnames} for row in table)


def _is_comment(line: str) -> bool:
    """A line after ``#``, unless it is the header."""
    return line.lstrip().startswith("#") and _delimiter(line) is None


def _header_line(lines: Sequence[str]) -> str:
    return next((line for line in lines if line.strip() and not _is_comment(line)), "")


def _delimiter(line: str) -> str | None:
    """What separates the columns, if among them are right ascension and declination."""
    for delimiter in DELIMITERS:
        columns = [c.strip().strip('"').lstrip("#").strip() for c in line.split(delimiter)]
        if _find(columns, "ra") and _find(columns, "dec"):
            return delimiter
    return None


def _fold(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _find(columns: Sequence[str], want: str) -> str | None:
    folded = {_fold(name): name for name in reversed(columns)}
    return next((folded[alias] for alias in ALIASES[want] if alias in folded), None)


def _first(value: Any) -> Any:
    """Of several values in one cell (``0.139,0.154``) the first."""
    return value.partition(",")[0].strip() if isinstance(value, str) else value


def _text(value: Any) -> str | None:
    text = str(value).strip() if value is not None else ""
    return None if text.lower() in EMPTY else text


def _number(value: Any) -> float | None:
    text = _text(value)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _degrees(value: Any, unit: str | None, per_hour: float, field: str) -> float:
    text = _text(value)
    if text is None:
        raise DecodeError(f"{field} is empty")
    parts = re.split(r"[:\shmd°'\"]+", text.rstrip("s\"'")) if re.search(r"\d[:\shmd°]\s*\d", text) else [text]
    try:
        numbers = [abs(float(p)) for p in parts if p]
    except ValueError as error:
        raise DecodeError(f"{field} {text[:40]!r} is not an angle") from error
    if len(numbers) > 3 or any(n > 60 for n in numbers[1:]):
        raise DecodeError(f"{field} {text[:40]!r} is not an angle")
    size = sum(n / 60**i for i, n in enumerate(numbers))  # catalogues do write 23:52:60.000
    scale = per_hour if len(numbers) > 1 else DEGREES.get(unit or "deg")
    if scale is None:
        raise DecodeError(f"{field} has the unit {unit}")
    return float(scale * (-size if text.startswith(("-", "\u2212")) else size))


def _time(value: Any, name: str) -> float:
    """Unix seconds of an MJD, a JD, an ISO time or an astropy Time."""
    if (unix := getattr(value, "unix", None)) is not None:
        return float(unix)
    text = _text(value)
    if text is None:
        raise DecodeError(f"column {name} is empty")
    field, number = f"column {name}", _number(text)
    if number is None:
        return unix_of_iso(text, field)
    if _fold(name).endswith("tai"):
        return unix_of_tai(number, field)
    is_jd = MJD_1950 < number - JD_OF_MJD_ZERO < MJD_2100
    return unix_of_jd(number, field) if is_jd else unix_of_mjd(number, field)


def _mpc(value: Any, unit: str) -> float | None:
    number = _number(value)
    return None if number is None else within(number * MPC.get(unit, 1.0), 1e-3, 1e5)


def _class(value: Any) -> str | None:
    """As told, with ``SN`` before the supernova types that a catalogue writes without (Ia, IIn)."""
    text = _text(value)
    if text is None or text.lower() in NOT_A_CLASS:
        return None
    return f"SN {text}" if re.match(r"I[IVabcx]*\b", text) else text
