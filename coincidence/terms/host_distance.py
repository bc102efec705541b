"""How far a possible host is, if the object is the event's and if it is unrelated: photometric redshifts above all."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr

from skymaps import FloatArray, IntArray

from ..completeness import SEEN_MIN
from ..parameters import Parameters
from ..population import Backgrounds
from .distance import STEP, Completeness, background_integral, event_integral, nodes

PHOTO_OUTLIER = 0.05
"""Part of photometric redshifts that are wrong altogether: a choice of ours, catalogues report 1 to 10 %."""

Layers = tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDistances:
    """What the distances of possible hosts say; arrays of shape (m,)."""

    ratio: FloatArray
    """Of a host's distance under the region to that under the background; 1 where the region tells nothing."""

    event_modulus: FloatArray
    """Distance modulus if the object is the event's, mag; and its standard deviation."""

    event_modulus_sigma: FloatArray
    modulus: FloatArray
    """Distance modulus if it is unrelated, mag; and its standard deviation."""

    modulus_sigma: FloatArray

    def put(self, rows: IntArray, others: HostDistances) -> None:
        """Write others into these rows."""
        for column in fields(self):
            getattr(self, column.name)[rows] = getattr(others, column.name)


def modulus(mpc: FloatArray, error_mpc: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distance modulus and its error, mag, to first order in the distance's. Shape (n,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = 5.0 * np.log10(mpc) + 25.0
        return np.asarray(value, dtype=np.float64), np.asarray(5.0 / np.log(10.0) * error_mpc / mpc, dtype=np.float64)


def photometric(
    parameters: Parameters,
    unrelated: Backgrounds,
    layers: Layers | None,
    mpc: FloatArray,
    error_mpc: FloatArray,
    completeness: Completeness,
) -> HostDistances:
    """What photometric redshifts say, which are wide, and now and then wrong altogether.

    The chance K of the measured distance D where the galaxy is at d is
    ``(1 - eta) normal(D; d, s) / Phi(d / s) + eta p_bg(D)``: no redshift comes out negative, and an outlier tells
    nothing. As it is wide, the catalogue's completeness C over it matters. The ratio is ``int p_e C K`` over
    ``int p_bg C K``; the host's distance, knowing all that, has the densities ``p_e C K`` and ``p_bg C K``.

    Parameters
    ----------
    unrelated
        Distances of unrelated transients, for the depth at each host's alert.
    layers
        DISTMU, DISTSIGMA, DISTNORM at each host's alert, all finite, each of shape (m,); None where the region tells
        no distance: the ratio is 1 and both densities are the background's.
    mpc, error_mpc
        The host's luminosity distance and its standard error. Shape (m,).

    Returns
    -------
    :
        The ratio is ``(1 - e) ratio + e``.
    """
    host = _Measured.of(unrelated, mpc, error_mpc, completeness)
    grid, density = unrelated.coarse(STEP)
    seen = np.maximum(completeness(grid), SEEN_MIN) * density
    grid, narrow = np.broadcast_to(grid, seen.shape), error_mpc < 0.03 * mpc  # its steps are as wide
    exact = background_integral(unrelated, mpc, error_mpc)
    if layers is None:
        _, value, sigma = host.known(grid, seen, exact, narrow)
        return HostDistances(
            ratio=np.ones(len(mpc)), event_modulus=value, event_modulus_sigma=sigma, modulus=value, modulus_sigma=sigma
        )
    at, share = nodes(layers)
    narrow |= error_mpc < 0.7 * (at[:, 1] - at[:, 0])
    below, value, sigma = host.known(grid, seen, exact, narrow)
    its = np.maximum(completeness(at), SEEN_MIN) * share
    above, event_value, event_sigma = host.known(at, its, event_integral(*layers, mpc, error_mpc), narrow)
    floor = parameters.distance_floor
    return HostDistances(
        ratio=(1.0 - floor) * above / np.maximum(below, 1e-300) + floor,
        event_modulus=event_value,
        event_modulus_sigma=event_sigma,
        modulus=value,
        modulus_sigma=sigma,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """Measured distances; arrays of shape (m,)."""

    mpc: FloatArray
    error_mpc: FloatArray
    outlier: FloatArray
    """Chance of this one if it is wrong altogether."""

    held: FloatArray
    """Completeness of the catalogues there."""

    @classmethod
    def of(
        cls, unrelated: Backgrounds, mpc: FloatArray, error_mpc: FloatArray, completeness: Completeness
    ) -> _Measured:
        """Distances that catalogues tell."""
        outlier = PHOTO_OUTLIER * unrelated.at(mpc)
        held = np.maximum(completeness(mpc[:, None])[:, 0], SEEN_MIN)
        return cls(mpc=mpc, error_mpc=error_mpc, outlier=outlier, held=held)

    def known(
        self, at: FloatArray, share: FloatArray, exact: FloatArray, narrow: np.ndarray[tuple[int], np.dtype[np.bool_]]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Chance of each measured distance, and mean and standard deviation of the distance modulus that goes with it.

        Parameters
        ----------
        at, share
            Distances, and the probability held near each. Shape (m, q).
        exact
            Integral of the probability's density times the measurement's normal. Shape (m,).
        narrow
            Errors that are too small for sums: the exact integral and the measured modulus are taken. Shape (m,).
        """
        weight = share * ((1.0 - PHOTO_OUTLIER) * _normal(at, self.mpc, self.error_mpc) + self.outlier[:, None])
        total = weight.sum(axis=1)
        value = 5.0 * np.log10(at) + 25.0
        mean = (weight * value).sum(axis=1) / total
        sigma = np.sqrt((weight * (value - mean[:, None]) ** 2).sum(axis=1) / total)
        whole = (1.0 - PHOTO_OUTLIER) * self.held * exact + self.outlier * share.sum(axis=1)
        own, own_sigma = modulus(self.mpc, self.error_mpc)
        return np.where(narrow, whole, total), np.where(narrow, own, mean), np.where(narrow, own_sigma, sigma)


def _normal(at: FloatArray, mpc: FloatArray, error_mpc: FloatArray) -> FloatArray:
    """Density of each measured distance about the distances ``at``: a normal cut at zero. Shape (m, q)."""
    sigma = error_mpc[:, None]
    scaled = np.exp(-0.5 * ((at - mpc[:, None]) / sigma) ** 2)
    return np.asarray(scaled / (np.sqrt(2.0 * np.pi) * sigma * ndtr(at / sigma)), dtype=np.float64)
