"""Publish a gamma-ray alert: from a JSON file or from options, checked field by field, to Kafka or Hopskotch."""

from __future__ import annotations

import json
import sys
import uuid
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..notices import gamma, voevent_gamma
from ..notices.gamma_schema import SCHEMA_ID, validate
from ..streams import connect, urls
from .show import as_json, console

TOPIC = "mma.gamma"

ENCODERS = {"json": gamma.encode, "voevent": voevent_gamma.encode}

OPTIONS = (
    "ra",
    "dec",
    "significance",
    "significance_post_trial",
    "n_trials",
    "far",
    "flux",
    "flux_unit",
    "array",
    "source_class",
    "trigger_time",
    "event_name",
    "follow_up_event",
)
"""Options of the command line that are fields of the alert by the same name."""


def publish(options: Namespace) -> None:
    """Check, and send; or with ``--dry-run`` only check and print."""
    document = _from_file(Path(options.file)) if options.file else _from_options(options)
    document |= _change(options)
    if problems := validate(document):
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise ConfigError(f"the alert is not valid:\n{lines}")
    if options.dry_run:
        _show(document, options.format)
        return
    if not options.to:
        raise ConfigError("where to? --to kafka://HOST:PORT/TOPIC, or --dry-run to see the alert")
    topic = send(document, options.to, options.format)
    if options.json:
        as_json({"id": document["id"], "topic": topic})
    else:
        console().print(f"published {document['mission']}-{document['id']} to {topic}")


def _show(document: dict[str, Any], form: str) -> None:
    if form == "voevent":
        sys.stdout.write(voevent_gamma.encode(document).decode() + "\n")
    else:
        as_json(document)


def send(document: dict[str, Any], url: str, form: str = "json") -> str:
    """Publish an alert and wait until the broker has it; a test goes to the topic's ``.test`` sibling. The topic."""
    topics = urls.split(url).topics
    topic = topics[0] if topics else TOPIC
    if document.get("alert_tense") == "test" and not topic.endswith(".test"):
        topic += ".test"
    sink = connect.sink(url)
    sink.write(topic, f"{document['mission']}-{document['id']}", ENCODERS[form](document).decode(), form)
    sink.flush()
    return topic


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: a gamma-ray alert is a JSON object")
    return document


def _from_options(options: Namespace) -> dict[str, Any]:
    """An alert out of the command line; what is not given stays out."""
    told = {name: getattr(options, name) for name in OPTIONS}
    if options.r68 is not None:
        told |= {"ra_dec_error": options.r68, "containment_probability": 0.68}
    document = {
        "$schema": SCHEMA_ID,
        "mission": options.mission,
        "id": options.id or uuid.uuid4().hex[:12],
        "alert_type": "initial",
        "alert_tense": "test" if options.test else "current",
    }
    return document | {name: value for name, value in told.items() if value is not None}


def _change(options: Namespace) -> dict[str, Any]:
    """What says that this alert is new, an update or a retraction, and of when it is."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    change: dict[str, Any] = {} if options.file and not (options.update or options.retract) else {"alert_datetime": now}
    for kind, earlier in (("update", options.update), ("retraction", options.retract)):
        if earlier:
            change |= {"alert_type": kind, "id": earlier}
    return change
