"""Settings: one TOML file, every name checked; secrets never come from it."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from coincidence import Parameters
from coincidence.fading import Template
from coincidence.models import Classifier, ClassModel, Contamination, Onset
from coincidence.parameters import Learnt, Rates

from ..errors import ConfigError
from ..observing import site
from ..streams import HOSTS
from ..text import did_you_mean
from .class_checks import check_light, check_onset

DATABASE = "mma.sqlite"
READERS = ("open", "token")
WEB = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
IVORN = re.compile(r"ivo://[\w.-]+(/[\w./~-]+)?")
UNKNOWN_CLASS = ClassModel(onset=Onset(shape="box", start_d=0.0, end_d=1.0), active_before_d=None)
UNKNOWN_TEMPLATE = Template(**dict.fromkeys(("days", "u", "g", "r", "i", "z", "y"), (0.0,)))
SAMPLES: dict[str, Any] = {
    "tuple[tuple[float, ...], ...]": ((0.0,),),
    "str | None": "",
    "float | None": 0.0,
    "int | None": 0,
}
"""What stands in, for its type, for a default that is None."""

LIMITS: dict[str, tuple[float, float]] = {
    "settings.batch_size": (1, 1_000_000),
    "settings.max_message_mb": (0.001, 200.0),
    "settings.read_limit_s": (0.1, 280.0),
    "settings.read_memory_mb": (64.0, 1_000_000.0),
    "settings.heartbeat_s": (0.0, 3600.0),
    "settings.heartbeat_limit_s": (1.0, 86_400.0),
    "settings.api.port": (0, 65_535),
    "settings.api.rate_limit": (0.0, 1e9),
    "settings.api.max_upload_mb": (0.001, 200.0),
    "score.level": (1e-6, 1.0),
    "score.sky_floor": (1e-12, 1.0),
    "score.distance_floor": (1e-12, 1.0),
    "score.background_per_deg2_day": (1e-9, 1e9),
    "score.background_limit_mag": (10.0, 29.0),
    "score.rates.depth_mag": (10.0, 29.0),
    "score.rates.complete": (1e-9, 1e3),
    "score.rates.strength": (1e-3, 1e9),
    **dict.fromkeys(("per_mpc3_year", "once_per_deg2_day"), (1e-12, 1e9)),
    **dict.fromkeys(("seen", "expected", "galactic_per_deg2_day"), (0.0, 1e12)),
    "score.unseen_gap_d": (1e-6, 1e6),
    "score.cadence_d": (1e-3, 1e3),
    "score.contamination_strength": (1e-3, 1e9),
    **dict.fromkeys(("verdict_error", "floor", "prior", "other_fraction", "once_fraction"), (1e-12, 1.0 - 1e-12)),
    **dict.fromkeys(("star_fraction", "nothing_fraction", "agn_fraction"), (1e-9, 1.0 - 1e-9)),
    **dict.fromkeys(("below_fraction", "fault_fraction"), (1e-9, 1.0)),
    **dict.fromkeys(("below_number", "both_number"), (0.0, 1e9)),
    "ceiling": (0.0, 1.0 - 1e-12),
    **dict.fromkeys(("mag_sigma", "apparent_mag_sigma", "slope_sigma", "model_error_mag", "colour_sigma"), (1e-3, 1e3)),
    **dict.fromkeys(("other_mag_sigma", "other_slope_sigma", "limit_softness_mag", "rise_d"), (1e-3, 1e3)),
    "rise_scatter_mag": (0.0, 1e3),
    **dict.fromkeys(("other_stretch", "rank_index", "signal_to_noise_min", "below_sigma"), (1e-3, 1e3)),
    **dict.fromkeys(("confirmed", "rejected"), (0.0, 1e12)),
    "claimed": (0.0, 1.0),
}
"""Numbers outside of which the engine cannot work: by their whole path, or by name wherever they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The REST interface."""

    host: str = "127.0.0.1"
    """Address to listen at."""

    port: int | None = None
    """Port to listen at: with one, ``mma run`` starts the interface as well. ``mma serve`` takes 8000 without."""

    read: str = "open"
    """Who may read: ``open``, or those with a ``token``. Writing needs a token always."""

    rate_limit: float = 1200.0
    """Requests a minute, of a token or an address; 0: as many as they like."""

    cors: tuple[str, ...] = ()
    """Origins whose pages may ask, such as ``https://example.org``; ``*`` for all."""

    hosts: tuple[str, ...] = ()
    """Names by which it is asked for (header ``Host``), ``*`` for any. Without: on a loopback address this machine's
    own and that of ``public_url``, else any."""

    proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies that are believed whom they ask for (``X-Forwarded-For``)."""

    max_upload_mb: float = 32.0
    """Largest map that is uploaded, in 10^6 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    database: str = DATABASE
    """SQLAlchemy URL, or the path of an SQLite file."""

    prefix: str = "mma"
    """First part of the names of the topics that we publish to."""

    batch_size: int = 2000
    """Messages handled in one transaction."""

    lsst_schemas: str | None = None
    """Folder of the Rubin alert schemas (``vM.m/lsst.vM_m.alert.avsc``)."""

    listen: tuple[str, ...] = ()
    """Streams to follow, as URLs: ``kafka://HOST:PORT/TOPIC,TOPIC``, ``gcn://gcn.nasa.gov/TOPIC``."""

    publish: str | None = None
    """Where messages go: ``kafka://HOST:PORT``, or a file."""

    author_ivorn: str = "ivo://mma/gamma"
    """Who sends our VOEvents, by IVOA identifier: ``ivo://AUTHORITY/...``."""

    public_url: str | None = None
    """Where others reach our pages, ``https://HOST/...``: what messages link to."""

    sites: tuple[str, ...] = ("CTAO-N", "CTAO-S")
    """Telescopes that messages tell the visibility for: their names, or ``LATITUDE LONGITUDE HEIGHT``."""

    group: str = "mma"
    """Consumer group: workers of one name share the streams, and a restart goes on where it ended."""

    max_message_mb: float = 16.0
    """Messages larger than this, in 10^6 bytes with key and headers, are set aside unread."""

    read_limit_s: float = 20.0
    """A message that takes longer than this to read, in seconds, is set aside."""

    read_memory_mb: float = 800.0
    """A message that needs more than this to be read, in 10^6 bytes, is set aside."""

    heartbeat_s: float = 10.0
    """Seconds between our own heartbeats, on the topic ``<prefix>.heartbeat``; 0 for none."""

    heartbeat_limit_s: float = 10.0
    """A heartbeat topic that we follow is in trouble after so many seconds of silence."""

    fetch: bool = False
    """Whether maps that a notice only points to are fetched."""

    fetch_hosts: tuple[str, ...] = HOSTS
    """Hosts that files are fetched from; no other is ever asked for anything."""

    metrics: str | None = None
    """``HOST:PORT`` where Prometheus finds ``/metrics``."""

    logs: str = "text"
    """Form of the log: ``text``, or ``json`` with one object a line."""

    keep_nights: float = 0.0
    """``mma run`` forgets detections that are older, once a day; candidates stay whole. 0: nothing is forgotten."""

    api: Api = field(default_factory=Api)
    score: Parameters = field(default_factory=Parameters)


def load(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings of a TOML file over the defaults; ``MMA_DATABASE`` and the like over both.

    Raises
    ------
    ConfigError
        A file that cannot be read, an unknown name (with the nearest known one), a value of the wrong type.
    """
    document = _read(path) if path else {}
    for name in ("database", "prefix", "group", "lsst_schemas"):
        value = environment.get(f"MMA_{name.upper()}")
        if value:
            document[name] = value
    score = _table(document.pop("score", {}), "score")
    settings: Settings = _build(Settings(), document, "settings")
    if settings.api.read not in READERS:
        raise ConfigError(f"settings.api.read: {settings.api.read!r} is none of {', '.join(READERS)}")
    if settings.public_url is not None and not WEB.fullmatch(settings.public_url):
        raise ConfigError(f"settings.public_url: {settings.public_url!r} is not like https://example.org/mma")
    for name in settings.sites:
        site(name)
    if not IVORN.fullmatch(settings.author_ivorn):
        raise ConfigError(f"settings.author_ivorn: {settings.author_ivorn!r} is not like ivo://example.org/alerts")
    return replace(settings, score=_parameters(score))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"settings file {path}: {error}") from error


def _parameters(document: dict[str, Any]) -> Parameters:
    default = Parameters()
    classes = _each(document, "classes", default.classes, UNKNOWN_CLASS)
    templates = _each(document, "templates", default.templates, UNKNOWN_TEMPLATE)
    for name, model in classes.items():
        check_onset(model.onset, f"score.classes.{name}.onset")
        check_light(model.light, templates.get(name), f"score.classes.{name}.light")
    kinds = dict(default.kinds)
    for kind, priors in _table(document.pop("kinds", {}), "score.kinds").items():
        where = f"score.kinds.{kind}"
        _known(kind, kinds, "score.kinds")
        for name in _table(priors, where) or _nothing(where):
            _known(name, classes, where)
        kinds[kind] = {name: _typed(prior, 0.5, f"{where}.{name}") for name, prior in priors.items()}
    classifiers = _each(document, "classifiers", default.classifiers, Classifier())
    for name, classifier in classifiers.items():
        _known(classifier.counterpart, classes, f"score.classifiers.{name}.counterpart")
    rates = _rates(default.rates, document)
    contamination = _each(document, "contamination", default.contamination, Contamination())
    for name in contamination:
        _known(name, classes, "score.contamination")
    parameters: Parameters = _build(default, document, "score")
    return replace(
        parameters,
        classes=classes,
        templates=templates,
        kinds=kinds,
        classifiers=classifiers,
        contamination=contamination,
        rates=rates,
    )


def _rates(default: Rates, document: dict[str, Any]) -> Rates:
    table = _table(document.pop("rates", {}), "score.rates")
    told: dict[str, dict[str, Any]] = {"depth_mag": dict(default.depth_mag), "complete": dict(default.complete)}
    for name, known in told.items():
        where = f"score.rates.{name}"
        for survey, value in _table(table.pop(name, {}), where).items():
            known[survey] = _within(_typed(value, 0.0, f"{where}.{survey}"), where)
    learnt = dict(default.learnt)
    for cell, value in _table(table.pop("learnt", {}), "score.rates.learnt").items():
        learnt[cell] = _build(Learnt(seen=0.0, expected=0.0), value, f"score.rates.learnt.{cell}")
    found: Rates = _build(default, table, "score.rates")
    return replace(found, depth_mag=told["depth_mag"], complete=told["complete"], learnt=learnt)


def _each(document: dict[str, Any], name: str, default: Mapping[str, Any], unknown: Any) -> dict[str, Any]:
    """A table of tables over its defaults; a new one begins as ``unknown``."""
    found = dict(default)
    for key, table in _table(document.pop(name, {}), f"score.{name}").items():
        found[key] = _build(found.get(key, unknown), table, f"score.{name}.{key}")
    return found


def _nothing(where: str) -> NoReturn:
    raise ConfigError(f"{where}: no counterpart class is named")


def _build(default: Any, table: Any, where: str) -> Any:
    """The defaults with a table's values put in, each checked for name and type."""
    known = {f.name: getattr(default, f.name) for f in fields(default)}
    samples = {f.name: SAMPLES.get(str(f.type), known[f.name]) for f in fields(default)}
    for name, value in _table(table, where).items():
        _known(name, known, where)
        if is_dataclass(known[name]):
            known[name] = _build(known[name], value, f"{where}.{name}")
            continue
        known[name] = _within(_typed(value, samples[name], f"{where}.{name}"), f"{where}.{name}")
    return type(default)(**known)


def _known(name: str, known: Mapping[str, Any], where: str) -> None:
    if name not in known:
        raise ConfigError(f"{where}: unknown setting {name!r}; {did_you_mean(name, sorted(map(str, known)))}")


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: expected a table, found {value!r}")
    return dict(value)


def _typed(value: Any, default: Any, where: str) -> Any:
    """The value as the type of its default; whole numbers may stand for decimal ones."""
    if isinstance(default, tuple):
        sample = default[0] if default else ""
        return tuple(_typed(item, sample, where) for item in _typed(value, [], where))
    wanted = (int, float) if isinstance(default, float) else (type(default),)
    if not isinstance(value, wanted) or isinstance(value, bool) != isinstance(default, bool):
        raise ConfigError(f"{where}: expected {wanted[-1].__name__}, found {value!r}")
    return float(value) if isinstance(default, float) else value


def _within(value: Any, where: str) -> Any:
    low, high = LIMITS.get(where) or LIMITS.get(where.rpartition(".")[2], (-math.inf, math.inf))
    if isinstance(value, (int, float)) and not low <= value <= high:  # NaN fails too
        raise ConfigError(f"{where}: {value!r} is not within {low:g} to {high:g}")
    return value


def document(settings: Settings) -> dict[str, Any]:
    """Settings as a plain record; passwords in the database URL are hidden."""
    from ..store import masked

    record = asdict(settings)
    record["score"]["id"] = settings.score.id
    record["database"] = masked(settings.database)
    record["listen"] = tuple(masked(url) for url in settings.listen)
    record["publish"] = settings.publish and masked(settings.publish)
    return record
