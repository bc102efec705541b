"""Gravitational-wave detectors, their noise, and the signals of merging neutron stars in it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray

F_LOW_HZ = 30.0
WAVEFORM = "TaylorF2threePointFivePN"
CALIBRATION = (1.4, 1.4, 2048.0)
"""Masses of the merger that a range is told for, and where its template ends: Hz."""

HORIZON_TO_RANGE = 2.264
"""Distance of the best-placed merger over the mean of all (Finn & Chernoff 1993, PRD 47 2198)."""

COMPLEX = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Detectors that listen together, and what it takes to be heard."""

    ranges_mpc: tuple[tuple[str, float], ...]
    """Detector and its range: the mean distance at which a 1.4 + 1.4 solar-mass merger gives a ratio of 8."""

    threshold: float
    """Network signal-to-noise ratio from which an event is kept."""

    f_high_hz: float
    """Where the template ends. BAYESTAR samples at the power of two from four times this on, and adds up over arrival
    times at that rate: steps must not be much longer than twice the error of the arrival time, else its maps are too
    sure of themselves. Just above a power of two is thus the best choice."""

    last_duty: float = 1.0
    """Fraction of the events for which the last detector is on."""


NETWORKS = {
    "o4": Network(
        ranges_mpc=(("H1", 155.0), ("L1", 165.0), ("V1", 55.0)), threshold=12.0, f_high_hz=130.0, last_duty=0.5
    ),
    "near": Network(ranges_mpc=(("H1", 60.0), ("L1", 100.0), ("V1", 30.0)), threshold=25.0, f_high_hz=2048.0),
}
"""``o4``: as in LVK's fourth run, mergers at some 100 to 250 Mpc. ``near``: the depth of 2017 and loud events only,
so mergers like GW170817 in distance and area."""


@dataclass
class Detector:
    """One detector: where it is, how it hears, how it rustles."""

    name: str
    range_mpc: float
    f_high_hz: float
    _lal: Any = field(default_factory=lambda: import_module("lal"), repr=False)

    @cached_property
    def frame(self) -> Any:
        """LAL's record of position and response."""
        return import_module("lalsimulation").DetectorPrefixToLALDetector(self.name)

    @cached_property
    def psd(self) -> Any:
        """Noise power: the shape of the advanced detectors' design, at the level that gives the range."""
        simulation = import_module("lalsimulation")
        name = "SimNoisePSDAdvVirgo" if self.name == "V1" else "SimNoisePSDaLIGOZeroDetHighPower"
        one = getattr(simulation, name)
        df, n = 0.125, 2048 * 8 + 1
        series = self._lal.CreateREAL8FrequencySeries("psd", 0, 0.0, df, self._lal.SecondUnit, n)
        values = np.array([one(max(f, 8.0)) for f in np.arange(n) * df])
        series.data.data = values
        horizon = np.sqrt(np.sum(_power(series, *CALIBRATION)) * 4.0 * _grid(*CALIBRATION).deltaF)
        series.data.data = values * (horizon / 8.0 / HORIZON_TO_RANGE / self.range_mpc) ** 2
        return series


@dataclass(frozen=True)
class Template:
    """A template in one detector's noise."""

    weight: FloatArray
    """Share of the squared signal-to-noise ratio at each frequency; adds up to 1."""

    horizon_mpc: float
    """Distance at which an optimal source has a ratio of 1."""

    deltaf_hz: float

    @property
    def rate_hz(self) -> float:
        return 2 * len(self.weight) * self.deltaf_hz

    def series(self, amplitude: complex, delay_s: float, n: int, random: np.random.Generator) -> COMPLEX:
        """The first n samples of signal, this late after the first one, and noise of unit variance a quadrature."""
        f = np.arange(len(self.weight)) * self.deltaf_hz
        draws = random.standard_normal((2, len(f)))
        spectrum = np.zeros(2 * len(f), dtype=np.complex128)
        spectrum[: len(f)] = np.sqrt(self.weight) * (draws[0] + 1j * draws[1])
        spectrum[: len(f)] += amplitude * self.weight * np.exp(-2j * np.pi * f * delay_s)
        return np.asarray(np.fft.ifft(spectrum)[:n] * len(spectrum), dtype=np.complex128)


def bayestar() -> Any:
    """ligo.skymap's own, which warns of numpy's ways when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("ligo.skymap.bayestar")


def _grid(mass1: float, mass2: float, f_high_hz: float) -> Any:
    """The template's power by frequency."""
    bayestar_filter = bayestar().filter
    spins = {f"spin{i}{axis}": 0.0 for i in (1, 2) for axis in "xyz"}
    return bayestar_filter.sngl_inspiral_psd(
        WAVEFORM, mass1=mass1, mass2=mass2, f_min=F_LOW_HZ, f_final=f_high_hz, **spins
    )


def _power(psd: Any, mass1: float, mass2: float, f_high_hz: float) -> FloatArray:
    """Signal power over noise power."""
    grid = _grid(mass1, mass2, f_high_hz)
    f = np.arange(grid.data.length) * grid.deltaF
    noise = np.exp(np.interp(f, np.arange(psd.data.length) * psd.deltaF, np.log(psd.data.data)))
    return np.asarray(np.where(f > 0, grid.data.data / noise, 0.0), dtype=np.float64)


def template_of(detector: Detector, mass1: float, mass2: float) -> Template:
    power = _power(detector.psd, mass1, mass2, detector.f_high_hz)
    df = float(_grid(mass1, mass2, detector.f_high_hz).deltaF)
    return Template(weight=power / power.sum(), horizon_mpc=float(np.sqrt(4.0 * df * power.sum())), deltaf_hz=df)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Many sources, as columns of shape (n,); angles in radians."""

    ra: FloatArray
    dec: FloatArray
    mpc: FloatArray
    cos_inclination: FloatArray
    psi: FloatArray
    phase: FloatArray


def draws(farthest_mpc: float, n: int, random: np.random.Generator) -> Draws:
    u = random.uniform(size=(6, n))
    return Draws(
        ra=2 * np.pi * u[0],
        dec=np.arcsin(2 * u[1] - 1),
        mpc=farthest_mpc * np.cbrt(u[2]),
        cos_inclination=2 * u[3] - 1,
        psi=np.pi * u[4],
        phase=2 * np.pi * u[5],
    )


def amplitudes(detector: Detector, horizon_mpc: float, d: Draws, gmst: float) -> COMPLEX:
    """Complex signal-to-noise ratio without noise. Shape (n,)."""
    plus, cross = _antenna(np.asarray(detector.frame.response, dtype=np.float64), d, gmst)
    u = d.cos_inclination
    wave = 0.5 * (1 + u**2) * plus + 1j * u * cross
    return np.asarray(horizon_mpc / d.mpc * wave * np.exp(1j * d.phase), dtype=np.complex128)


def _antenna(response: FloatArray, d: Draws, gmst: float) -> tuple[FloatArray, FloatArray]:
    """Antenna factors for the two polarisations (Anderson et al. 2001, PRD 63 042003, app. B). Shape (n,) each."""
    hour = gmst - d.ra
    sin_h, cos_h, sin_d, cos_d = np.sin(hour), np.cos(hour), np.sin(d.dec), np.cos(d.dec)
    sin_p, cos_p = np.sin(d.psi), np.cos(d.psi)
    x = np.stack([-cos_p * sin_h - sin_p * cos_h * sin_d, -cos_p * cos_h + sin_p * sin_h * sin_d, sin_p * cos_d])
    y = np.stack([sin_p * sin_h - cos_p * cos_h * sin_d, sin_p * cos_h + cos_p * sin_h * sin_d, cos_p * cos_d])
    xx, yy, xy = (np.einsum("in,ij,jn->n", a, response, b) for a, b in ((x, x), (y, y), (x, y)))
    return xx - yy, 2.0 * xy


_KNOWN: dict[str, list[Detector]] = {}


def detectors_of(network: str) -> list[Detector]:
    """Detectors of a network; their noise is worked out once."""
    setup = NETWORKS[network]
    if network not in _KNOWN:
        _KNOWN[network] = [Detector(name, mpc, setup.f_high_hz) for name, mpc in setup.ranges_mpc]
    return _KNOWN[network]
