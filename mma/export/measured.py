"""What a gamma-ray observatory says of an event, as lines that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .words import as_json

Told = Mapping[str, Any]
SITES = {"N": "North (La Palma)", "S": "South (Paranal)"}
MINUTE_S = 60.0


def lines(told: Told) -> list[tuple[str, str]]:
    """Name and text of each thing that is told, nothing left out; what the newest notice did not tell again says so.

    Examples
    --------
    >>> lines({"significance": 8.1, "significance_post_trial": 7.2, "n_trials": 400})
    [('Significance', '7.2 sigma after 400 trials, 8.1 before')]
    """
    earlier = set(told.get("told_earlier", ()))
    old = _lines({name: value for name, value in told.items() if name in earlier})
    return [(name, f"{text} (told earlier)" if (name, text) in old else text) for name, text in _lines(told)]


def _lines(told: Told) -> list[tuple[str, str]]:
    parts = (_what, _how_sure, _where, _how_bright, _when, _who)
    return [(name, text) for part in parts for name, text in part(told) if text]


def position(told: Told | None, region: Told | None) -> tuple[float, float, str] | None:
    """Right ascension and declination in degrees and the error in words, as told, else of the region's shape."""
    if told is not None and "ra" in told and "dec" in told:
        return told["ra"], told["dec"], error(told.get("ra_dec_error"), told.get("containment_probability"))
    if region is None or region["type"] not in ("circle", "ellipse", "asymmetric"):
        return None
    if region["type"] == "ellipse":
        axes: Any = [region[name] for name in ("semimajor_deg", "semiminor_deg", "position_angle_deg")]
    else:
        axes = region.get("radius_deg")
    return region["ra"], region["dec"], error(axes or None, region.get("containment"))


def error(axes: Any, containment: float | None) -> str:
    """A radius, or an ellipse, with its containment."""
    level = "" if containment is None else f" ({100 * containment:.4g} %)"
    if axes is None:
        return ""
    if not isinstance(axes, list | tuple):
        return f"radius {_angle(axes)}{level}"
    shape = " x ".join(_angle(axis) for axis in axes[:2])
    return f"{shape}{f' at {axes[2]:g} deg' if len(axes) > 2 else ''}{level}"


def _angle(degrees: float) -> str:
    """In degrees, or arcminutes or arcseconds where it is small, besides."""
    if degrees >= 0.1:
        return f"{degrees:.4g} deg"
    small = f"{60 * degrees:.3g} arcmin" if degrees >= 1 / 60 else f"{3600 * degrees:.3g} arcsec"
    return f"{degrees:.4g} deg = {small}"


def _what(told: Told) -> Iterator[tuple[str, str]]:
    yield "Source", ", ".join(told.get("event_name", ()))
    yield "Class", told.get("source_class", "").replace("_", " ")
    by = ", ".join(str(told[name]) for name in ("ref_type", "ref_instrument") if name in told)
    yield "Follows", told.get("follow_up_event", "") + (f" ({by})" if by else "")
    if "detection" in told:
        yield "Detection", "claimed" if told["detection"] else "not claimed"
    if told.get("preliminary"):
        yield "Preliminary", "on-site result, to be revised"
    yield "Data quality", told.get("quality", "")


def _how_sure(told: Told) -> Iterator[tuple[str, str]]:
    after, before, trials = (told.get(n) for n in ("significance_post_trial", "significance", "n_trials"))
    of = "trials" if trials is None else f"{trials:g} trials"
    said = [] if after is None else [f"{after:g} sigma after {of}"]
    if before is not None:
        said.append(f"{before:g} before" if said else f"{before:g} sigma before {of}")
    yield "Significance", ", ".join(said) or ("" if trials is None else f"{trials:g} trials")
    yield "p-value", _number(told, "p_value")
    yield "False alarms", _number(told, "far", "Hz")
    yield "P(astrophysical)", _number(told, "p_astro")
    counts = [f"{name} {told[key]:g}" for name, key in (("on", "n_on"), ("off", "n_off"), ("alpha", "alpha"))
              if key in told]  # fmt: skip
    yield "Counts", ", ".join(counts)


def _where(told: Told) -> Iterator[tuple[str, str]]:
    if "ra" in told and "dec" in told:
        wide = error(told.get("ra_dec_error"), told.get("containment_probability"))
        yield "Position", f"RA {told['ra']:.5f} Dec {told['dec']:+.5f}{', ' + wide if wide else ''}"
    if "systematic_included" in told:
        yield "Pointing error", "in the radius" if told["systematic_included"] else "not in the radius"
    yield "Pointing error, 1 sigma", _number(told, "systematic_error_arcsec", "arcsec")
    yield "Map", told.get("healpix_url", "")
    yield "Field of view", _number(told, "field_of_view_deg", "deg radius")
    yield "Pointings", _number(told, "tiles_observed")


def _how_bright(told: Told) -> Iterator[tuple[str, str]]:
    unit, span = told.get("flux_unit", ""), ""
    if energies := told.get("energy_range_tev"):
        span = f"{' to '.join(f'{e:g}' for e in energies)} TeV"
    over = f", {span}" if span else ""
    if "flux" in told:
        yield "Flux", f"{told['flux']:g}{_error(told, 'flux_error')} {unit}{over}"
    if "flux_upper_limit" in told:
        level = told.get("upper_limit_confidence")
        yield "Flux limit", f"< {told['flux_upper_limit']:g} {unit}{'' if level is None else f' ({level:.0%})'}{over}"
    if not {"flux", "flux_upper_limit"} & told.keys():
        yield "Energies", span
    yield "Reference energy", _number(told, "reference_energy_tev", "TeV")
    if "spectral_index" in told:
        yield "Spectral index", f"{told['spectral_index']:g}{_error(told, 'spectral_index_error')}"
    yield "Redshift", _number(told, "redshift")


def _when(told: Told) -> Iterator[tuple[str, str]]:
    yield "Exposure", " to ".join(told[n] for n in ("observation_start", "observation_stop") if n in told)
    if "observation_livetime" in told:
        seconds = told["observation_livetime"]
        yield "Livetime", f"{seconds:g} s" + (f" = {seconds / MINUTE_S:.3g} min" if seconds >= 2 * MINUTE_S else "")
    yield "Zenith angle", _number(told, "zenith_angle", "deg")
    yield "Observation blocks", ", ".join(map(str, told.get("obs_id", ())))


def _who(told: Told) -> Iterator[tuple[str, str]]:
    array: str = told.get("array", "")
    yield "Site", SITES.get(array, array)
    yield "Instrument", told.get("instrument", "")
    yield "Response functions", told.get("irf", "")
    yield "Contact", told.get("contact", "")
    yield "Page", told.get("data_archive_page", "")
    yield "Remark", told.get("additional_info", "")
    for name, value in told.items():
        if name.startswith("x_"):
            yield name[2:].replace("_", " "), value if isinstance(value, str) else as_json(value).strip()


def _number(told: Told, name: str, unit: str = "") -> str:
    return f"{told[name]:g} {unit}".strip() if name in told else ""


def _error(told: Told, name: str) -> str:
    return f" +- {told[name]:g}" if name in told else ""
