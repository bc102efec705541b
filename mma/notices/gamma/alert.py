"""Very-high-energy gamma-ray alerts (CTAO and others) in our own schema, ``urn:mma:gamma:1``.

GCN has no schema for Cherenkov telescopes, so this one is made of GCN's core fields and says which are ours:
``mma/messages/schemas/gamma.schema.json``. What the decoder decides:

- the id is ``{mission}-{id}``; ``event_name`` gives aliases where the name is unique (see ``names``);
- the error region is widened by the pointing error in quadrature, 30 arcsec where none is told;
- an upper limit without a detection is no event and is ignored: a limit never raises a score;
- an event that a telescope was pointed at by (``follow_up_event``) is ``Event.follows``; the field of view (5 deg
  around the detection where none is told) and the tiles observed go with it, for what is found there is judged
  against that field, not against the sky;
- a p-value alone is told as its significance, one-sided.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import NormalDist
from typing import Any

import skymaps
from coincidence.event import Event, Kind, Messenger, Stage
from coincidence.gamma import of as measured
from mma.errors import DecodeError, Ignored
from mma.streams import Message

from .. import fields, names, regions, verdict
from ..fields import Document
from ..gcn import unified
from ..lvk import skymap_of
from ..regions import Where
from .reading import readable
from .schema import SCHEMA_ID, validate

SYSTEMATIC_ARCSEC = 30.0
"""Pointing error of today's Cherenkov telescopes, one sigma on each axis."""

FIELD_OF_VIEW_DEG = 5.0
"""Radius of CTAO's field of view: 10 deg across (arXiv 2508.20726)."""

KINDS = {
    "grb_follow_up": Kind.GRB,
    "gw_follow_up": Kind.TRANSIENT,
    "neutrino_follow_up": Kind.FLARE,
    "agn_flare": Kind.FLARE,
    "galactic": Kind.FLARE,
    "serendipitous": Kind.FLARE,
}
DISCOVERY_SIGMA = 5.0
"""Post-trial significance from which a detection without other statements is called significant."""


def decode(message: Message) -> Event:
    """The event that one gamma-ray alert tells of; faults of fields that it can do without become remarks."""
    given = fields.unwrapped(fields.parse_json(message.payload))
    if given.get("$schema") != SCHEMA_ID:
        fields.wrong("$schema", given.get("$schema"), f"is not {SCHEMA_ID}")
    document, odd = readable(given, message)
    return _event(document, message, odd)


def check(message: Message) -> Event:
    """The event of an alert without a fault.

    Raises
    ------
    DecodeError
        Naming every field that is wrong, whether or not ``decode`` could do without it.
    """
    document = fields.unwrapped(fields.parse_json(message.payload))
    if problems := validate(dict(document)):
        raise DecodeError("; ".join(problems))
    if "healpix_file" in document:
        skymap_of(document["healpix_file"], "healpix_file")
    return _event(document, message, ())


def _event(document: Document, message: Message, odd: tuple[str, ...]) -> Event:
    stage = Stage(document["alert_type"])
    if stage is not Stage.RETRACTION and not is_detection(document):
        raise Ignored("upper limit, no detection")
    where = Where() if stage is Stage.RETRACTION else _where(document, stage)
    significant, doubts = _significance(document)
    own = names.of_alert(document["mission"], document["id"])
    followed = document.get("follow_up_event") or document.get("ref_ID")
    return Event(
        id=own,
        messenger=Messenger.GAMMA,
        kind=KINDS[document.get("source_class", "serendipitous")],
        observatory=document["mission"],
        issued=fields.time(document, "alert_datetime"),
        stage=stage,
        time=fields.maybe_time(document, "trigger_time") or fields.maybe_time(document, "observation_start"),
        region=where.region,
        notice=fields.digest(message),
        aliases=names.aliases(fields.texts(document, "event_name"), "", own),
        instruments=_instruments(document),
        far_hz=fields.maybe_number(document, "far"),
        significance_sigma=_sigma(document),
        significant=significant,
        classes=fields.probabilities(document, "classification"),
        is_test=document.get("alert_tense") in unified.TEST_TENSES or names.is_test_superevent(followed),
        follows=names.from_reference(followed) if followed else None,
        field_of_view_deg=fields.maybe_number(document, "field_of_view_deg") or FIELD_OF_VIEW_DEG,
        tiles=document.get("tiles_observed"),
        redshift=fields.maybe_number(document, "redshift"),
        gamma=measured(dict(document) | ({"follow_up_event": followed} if followed else {})),
        series="gamma" if "record_number" in document else None,
        number=document.get("record_number"),
        is_guess=where.is_guess,
        skymap_sha256=where.sha256,
        skymap_url=document.get("healpix_url"),
        url=document.get("data_archive_page"),
        remarks=odd + where.remarks + doubts + _cautions(document),
    )


def is_detection(document: Document) -> bool:
    """Whether a source is claimed: as told, else unless there is a limit and no flux."""
    told = document.get("detection")
    return bool(told) if told is not None else "flux_upper_limit" not in document or "flux" in document


def new_alert(
    *,
    mission: str,
    id: str,  # noqa: A002 - the field's name
    alert_datetime: datetime,
    alert_type: str = "initial",
    alert_tense: str = "current",
    trigger_time: datetime | None = None,
    ra: float | None = None,
    dec: float | None = None,
    ra_dec_error: float | Sequence[float] | None = None,
    containment_probability: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A gamma-ray alert, checked. ``more`` takes any other field of the schema; None leaves a field out.

    Raises
    ------
    DecodeError
        Naming every field that is wrong.
    """
    given = {
        "$schema": SCHEMA_ID,
        "mission": mission,
        "id": id,
        "alert_type": alert_type,
        "alert_tense": alert_tense,
        "alert_datetime": alert_datetime,
        "trigger_time": trigger_time,
        "ra": ra,
        "dec": dec,
        "ra_dec_error": list(ra_dec_error) if isinstance(ra_dec_error, Sequence) else ra_dec_error,
        "containment_probability": containment_probability,
    } | more
    document = {name: _plain(value) for name, value in given.items() if value is not None}
    if problems := validate(document):
        raise DecodeError("; ".join(problems))
    return document


def encode(document: Document) -> bytes:
    """The alert as the bytes of one message; refused where ``validate`` finds anything."""
    if problems := validate(dict(document)):
        raise DecodeError("; ".join(problems))
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()


def _plain(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise DecodeError(f"time: {value} has no time zone")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _where(document: Document, stage: Stage) -> Where:
    """The map where a good one is inside, else circle or ellipse; a URL alone is no region."""
    if "healpix_file" not in document:
        return _shape(document, stage)
    try:
        skymap = skymap_of(document["healpix_file"], "healpix_file")
    except DecodeError as error:
        found = _shape(document, stage)
        return replace(found, remarks=(f"map left aside, the next best region used: {error}", *found.remarks))
    return Where(region=skymap, sha256=skymap.sha256, remarks=skymap.remarks)


def _shape(document: Document, stage: Stage) -> Where:
    if "ra_dec_error" not in document:
        if "healpix_url" in document:
            return Where(remarks=("the notice has the URL of its map, not the map",))
        if "ra" in document and "dec" in document:
            return regions.default_circle(
                document["ra"] % 360.0, document["dec"], None, document["mission"], "no usable error"
            )
        return Where(region=None if stage is Stage.UPDATE else skymaps.all_sky(), remarks=(regions.NO_POSITION,))
    given = document["ra_dec_error"]
    axes = list(given) if isinstance(given, list) else [given]
    level = document["containment_probability"]
    pad, remarks = _systematic(document)
    spread = math.sqrt(-2.0 * math.log1p(-level)) * pad
    wide = [math.hypot(axis, spread) for axis in axes[:2]] + axes[2:]
    ra, dec = document["ra"] % 360.0, document["dec"]
    try:
        return _built(ra, dec, wide, level, remarks)
    except DecodeError as error:
        found = regions.default_circle(ra, dec, None, document["mission"], "no usable error")
        return replace(found, remarks=(f"{error}: left out", *found.remarks))


def _built(ra: float, dec: float, wide: list[float], level: float, remarks: tuple[str, ...]) -> Where:
    if len(wide) == 1:
        return Where(region=regions.circle("ra_dec_error", ra, dec, wide[0], level), remarks=remarks)
    return Where(region=regions.ellipse("ra_dec_error", ra, dec, wide, level), remarks=remarks)


def _systematic(document: Document) -> tuple[float, tuple[str, ...]]:
    """One sigma of the pointing error in degrees that is still to be added."""
    if document.get("systematic_included"):
        return 0.0, ()
    told = document.get("systematic_error_arcsec")
    arcsec = SYSTEMATIC_ARCSEC if told is None else told
    return arcsec / 3600.0, (f"pointing error of {arcsec:g} arcsec {'taken' if told is None else 'told'} and added",)


def _significance(document: Document) -> verdict.Verdict:
    told = verdict.of_probability(fields.maybe_number(document, "p_astro"), "p_astro")
    told = verdict.both(told, verdict.of_classes(fields.probabilities(document, "classification")))
    sigma = fields.maybe_number(document, "significance_post_trial")
    if told[0] is None and sigma is not None:
        return sigma >= DISCOVERY_SIGMA, told[1]
    return told


def _sigma(document: Document) -> float | None:
    """After trials where told, else before; else that of the p-value."""
    for name in ("significance_post_trial", "significance"):
        if (sigma := fields.maybe_number(document, name)) is not None:
            return sigma
    p = fields.maybe_number(document, "p_value")
    return None if p is None or not 0.0 < p < 1.0 else -NormalDist().inv_cdf(p)


def _instruments(document: Document) -> tuple[str, ...]:
    array = f"{document['mission']}-{document['array']}" if "array" in document else None
    return tuple(name for name in (array, document.get("instrument")) if name)


def _cautions(document: Document) -> tuple[str, ...]:
    found = ["preliminary result"] if document.get("preliminary") else []
    if document.get("quality") in ("degraded", "bad"):
        found.append(f"data quality {document['quality']}")
    return tuple(found)


__all__ = ["SCHEMA_ID", "check", "decode", "encode", "is_detection", "new_alert", "validate"]
