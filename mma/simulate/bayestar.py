"""Mergers of two neutron stars in simulated detector noise, localised by BAYESTAR: maps whose truth is known.

The signal-to-noise series of each detector is the template's autocorrelation, at the amplitude, phase and time that
the source has there (Singer & Price 2016, PRD 93 024013, eqs. 6 to 9), plus Gaussian noise with the same
autocorrelation. Sources are even in volume, direction, inclination, polarisation and phase: BAYESTAR's own prior. What
is kept is decided by the measured ratio alone, so the maps must hold their sources at every credible level as often as
they say. The template is known exactly, hence the likelihood is taken as it is: BAYESTAR's default softens it by 0.83
for the templates that searches have to try.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import numpy as np

from skymaps import SkyMap

from .detectors import (
    COMPLEX,
    F_LOW_HZ,
    NETWORKS,
    WAVEFORM,
    Detector,
    Template,
    amplitudes,
    bayestar,
    detectors_of,
    draws,
    template_of,
)

HALF_WINDOW_S = 0.08
"""Each series reaches this far to either side: more than light needs through the Earth, and BAYESTAR's margin."""

SEARCH_S = 0.005
"""Beyond the light's way, a detector's trigger is looked for this far from the loudest one's."""

MARGIN_SNR = 4.0
"""Sources this far below the threshold are not even given noise."""

GPS_EPOCH_UNIX, LEAP_SECONDS = 315964800, 18
FIRST_GPS, YEAR_S = 1420000000, 31557600


@dataclass(frozen=True, slots=True, kw_only=True)
class Merger:
    """A source as it was drawn, and what the detectors made of it."""

    name: str
    time: float
    """Merger at the Earth's centre, Unix seconds."""

    ra: float
    dec: float
    distance_mpc: float
    inclination_deg: float
    mass1: float
    """Detector-frame solar masses."""

    mass2: float
    snr: float
    """Measured network signal-to-noise ratio."""

    instruments: tuple[str, ...]


@dataclass(frozen=True)
class _Single:
    """What BAYESTAR asks of one detector's trigger."""

    detector: str
    snr: float
    phase: float
    time: Any
    psd: Any
    snr_series: Any

    @property
    def zerolag_time(self) -> Any:
        return self.time


@dataclass(frozen=True)
class _Coincidence:
    """What BAYESTAR asks of an event."""

    singles: list[_Single]
    template_args: dict[str, float]


def merger(network: str, seed: int, number: int) -> tuple[Merger, SkyMap]:
    """Draw sources until one is heard, and localise it. The same three arguments give the same source and map."""
    setup = NETWORKS[network]
    random = np.random.default_rng([seed, number])
    name = f"{network}-{seed}-{number:05d}"
    gps = FIRST_GPS + random.uniform(0.0, YEAR_S)
    mass1, mass2 = sorted(random.normal(1.33, 0.09, 2), reverse=True)
    detectors = detectors_of(network)
    detectors = detectors if random.uniform() < setup.last_duty else detectors[:-1]
    templates = [template_of(detector, mass1, mass2) for detector in detectors]
    lal = import_module("lal")
    gmst = float(lal.GreenwichMeanSiderealTime(lal.LIGOTimeGPS(gps)))
    while True:
        d = draws(max(t.horizon_mpc for t in templates) / 4.0, 4096, random)
        heard = np.stack([amplitudes(a, t.horizon_mpc, d, gmst) for a, t in zip(detectors, templates, strict=True)])
        for i in np.flatnonzero(np.linalg.norm(heard, axis=0) > setup.threshold - MARGIN_SNR).tolist():
            place = (float(d.ra[i]), float(d.dec[i]))
            singles = _triggers(detectors, templates, heard[:, i], place, gps, random)
            snr = float(np.linalg.norm([single.snr for single in singles]))
            if snr < setup.threshold:
                continue
            drawn = Merger(
                name=name,
                time=gps + GPS_EPOCH_UNIX - LEAP_SECONDS,
                ra=float(np.degrees(place[0])),
                dec=float(np.degrees(place[1])),
                distance_mpc=float(d.mpc[i]),
                inclination_deg=float(np.degrees(np.arccos(d.cos_inclination[i]))),
                mass1=float(mass1),
                mass2=float(mass2),
                snr=snr,
                instruments=tuple(detector.name for detector in detectors),
            )
            return drawn, _localise(_Coincidence(singles, _arguments(mass1, mass2, setup.f_high_hz)), drawn)


def _arguments(mass1: float, mass2: float, f_high_hz: float) -> dict[str, float]:
    spins = {f"spin{i}{axis}": 0.0 for i in (1, 2) for axis in "xyz"}
    return {"mass1": float(mass1), "mass2": float(mass2), "f_final": f_high_hz} | spins


def _triggers(
    detectors: list[Detector],
    templates: list[Template],
    heard: COMPLEX,
    place: tuple[float, float],
    gps: float,
    random: np.random.Generator,
) -> list[_Single]:
    """Series with noise, each about its own loudest sample near that of the loudest detector."""
    lal = import_module("lal")
    epoch = lal.LIGOTimeGPS(gps)
    rate = templates[0].rate_hz
    half = int(np.ceil(HALF_WINDOW_S * rate))
    start = lal.LIGOTimeGPS(epoch) - 2 * HALF_WINDOW_S
    series = []
    for detector, template, amplitude in zip(detectors, templates, heard, strict=True):
        late = lal.TimeDelayFromEarthCenter(detector.frame.location, *place, epoch)
        series.append(template.series(complex(amplitude), 2 * HALF_WINDOW_S + late, 4 * half + 1, random))
    middle = slice(half, 3 * half)
    loudest = int(np.argmax([np.abs(z[middle]).max() for z in series]))
    at = half + int(np.argmax(np.abs(series[loudest][middle])))
    singles = []
    for detector, z in zip(detectors, series, strict=True):
        way = float(np.linalg.norm(detector.frame.location - detectors[loudest].frame.location)) / lal.C_SI
        reach = int(np.ceil((way + SEARCH_S) * rate)) if detector is not detectors[loudest] else 0
        low = max(half, at - reach)
        peak = low + int(np.argmax(np.abs(z[low : min(3 * half, at + reach) + 1])))
        singles.append(_single(detector, z, peak, half, start, rate))
    return singles


def _single(detector: Detector, z: COMPLEX, peak: int, half: int, start: Any, rate: float) -> _Single:
    lal = import_module("lal")
    first = start + (peak - half) / rate
    cut = lal.CreateCOMPLEX8TimeSeries("snr", first, 0.0, 1.0 / rate, lal.DimensionlessUnit, 2 * half + 1)
    cut.data.data = z[peak - half : peak + half + 1].astype(np.complex64)
    best = z[peak]
    return _Single(detector.name, float(abs(best)), float(np.angle(best)), start + peak / rate, detector.psd, cut)


def _localise(event: _Coincidence, drawn: Merger) -> SkyMap:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = bayestar().localize(event, waveform=WAVEFORM, f_low=F_LOW_HZ, rescale_loglikelihood=1.0)
    return SkyMap.from_tiles(
        np.asarray(table["UNIQ"], dtype=np.int64),
        np.asarray(table["PROBDENSITY"], dtype=np.float64),
        distmu=np.asarray(table["DISTMU"], dtype=np.float64),
        distsigma=np.asarray(table["DISTSIGMA"], dtype=np.float64),
        distnorm=np.asarray(table["DISTNORM"], dtype=np.float64),
        time=datetime.fromtimestamp(round(drawn.time, 3), UTC),
        object_id=drawn.name,
        creator="BAYESTAR",
        instruments=drawn.instruments,
    )
