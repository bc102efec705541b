"""GCN's JSON notices of the unified schema, ``gcn.notices.*``: https://gcn.nasa.gov/docs/notices/schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.streams import Message

from .. import fields, names, verdict
from ..fields import Document
from ..regions import MAP_URL, Where
from ..sheet import Sheet, as_time, issued_of
from . import measured, region, search
from .missions import IGNORED, Source, family, source_of

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
LVK_TOPICS = re.compile(r"lvk|gwalert", re.IGNORECASE)
"""Keys of ``reference``, which names topics, that tell of a superevent."""

STAND_INS = ("observation_start", "alert_datetime")
"""What tells about when a new event was where its own time is not told, best first."""

TESTING = ("is_test", "test")
SNR_FIELDS = ("image_snr", "rate_snr", "snr")
TEST_SCHEMA = re.compile(r"//(test|dev)\.gcn\.nasa\.gov/|\.test\.schema\.json$")
"""Schemas of GCN's hosts for tests, and of test streams."""

GRB_NAME = re.compile(r"GRB ?\d{6}")


def decode(message: Message) -> Event:
    """The event that one notice tells of; of several that most likely to be one."""
    return decode_all(message)[0]


def decode_all(message: Message) -> tuple[Event, ...]:
    """The events that one notice tells of: one, but for searches that found several neutrinos."""
    sheet = Sheet(document=fields.unwrapped(fields.parse_json(message.payload)))
    refuse_others(sheet.document)
    is_test = _is_test(sheet)
    if search.HERE in sheet.document:
        return _search(sheet, message, is_test)
    return (_event(sheet, message, is_test),)


def _search(sheet: Sheet, message: Message, is_test: bool) -> tuple[Event, ...]:
    """The neutrinos of a search around a superevent."""
    return search.decode(
        sheet,
        issued=issued_of(sheet, message, sheet.time("trigger_time")),
        stage=stage_of(sheet),
        follows=_follows(sheet),
        notice=fields.digest(message),
        is_test=is_test,
    )


def _event(sheet: Sheet, message: Message, is_test: bool) -> Event:
    source = source_of(sheet)
    stage = stage_of(sheet)
    told = next((time for name in source.times if (time := sheet.time(name))), None)
    time = told or (_stand_in(sheet, source) if stage is Stage.INITIAL else None)
    issued = issued_of(sheet, message, told)
    own, aliases = _names(sheet, source, stage, told)
    where = Where() if stage is Stage.RETRACTION else region.locate(sheet, source, stage)
    classes = _classes(sheet, source)
    significant, doubts = _significance(sheet, source, classes)
    url = sheet.text("healpix_url")
    series, number = numbered(sheet)
    return Event(
        id=own,
        messenger=source.messenger,
        kind=_kind(sheet, source),
        observatory=source.observatory,
        issued=issued,
        stage=stage,
        time=time,
        region=where.region,
        notice=fields.digest(message),
        aliases=aliases,
        instruments=tuple(i for i in (sheet.text("instrument") or source.instrument,) if i),
        far_hz=sheet.number("far", low=0.0),
        significance_sigma=_snr(sheet),
        significant=significant,
        classes=classes,
        is_test=is_test,
        follows=_follows(sheet),
        gamma=measured.of_gcn(sheet.document, _follows(sheet)) if source.messenger is Messenger.GAMMA else None,
        series=series,
        number=number,
        is_guess=where.is_guess,
        skymap_sha256=where.sha256,
        skymap_url=url if url and MAP_URL.fullmatch(url) else None,
        url=sheet.text("data_archive_page"),
        remarks=tuple(dict.fromkeys((*sheet.remarks, *where.remarks, *doubts))),
    )


def refuse_others(document: Document) -> None:
    """Raise ``Ignored`` for documents of GCN that are no notice of an event."""
    schema = document.get("$schema")
    for pattern, reason in IGNORED:
        if isinstance(schema, str) and re.search(pattern, schema):
            raise Ignored(reason)


def stage_of(sheet: Sheet) -> Stage:
    """Initial where it is not told, or in words that we do not know."""
    told = (sheet.text("alert_type") or "initial").lower()
    if told not in STAGES:
        taken = Stage.RETRACTION if "retract" in told else Stage.INITIAL
        sheet.remarks.append(f"alert_type: {fields.shown(told)} is none of {', '.join(STAGES)}: read as {taken.value}")
        return taken
    return STAGES[told]


def numbered(sheet: Sheet) -> tuple[str | None, int | None]:
    """Series of the notice and its place in it: each instrument counts its notices of a trigger."""
    number = sheet.number("record_number")
    if number is None:
        return None, None
    return f"gcn {family(sheet)}", round(number)


def _is_test(sheet: Sheet) -> bool:
    """By the tense, the schema or the superevent it follows; ``Ignored`` where nothing was seen yet."""
    tense = (sheet.text("alert_tense") or "").lower()
    if tense in NO_DETECTION:
        raise Ignored(NO_DETECTION[tense])
    told = TEST_SCHEMA.search(sheet.text("$schema") or "") is not None
    told = told or any(sheet.document.get(name) is not None and sheet.flag(name) for name in TESTING)
    is_rehearsed = (sheet.text("alert_type") or "").lower() in TEST_TENSES
    return told or is_rehearsed or tense in TEST_TENSES or names.is_test_superevent(_follows(sheet))


def _stand_in(sheet: Sheet, source: Source) -> datetime | None:
    """When it happened, about: of a new event whose own time is not told. The schema demands none but the notice's."""
    for name in STAND_INS:
        if (time := sheet.time(name)) is not None:
            sheet.remarks.append(f"no {source.times[0]}: {name} stands in")
            return time
    told = next((name for name in source.times if sheet.value(name) is not None), None)
    return None if told is None else as_time(sheet.value(told), told)


def _names(sheet: Sheet, source: Source, stage: Stage, time: datetime | None) -> tuple[str, tuple[str, ...]]:
    """Id and aliases."""
    ids = sheet.texts("id")
    titles = sheet.texts("event_name")
    instrument = sheet.text("instrument") or source.instrument
    trigger = next(iter(ids), None)
    if source.trigger != "id":
        trigger = sheet.text(source.trigger) or trigger
    if source.observatory == "IceCube" and trigger:
        trigger = "_".join(trigger.split("_")[:2])  # run and event; the third part is the revision
    if not names.is_number(trigger):
        how = "the trigger time names"
        if titles and time is not None:
            trigger, how = f"{titles[0]}-{names.compact(time)}", "the source's name and the time name"
        sheet.remarks.append(f"no id: {how} the event")
    own = names.event_id(source.observatory, instrument, trigger, time)
    if own is None and stage is not Stage.INITIAL:
        own = next((name for name in titles if names.is_unique(name)), None)
    if own is None:
        raise DecodeError("id: missing, and so is trigger_time")
    prefix = (names.event_id(source.observatory, instrument, "1", None) or "-1")[:-2]
    others = [i for i in ids if i != trigger and not (trigger and i.startswith(f"{trigger}_"))]
    aliases = names.aliases(others, prefix, own) + names.aliases(titles, "", own)
    known = [*(t for t in titles if not names.is_unique(t)), sheet.text("known_source")]
    sheet.remarks.extend(f"known source {name}" for name in known if name)
    if not source.known:
        sheet.remarks.append(f"mission {source.observatory} is not in our table: read as a transient")
    return own, aliases


def _kind(sheet: Sheet, source: Source) -> Kind:
    """A transient named as a gamma-ray burst is one; a trigger on a known source is its flare."""
    if source.kind not in (Kind.TRANSIENT, Kind.GRB):
        return source.kind
    titles = sheet.texts("event_name")
    if any(GRB_NAME.match(name) for name in titles):
        return Kind.GRB
    return Kind.FLARE if any(not names.is_unique(name) for name in titles) else source.kind


def _classes(sheet: Sheet, source: Source) -> dict[str, float]:
    classes = sheet.probabilities("classification") | sheet.probabilities("properties")
    confidence = sheet.number(source.confidence, low=0.0, high=1.0)
    return classes if confidence is None else classes | {"astrophysical": confidence}


def _significance(sheet: Sheet, source: Source, classes: dict[str, float]) -> verdict.Verdict:
    denies = source.messenger is not Messenger.NEUTRINO
    told = verdict.of_probability(classes.get("astrophysical"), source.confidence, denies=denies)
    exclusive = sheet.probabilities("classification")
    return verdict.both((source.significant, ()), verdict.both(told, verdict.of_classes(exclusive)))


def _snr(sheet: Sheet) -> float | None:
    return next((v for field in SNR_FIELDS if (v := sheet.number(field))), None)


def _follows(sheet: Sheet) -> str | None:
    name = next((n for field in FOLLOWED if (n := sheet.text(field))), None)
    return names.from_reference(name) if name else _superevent(sheet)


def _superevent(sheet: Sheet) -> str | None:
    """The superevent whose notice a field ``reference`` names."""
    references = sheet.document.get("reference")
    if not isinstance(references, Mapping):
        return None
    values = [value for topic, value in references.items() if LVK_TOPICS.search(str(topic))]
    texts = (t for value in values for t in (value if isinstance(value, list) else [value]) if isinstance(t, str))
    return next((name for text in texts if (name := names.superevent_in(text))), None)
