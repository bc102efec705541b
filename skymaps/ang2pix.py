"""Positions into pixels as machine code: step by step what HEALPix C++ does, so that every pixel is the same.

Gorski et al. 2005, ApJ 622 759; ``T_Healpix_Base::loc2pix`` and ``xyf2nest`` of Healpix C++ 3.83. Import it inside
functions, as `machine`.
"""

from __future__ import annotations

import math

import numpy as np

from .machine import compiled
from .region import FloatArray, IntArray

_NSIDE = 1 << 29
_RADIAN = math.pi / 180.0
_PER_QUARTER = 0.6366197723675813430755350534900574


@compiled
def _spread(value: int) -> int:
    """The bits of a number with a zero before each."""
    value = (value | (value << 16)) & 0x0000FFFF0000FFFF
    value = (value | (value << 8)) & 0x00FF00FF00FF00FF
    value = (value | (value << 4)) & 0x0F0F0F0F0F0F0F0F
    value = (value | (value << 2)) & 0x3333333333333333
    return (value | (value << 1)) & 0x5555555555555555


@compiled
def _pixel(ra: float, dec: float) -> int:
    """Order-29 NESTED pixel of a position in degrees."""
    theta = math.pi / 2.0 - dec * _RADIAN
    z = math.cos(theta)
    quarter = ((ra * _RADIAN) % (2.0 * math.pi) * _PER_QUARTER) % 4.0
    if quarter >= 4.0:
        quarter = 0.0
    za = abs(z)
    if za <= 2.0 / 3.0:
        rising, falling = _NSIDE * (0.5 + quarter), _NSIDE * (z * 0.75)
        up, down = int(rising - falling), int(rising + falling)
        face_up, face_down = up >> 29, down >> 29
        other = face_up if face_up < face_down else face_down + 8
        face = face_up | 4 if face_up == face_down else other
        x, y = down & (_NSIDE - 1), _NSIDE - (up & (_NSIDE - 1)) - 1
    else:
        face = min(3, int(quarter))
        if za >= 0.99 and (theta < 0.01 or theta > 3.14159 - 0.01):
            from_pole = _NSIDE * math.sin(theta) / math.sqrt((1.0 + za) / 3.0)
        else:
            from_pole = _NSIDE * math.sqrt(3.0 * (1.0 - za))
        x = min(int((quarter - face) * from_pole), _NSIDE - 1)
        y = min(int((1.0 - (quarter - face)) * from_pole), _NSIDE - 1)
        if z >= 0:
            x, y = _NSIDE - y - 1, _NSIDE - x - 1
        else:
            face += 8
    return (face << 58) + _spread(x) + (_spread(y) << 1)


@compiled
def first_bad(ra: FloatArray, dec: FloatArray) -> int:
    """Row of the first position that is none, -1 where all are."""
    for i in range(ra.size):
        if not (math.isfinite(ra[i]) and abs(dec[i]) <= 90.0):
            return i
    return -1


@compiled
def pixels(ra: FloatArray, dec: FloatArray) -> IntArray:
    """Order-29 NESTED pixel of each position in degrees."""
    found = np.empty(ra.size, np.int64)
    for i in range(ra.size):
        found[i] = _pixel(ra[i], dec[i])
    return found
