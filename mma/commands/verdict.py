"""What people say of candidates: tell, list, learn from."""

from __future__ import annotations

import getpass
import math
import time
from argparse import Namespace
from contextlib import closing
from dataclasses import asdict

import numpy as np

from coincidence.learning import Judged, learn
from coincidence.terms.verdict import meant

from ..answers import queries
from ..config import Settings
from ..engine import Vetting, additions
from ..errors import ConfigError
from ..store import STATUSES, Store, Verdict, facts, verdicts
from . import tables
from .ask import show_rows
from .show import as_json, console, reading, settings_of


def verdict(options: Namespace) -> None:
    """List verdicts, tell one, or learn from them all."""
    if options.learn:
        _learn(options)
    elif options.object is None:
        _list(options)
    else:
        _tell(options)


def classify(options: Namespace) -> None:
    """Take in what a classifier says of an object."""
    probabilities = {}
    for pair in options.probability:
        name, equals, value = pair.rpartition("=")
        try:
            p = float(value)
        except ValueError:
            p = math.nan
        if not equals or not 0.0 <= p <= 1.0:
            raise ConfigError(f"{pair}: write CLASS=P, with P from 0 to 1")
        probabilities[name] = p
    settings = settings_of(options)
    with closing(Store(settings.database, create=False)) as store:
        with store.read() as connection:
            name = queries.object_id(connection, options.object)
        _vetting(store, settings).classify(name, options.classifier, options.version, probabilities, time.time())
        with store.read() as connection:
            rows = queries.object_(connection, name)["events"]
    if options.classifier not in settings.score.classifiers:
        note = f"no score uses {options.classifier}: [score.classifiers] of the settings does not name it"
        console(error=True).print(note, markup=False)
    if options.json:
        as_json({"object": name, "classifier": options.classifier, "events": rows})
    else:
        console().print(f"{name}: {options.classifier} {options.version} kept; scored again for {len(rows)} events")


def _list(options: Namespace) -> None:
    with reading(options) as connection:
        event = queries.event_id(connection, options.event) if options.event else None
        rows = verdicts.listing(connection, event)
    show_rows(options, rows, tables.verdicts, "no verdicts yet: 'mma verdict EVENT OBJECT rejected --class \"SN Ia\"'")


def _tell(options: Namespace) -> None:
    if not (options.status or options.spectral_class or options.why):
        raise ConfigError(f"what of it? one of {', '.join(STATUSES)}, or --why TEXT for a comment alone")
    settings = settings_of(options)
    with closing(Store(settings.database, create=False)) as store:
        with store.read() as connection:
            event = queries.event_id(connection, options.event)
            name = queries.object_id(connection, options.object)
        word = Verdict(
            event_id=event,
            object_id=name,
            status=options.status,
            spectral_class=options.spectral_class,
            who=options.who or getpass.getuser(),
            why=options.why,
            time=time.time(),
        )
        _vetting(store, settings).judge(word)
        with store.read() as connection:
            found = next(c for c in queries.candidates(connection, event, everything=True) if c["object"] == name)
    if options.json:
        as_json(found)
        return
    now = found["reason"] if found["state"] != "active" else f"rank {found['rank']}, P {found['probability']:.3f}"
    if found["state"] != "active" and "classified" in found["reason"]:
        now += f" (--class {verdicts.NO_CLASS} takes the class back)"
    said = options.spectral_class
    if said and said.strip().casefold() != verdicts.NO_CLASS and meant(said) is None:
        console(error=True).print(f"no score knows the class {said!r}: by itself it rules nothing out", markup=False)
    console().print(f"{name} of {event}: {options.status or 'kept'}; now {found['state']}, {now}", markup=False)


def _vetting(store: Store, settings: Settings) -> Vetting:
    with store.read() as connection:
        tells = settings.publish is not None or facts.prefix(connection) is not None
    prefix = settings.prefix if tells else None
    return Vetting(store=store, parameters=settings.score, prefix=prefix, additions=additions(settings))


def _learn(options: Namespace) -> None:
    """A parameter set with the contamination that verdicts show, as lines for the settings."""
    settings = settings_of(options)
    with reading(options) as connection:
        rows = verdicts.judged(connection)
    if not rows:
        raise ConfigError("no candidate was confirmed or rejected yet: there is nothing to learn from")
    judged = Judged(
        counterpart=np.array([row["counterpart"] for row in rows], dtype=object),
        probability=np.array([row["probability"] for row in rows], dtype=np.float64),
        is_confirmed=np.array([row["confirmed"] for row in rows], dtype=np.bool_),
    )
    learnt = learn(settings.score, judged)
    if options.json:
        table = {name: asdict(found) for name, found in learnt.contamination.items()}
        as_json({"judged": len(rows), "parameters": learnt.id, "contamination": table})
        return
    print(f"# learnt from {len(rows)} verdicts; with it the parameter set is {learnt.id}\n[score.contamination]")
    for name, found in learnt.contamination.items():
        facts = ", ".join(f"{key} = {value!r}" for key, value in asdict(found).items())
        print(f"{name} = {{ {facts} }}")
