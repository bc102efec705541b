"""Whether the counterpart classes of a settings file can be worked with."""

from __future__ import annotations

import itertools
from dataclasses import fields

from coincidence.fading import Template
from coincidence.models import Light, Onset

from ..errors import ConfigError

SHAPES = ("box", "plateau_exponential", "power_law", "event")
LIGHT_SHAPES = ("none", "flat", "template", "power_law", "state")


def check_onset(onset: Onset, where: str) -> None:
    """Refuse an onset density that cannot be drawn from."""
    if onset.shape not in SHAPES:
        raise ConfigError(f"{where}.shape: {onset.shape!r} is none of {', '.join(SHAPES)}")
    if onset.shape == "event" and not (onset.flat_d > 0 and 0 <= onset.late <= 1):
        raise ConfigError(f"{where}: flat_d must be positive, and late a part from 0 to 1")
    if not onset.end_d > onset.start_d or not onset.scale_d > 0:
        raise ConfigError(f"{where}: end_d must be after start_d, and scale_d positive")


def check_light(light: Light, template: Template | None, where: str) -> None:
    """Refuse a light curve that cannot be followed."""
    if light.shape not in LIGHT_SHAPES:
        raise ConfigError(f"{where}.shape: {light.shape!r} is none of {', '.join(LIGHT_SHAPES)}")
    for course in light.courses:
        if light.shape == "template":
            if len(course) != 3 or not min(course[:2]) > 0 or course[2] < 0:
                raise ConfigError(f"{where}.courses: {course!r} is not a share, times as slow, and days of a rise")
            continue
        changes = course[2::2]
        if len(course) < 2 or len(course) % 2 or not course[0] > 0 or any(day <= 0 for day in changes):
            raise ConfigError(f"{where}.courses: {course!r} is not a share, an index, and days each with an index")
        if any(later <= day for day, later in itertools.pairwise(changes)):
            raise ConfigError(f"{where}.courses: the days of {course!r} must grow")
    if light.shape == "template" and template is None:
        table = where.removesuffix(".light").replace("classes", "templates")
        raise ConfigError(f"{where}.shape: a template needs a table {table}")
    if light.shape == "template" and template is not None:
        days, columns = template.days, [getattr(template, f.name) for f in fields(template)]
        if len(days) < 2 or any(len(column) != len(days) for column in columns):
            raise ConfigError(f"{where}: its template needs two days or more, and a magnitude for each in every band")
        if any(later <= day for day, later in itertools.pairwise(days)):
            raise ConfigError(f"{where}: the days of its template must grow")
