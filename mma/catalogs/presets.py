"""Catalogues that are known by their columns: which column is what, in which unit, and how complete it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GLADE_PLUS = (
    "glade_no", "pgc_no", "gwgc_name", "hyperleda_name", "2mass_name", "wisexscos_name", "sdss_name", "object_type",
    "ra", "dec", "b", "b_err", "b_flag", "b_abs", "j", "j_err", "h", "h_err", "k", "k_err", "w1", "w1_err", "w2",
    "w2_err", "w1_flag", "b_j", "b_j_err", "z_helio", "z_cmb", "z_flag", "v_err", "z_err", "d_l", "d_l_err",
    "dist_flag", "mass", "mass_err", "mass_flag", "merger_rate", "merger_rate_err",
)  # fmt: skip
"""The 40 columns of GLADE+, whose file names none, in their order (http://glade.elte.hu, description of 2022)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A known catalogue. Column names in lower case."""

    name: str
    marks: frozenset[str]
    """Columns by which it is recognised."""

    columns: Mapping[str, tuple[str, ...]]
    """Our columns to its own, the first that is there."""

    names: tuple[str, ...]
    """Columns with a name of the galaxy, the best first."""

    kinds: Mapping[str, Mapping[str, str]]
    """Column to value to kind of distance; the first column whose value is listed decides."""

    otherwise: str = "spec"
    """Kind of a distance that no listed value tells."""

    dropped: frozenset[tuple[str, str]] = frozenset()
    """Column and value of rows without a real distance."""

    agn: Mapping[str, str]
    """Column and the value that marks an active nucleus."""

    band: str | None = None
    arcsec: float = 1.0
    """Its axis column times this is the semi-major axis in arcseconds."""

    minor: str | None = None
    """Column of the minor axis, in the unit of the major one, where there is no axis ratio."""

    completeness: str
    """``MPC:FRACTION,...``, of the light."""


PRESETS: dict[str, Preset] = {
    # Dalya et al. 2022 (MNRAS 514 1403): complete in B light to 47 Mpc. Beyond it is rough: about half of the B light
    # at 130 Mpc, and our guess from there on
    "GLADE+": Preset(
        name="GLADE+",
        marks=frozenset({"glade_no", "dist_flag", "z_cmb"}),
        columns={
            "ra": ("ra",), "dec": ("dec",), "distance_mpc": ("d_l",), "distance_error_mpc": ("d_l_err",),
            "redshift": ("z_cmb",), "redshift_error": ("z_err",), "mag": ("b",),
        },
        names=("hyperleda_name", "gwgc_name", "2mass_name", "wisexscos_name", "sdss_name", "glade_no"),
        # 1 photometric redshift, 2 distance measured by itself, 3 spectroscopic redshift; 0 neither
        kinds={"dist_flag": {"1": "photo", "2": "indep", "3": "spec"}},
        dropped=frozenset({("dist_flag", "0")}),
        agn={"object_type": "q"},
        band="B",
        completeness="0:1,47:1,130:0.55,300:0.3,500:0.2",
    ),
    # Cook et al. 2023 (ApJS 268 14): whole near us, about 70 % of the near-infrared light at 200 Mpc. Rough, as read
    # second-hand; Diam is the major axis of the whole ellipse, in arcsec, since the release of April 2026
    "NED-LVS": Preset(
        name="NED-LVS",
        marks=frozenset({"objname", "distmpc_method", "z_tech"}),
        columns={
            "ra": ("ra",), "dec": ("dec",), "distance_mpc": ("distmpc",), "distance_error_mpc": ("distmpc_unc",),
            "redshift": ("z",), "redshift_error": ("z_unc",), "mag": ("m_ks",),
            "semi_major_arcsec": ("diam",), "axis_ratio": ("diam_ba",), "position_angle_deg": ("diam_pa",),
        },
        names=("objname",),
        kinds={"distmpc_method": {"zindependent": "indep"}, "z_tech": {"spec": "spec", "phot": "photo"}},
        otherwise="photo",
        agn={"objtype": "qso"},
        band="K",
        arcsec=0.5,
        completeness="0:1,30:1,100:0.75,200:0.7,300:0.5",
    ),
    # Ohlson et al. 2024 (AJ 167 31). It ends at 50 Mpc; the fractions are our guess. d25 is a diameter in arcmin
    "50MGC": Preset(
        name="50MGC",
        marks=frozenset({"objname", "bestdist", "logmass_src"}),
        columns={
            "ra": ("ra",), "dec": ("dec",), "distance_mpc": ("bestdist",), "distance_error_mpc": ("bestdist_error",),
            "mag": ("bt0_leda",), "semi_major_arcsec": ("d25",), "log_mass": ("logmass",),
        },
        names=("objname",),
        kinds={"bestdist_method": {"cf3-z": "spec"}},
        otherwise="indep",
        agn={},
        band="B",
        arcsec=30.0,
        completeness="0:1,20:0.95,45:0.85,50:0.7",
    ),
    # Kovlakas et al. 2021 (MNRAS 506 1896): complete in B light to about 33 Mpc, half of it at 170 Mpc; rough, as read
    # second-hand. R1, R2 are semi-axes in arcmin; NDIST counts distances that no redshift entered
    "HECATE": Preset(
        name="HECATE",
        marks=frozenset({"pgc", "dmethod", "ndist"}),
        columns={
            "ra": ("ra",), "dec": ("dec",), "distance_mpc": ("d",), "distance_error_mpc": ("e_d",), "mag": ("bt",),
            "semi_major_arcsec": ("r1",), "position_angle_deg": ("pa",),
        },
        names=("objname", "pgc"),
        kinds={"ndist": {"0": "spec", "": "spec"}},
        otherwise="indep",
        agn={"agn_hec": "y"},
        band="B",
        arcsec=60.0,
        minor="r2",
        completeness="0:1,33:1,100:0.75,170:0.5,200:0.4",
    ),
}  # fmt: skip
"""Completeness is that of the light in the paper's band: a point of it is what a transient that follows the light sees.
Where it says rough, give your own with ``--completeness``."""


def recognise(names: Sequence[str]) -> Preset | None:
    """The known catalogue with these columns."""
    own = {name.lower() for name in names}
    return next((preset for preset in PRESETS.values() if preset.marks <= own), None)
