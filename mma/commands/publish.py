"""Publish a gamma-ray alert: from a JSON file, from options, or both, checked field by field, to Kafka or Hopskotch."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from ..config import Settings
from ..errors import ConfigError, DecodeError, OutageError
from ..messages import told_there
from ..notices.gamma import alert, sending, voevent
from ..streams import KafkaSink, connect, urls
from . import gamma_change
from .gamma_document import Alert, Told
from .gamma_earlier import event_of, is_a_test, printed
from .gamma_remarks import remarks
from .show import as_it_is, as_json, console, settings_of

TOPIC = "mma.gamma"
Encode = Callable[[Alert], bytes]


def publish(options: Namespace) -> None:
    """Check, and send; or with ``--dry-run`` only check and print."""
    settings, told = settings_of(options), Told(options)
    topics = _topics(options.to, settings.prefix) if options.to else ()
    document = gamma_change.whole(options, settings, told, topics)
    _refuse(told, sending.problems(document, datetime.now(UTC)))
    payload = encoders(settings)[options.format](document)
    _read_back(told, payload, options.format, settings)
    topic = _topic(topics, is_test=is_a_test(document)) if topics else ""
    if not options.to and not options.dry_run:
        raise ConfigError("where to? --to kafka://HOST:PORT/TOPIC, or --dry-run to see the alert")
    sink = None if options.dry_run else _sink(options.to, topic)
    gamma_change.refuse_second(options, settings, told, topics, document)
    for text in remarks(options, settings, document):
        console(error=True).print(told.named(text), markup=False, soft_wrap=True)
    if sink is None:
        _show(document, payload, options.format)
        return
    sink.write(topic, event_of(document), payload.decode(), options.format)
    for reason in sink.flush().values():
        raise OutageError(f"not delivered to {sink.name}: {reason}")
    _tell(options, document, topic)


def _tell(options: Namespace, document: Alert, topic: str) -> None:
    """What was sent, by the id that the engine gives it."""
    kind = document["alert_type"]
    if options.json:
        as_json({"id": document["id"], "event": printed(document), "type": kind, "topic": topic})
    else:
        what = "" if kind == "initial" else f" ({kind})"
        console().print(f"published {printed(document)}{what} to {topic}", markup=False)
        if is_a_test(document):
            console(error=True).print(f"a test: only those who listen to {topic} hear it", markup=False)


def encoders(settings: Settings) -> dict[str, Encode]:
    """How an alert is written, by the word for its form."""
    return {"json": alert.encode, "voevent": partial(voevent.encode, author=settings.author_ivorn)}


def _sink(url: str, topic: str) -> KafkaSink:
    """The broker, which answers and has the topic."""
    sink = connect.sink(url)
    sink.check_topic(topic)
    return sink


def _topics(url: str, prefix: str) -> tuple[str, ...]:
    """The topic of a URL, and that of its tests; none of those that the engine itself publishes to."""
    named = urls.split(url).topics
    if not named:
        raise ConfigError(f"--to {url} names no topic: --to {url.rstrip('/')}/{TOPIC}")
    if len(named) > 1:
        raise ConfigError(f"--to names {len(named)} topics: an alert goes to one")
    if told := told_there(named[0], prefix):
        raise ConfigError(f"--to {named[0]}: there mma tells {told}, and nobody reads alerts; they go to {TOPIC}")
    return named if named[0].endswith(".test") else (named[0], f"{named[0]}.test")


def _topic(topics: Sequence[str], *, is_test: bool) -> str:
    """Where an alert goes: a test to the topic of tests, and nothing else there."""
    if len(topics) == 1 and not is_test:
        raise ConfigError(f"{topics[0]} is for tests: say --test, or name another topic")
    return topics[-1] if is_test else topics[0]


def _refuse(told: Told, problems: Sequence[str]) -> None:
    if problems:
        lines = "\n".join(f"  {told.named(problem)}" for problem in problems)
        raise ConfigError(f"the alert is not valid:\n{lines}")


def _read_back(told: Told, payload: bytes, form: str, settings: Settings) -> None:
    """Refuse what our own engine would set aside; tell what it would remark."""
    most = settings.max_message_mb * 1e6
    if len(payload) > most:
        _refuse(told, [f"healpix_file: the alert has {len(payload)} bytes, more than the {most:.0f} of one message"])
    try:
        event = sending.read_back(payload, form)
    except DecodeError as error:
        _refuse(told, [str(error)])
    else:
        if event is None:
            console(error=True).print("an upper limit: mma itself makes no event of it", markup=False)


def _show(document: Alert, payload: bytes, form: str) -> None:
    if form == "json":
        as_json(document)
    else:
        as_it_is(payload + b"\n")
