"""Where telescopes stand. A table of our own: astropy's is fetched from the network."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ConfigError
from ..text import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place on Earth."""

    name: str
    latitude: float
    """Geodetic, degrees, north positive; WGS 84."""

    longitude: float
    """Degrees, east positive."""

    height_m: float
    """Above the ellipsoid, metres."""


def _site(name: str, latitude: float, longitude: float, height_m: float) -> Site:
    return Site(name=name, latitude=latitude, longitude=longitude, height_m=height_m)


CTAO_N = _site("CTAO-N", 28.7622, -17.8920, 2147.0)
"""La Palma: www.ctao.org, array sites."""

CTAO_S = _site("CTAO-S", -24.683428, -70.316344, 2150.0)
"""24d41m00.34s S, 70d18m58.84s W: www.ctao.org, array sites; 10 km from ESO's Paranal."""

SITES: dict[str, Site] = {
    site.name: site
    for site in (
        CTAO_N,
        CTAO_S,
        _site("HESS", -23.2718, 16.5002, 1835.0),
        _site("VERITAS", 31.6750, -110.9520, 1268.0),
        _site("Rubin", -30.2446, -70.7494, 2663.0),
        _site("Palomar", 33.3563, -116.8650, 1712.0),
        _site("Paranal", -24.6272, -70.4042, 2635.0),
        _site("LaSilla", -29.2567, -70.7300, 2400.0),
        _site("MaunaKea", 19.8260, -155.4747, 4205.0),
        _site("SAAO", -32.3760, 20.8107, 1798.0),
        _site("SidingSpring", -31.2733, 149.0617, 1149.0),
    )
}
"""By name; those other than CTAO's to about 100 m, which moves a star by 3 arcsec."""


def site(text: str) -> Site:
    """A site by its name, whatever its case, or of ``LATITUDE LONGITUDE [HEIGHT]``: degrees, east positive, metres.

    Raises
    ------
    ConfigError
        It is neither.

    Examples
    --------
    >>> site("ctao-n").height_m
    2147.0
    >>> site("51.5 -0.13").latitude
    51.5
    """
    by_name = {_plain(name): found for name, found in SITES.items()}
    if found := by_name.get(_plain(text)):
        return found
    try:
        latitude, longitude, *height = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        latitude, longitude, height = 99.0, 0.0, []
    if not (-90.0 <= latitude <= 90.0 and -360.0 <= longitude <= 360.0 and len(height) < 2):
        raise ConfigError(f'no site {text!r}; {did_you_mean(text, SITES)} Or write "LATITUDE LONGITUDE HEIGHT"')
    return _site(text, latitude, longitude, height[0] if height else 0.0)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
