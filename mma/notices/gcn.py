"""GCN's JSON notices of the unified schema, ``gcn.notices.*``: https://gcn.nasa.gov/docs/notices/schema."""

from __future__ import annotations

import re
from datetime import datetime

from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.streams.message import Message

from . import fields, gcn_region, measured, names, verdict
from .fields import Document
from .gcn_sources import IGNORED, Source, source_of
from .regions import MAP_URL, Where

STAGES = {
    "initial": Stage.INITIAL,
    "subsequent": Stage.INITIAL,
    "update": Stage.UPDATE,
    "retraction": Stage.RETRACTION,
}
"""``subsequent`` is another burst of the same source: news, not a revision."""

TEST_TENSES = ("test", "injection")
NO_DETECTION = {
    "planned": "planned observation: nothing seen yet",
    "commanded": "commanded trigger: no source",
}
FOLLOWED = ("follow_up_event", "ref_ID")
SNR_FIELDS = ("image_snr", "rate_snr", "snr")
GRB_NAME = re.compile(r"GRB ?\d{6}")


def decode(message: Message) -> Event:
    """The event that one notice tells of."""
    document = fields.unwrapped(fields.parse_json(message.payload))
    refuse_others(document)
    if "coincident_events" in document:
        return gcn_region.icecube_search(document, message)
    source = source_of(document)
    stage = _stage(document)
    is_test = _is_test(document)
    time = _time(document, source)
    issued, stood_in = _issued(document, message, time)
    own, aliases, named = _names(document, source, time)
    where = Where() if stage is Stage.RETRACTION else gcn_region.locate(document, source, stage)
    classes = _classes(document, source)
    significant, doubts = _significance(document, source, classes)
    url = fields.maybe_text(document, "healpix_url")
    return Event(
        id=own,
        messenger=source.messenger,
        kind=_kind(document, source),
        observatory=source.observatory,
        issued=issued,
        stage=stage,
        time=time,
        region=where.region,
        notice=fields.digest(message),
        aliases=aliases,
        instruments=tuple(i for i in (fields.maybe_text(document, "instrument") or source.instrument,) if i),
        far_hz=fields.maybe_number(document, "far", low=0.0),
        significance_sigma=_snr(document),
        significant=significant,
        classes=classes,
        is_test=is_test,
        follows=_follows(document),
        gamma=measured.of_gcn(document, _follows(document)) if source.messenger is Messenger.GAMMA else None,
        skymap_sha256=where.sha256,
        skymap_url=url if url and MAP_URL.fullmatch(url) else None,
        url=fields.maybe_text(document, "data_archive_page"),
        remarks=stood_in + named + where.remarks + doubts,
    )


def refuse_others(document: Document) -> None:
    """Raise ``Ignored`` for documents of GCN that are no notice of an event."""
    schema = fields.maybe_text(document, "$schema") or ""
    for pattern, reason in IGNORED:
        if re.search(pattern, schema):
            raise Ignored(reason)


def _stage(document: Document) -> Stage:
    told = fields.maybe_text(document, "alert_type") or "initial"
    if told not in STAGES:
        fields.wrong("alert_type", told, f"is none of {', '.join(STAGES)}")
    return STAGES[told]


def _is_test(document: Document) -> bool:
    """By the tense or the superevent it follows; ``Ignored`` where the tense means that nothing was seen."""
    tense = fields.maybe_text(document, "alert_tense")
    if tense in NO_DETECTION:
        raise Ignored(NO_DETECTION[tense])
    return tense in TEST_TENSES or names.is_test_superevent(_follows(document))


def _time(document: Document, source: Source) -> datetime | None:
    return next((t for name in source.times if (t := fields.maybe_time(document, name))), None)


def _issued(document: Document, message: Message, time: datetime | None) -> tuple[datetime, tuple[str, ...]]:
    """``alert_datetime``; where it is missing the time of receipt, else of the trigger."""
    told = fields.maybe_time(document, "alert_datetime")
    if told:
        return told, ()
    if (receipt := fields.received(message)) is not None:
        return receipt, ("no alert_datetime: the time of receipt stands in",)
    if time is not None:
        return time, ("no alert_datetime: the trigger time stands in",)
    raise DecodeError("alert_datetime: missing, and so is trigger_time")


def _names(document: Document, source: Source, time: datetime | None) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Id, aliases, and a remark on how it is named."""
    ids = fields.texts(document, "id")
    titles = fields.texts(document, "event_name")
    instrument = fields.maybe_text(document, "instrument") or source.instrument
    trigger = next(iter(ids), None)
    if source.trigger != "id" and (number := fields.maybe_number(document, source.trigger)) is not None:
        trigger = f"{number:.0f}"
    if source.observatory == "IceCube" and trigger:
        trigger = "_".join(trigger.split("_")[:2])  # run and event; the third part is the revision
    remarks: tuple[str, ...] = ()
    if not names.is_number(trigger):
        remarks = ("no id: the trigger time names the event",)
        if titles and time is not None:
            trigger = f"{titles[0]}-{names.compact(time)}"
            remarks = ("no id: the source's name and the time name the event",)
    own = names.event_id(source.observatory, instrument, trigger, time)
    if own is None:
        raise DecodeError("id: missing, and so is trigger_time")
    prefix = (names.event_id(source.observatory, instrument, "1", None) or "-1")[:-2]
    others = [i for i in ids if i != trigger and not (trigger and i.startswith(f"{trigger}_"))]
    aliases = names.aliases(others, prefix, own) + names.aliases(titles, "", own)
    return own, aliases, remarks + _known(document, titles, aliases) + _strange(source)


def _known(document: Document, titles: tuple[str, ...], aliases: tuple[str, ...]) -> tuple[str, ...]:
    known = [*(t for t in titles if t not in aliases), fields.maybe_text(document, "known_source")]
    return tuple(f"known source {name}" for name in known if name)


def _strange(source: Source) -> tuple[str, ...]:
    return () if source.known else (f"mission {source.observatory} is not in our table: read as a transient",)


def _kind(document: Document, source: Source) -> Kind:
    """A transient named as a gamma-ray burst is one; a trigger on a known source is its flare."""
    if source.kind not in (Kind.TRANSIENT, Kind.GRB):
        return source.kind
    titles = fields.texts(document, "event_name")
    if any(GRB_NAME.match(name) for name in titles):
        return Kind.GRB
    return Kind.FLARE if any(not names.UNIQUE_NAME.fullmatch(name) for name in titles) else source.kind


def _classes(document: Document, source: Source) -> dict[str, float]:
    classes = fields.probabilities(document, "classification") | fields.probabilities(document, "properties")
    confidence = fields.maybe_number(document, source.confidence, low=0.0, high=1.0)
    return classes if confidence is None else classes | {"astrophysical": confidence}


def _significance(document: Document, source: Source, classes: dict[str, float]) -> verdict.Verdict:
    denies = source.messenger is not Messenger.NEUTRINO
    told = verdict.of_probability(classes.get("astrophysical"), source.confidence, denies=denies)
    exclusive = fields.probabilities(document, "classification")
    return verdict.both((source.significant, ()), verdict.both(told, verdict.of_classes(exclusive)))


def _snr(document: Document) -> float | None:
    return next((v for field in SNR_FIELDS if (v := fields.maybe_number(document, field))), None)


def _follows(document: Document) -> str | None:
    name = next((n for field in FOLLOWED if (n := fields.maybe_text(document, field))), None)
    return names.from_reference(name) if name else None
