"""What every survey's decoder shares: how a row looks, and when a position, a number or an id is one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from coincidence import Alert, Detection
from mma.errors import DecodeError
from skymaps import FloatArray
from skymaps.units import AB_ZERO_MAG

if TYPE_CHECKING:
    from .columns import Columns, Fields
    from .points import Readings

Record = Mapping[str, Any]
"""One alert packet, as Avro or JSON gave it."""

Row = dict[str, Any]
"""Columns of an AlertBatch by name; what is missing or None is unknown."""


LN10_OVER_2_5 = math.log(10) / 2.5
LIMIT_SIGMA = 5.0


class IncompleteError(DecodeError):
    """The leading fields do not tell enough: decode this packet whole; if it was, it is no use."""


def _no_history(record: Record) -> Iterable[Detection]:
    return ()


def _no_aliases(record: Record) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketDecoder:
    """How one survey's packets become rows and alerts."""

    row: Callable[[Record], Row]
    columns: Callable[[Fields], Columns] | None = None
    """What ``row`` says of the leading fields, on arrays: then batches of Avro packets need no records."""

    history: Callable[[Record], Iterable[Detection]] = _no_history
    """Everything else the packet tells of the object, in any order."""

    points: Callable[[Fields, Callable[[str], Fields]], list[Readings]] | None = None
    """What ``history`` says, on arrays: of the packets' fields, and of an array's items by its name."""

    aliases: Callable[[Record], Iterable[str]] = _no_aliases
    needs: tuple[str, ...] | None = None
    """Top-level fields that ``row`` reads; what comes after them need not be decoded. None: all of them."""


def position(ra: Any, dec: Any, field: str = "ra, dec") -> tuple[float, float]:
    """ICRS degrees, checked."""
    try:
        ra, dec = float(ra), float(dec)
    except (TypeError, ValueError) as error:
        raise DecodeError(f"{field} {ra!r}, {dec!r} is not a position") from error
    if not (0 <= ra <= 360 and -90 <= dec <= 90):  # NaN fails too
        raise DecodeError(f"{field} {ra}, {dec} is not a position")
    return ra % 360.0, dec


def part(packet: Record, name: str) -> Record:
    """A record within the packet; DecodeError where it is null or something else."""
    inner = packet.get(name)
    if not isinstance(inner, dict):
        raise DecodeError(f"{name} is {'null' if inner is None else 'no record'}")
    return inner


def known(value: Any) -> float | None:
    """A finite number, or None."""
    if value is None or isinstance(value, bool):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def within(value: Any, low: float, high: float) -> float | None:
    """A number from low to high, or None: the surveys' -999, -9 and NaN are unknown."""
    number = known(value)
    return number if number is not None and low <= number <= high else None


def identity(value: Any, field: str) -> str:
    """A survey's id as text; 64-bit integers stay exact."""
    if value is None or value == "" or isinstance(value, bool | float):
        raise DecodeError(f"{field} {value!r} is not an id")
    return str(value)


def text(value: Any) -> str | None:
    """Text that is there, or None."""
    return value if isinstance(value, str) and value else None


def flux_of_mag(mag: float) -> float:
    """AB magnitude to nJy.

    >>> flux_of_mag(31.4)
    1.0
    """
    return float(10 ** (0.4 * (AB_ZERO_MAG - mag)))


def mag_of_flux(flux_njy: float) -> float:
    """nJy to AB magnitude."""
    return AB_ZERO_MAG - 2.5 * math.log10(flux_njy)


def limit_of_error(flux_error_njy: float | None) -> float | None:
    """5-sigma AB limiting magnitude of an error in nJy."""
    return mag_of_flux(LIMIT_SIGMA * flux_error_njy) if flux_error_njy and flux_error_njy > 0 else None


def fluxes_of_mags(mag: FloatArray) -> FloatArray:
    """The same as ``flux_of_mag``, to the last bit; NaN stays NaN. Shape (n,)."""
    return np.array([10**v for v in (0.4 * (AB_ZERO_MAG - mag)).tolist()], dtype=np.float64)


def limits_of_errors(flux_error_njy: FloatArray) -> FloatArray:
    """The same as ``limit_of_error``, to the last bit; NaN where there is none. Shape (n,)."""
    told = flux_error_njy > 0
    limit = np.full(len(flux_error_njy), np.nan)
    limit[told] = [math.log10(v) for v in (LIMIT_SIGMA * flux_error_njy[told]).tolist()]
    return AB_ZERO_MAG - 2.5 * limit


def signed_flux(mag: Any, mag_error: Any, sign: int) -> tuple[float | None, float | None]:
    """Signed nJy and its error from a magnitude of the difference's size."""
    size = within(mag, 0.0, 50.0)
    if size is None:
        return None, None
    flux, error = flux_of_mag(size), within(mag_error, 0.0, 50.0)
    return sign * flux, None if error is None else flux * error * LN10_OVER_2_5


def utc(unix: float) -> datetime:
    """Unix seconds to an aware datetime."""
    return datetime.fromtimestamp(unix, UTC)


def alert(row: Row, history: tuple[Detection, ...] = (), aliases: Iterable[str] = ()) -> Alert:
    """An Alert of a row; ``unknown`` where the band is not told."""
    return Alert(
        id=row["id"],
        object_id=row["object_id"],
        survey=row["survey"],
        ra=row["ra"],
        dec=row["dec"],
        time=utc(row["time"]),
        band=row.get("band") or "unknown",
        flux_njy=row.get("flux_njy"),
        flux_error_njy=row.get("flux_error_njy"),
        history=history,
        aliases=tuple(dict.fromkeys(a for a in aliases if a and a != row["object_id"])),
        url=row.get("url"),
    )
