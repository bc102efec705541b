"""The little of FITS that maps need, read from untrusted bytes: cards, binary tables, gzip, limits.

FITS standard 4.0, sections 4 (headers) and 7.3 (binary tables).
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import RegionError, TooLargeError

BLOCK = 2880
MAX_HEADER_BLOCKS = 200
MAX_COLUMNS = 999
GZIP_MAGIC = b"\x1f\x8b"

_END = "END     "
_CARD = re.compile(r"(.{8})(..)(.{70})", re.DOTALL)

_TYPES = {"L": "i1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8", "A": "S1"}
"""TFORM letters and their numpy types; the others do not occur in maps."""

_UNSIGNED_64 = 9223372036854775808
"""TZERO of an unsigned 64-bit column: old maps have such a UNIQ."""


class Header:
    """Keywords and values; the first of a repeated keyword counts. A value is read when it is asked for."""

    def __init__(self) -> None:
        self._cards: dict[str, str] = {}
        self.may_scale = False
        """Whether TZERO or TSCAL comes anywhere."""

    def add(self, block: str) -> bool:
        """Take the cards of a block; whether END is among them."""
        self.may_scale |= "TZERO" in block or "TSCAL" in block
        end = block.find(_END)
        while end % 80 and end >= 0:
            end = block.find(_END, end + 1)
        for key, equals, text in _CARD.findall(block, 0, BLOCK if end < 0 else end):
            if equals == "= ":
                self._cards.setdefault(key.rstrip(), text)
        return end >= 0

    def get(self, key: str, default: Any = None) -> Any:
        """Value of a keyword; None where the card has none, ``default`` where there is no card."""
        text = self._cards.get(key)
        return default if text is None else _value(text)

    def __contains__(self, key: str) -> bool:
        return key in self._cards


class Stream:
    """Bytes of a FITS file, unzipped as they are read and never more than the limit."""

    def __init__(self, data: bytes, max_bytes: int) -> None:
        self._plain = memoryview(data)
        self._at = 0
        self._gzip = gzip.GzipFile(fileobj=io.BytesIO(data)) if data[:2] == GZIP_MAGIC else None
        self._left = max_bytes
        self._max = max_bytes

    def read(self, size: int, what: str) -> bytes | memoryview:
        """Exactly ``size`` bytes, or a RegionError that says what was being read."""
        self._left -= size
        if self._left < 0:
            raise TooLargeError(f"{what}: more than the limit of {self._max} bytes unpacked")
        data: bytes | memoryview
        try:
            data = self._gzip.read(size) if self._gzip else self._plain[self._at : self._at + size]
            self._at += len(data)
        except (OSError, EOFError, zlib.error) as error:
            raise RegionError(f"{what}: broken gzip: {error}") from error
        if len(data) != size:
            raise RegionError(f"{what}: file ends after {len(data)} of {size} bytes")
        return data

    def skip(self, size: int, what: str) -> None:
        """Pass over ``size`` bytes."""
        while size > 0:
            step = min(size, 1 << 20)
            self.read(step, what)
            size -= step


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A binary table whose rows have not been read yet."""

    header: Header
    dtype: np.dtype[Any]
    """One row, column names in capitals; a vector column keeps its shape."""

    n_rows: int
    stream: Stream

    def names(self) -> tuple[str, ...]:
        """Column names in capitals."""
        return self.dtype.names or ()

    def read(self, n_rows: int) -> npt.NDArray[Any]:
        """The next rows."""
        what = f"NAXIS2 {self.n_rows}"
        return np.frombuffer(self.stream.read(n_rows * self.dtype.itemsize, what), dtype=self.dtype)


def open_table(data: bytes, max_bytes: int) -> Table:
    """Find the first binary table of a FITS file, unzipping where needed."""
    stream = Stream(data, max_bytes)
    if data[:2] != GZIP_MAGIC and data[:6] != b"SIMPLE":
        raise RegionError("not a FITS file: it does not begin with SIMPLE or gzip's 1f 8b")
    header = _read_header(stream)
    if "SIMPLE" not in header:
        raise RegionError("not a FITS file: no SIMPLE keyword")
    for _ in range(16):
        stream.skip(_padded(_data_size(header)), "NAXIS of a HDU before the table")
        header = _read_header(stream)
        if header.get("XTENSION") in ("BINTABLE", "A3DTABLE"):
            return _table(header, stream)
    raise RegionError("no BINTABLE among the first 16 extensions")


def _table(header: Header, stream: Stream) -> Table:
    n_columns = _count(header, "TFIELDS")
    if not 1 <= n_columns <= MAX_COLUMNS:
        raise RegionError(f"TFIELDS {n_columns} is not 1 to {MAX_COLUMNS}")
    fields: dict[str, tuple[str, str, tuple[int, ...]]] = {}
    for i in range(1, n_columns + 1):
        name = str(header.get(f"TTYPE{i}", f"COL{i}")).strip().upper()
        if name in fields:
            raise RegionError(f"TTYPE{i} {name!r} comes twice")
        name = name or f"COL{i}"
        fields[name] = (name, *_form(str(header.get(f"TFORM{i}", "")).strip(), i))
    dtype = np.dtype(list(fields.values()))
    if dtype.itemsize != _count(header, "NAXIS1"):
        raise RegionError(f"NAXIS1 {header.get('NAXIS1')} but the TFORMs add up to {dtype.itemsize}")
    return Table(header=header, dtype=dtype, n_rows=_count(header, "NAXIS2"), stream=stream)


def _form(form: str, i: int) -> tuple[str, tuple[int, ...]]:
    """Numpy type and shape of a TFORM such as ``D``, ``1K`` or ``1024E``."""
    digits = len(form) - len(form.lstrip("0123456789"))
    code = _TYPES.get(form[digits : digits + 1])
    repeat = int(form[:digits] or 1) if digits <= 9 else -1
    if code is None or len(form) != digits + 1 or not 0 <= repeat <= 1 << 26:
        raise RegionError(f"TFORM{i} {form!r} is not a column type that maps have")
    return code, () if repeat == 1 else (repeat,)


def _count(header: Header, key: str) -> int:
    value = header.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1 << 50:
        raise RegionError(f"{key} {value!r} is not a count")
    return value


def _data_size(header: Header) -> int:
    """Bytes of data after a header (FITS standard 4.0, equation 2)."""
    n_axes = _count(header, "NAXIS")
    if n_axes == 0:
        return 0
    if n_axes > MAX_COLUMNS:
        raise RegionError(f"NAXIS {n_axes} is more than {MAX_COLUMNS}")
    size = 1
    for i in range(1, n_axes + 1):
        size *= _count(header, f"NAXIS{i}")
    bits = header.get("BITPIX", 8)
    if not isinstance(bits, int) or abs(bits) not in (8, 16, 32, 64):
        raise RegionError(f"BITPIX {bits!r} is not a number of bits")
    return abs(bits) // 8 * (size + _count(header, "PCOUNT"))


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _read_header(stream: Stream) -> Header:
    """The next header."""
    header = Header()
    for _ in range(MAX_HEADER_BLOCKS):
        try:
            block = str(stream.read(BLOCK, "header"), "ascii")
        except UnicodeDecodeError as error:
            raise RegionError(f"header holds bytes that are not ASCII: {error.reason}") from error
        if header.add(block):
            return header
    raise RegionError(f"header has no END in {MAX_HEADER_BLOCKS} blocks")


def _value(text: str) -> Any:
    """Value of a card: text, whole number, real number, bool, or None."""
    text = text.strip()
    if text.startswith("'"):
        end = text.find("'", 1)
        while end >= 0 and text[end : end + 2] == "''":
            end = text.find("'", end + 2)
        return text[1 : end if end > 0 else None].replace("''", "'").rstrip()
    text = text.partition("/")[0].strip()
    if text in ("T", "F"):
        return text == "T"
    for kind in (int, float):
        try:
            return kind(text.replace("D", "E"))
        except ValueError:
            continue
    return text or None


def column(rows: npt.NDArray[Any], table: Table, name: str) -> npt.NDArray[Any]:
    """One column of rows as a flat native array, with TZERO and TSCAL applied."""
    index = table.names().index(name) + 1
    raw = rows[name]
    values = raw.astype(raw.dtype.newbyteorder("=")).ravel()
    zero, scale = table.header.get(f"TZERO{index}", 0), table.header.get(f"TSCAL{index}", 1)
    if zero == _UNSIGNED_64 and values.dtype == np.int64:
        return np.asarray(values ^ np.int64(-(1 << 63)))
    if zero not in (0, None) or scale not in (1, None):
        return np.asarray(values * float(scale) + float(zero))
    return values


def words(rows: npt.NDArray[Any], table: Table) -> npt.NDArray[np.uint64] | None:
    """Rows as 64-bit words, the highest byte first; None where a column is of another kind, or scaled."""
    kinds = {kind.str for kind, *_ in (rows.dtype.fields or {}).values()}
    if table.header.may_scale or not kinds <= {">i8", ">f8"}:
        return None
    return rows.view(np.uint64).reshape(rows.size, -1)


def write_table(cards: Iterable[tuple[str, Any, str]], columns: list[tuple[str, str, npt.NDArray[Any]]]) -> bytes:
    """A FITS file of an empty primary HDU and one binary table.

    Parameters
    ----------
    cards
        Keyword, value and comment of each card after the obligatory ones; a value None is left out.
    columns
        Name, unit ("" for none) and values of each column; int64, float64 or float32.
    """
    letters = {"i8": "K", "f8": "D", "f4": "E"}
    dtype = np.dtype([(name, ">" + a.dtype.str[1:]) for name, _, a in columns])
    rows = np.empty(columns[0][2].size, dtype=dtype)
    head: list[tuple[str, Any, str]] = [
        ("XTENSION", "BINTABLE", "binary table extension"),
        ("BITPIX", 8, "array data type"),
        ("NAXIS", 2, "number of array dimensions"),
        ("NAXIS1", dtype.itemsize, "bytes in one row"),
        ("NAXIS2", rows.size, "number of rows"),
        ("PCOUNT", 0, "number of group parameters"),
        ("GCOUNT", 1, "number of groups"),
        ("TFIELDS", len(columns), "number of columns"),
    ]
    for i, (name, unit, values) in enumerate(columns, 1):
        rows[name] = values
        head += [(f"TTYPE{i}", name, ""), (f"TFORM{i}", letters[values.dtype.str[1:]], "")]
        head += [(f"TUNIT{i}", unit, "")] if unit else []
    primary = [
        ("SIMPLE", True, "conforms to FITS standard"),
        ("BITPIX", 8, ""),
        ("NAXIS", 0, ""),
        ("EXTEND", True, ""),
    ]
    data = rows.tobytes()
    return _header(primary) + _header([*head, *cards]) + data + bytes(_padded(len(data)) - len(data))


def _header(cards: Iterable[tuple[str, Any, str]]) -> bytes:
    lines = [_card(key, value, comment) for key, value, comment in cards if value is not None]
    text = "".join([*lines, "END".ljust(80)])
    return text.ljust(_padded(len(text))).encode("ascii")


def _card(key: str, value: Any, comment: str) -> str:
    """One card of 80 characters; text that is too long or not ASCII is cut or replaced."""
    if isinstance(value, bool):
        shown = ("T" if value else "F").rjust(20)
    elif isinstance(value, int | float):
        shown = repr(value).upper().rjust(20)
    else:
        ascii_text = str(value).encode("ascii", "replace").decode().replace("'", "''")
        printable = "".join(c if " " <= c <= "~" else "?" for c in ascii_text)[:66]
        if len(printable) - len(printable.rstrip("'")) & 1 and len(printable) == 66:
            printable = printable[:-1]
        shown = ("'" + printable.ljust(8) + "'").ljust(20)
    text = f"{key:<8}= {shown}"
    return (f"{text} / {comment}" if comment and len(text) < 76 else text)[:80].ljust(80)
