"""An alert with all that goes without saying: of when it is, and what an update or retraction keeps of the earlier."""

from __future__ import annotations

import uuid
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import Any

from coincidence.event import TEST_ENDING

from ..config import Settings
from ..errors import ConfigError, OutageError
from ..notices import fields
from ..notices.gamma import CLOCK, SCHEMA_ID, ZONE
from ..text import asked
from . import gamma_earlier
from .gamma_document import Alert, Told
from .gamma_earlier import event_of, is_a_test, names_test, printed
from .show import console

DEFAULTS: dict[str, Any] = {"$schema": SCHEMA_ID, "mission": "CTAO"}
CHANGES = {"update": "--update", "retraction": "--retract"}
TICK = timedelta(milliseconds=1)

EXPOSURE = ("observation_start", "observation_stop", "observation_livetime", "zenith_angle")
REGION = ("ra", "dec", "ra_dec_error", "containment_probability", "systematic_included", "systematic_error_arcsec",
          "healpix_file", "healpix_url")  # fmt: skip
KEPT = ("mission", "instrument", "array", "id", "event_name", "source_class", "follow_up_event", "ref_ID", "ref_type",
        "ref_instrument", "alert_tense", "contact")  # fmt: skip
"""What an update or retraction keeps of the alert where it does not tell: which event, which kind, whose."""


def whole(options: Namespace, settings: Settings, told: Told, topics: tuple[str, ...]) -> Alert:
    """The alert to be sent.

    Parameters
    ----------
    topics
        Where an earlier alert may be.

    Raises
    ------
    ConfigError
        What is to be changed is not known, or is not told in a way that can be meant.
    """
    document, now = told.document, datetime.now(UTC)
    if options.update and options.retract:
        raise ConfigError("--update with --retract: one of them")
    kind = "update" if options.update else "retraction" if options.retract else document.get("alert_type", "initial")
    name = options.update or options.retract
    if name is None and (kind not in CHANGES or "id" not in document):
        new = {"id": uuid.uuid4().hex[:12]}
        return DEFAULTS | {"alert_type": kind, "alert_datetime": _z(now, "milliseconds")} | new | document
    if name is not None and "id" in told.flags:
        raise ConfigError(f"--id with {CHANGES[kind]}: the id is that of the alert that is changed")
    if options.update and not (told.flags or told.has_file):
        raise ConfigError("--update: nothing is told that is new; give a FILE or options, such as --ra --dec --r68")
    wanted = name or event_of(DEFAULTS | document)
    is_test = _means_test(document, wanted, topics)
    found = _found(options, settings, wanted, topics, is_test=is_test)
    changed = _over(told, found, wanted) if found else _unseen(document, wanted if name else None, is_test=is_test)
    if found and found[-1].get("alert_type") == "retraction" and not options.force:
        raise ConfigError(f"{printed(changed)} is retracted already; --force sends it all the same")
    changed["alert_type"] = kind
    if name is not None or "alert_datetime" not in document:
        changed["alert_datetime"] = told.flags.get("alert_datetime", _z(_after(found, now), "milliseconds"))
    return changed


def refuse_second(options: Namespace, settings: Settings, told: Told, topics: tuple[str, ...], alert: Alert) -> None:
    """Of an alert that is the first of its event: by an id of the user's own there must be none yet.

    Raises
    ------
    ConfigError
        There is one, of ours or of others, or the id is that of a test.
    """
    if options.force or alert["alert_type"] in CHANGES or "id" not in told.document:
        return
    name, is_test = printed(alert), is_a_test(alert)
    if names_test(name) and not is_test:
        raise ConfigError(f"{told.named('id')}: {alert['id']}: only a test's ends in {TEST_ENDING}; say --test")
    try:
        found = gamma_earlier.find(options, settings, name, topics, is_test=is_test)
    except gamma_earlier.NowhereError:
        return
    except OutageError as error:  # such as of a credential that may write and not read
        console(error=True).print(f"whether {name} was published already is not known: {error}", markup=False)
        return
    if any(printed(earlier) == name and is_a_test(earlier) == is_test for earlier in found):
        other = f"--update {name}, or another --id"
        raise ConfigError(f"{name} was published already: {other}; --force sends it all the same")


def _means_test(document: Alert, name: str, topics: tuple[str, ...]) -> bool:
    """Whether the alert that is changed is a test: it was told, or its name or the topic is one of tests."""
    if "alert_tense" in document:
        return is_a_test(document)
    return names_test(name) or (len(topics) == 1 and topics[0].endswith(".test"))


def _found(options: Namespace, settings: Settings, name: str, topics: tuple[str, ...], *, is_test: bool) -> list[Alert]:
    """What is known of the alert; an error where that is nothing, unless it is to go on all the same."""
    try:
        found = gamma_earlier.find(options, settings, name, topics, is_test=is_test)
    except (ConfigError, OutageError):
        if not options.force:
            raise
        return []
    if not found and not options.force:
        looked = f" nor on {', '.join(topics)}" if options.to else ""
        near = gamma_earlier.names_like(options, settings, name, topics)
        meant = f"; {asked(near)}" if near else ""
        raise ConfigError(f"{name}: no such alert in the database{looked}{meant}; --force goes on all the same")
    return found


def _over(told: Told, found: list[Alert], name: str) -> Alert:
    """What is told over what is kept of the earlier messages; whose it is and its id are theirs."""
    earlier = next((alert for alert in reversed(found) if alert.get("alert_type") != "retraction"), found[-1])
    tense = earlier.get("alert_tense", "current")
    wanted = told.document.get("alert_tense", tense)
    if (wanted == "test") != (tense == "test"):
        flag = told.names.get("alert_tense", f"alert_tense {wanted}")
        raise ConfigError(f"{flag}: {name} is {'a test' if tense == 'test' else 'no test'}, and would stay as it is")
    kept = KEPT if told.is_retraction else (*KEPT, *_unsaid(told.document))
    numbers = [n for alert in found if isinstance(n := alert.get("record_number", 1), int)]
    last = found[-1]["alert_datetime"]
    replaced = last if ZONE.search(last) else _z(fields.time(found[-1], "alert_datetime"))
    order = {"record_number": max(numbers, default=1) + 1, "supersedes": replaced}
    own = {field: earlier[field] for field in ("mission", "id")}
    return DEFAULTS | order | {field: earlier[field] for field in kept if field in earlier} | told.document | own


def _unsaid(document: Alert) -> tuple[str, ...]:
    """Fields of when and where that an update keeps: the exposure, and the region, where nothing of it is told."""
    return ("trigger_time", *_same_exposure(document), *(() if document.keys() & {*REGION} else REGION))


def _same_exposure(document: Alert) -> tuple[str, ...]:
    """Fields of the exposure that are still so; an end alone ends the one that began then."""
    if document.keys() & {"trigger_time", "observation_start"}:
        return ()
    begun = ("observation_start", "zenith_angle")
    if "observation_stop" in document:
        return begun
    return (*begun, "observation_stop") if "observation_livetime" in document else EXPOSURE


def _unseen(document: Alert, name: str | None, *, is_test: bool) -> Alert:
    """An alert that nobody has seen; it may be named as it would have been printed."""
    alert = DEFAULTS | document
    if name is not None:
        alert["id"] = name.removeprefix(f"{str(alert['mission']).replace(' ', '')}-")
    if is_test:
        alert |= {"alert_tense": "test", "id": str(alert["id"]).removesuffix(TEST_ENDING)}
    return alert


def _after(found: list[Alert], now: datetime) -> datetime:
    """Now, or right after the earlier messages where their clock is a little ahead of ours."""
    last = max((fields.time(alert, "alert_datetime") + TICK for alert in found), default=now)
    return max(now, min(last, now + CLOCK))


def _z(time: datetime, to: str = "auto") -> str:
    return time.isoformat(timespec=to).replace("+00:00", "Z")
