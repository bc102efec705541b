"""What a gamma-ray observatory says of an event beside where and when: kept as it was told, and never scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamma:
    """The sender's own words and numbers, by the names of ``urn:mma:gamma:1``; None where not told."""

    event_name: tuple[str, ...] | None = None
    """Names of the source or event."""

    instrument: str | None = None
    array: str | None = None
    """Site: N or S."""

    source_class: str | None = None
    """Why the telescope looked there, or what it found."""

    follow_up_event: str | None = None
    """What the telescope was pointed at, as the sender calls it."""

    ref_type: str | None = None
    ref_instrument: str | None = None

    ra: float | None = None
    dec: float | None = None
    """ICRS degrees."""

    ra_dec_error: float | tuple[float, ...] | None = None
    """Degrees: a radius, or semi-major axis, semi-minor axis and position angle from North through East."""

    containment_probability: float | None = None
    systematic_included: bool | None = None
    systematic_error_arcsec: float | None = None
    healpix_url: str | None = None

    detection: bool | None = None
    significance: float | None = None
    """Sigma, before trials."""

    significance_post_trial: float | None = None
    n_trials: float | None = None
    p_value: float | None = None
    far: float | None = None
    """Hz."""

    p_astro: float | None = None
    n_on: int | None = None
    n_off: int | None = None
    alpha: float | None = None

    flux: float | None = None
    flux_error: float | None = None
    flux_upper_limit: float | None = None
    upper_limit_confidence: float | None = None
    flux_unit: str | None = None
    energy_range_tev: tuple[float, ...] | None = None
    reference_energy_tev: float | None = None
    spectral_index: float | None = None
    spectral_index_error: float | None = None
    redshift: float | None = None

    observation_start: str | None = None
    observation_stop: str | None = None
    observation_livetime: float | None = None
    """Seconds."""

    zenith_angle: float | None = None
    """Degrees."""

    tiles_observed: int | None = None
    field_of_view_deg: float | None = None
    obs_id: tuple[str | int, ...] | None = None
    irf: str | None = None
    preliminary: bool | None = None
    quality: str | None = None
    contact: str | None = None
    data_archive_page: str | None = None
    additional_info: str | None = None
    told_earlier: tuple[str, ...] | None = None
    """Names of the fields that an earlier notice told, and the newest did not tell again."""

    own: Mapping[str, Any] = field(default_factory=dict)
    """The observatory's own fields (``x_...``)."""

    @property
    def told(self) -> dict[str, Any]:
        """What is told, by name; tuples as lists."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "own"} | dict(self.own)
        return {n: list(v) if isinstance(v, tuple) else v for n, v in found.items() if v is not None}


NAMES = tuple(f.name for f in fields(Gamma) if f.name not in ("told_earlier", "own"))
TOGETHER = (
    ("ra", "dec", "ra_dec_error", "containment_probability", "systematic_included", "systematic_error_arcsec"),
    ("significance", "significance_post_trial", "n_trials", "p_value"),
    ("n_on", "n_off", "alpha"),
    ("flux", "flux_error", "flux_upper_limit", "upper_limit_confidence", "flux_unit", "energy_range_tev",
     "reference_energy_tev", "spectral_index", "spectral_index_error"),
    ("observation_start", "observation_stop", "observation_livetime", "zenith_angle"),
    ("follow_up_event", "ref_type", "ref_instrument"),
)  # fmt: skip
"""What is of one measurement: of these the newest notice that tells any tells all."""

OF_THE_NEWEST = frozenset({"preliminary", "quality", "detection"})
"""What is said of an analysis, and not of the next one."""


def of(document: Mapping[str, Any]) -> Gamma | None:
    """What a document tells by these names, and by the observatory's own that begin with ``x_``; None where nothing."""
    there = [name for name in (*NAMES, "told_earlier") if name in document]
    told: dict[str, Any] = {n: tuple(v) if isinstance(v := document[n], list) else v for n in there}
    if isinstance(name := told.get("event_name"), str):
        told["event_name"] = (name,)
    own = {name: value for name, value in document.items() if name.startswith("x_")}
    return Gamma(**told, own=own) if told or own else None


def together(notices: Sequence[Gamma]) -> Gamma | None:
    """What several notices of one event say, the newest first; None where none says anything."""
    if not notices:
        return None
    newest = notices[0]
    told: dict[str, Any] = {}
    grouped = {name for names in TOGETHER for name in names}
    alone = [(name,) for name in NAMES if name not in grouped | OF_THE_NEWEST]
    for names in (*TOGETHER, *alone):
        told |= _first(notices, names)
    told |= {name: getattr(newest, name) for name in OF_THE_NEWEST}
    own = {name: value for notice in reversed(notices) for name, value in notice.own.items()}
    earlier = [name for name in NAMES if told.get(name) is not None and getattr(newest, name) is None]
    earlier += [name for name in own if name not in newest.own]
    return Gamma(**told, told_earlier=tuple(earlier) or None, own=own)


def _first(notices: Iterable[Gamma], names: Sequence[str]) -> dict[str, Any]:
    """Values of the first notice that tells any of these."""
    for notice in notices:
        values = {name: getattr(notice, name) for name in names}
        if any(value is not None for value in values.values()):
            return values
    return {}
