"""Host galaxies of a simulated campaign, and the catalogue that knows some of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coincidence import Galaxies
from coincidence.completeness import Catalog, Completeness, in_plane
from mma.catalogs import nearer_per_deg2, per_mpc3
from skymaps import cosmology

NAME = "simulated"
HOST_SCALE_KPC = 3.0
"""Mean projected distance of a transient from the centre of its host."""

PECULIAR_MPC = 4.4
"""300 km/s off the Hubble flow: what a spectroscopic distance is wrong by."""

SPEC_ERROR_MPC = 0.5
PHOTO_ERROR = 0.03
"""Error of a photometric redshift, over 1 + z."""

PHOTO_MIN = 0.002
FARTHEST_MPC = 250.0
"""Galaxies that host nothing are spread over the sky out to here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What the catalogue knows; the rest of the hosts have spectroscopic distances."""

    photo: float = 0.0
    """Part of the catalogue's galaxies whose distance is photometric, of all hosts."""

    hostless: float = 0.0
    """Part of the transients whose host is in no catalogue."""

    in_plane: bool = False
    """Whether the catalogue reaches through the galactic plane, where real ones have little."""

    others: int = 20000
    """Galaxies that host nothing, over the whole sky."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Galaxy:
    """An entry of the catalogue."""

    name: str
    ra: float
    dec: float
    distance_mpc: float
    """As the catalogue tells it."""

    distance_error_mpc: float
    kind: str
    """``spec`` or ``photo``."""


def beside(
    name: str, ra: float, dec: float, mpc: float, mix: Mix, random: np.random.Generator
) -> tuple[Galaxy | None, float]:
    """The host of a transient at a place and true distance, None where the catalogue lacks it; separation, arcsec."""
    offset = random.exponential(HOST_SCALE_KPC) * 1e-3 / mpc
    angle = random.uniform(0.0, 2.0 * np.pi)
    there = float(np.clip(dec + np.degrees(offset * np.cos(angle)), -90.0, 90.0))
    along = np.degrees(offset * np.sin(angle)) / max(np.cos(np.radians(dec)), 1e-6)
    separation = float(np.degrees(offset) * 3600.0)
    u = random.uniform()
    hidden = in_plane(np.array([ra]), np.array([dec]))[0] and not mix.in_plane
    if hidden or u < mix.hostless:
        return None, separation
    told, error, kind = measured(mpc, u < mix.hostless + mix.photo, random)
    place = (float((ra + along) % 360.0), there)
    found = Galaxy(name=name, ra=place[0], dec=place[1], distance_mpc=told, distance_error_mpc=error, kind=kind)
    return found, separation


def measured(mpc: float, is_photo: bool, random: np.random.Generator) -> tuple[float, float, str]:
    """Distance, its error and kind, as a catalogue has them of a galaxy at this true distance."""
    if not is_photo:
        return float(max(random.normal(mpc, PECULIAR_MPC), 0.5)), SPEC_ERROR_MPC, "spec"
    z = float(cosmology.redshift(np.array([mpc]))[0])
    while True:
        seen = z + random.normal(0.0, PHOTO_ERROR * (1.0 + z))
        if seen > PHOTO_MIN:
            break
    error_z = PHOTO_ERROR * (1.0 + seen)
    near, far = cosmology.distance_mpc(np.array([seen, seen + 1e-3]))
    return float(near), float((far - near) / 1e-3 * error_z), "photo"


def others(mix: Mix, random: np.random.Generator) -> list[Galaxy]:
    """Galaxies that host nothing, even in volume over the whole sky, with the same mix of distances."""
    n = mix.others
    ra, dec = random.uniform(0.0, 360.0, n), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, n)))
    mpc = FARTHEST_MPC * np.cbrt(random.uniform(size=n))
    share = mix.photo / max(1.0 - mix.hostless, 1e-9)
    photo = random.uniform(size=n) < share
    found = []
    for i in np.flatnonzero(mix.in_plane | ~in_plane(ra, dec)).tolist():
        told, error, kind = measured(float(mpc[i]), bool(photo[i]), random)
        place = {"ra": float(ra[i]), "dec": float(dec[i])}
        found.append(Galaxy(name=f"G{i:06d}", **place, distance_mpc=told, distance_error_mpc=error, kind=kind))
    return found


def completeness(mix: Mix) -> str:
    """What the catalogue holds, as ``mma catalog import --completeness`` takes it: true of it by construction."""
    share = 1.0 - mix.hostless
    return f"0:{share:g},20000:{share:g}"


def columns(galaxies: list[Galaxy], mix: Mix) -> Galaxies:
    """The catalogue as the score takes it."""
    mpc = np.array([g.distance_mpc for g in galaxies], dtype=np.float64)

    def text(values: list[str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        return np.array(values, dtype=object)

    return Galaxies(
        name=text([g.name for g in galaxies]),
        catalog=np.full(len(galaxies), NAME, dtype=object),
        ra=np.array([g.ra for g in galaxies], dtype=np.float64),
        dec=np.array([g.dec for g in galaxies], dtype=np.float64),
        distance_mpc=mpc,
        distance_error_mpc=np.array([g.distance_error_mpc for g in galaxies], dtype=np.float64),
        kind=text([g.kind for g in galaxies]),
        density_deg2=nearer_per_deg2(mpc),
        per_mpc3=per_mpc3(mpc),
        catalogs=(Catalog(name=NAME, completeness=Completeness.parse(completeness(mix))),),
    )
