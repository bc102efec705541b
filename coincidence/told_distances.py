"""Distances that catalogues and packets tell, with their errors."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from skymaps import FloatArray, cosmology

from .alert import AlertBatch, StrArray
from .galaxies import Galaxies
from .parameters import Parameters

C_KM_S = 299792.458

PHOTO_ERROR = 0.03
"""Error of a photometric redshift whose catalogue tells none, over 1 + z: a good survey's."""


@lru_cache(maxsize=16)
def _hubble_scatter_mpc(peculiar_velocity_km_s: float) -> float:
    """Distance that a peculiar velocity is mistaken for: 4.4 Mpc for 300 km/s."""
    return float(cosmology.distance_mpc(np.array([peculiar_velocity_km_s / C_KM_S]))[0])


def error_mpc(galaxies: Galaxies, parameters: Parameters) -> FloatArray:
    """Catalogue error, with the Hubble-flow scatter added where the distance came from a redshift."""
    mpc, error, kind = galaxies.distance_mpc, galaxies.distance_error_mpc, galaxies.kind
    if not len(mpc):
        return np.empty(0)
    told = np.isfinite(error) & (error > 0)
    assumed = np.where(kind == "spec", 0.0, 0.1 * mpc)
    photo = np.flatnonzero((kind == "photo") & ~told)
    if len(photo):
        z = cosmology.redshift(mpc[photo])
        slope = (cosmology.distance_mpc(z + 1e-4) - mpc[photo]) / 1e-4
        assumed[photo] = PHOTO_ERROR * (1.0 + z) * slope
    scatter = np.where(kind == "indep", 0.0, _hubble_scatter_mpc(parameters.peculiar_velocity_km_s))
    return np.asarray(np.hypot(np.maximum(np.where(told, error, assumed), 1e-3 * mpc), scatter), dtype=np.float64)


def told_by_packet(alerts: AlertBatch, parameters: Parameters) -> tuple[FloatArray, FloatArray, StrArray]:
    """Distance, error and kind that the alert itself tells; NaN where it does not."""
    by_redshift = np.isfinite(alerts.redshift) & (alerts.redshift > 0)
    if not (by_redshift.any() or np.isfinite(alerts.distance_mpc).any()):
        nothing = np.full(len(alerts), np.nan)
        return nothing, nothing, np.full(len(alerts), "unknown", dtype=object)
    z = np.where(by_redshift, alerts.redshift, 0.1)
    error_z = np.where(np.isfinite(alerts.redshift_error), alerts.redshift_error, 0.0)
    from_z = cosmology.distance_mpc(z)
    slope = (cosmology.distance_mpc(z + 1e-4) - from_z) / 1e-4
    error = np.hypot(slope * error_z, _hubble_scatter_mpc(parameters.peculiar_velocity_km_s))
    direct = np.isfinite(alerts.distance_mpc) & (alerts.distance_mpc > 0)
    mpc = np.where(direct, alerts.distance_mpc, np.where(by_redshift, from_z, np.nan))
    error = np.where(by_redshift, error, np.hypot(0.1 * mpc, _hubble_scatter_mpc(parameters.peculiar_velocity_km_s)))
    kind = np.where(by_redshift, "spec", np.where(direct, "indep", "unknown")).astype(object)
    return mpc, error, kind
