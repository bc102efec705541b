"""Which real maps nights have, what their sender may say of the source, and what the source then is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import kilonovae


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A map and what its sender may say of the source."""

    path: str
    classes: tuple[Mapping[str, float], ...]
    weight: float


SURE = {"BNS": 0.97, "NSBH": 0.02, "BBH": 0.0, "Terrestrial": 0.01, "HasNS": 1.0, "HasRemnant": 1.0}
LIKELY = {"BNS": 0.6, "NSBH": 0.05, "BBH": 0.0, "Terrestrial": 0.35, "HasNS": 1.0, "HasRemnant": 0.98}
DARK = {"BNS": 0.02, "NSBH": 0.93, "BBH": 0.03, "Terrestrial": 0.02, "HasNS": 0.97, "HasRemnant": 0.3}
DOUBTFUL = {"BNS": 0.24, "NSBH": 0.06, "BBH": 0.12, "Terrestrial": 0.58, "HasNS": 1.0, "HasRemnant": 1.0}
"""Classes like those that LVK told in O3 and O4 (S190425z, S190910h, S190814bv, S190426c)."""

MAPS = (
    Setting(path="GW170817.fits.gz", classes=(SURE,), weight=2.0),
    Setting(path="userguide-MS181101ab-bayestar.multiorder.fits", classes=(SURE,), weight=3.0),
    Setting(path="tilepy-927563_lalinference.fits.gz", classes=(SURE, LIKELY), weight=2.0),
    Setting(path="MS230518e-TraceT-bayestar.multiorder.fits", classes=(SURE, LIKELY, DARK), weight=3.0),
    Setting(path="MS190227n_bayestar.fits.gz", classes=(SURE, LIKELY), weight=3.0),
    Setting(path="S190517h-18951_bayestar.fits.gz", classes=(SURE, LIKELY), weight=3.0),
    Setting(path="gwcelery-bayestar.multiorder.fits", classes=(SURE, LIKELY, DARK), weight=2.0),
    Setting(path="S190814bv-LALInference.v1.fits.gz", classes=(DARK,), weight=1.0),
    Setting(path="S190814bv-bayestar.multiorder.fits,0", classes=(DARK, LIKELY), weight=1.0),
    Setting(path="S190425z-LALInference.multiorder.fits", classes=(SURE,), weight=0.7),
    Setting(path="S190426c-bayestar.multiorder.fits", classes=(DOUBTFUL,), weight=1.0),
    Setting(path="S190510g-LALInference.multiorder.fits", classes=(LIKELY,), weight=1.0),
)


SMALL = {
    "GW170817.fits.gz", "userguide-MS181101ab-bayestar.multiorder.fits", "tilepy-927563_lalinference.fits.gz",
    "MS230518e-TraceT-bayestar.multiorder.fits", "MS190227n_bayestar.fits.gz", "S190517h-18951_bayestar.fits.gz",
    "S190814bv-LALInference.v1.fits.gz", "S190814bv-bayestar.multiorder.fits,0",
}  # fmt: skip
"""Regions below 1,000 deg2: a deep survey sees thousands of supernovae in one."""

MAPS_OF = {"ztf": MAPS, "lsst": tuple(setting for setting in MAPS if setting.path in SMALL)}


def choose(settings: tuple[Setting, ...], data: Path, random: np.random.Generator) -> tuple[Path, dict]:
    """A map and its classes."""
    weight = np.array([s.weight for s in settings])
    chosen = settings[int(random.choice(len(settings), p=weight / weight.sum()))]
    return data / "skymaps" / "gw" / chosen.path, dict(chosen.classes[int(random.integers(len(chosen.classes)))])


def merged(classes: Mapping[str, float], random: np.random.Generator) -> kilonovae.Kind | None:
    """What the source was, by the sender's probabilities; None where nothing can shine."""
    names = [name for name in ("BNS", "NSBH", "BBH", "Terrestrial") if name in classes]
    share = np.array([classes[name] for name in names])
    name = str(random.choice(names, p=share / share.sum()))
    if name not in ("BNS", "NSBH") or random.uniform() > classes.get("HasRemnant", 1.0):
        return None
    return kilonovae.Kind(neutron_stars=name == "BNS")
