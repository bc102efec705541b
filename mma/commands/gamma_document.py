"""A gamma-ray alert out of a file and the options of the command line, which go over the file's fields."""

from __future__ import annotations

import base64
import json
import re
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from skymaps import positions, times

from ..errors import ConfigError
from ..notices.gamma import TIMES, ZONE
from .gamma_flags import FLAGS, LEVELS

Alert = dict[str, Any]
SHAPES = (*LEVELS, "ra_dec_error")
BY_FIELD = {flag.field: flag.shown for flag in FLAGS}
BY_FIELD |= {"ra_dec_error": "--r68, --r90, --ellipse"}
CHOICES = {flag.field: f"; it is {' or '.join(flag.choices)}" for flag in FLAGS if flag.choices}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
WORD = re.compile(r"[a-z0-9_]+")


class Told:
    """What a command line tells of an alert, and by which options it does."""

    def __init__(self, options: Namespace) -> None:
        self.file: Alert = from_file(Path(options.file)) if options.file else {}
        self.has_file = bool(options.file)
        self.is_retraction = bool(options.retract) or self.file.get("alert_type") == "retraction"
        given = {flag.field: getattr(options, flag.field) for flag in FLAGS}
        self.flags: Alert = {name: value for name, value in given.items() if value is not None}
        self.names = {flag.field: flag.shown for flag in FLAGS if flag.field in self.flags}
        if self.flags.get("detection") is False:
            self.names["detection"] = "--no-detection"
        self._is_test(options)
        self._radius()
        self._values()
        self.file, self.flags = _with_times(self.file), _with_times(self.flags)
        self._mix()

    @property
    def document(self) -> Alert:
        """The file's fields with the options' over them."""
        return self.file | self.flags

    def named(self, problem: str) -> str:
        """A complaint about a field in the words of whoever told it: an option where it was one, else the field."""
        names = self.names if self.has_file else BY_FIELD | self.names
        head, colon, rest = problem.partition(":")
        needs = re.fullmatch(r"( missing, and )(\w+)( needs it)", rest)
        if needs:
            rest = needs[1] + names.get(needs[2], needs[2]) + needs[3] + CHOICES.get(head, "")
        rest = re.sub(r"(is (?:before|after) )(\w+)", lambda m: m[1] + names.get(m[2], m[2]), rest)
        return WORD.sub(lambda m: names.get(m[0], m[0]), head) + colon + rest

    def _is_test(self, options: Namespace) -> None:
        if not options.test:
            return
        tense = self.flags.setdefault("alert_tense", "test")
        if tense != "test":
            raise ConfigError(f"--test with --tense {tense}: one of them")
        self.names["alert_tense"] = "--test"

    def _radius(self) -> None:
        """A radius with its containment; one form of a region at most."""
        names = [self.names[shape] for shape in SHAPES if shape in self.flags]
        if len(names) > 1:
            raise ConfigError(f"{' with '.join(names)}: one of them")
        for name, level in LEVELS.items():
            if name in self.flags:
                self.flags[name] = _angle(positions.radius, self.flags[name], f"--{name}")
                if "containment_probability" in self.flags:
                    raise ConfigError(f"--{name} with --containment: its containment is {level:g} already")
                self.flags |= {"ra_dec_error": self.flags.pop(name), "containment_probability": level}
                self.names |= {"ra_dec_error": self.names.pop(name), "containment_probability": f"--{name}"}

    def _values(self) -> None:
        """Texts that are not yet the field's value."""
        for name, read in (("ra", positions.right_ascension), ("dec", positions.declination)):
            if name in self.flags:
                self.flags[name] = _angle(read, self.flags[name], self.names[name])
            if isinstance(text := self.file.get(name), str):
                self.file[name] = _angle(read, text, name)
        if "event_name" in self.flags:
            names = self.flags["event_name"]
            self.flags["event_name"] = names[0] if len(names) == 1 else names
        if "classification" in self.flags:
            self.flags["classification"] = dict(map(_class, self.flags["classification"]))
        if "healpix_file" in self.flags:
            self.flags["healpix_file"] = _map(Path(self.flags["healpix_file"]))

    def _mix(self) -> None:
        """A region by options is not hidden behind a map of the file."""
        region = next((self.names[name] for name in ("ra_dec_error", "ra", "dec") if name in self.flags), None)
        if region and "healpix_file" in self.file and "healpix_file" not in self.flags:
            raise ConfigError(f"{region} with the file's healpix_file: the map would count; take it out, or give --map")


def from_file(path: Path) -> Alert:
    """The alert in a file, or on the standard input."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        word = "; a unit stands right behind its number, as in 10TeV" if str(path).isalpha() else ""
        raise ConfigError(f"FILE {path}: {error.strerror}{word}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: a gamma-ray alert is a JSON object")
    return document


def _with_times(told: Alert) -> Alert:
    """Times as RFC 3339 has them, which the schema asks for; what is wrong with others is told later."""
    found = dict(told)
    for name in TIMES:
        text = told.get(name)
        if isinstance(text, str) and ZONE.search(text.strip()) and not RFC_3339.fullmatch(text):
            with suppress(ValueError):
                found[name] = times.read(text).isoformat().replace("+00:00", "Z")
    return found


def _angle(read: Callable[[str], float], text: str, flag: str) -> float:
    try:
        return read(text)
    except ValueError as error:
        raise ConfigError(f"{flag}: {error}") from error


def _class(text: str) -> tuple[str, float]:
    name, _, value = text.rpartition("=")
    try:
        return name, float(value)
    except ValueError as error:
        raise ConfigError(f"--classification: {text!r}; write CLASS=PROBABILITY, e.g. GRB=0.9") from error


def _map(path: Path) -> str:
    try:
        return base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise ConfigError(f"--map: {path}: {error.strerror}") from error
