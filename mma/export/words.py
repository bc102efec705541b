"""What several formats say of a candidate, in words."""

from __future__ import annotations

import json
import math
from typing import Any

from coincidence.terms import TERMS
from skymaps.units import DAY_S

from ..messages import version

Row = dict[str, Any]


def remark(event: Row, row: Row) -> str:
    """A sentence on why this object is a candidate, or why it is not."""
    test = "TEST. " if event["test"] else ""
    if row["rank"] is None:
        return f"{test}{row['state'].capitalize()} candidate of {event['id']}: {row['reason'] or 'no reason told'}."
    parts = [f"candidate {row['rank']} of {event['n_candidates']} for {event['id']}", f"P = {row['probability']:.3g}"]
    if row["delay_s"] is not None:
        days = row["delay_s"] / DAY_S
        parts.append(f"first seen {abs(days):.2f} d {'before' if days < 0 else 'after'} it")
    if row["credible_level"] is not None:
        parts.append(f"credible level {row['credible_level']:.3f}")
    return (
        f"{test}{', '.join(parts)}; ln odds {row['log_odds']:.2f}, as {row['class']}: {terms(row)} (mma {version()})."
    )


def terms(row: Row) -> str:
    """The terms of the best class that are known; they add up to its ln odds: ``prior -4.1, sky 5.2``."""
    return ", ".join(f"{name} {row['terms'][name]:.2f}" for name in TERMS if row["terms"][name] is not None)


def magnitude_error(row: Row) -> float | None:
    """Error in magnitudes of a positive flux with an error: ``2.5 / ln 10`` of the relative one."""
    flux, error = row["flux_njy"], row["flux_error_njy"]
    return 2.5 / math.log(10.0) * error / flux if flux and flux > 0 and error is not None else None


def known(**fields: Any) -> Row:
    """The fields that are known."""
    return {name: value for name, value in fields.items() if value is not None}


def as_json(document: Any) -> str:
    """A document as JSON text that people can edit."""
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
