"""Names of columns in tables of transients: what each of ours is called by those who write tables."""

from __future__ import annotations

from collections.abc import Sequence

ALIASES: dict[str, tuple[str, ...]] = {
    "ra": ("ra", "ra_deg", "radeg", "raj2000", "ra_j2000", "_raj2000", "right_ascension", "meanra",
           "ramean", "ra_icrs", "raicrs", "alpha_j2000"),
    "dec": (
        "dec", "decl", "dec_deg", "decdeg", "dej2000", "decj2000", "dec_j2000", "_dej2000", "declination",
        "meandec", "decmean", "de_icrs", "dec_icrs", "deicrs", "delta_j2000",
    ),
    "time": (
        "discoverydate", "discoverdate", "discovery_date", "discovery_date_(ut)", "discdate",
        "midpointmjdtai", "mjd", "jd", "obstime", "obs_time", "time", "date_obs", "dateobs",
        "date", "datetime", "isot", "epoch", "lastdiasourcemjdtai", "mjdmax", "jdmax", "lastmjd",
    ),
    "first_seen": ("first_seen", "firstdiasourcemjdtai", "mjdmin", "jdmin", "firstmjd"),
    "n_detections": ("n_detections", "ndiasources", "ndethist", "ndet", "ncand"),
    "object_id": (
        "object_id", "objectid", "event", "name", "objname", "iau_name", "designation", "source_name",
        "diaobjectid", "object", "oid", "objid", "id", "source", "source_id",
    ),
    "prefix": ("name_prefix",),
    "id": ("candid", "alert_id", "alertid", "diasourceid", "objid"),
    "mag": ("discoverymag", "discovery_mag/flux", "discmag", "maxappmag", "magpsf", "mag", "magnitude"),
    "mag_error": ("mag_err", "magerr", "e_mag", "sigmapsf", "mag_error"),
    "flux_njy": ("flux_njy", "psfflux"),
    "flux_error_njy": ("flux_error_njy", "psffluxerr"),
    "band": ("filter", "discovery_filter", "discmagfilter", "band", "filtername", "passband", "fid"),
    "sign": ("isdiffpos",),
    "redshift": ("redshift", "z", "host_redshift", "z_host"),
    "redshift_error": ("redshift_error", "redshift_err", "z_err", "e_z"),
    "distance_mpc": ("distance_mpc", "lumdist", "distmpc", "dist_mpc", "luminosity_distance_mpc"),
    "classification": ("classification", "claimedtype", "type", "object_type", "obj._type", "objtype"),
    "survey": ("survey",),
    "position_error_arcsec": ("position_error_arcsec", "pos_error_arcsec", "ra_dec_error_arcsec"),
}  # fmt: skip
OTHER_NAMES = frozenset(
    {
        "aliases", "alias", "internal_names", "internal_name", "disc._internal_name", "other_names",
        "tns_name", "tnsname", "iau_name", "iauname", "tns_id", "ztf_id", "ztf_name", "ztfid", "ztf_object_id",
        "ztfname", "atlas_name", "atlas_id", "lsst_id", "diaobjectid", "objectid", "object_id", "designation",
    }
)  # fmt: skip
"""Columns of further names of an object: all of them that are not its id."""

NUMERIC = (
    "mag",
    "mag_error",
    "flux_njy",
    "flux_error_njy",
    "redshift",
    "redshift_error",
    "distance_mpc",
    "n_detections",
    "position_error_arcsec",
)
"""Ours that are plain numbers."""


def fold(name: str) -> str:
    """A name without regard to case, blanks and dashes."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def find(columns: Sequence[str], want: str) -> str | None:
    """The column that is one of ours; of several the first of our list."""
    folded = {fold(name): name for name in reversed(columns)}
    return next((folded[alias] for alias in ALIASES[want] if alias in folded), None)


def has_place(columns: Sequence[str]) -> bool:
    """Whether right ascension and declination are among these names."""
    return find(columns, "ra") is not None and find(columns, "dec") is not None
