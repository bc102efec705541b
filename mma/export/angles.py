"""Angles as people and programs write them."""

from __future__ import annotations


def sexagesimal(ra: float, dec: float) -> tuple[str, str]:
    """A position in hours and degrees, to 0.01 s and 0.1 arcsec.

    Parameters
    ----------
    ra, dec
        ICRS degrees.

    Examples
    --------
    >>> sexagesimal(197.45035, -23.38148)
    ('13:09:48.08', '-23:22:53.3')
    >>> sexagesimal(359.9999999, -30.0 / 3600.0)
    ('00:00:00.00', '-00:00:30.0')
    """
    hours = round(ra / 15.0 * 360_000) % (24 * 360_000)
    degrees = round(abs(dec) * 36_000)
    sign = "-" if dec < 0 else "+"
    return _parts(hours, 100), sign + _parts(degrees, 10)


def _parts(units: int, per_second: int) -> str:
    """Whole fractions of a second as ``HH:MM:SS.ss``."""
    seconds, fraction = divmod(units, per_second)
    minutes, seconds = divmod(seconds, 60)
    whole, minutes = divmod(minutes, 60)
    digits = len(str(per_second)) - 1
    return f"{whole:02d}:{minutes:02d}:{seconds:02d}.{fraction:0{digits}d}"


def degrees(ra: float, dec: float, digits: int) -> tuple[str, str]:
    """A position in decimal degrees, rounded; right ascension below 360.

    Examples
    --------
    >>> degrees(359.999999, -0.00001, 5)
    ('0.00000', '-0.00001')
    """
    return f"{round(ra, digits) % 360.0:.{digits}f}", f"{dec:+.{digits}f}"
