"""From a table's own columns to ours: units, kinds of distance, what counts as unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coincidence.counts import TO_R
from coincidence.host_prior import nearby_per_mpc3
from coincidence.hosts import Galaxies
from skymaps import FloatArray, cosmology, positions
from skymaps.region import SKY_DEG2

from ..errors import ConfigError
from ..text import did_you_mean
from . import masses
from .presets import Preset
from .tables import Columns

NAMES: dict[str, tuple[str, ...]] = {
    "name": ("name", "objname", "galaxy", "id", "pgc", "glade_no", "gladename", "objid"),
    "ra": ("ra", "raj2000", "ra_deg", "_raj2000", "sourceracdeg"),
    "dec": ("dec", "dej2000", "decj2000", "dec_deg", "de", "_dej2000"),
    "distance_mpc": ("distance_mpc", "bestdist", "distmpc", "dist", "d_l", "d", "distance"),
    "distance_error_mpc": ("distance_error_mpc", "bestdist_error", "e_dist", "dist_err", "distmpc_unc", "e_d"),
    "redshift": ("redshift", "z", "zcmb", "z_cmb", "zhelio"),
    "redshift_error": ("redshift_error", "e_z", "z_err", "z_unc"),
    "kind": ("kind", "z_type", "dist_type", "distmpc_method"),
    "mag": ("mag",),
    "band": ("band",),
    "log_mass": ("log_mass", "logmass"),
    "semi_major_arcsec": ("semi_major_arcsec",),
    "axis_ratio": ("axis_ratio", "b2a"),
    "position_angle_deg": ("position_angle_deg", "pa"),
    "is_agn": ("is_agn",),
}
"""Our columns and the names that catalogues give them, in lower case."""

IN_PARTS = re.compile(r"\d\s*[:hd°]|\d\s+\d")
"""An angle in hours or degrees, minutes and seconds."""

MISSING = frozenset(
    {"", "null", "nan", "none", "--", "-", "n/a", "<na>", "na", "---", "...", "n.a.", "<null>", "masked"}
)
PRINTED_BYTES = re.compile(r"b(['\"])(?P<text>.*)\1", re.DOTALL)
"""Bytes as Python shows them, which some programs write into tables."""

TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
Z_MAX = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """What the columns of one table mean."""

    path: Path
    found: Mapping[str, str]
    """Our columns to the table's own."""

    own: Mapping[str, str]
    """The table's column names, from lower case."""

    preset: Preset | None
    band: str | None
    is_agn: bool

    @classmethod
    def of(
        cls,
        path: Path,
        names: Sequence[str],
        columns: Mapping[str, str],
        preset: Preset | None,
        *,
        band: str | None,
        is_agn: bool,
    ) -> Converter:
        """Find our columns among a table's; ``columns`` are those that the user named."""
        own = {name.lower(): name for name in names}
        usual = dict(NAMES) if preset is None else dict(preset.columns)
        found = {}
        for ours in NAMES:
            wanted = (columns[ours].lower(),) if ours in columns else usual.get(ours, ())
            match = next((own[name] for name in wanted if name in own), None)
            if match is not None:
                found[ours] = match
            elif ours in columns:
                raise ConfigError(f"{path.name}: no column {columns[ours]!r}; {did_you_mean(columns[ours], names)}")
        lacking = [name for name in ("ra", "dec") if name not in found]
        if "distance_mpc" not in found and "redshift" not in found and not is_agn:
            lacking.append("distance_mpc (or redshift)")
        if lacking:
            raise ConfigError(
                f"{path.name}: no column for {', '.join(lacking)}; name it with --column OURS=THEIRS, "
                f"there are {', '.join(names)}"
            )
        if band is not None and band not in TO_R:
            raise ConfigError(f"band {band!r} is not known; there are {', '.join(TO_R)}")
        return cls(path=path, found=found, own=own, preset=preset, band=band, is_agn=is_agn)

    @property
    def wanted(self) -> list[str]:
        """The table's columns that are read."""
        also: list[str] = []
        if preset := self.preset:
            also = [*preset.names, *preset.kinds, *preset.agn, *(name for name, _ in preset.dropped)]
            also += [preset.minor] if preset.minor else []
        return list(dict.fromkeys([*self.found.values(), *(self.own[name] for name in also if name in self.own)]))

    def galaxies(self, columns: Columns, catalog: str) -> tuple[Galaxies, int]:
        """Galaxies of a part of the table, and how many rows were left out."""
        n = len(next(iter(columns.values())))
        ra, dec = self._degrees(columns, "ra"), self._degrees(columns, "dec")
        mpc, error, kind = self._distances(columns, n)
        good = np.isfinite(ra) & np.isfinite(dec) & (np.abs(dec) <= 90)
        if not self.is_agn:
            good &= np.isfinite(mpc) & ~self._dropped(columns, n)
        size, ratio = self._shape(columns, n)
        angle = self._numbers(columns, "position_angle_deg", n)
        mag, band = self._magnitudes(columns, n)
        if "log_mass" in self.found:
            mag, band = masses.weighed(self._numbers(columns, "log_mass", n), mpc, mag, band)
        galaxies = Galaxies(
            name=self._names(columns, n)[good],
            catalog=np.full(int(good.sum()), catalog, dtype=object),
            ra=ra[good] % 360.0,
            dec=dec[good],
            distance_mpc=mpc[good],
            distance_error_mpc=error[good],
            kind=kind[good],
            density_deg2=np.full(int(good.sum()), np.nan),
            mag=mag[good],
            band=band[good],
            semi_major_arcsec=size[good],
            axis_ratio=ratio[good],
            position_angle_deg=angle[good],
            is_agn=self._agn(columns, n)[good],
        )
        return galaxies, int((~good).sum())

    def _numbers(self, columns: Columns, ours: str, n: int) -> FloatArray:
        name = self.found.get(ours)
        return np.full(n, np.nan) if name is None else numbers(columns[name], name, self.path)

    def _texts(self, columns: Columns, name: str) -> list[str]:
        """Values in lower case, whole numbers without a point; empty where unknown."""
        values = columns[self.own[name]]
        if values.dtype.kind == "f":
            return [str(int(v)) if v == v and v == int(v) else "" if v != v else str(v) for v in values.tolist()]
        return [_text(v).lower() for v in values.tolist()]

    def _degrees(self, columns: Columns, ours: str) -> FloatArray:
        """Degrees of an angle; parts without a unit are hours in right ascension."""
        values, name = columns[self.found[ours]], self.found[ours]
        if values.dtype == object and any(IN_PARTS.search(str(v)) for v in values):
            read = {"ra": positions.right_ascension, "dec": positions.declination}[ours]
            try:
                texts = [_text(v) for v in values.tolist()]
                return np.array([np.nan if v.lower() in MISSING else read(v) for v in texts], dtype=np.float64)
            except ValueError as error:
                raise ConfigError(f"{self.path.name}: column {name!r}: {error}") from error
        return numbers(values, name, self.path)

    def _names(self, columns: Columns, n: int) -> npt.NDArray[Any]:
        """The first name that a galaxy has; None where there is none."""
        sources = [self.own[name] for name in self.preset.names if name in self.own] if self.preset else []
        if "name" in self.found:
            sources.insert(0, self.found["name"])
        out = np.full(n, None, dtype=object)
        for source in sources:
            values = columns[source].tolist()
            for i in [i for i, name in enumerate(out) if name is None]:
                text = _text(values[i])
                is_name = text.lower() not in MISSING and any(map(str.isalnum, text))
                out[i] = text if is_name else None
        return out

    def _distances(self, columns: Columns, n: int) -> tuple[FloatArray, FloatArray, npt.NDArray[Any]]:
        """Distance, its error and how it was got; from the redshift where there is no distance."""
        mpc, error = self._numbers(columns, "distance_mpc", n), self._numbers(columns, "distance_error_mpc", n)
        z, error_z = self._numbers(columns, "redshift", n), self._numbers(columns, "redshift_error", n)
        mpc, error = np.where(mpc > 0, mpc, np.nan), np.where(error > 0, error, np.nan)
        by_z = ~np.isfinite(mpc) & (z > 0) & (z < Z_MAX)
        mpc[by_z] = cosmology.distance_mpc(z[by_z])
        slope = (cosmology.distance_mpc(z[by_z] + 1e-4) - mpc[by_z]) / 1e-4
        error[by_z] = slope * np.where(error_z[by_z] > 0, error_z[by_z], np.nan)
        kind = np.where(by_z, "spec", "indep").astype(object)
        if self.is_agn:
            return mpc, error, np.full(n, "agn", dtype=object)
        return mpc, error, self._kinds(columns, kind)

    def _kinds(self, columns: Columns, kind: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.preset and "kind" not in self.found:
            out = np.full(len(kind), self.preset.otherwise, dtype=object)
            for name, kinds in reversed(list(self.preset.kinds.items())):
                if name in self.own:
                    told = self._texts(columns, name)
                    out = np.array([kinds.get(t, o) for t, o in zip(told, out, strict=True)], dtype=object)
            return out
        if "kind" in self.found:
            told = self._texts(columns, self.found["kind"].lower())
            kind[np.array(["phot" in t for t in told], dtype=np.bool_)] = "photo"
            kind[np.array(["spec" in t or t == "redshift" for t in told], dtype=np.bool_)] = "spec"
        return kind

    def _dropped(self, columns: Columns, n: int) -> npt.NDArray[np.bool_]:
        out = np.zeros(n, dtype=np.bool_)
        for name, value in self.preset.dropped if self.preset else ():
            out |= np.array([t == value for t in self._texts(columns, name)], dtype=np.bool_)
        return out

    def _shape(self, columns: Columns, n: int) -> tuple[FloatArray, FloatArray]:
        """Semi-major axis in arcseconds and axis ratio; NaN where they make no sense."""
        factor = self.preset.arcsec if self.preset else 1.0
        size, ratio = self._numbers(columns, "semi_major_arcsec", n), self._numbers(columns, "axis_ratio", n)
        if self.preset and self.preset.minor in self.own:
            minor = self.own[str(self.preset.minor)]
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = numbers(columns[minor], minor, self.path) / size
        good = (ratio > 0) & (ratio <= 1.0)
        return np.where(size > 0, size * factor, np.nan), np.where(good, ratio, np.nan)

    def _magnitudes(self, columns: Columns, n: int) -> tuple[FloatArray, npt.NDArray[Any]]:
        """Magnitude and band; a magnitude no galaxy has, such as -99 or 99, is none."""
        mag = self._numbers(columns, "mag", n)
        mag = np.where((mag > -5.0) & (mag < 35.0), mag, np.nan)
        if self.band is None and "band" in self.found:
            band = np.array([None if v is None else str(v).strip() or None for v in columns[self.found["band"]]])
        else:
            band = np.full(n, self.band or (self.preset.band if self.preset else None), dtype=object)
        band = band.astype(object)
        band[~np.isfinite(mag)] = None
        return mag, band

    def _agn(self, columns: Columns, n: int) -> npt.NDArray[Any]:
        """True, False, or None where the table does not tell."""
        if self.is_agn:
            return np.full(n, True, dtype=object)
        marks = [(n_, v) for n_, v in (self.preset.agn.items() if self.preset else ()) if n_ in self.own]
        if "is_agn" in self.found:
            told = self._texts(columns, self.found["is_agn"].lower())
            return np.array([None if t in MISSING else t in TRUE for t in told], dtype=object)
        for name, value in marks:
            return np.array([None if t in MISSING else t == value for t in self._texts(columns, name)], dtype=object)
        return np.full(n, None, dtype=object)


def numbers(values: npt.NDArray[Any], name: str, path: Path) -> FloatArray:
    """A column as numbers; NaN for what is missing."""
    try:
        if values.dtype != object:
            return np.asarray(values, dtype=np.float64)
        return np.array(["nan" if v is None or v in MISSING else v for v in values.tolist()], dtype=np.float64)
    except (ValueError, TypeError):
        return np.array([_number(v, name, path) for v in values.tolist()], dtype=np.float64)


def _number(value: Any, name: str, path: Path) -> float:
    try:
        text = _text(value)
        return float("nan" if text.lower() in MISSING else text)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path.name}: column {name!r}: {value!r} is not a number") from error


def _text(value: Any) -> str:
    """A cell as text, empty where unknown; bytes, also as Python prints them (``b'NGC 1'``), are what they say."""
    if value is None or value != value:
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    found = PRINTED_BYTES.fullmatch(text.strip())
    return found["text"].strip() if found else text.strip()


def nearer_per_deg2(mpc: FloatArray) -> FloatArray:
    """For each galaxy, those of the catalogue that are as near or nearer, per square degree of the sky."""
    rank = np.searchsorted(np.sort(mpc), mpc, side="right")
    return np.asarray(rank / SKY_DEG2, dtype=np.float64)


def per_mpc3(mpc: FloatArray) -> FloatArray:
    """For each galaxy, those of the catalogue about as far per comoving cubic megaparsec; NaN where they are few."""
    known = np.sort(mpc[np.isfinite(mpc)])
    farthest = float(known[-1]) if len(known) else np.inf
    return nearby_per_mpc3(mpc, lambda d: np.searchsorted(known, d, side="right").astype(np.float64), farthest)
