"""Settings: one TOML file, every name checked; secrets never come from it."""

from __future__ import annotations

import difflib
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NoReturn

from coincidence import Parameters
from coincidence.parameters import ClassModel, Onset

from .errors import ConfigError
from .streams.fetch import HOSTS

DATABASE = "mma.sqlite"
SHAPES = ("box", "plateau_exponential", "power_law")
SAMPLES: dict[str, Any] = {"str | None": "", "float | None": 0.0}
"""What stands in, for its type, for a default that is None."""

LIMITS: dict[str, tuple[float, float]] = {
    "settings.batch_size": (1, 1_000_000),
    "settings.max_message_mb": (0.001, 200.0),
    "settings.heartbeat_s": (0.0, 3600.0),
    "settings.heartbeat_limit_s": (1.0, 86_400.0),
    "score.level": (1e-6, 1.0),
    "score.sky_floor": (1e-12, 1.0),
    "score.distance_floor": (1e-12, 1.0),
    "score.background_per_deg2_day": (1e-9, 1e9),
    "score.unseen_gap_d": (1e-6, 1e6),
}
"""Numbers outside of which the engine cannot work."""


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

    group: str = "mma"
    """Consumer group: workers of one name share the streams, and a restart goes on where it ended."""

    max_message_mb: float = 16.0
    """Messages larger than this, in 10^6 bytes, are set aside unread."""

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
    classes = dict(default.classes)
    for name, table in _table(document.pop("classes", {}), "score.classes").items():
        model = classes.get(name) or ClassModel(onset=Onset(shape="box", start_d=0.0, end_d=1.0), active_before_d=None)
        onset = _onset(model.onset, table.pop("onset", {}), f"score.classes.{name}.onset")
        classes[name] = replace(_build(model, table, f"score.classes.{name}"), onset=onset)
    kinds = dict(default.kinds)
    for kind, priors in _table(document.pop("kinds", {}), "score.kinds").items():
        where = f"score.kinds.{kind}"
        _known(kind, kinds, "score.kinds")
        for name in _table(priors, where) or _nothing(where):
            _known(name, classes, where)
        kinds[kind] = {name: _typed(prior, 0.5, f"{where}.{name}") for name, prior in priors.items()}
    parameters: Parameters = _build(default, document, "score")
    return replace(parameters, classes=classes, kinds=kinds)


def _onset(default: Onset, table: Any, where: str) -> Onset:
    onset: Onset = _build(default, table, where)
    if onset.shape not in SHAPES:
        raise ConfigError(f"{where}.shape: {onset.shape!r} is none of {', '.join(SHAPES)}")
    if not onset.end_d > onset.start_d or not onset.scale_d > 0:
        raise ConfigError(f"{where}: end_d must be after start_d, and scale_d positive")
    return onset


def _nothing(where: str) -> NoReturn:
    raise ConfigError(f"{where}: no counterpart class is named")


def _build(default: Any, table: Any, where: str) -> Any:
    """The defaults with a table's values put in, each checked for name and type."""
    known = {f.name: getattr(default, f.name) for f in fields(default)}
    samples = {f.name: SAMPLES.get(str(f.type), known[f.name]) for f in fields(default)}
    for name, value in _table(table, where).items():
        _known(name, known, where)
        known[name] = _within(_typed(value, samples[name], f"{where}.{name}"), f"{where}.{name}")
    return type(default)(**known)


def _known(name: str, known: Mapping[str, Any], where: str) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, map(str, known), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(map(str, known)))}"
        raise ConfigError(f"{where}: unknown setting {name!r}{hint}")


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: expected a table, found {value!r}")
    return dict(value)


def _typed(value: Any, default: Any, where: str) -> Any:
    """The value as the type of its default; whole numbers may stand for decimal ones."""
    if isinstance(default, tuple):
        return tuple(_typed(item, "", where) for item in _typed(value, [], where))
    wanted = (int, float) if isinstance(default, float) else (type(default),)
    if not isinstance(value, wanted) or isinstance(value, bool) != isinstance(default, bool):
        raise ConfigError(f"{where}: expected {wanted[-1].__name__}, found {value!r}")
    return float(value) if isinstance(default, float) else value


def _within(value: Any, where: str) -> Any:
    low, high = LIMITS.get(where, (-math.inf, math.inf))
    if isinstance(value, (int, float)) and not low <= value <= high:  # NaN fails too
        raise ConfigError(f"{where}: {value!r} is not within {low:g} to {high:g}")
    return value


def document(settings: Settings) -> dict[str, Any]:
    """Settings as a plain record; passwords in the database URL are hidden."""
    from .store import masked

    record = asdict(settings)
    record["score"]["id"] = settings.score.id
    record["database"] = masked(settings.database)
    record["listen"] = tuple(masked(url) for url in settings.listen)
    record["publish"] = settings.publish and masked(settings.publish)
    return record
