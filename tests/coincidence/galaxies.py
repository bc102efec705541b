"""Galaxies that the tests make themselves."""

from __future__ import annotations

import numpy as np

from coincidence import Galaxies
from coincidence.completeness import Catalog


def galaxies(*rows: dict[str, object], catalogs: tuple[Catalog, ...] = ()) -> Galaxies:
    """Galaxies of catalogue ``c`` at 100 +- 1 Mpc by spectrum, unless a row says otherwise."""
    usual: dict[str, object] = {
        "name": "g", "catalog": "c", "ra": 150.0, "dec": 40.0, "distance_mpc": 100.0, "distance_error_mpc": 1.0,
        "kind": "spec", "density_deg2": 0.1, "mag": np.nan, "band": None, "semi_major_arcsec": np.nan,
        "axis_ratio": np.nan, "position_angle_deg": np.nan, "is_agn": None,
    }  # fmt: skip
    text = ("name", "catalog", "kind", "band", "is_agn")
    columns = {
        key: np.array([(usual | row)[key] for row in rows], dtype=object if key in text else np.float64)
        for key in usual
    }
    return Galaxies(**columns, catalogs=catalogs)  # type: ignore[arg-type]
