"""Where on the sky, and how far: maps, circles, ellipses, annuli, and all of them at once."""

from . import cosmology, distance, healpix, positions, times
from .annulus import Annulus
from .circle import GBM_SYSTEMATIC, Circle
from .ellipse import Ellipse
from .errors import RegionError, TooLargeError
from .index import Matches, SkyIndex
from .io import read
from .moc import COVERAGE, read_moc
from .overlap import overlap, product
from .region import FloatArray, IntArray, Region, Tiles
from .shapes import AllSky, all_sky, annulus, asymmetric, circle, ellipse, from_dict
from .skymap import SkyMap
from .write import as_skymap, moc_ranges, write_fits, write_moc

__all__ = [
    "COVERAGE",
    "GBM_SYSTEMATIC",
    "AllSky",
    "Annulus",
    "Circle",
    "Ellipse",
    "FloatArray",
    "IntArray",
    "Matches",
    "Region",
    "RegionError",
    "SkyIndex",
    "SkyMap",
    "Tiles",
    "TooLargeError",
    "all_sky",
    "annulus",
    "as_skymap",
    "asymmetric",
    "circle",
    "cosmology",
    "distance",
    "ellipse",
    "from_dict",
    "healpix",
    "moc_ranges",
    "overlap",
    "positions",
    "product",
    "read",
    "read_moc",
    "times",
    "write_fits",
    "write_moc",
]
