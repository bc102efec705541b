"""The peers of the region benchmarks, called as their own users call them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from mocpy import MOC

from skymaps import Circle, Ellipse, FloatArray, Region, SkyMap, healpix

MOC_DEPTH = 12
"""Order at which mocpy draws circles and ellipses: pixels of 0.86 arcminutes."""


def moc(region: Region, level: float) -> MOC:
    """The credible region as mocpy makes it, for a level of 0.9 or 0.99 (shapes are given by their 0.9 contours)."""
    if isinstance(region, SkyMap):
        uniq = healpix.to_uniq(region.lower, region.order).astype(np.uint64)
        prob = region.probdensity * healpix.area_sr(region.order)
        return MOC.from_valued_healpix_cells(uniq, prob, max_depth=29, cumul_to=level)
    lon, lat = (value * u.deg for value in region.centre())
    if isinstance(region, Circle):
        return MOC.from_cone(lon, lat, radius=region.radius_at(level) * u.deg, max_depth=MOC_DEPTH)
    if not isinstance(region, Ellipse):
        raise TypeError(f"no MOC of a {type(region).__name__}")
    record = region.to_dict()
    a, b = (_axis(record[name], level) * u.deg for name in ("semimajor_deg", "semiminor_deg"))
    return MOC.from_elliptical_cone(lon, lat, a=a, b=b, pa=record["position_angle_deg"] * u.deg, max_depth=MOC_DEPTH)


def _axis(axis_deg: float, level: float) -> float:
    """Half axis at a level of one given at 0.9, in degrees."""
    grown = np.sin(np.radians(axis_deg) / 2.0) * np.sqrt(np.log1p(-level) / np.log1p(-0.9))
    return float(np.degrees(2.0 * np.arcsin(grown)))


def contains(mocs: list[MOC], ra: FloatArray, dec: FloatArray) -> list[Any]:
    """All positions at once, region by region."""
    lon, lat = ra * u.deg, dec * u.deg
    return [m.contains_lonlat(lon, lat) for m in mocs]


def contains_one(mocs: list[MOC], ra: float, dec: float) -> list[Any]:
    """One position, region by region, as crossmatch-alert-to-skymaps does (utils/skymap.py, ``Skymap.contains``)."""
    return [m.contains_lonlat(ra * u.deg, dec * u.deg) for m in mocs]


def table(skymap: SkyMap, distance: bool = False) -> Table:
    """A map as ligo.skymap's multi-order table."""
    columns = {"UNIQ": healpix.to_uniq(skymap.lower, skymap.order), "PROBDENSITY": np.array(skymap.probdensity)}
    units = {"PROBDENSITY": u.sr**-1}
    if distance and skymap.distmu is not None:
        columns |= {"DISTMU": skymap.distmu.astype(float), "DISTSIGMA": np.asarray(skymap.distsigma).astype(float)}
        columns["DISTNORM"] = np.asarray(skymap.distnorm)
        units |= {"DISTMU": u.Mpc, "DISTSIGMA": u.Mpc, "DISTNORM": u.Mpc**-2}
    meta = {}
    if distance and skymap.distance_mpc is not None:
        meta = dict(zip(("distmean", "diststd"), skymap.distance_mpc, strict=True))
    return Table(columns, units=units, meta=meta)


def crossmatch(sky: Table, ra: FloatArray, dec: FloatArray, mpc: FloatArray | None = None) -> Any:
    """ligo.skymap.postprocess.crossmatch; its numpy warnings are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ligo.skymap.postprocess import crossmatch as theirs

        distance = {} if mpc is None else {"distance": mpc * u.Mpc}
        return theirs(sky, SkyCoord(ra * u.deg, dec * u.deg, **distance))
