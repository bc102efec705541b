"""ligo.skymap as the tests' oracle: importing it and calling it warns (numpy deprecations), which is not ours."""

from __future__ import annotations

import warnings
from typing import Any

from astropy import units as u
from astropy.coordinates import SkyCoord


def read_sky_map(path: Any) -> Any:
    """ligo.skymap's multi-order table of a map."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ligo.skymap.io import read_sky_map

        return read_sky_map(path, moc=True)


def crossmatch(table: Any, ra: Any, dec: Any, mpc: Any = None) -> Any:
    """ligo.skymap's crossmatch of positions in degrees and distances in Mpc."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ligo.skymap.postprocess import crossmatch

        if mpc is None:
            names = [name for name in table.colnames if not name.startswith("DIST")]
            return crossmatch(table[names], SkyCoord(ra * u.deg, dec * u.deg))
        return crossmatch(table, SkyCoord(ra * u.deg, dec * u.deg, mpc * u.Mpc))


def distance_functions() -> Any:
    """The module ligo.skymap.distance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ligo.skymap.distance

        return ligo.skymap.distance
