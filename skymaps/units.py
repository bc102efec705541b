"""Units and zero points, told once: days and seconds, Julian dates, AB magnitudes, arcseconds."""

from __future__ import annotations

import math

DAY_S = 86400.0
"""Seconds of a day."""

JD_OF_MJD_ZERO = 2400000.5
MJD_OF_UNIX_ZERO = 40587.0
JD_OF_UNIX_ZERO = JD_OF_MJD_ZERO + MJD_OF_UNIX_ZERO

AB_ZERO_MAG = 31.4
"""AB magnitude of 1 nJy: 8.9 of 1 Jy (Oke & Gunn 1983)."""

ARCSEC_PER_RAD = math.degrees(1.0) * 3600.0
