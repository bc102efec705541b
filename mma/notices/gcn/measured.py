"""What GCN's notices of gamma rays say by the names of its core schema, where it is of the right type."""

from __future__ import annotations

import sys
from typing import Any

from coincidence.gamma import Gamma, of

from ..fields import Document

NUMBERS = ("ra", "dec", "containment_probability", "far", "p_astro", "flux", "flux_error", "redshift")
TEXTS = ("instrument", "flux_unit", "healpix_url", "data_archive_page", "additional_info", "ref_type", "ref_instrument")
FLAGS = ("systematic_included",)
MORE = ("rate_snr", "image_snr", "snr", "rate_duration", "image_duration", "net_count_rate", "n_events", "duration")
"""Numbers of satellites, for which our schema has no field."""


def of_gcn(document: Document, follows: str | None) -> Gamma | None:
    """The block of such a notice; None where it says nothing of the kind."""
    told: dict[str, Any] = {name: document[name] for name in NUMBERS if _is_number(document.get(name))}
    told |= {name: value for name in TEXTS if isinstance(value := document.get(name), str) and value.strip()}
    told |= {name: value for name in FLAGS if isinstance(value := document.get(name), bool)}
    called = document.get("event_name")
    if names := [name.strip() for name in (called if isinstance(called, list) else [called]) if isinstance(name, str)]:
        told["event_name"] = [name for name in names if name] or None
    error = document.get("ra_dec_error")
    if _is_number(error) or (isinstance(error, list) and error and all(map(_is_number, error))):
        told["ra_dec_error"] = error
    told |= {f"x_{name}": document[name] for name in MORE if _is_number(document.get(name))}
    if follows is not None:
        told["follow_up_event"] = follows
    return of(told)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
