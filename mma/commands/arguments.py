"""Reading a command line: what is wrong is told in one sentence, with the nearest right thing."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..text import asked, did_you_mean, nearest


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line; an option with one value is given once."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.given: set[str] = set()
        """Options with one value that were met so far."""
        for action in (None, "store"):
            self.register("action", action, Once)

    def parse_known_args(self, *arguments: Any, **named: Any) -> Any:
        """Read a command line, anew."""
        self.given.clear()
        return super().parse_known_args(*arguments, **named)

    def parse_args(self, *arguments: Any, **named: Any) -> Any:
        """Read a command line; a word too many is told by the command that it was given to."""
        chosen, more = self.parse_known_args(*arguments, **named)
        if more:
            parser = _commands(self).get(getattr(chosen, "command", ""), self)
            places = [str(a.metavar or a.dest) for a in parser._actions if not a.option_strings]
            takes = f"{' '.join(places)} and options" if places else "options only"
            parser.error(f"no place for {' '.join(more)}: it takes {takes}")
        return chosen

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, on the standard error, and end with 2."""
        text = message.removeprefix("argument ").replace("the following arguments are required:", "missing:")
        print(f"{self.prog}: {text} (usage: {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(
                action if action.option_strings else None,
                f"no {_what(action)} {str(value)!r}; {did_you_mean(str(value), choices)}",
            )

    def check_options(self, arguments: Sequence[str]) -> None:
        """Refuse options that neither this parser nor those of the commands named have, before what is missing."""
        parser, options = self, list(self._option_string_actions)
        for argument in arguments:
            if argument == "--":
                return
            name = argument.partition("=")[0]
            if parser is self and name not in options and _is_of_all(name, self):
                parser.error(f"{name} stands after the command: {self.prog} COMMAND {name} ...")
            if name.startswith("--") and not any(known.startswith(name) for known in options):
                parser.error(f"no option {name}; {_meant(name, parser._actions)}")
            inner = _commands(parser).get(argument)
            if inner is not None:
                parser, options = inner, list(inner._option_string_actions)


RADII = ("--r68", "--r90")
USUAL: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("radius", "error", "error radius", "radius error", "position error", "containment radius", "uncertainty"), RADII
) | {"sigma": ("--significance",)}
"""What others call an option of ours; it is meant by the commands that have one."""

SURE = 0.75
"""An option so like a word is meant; before less like ones go those whose help has the word."""

MOST_HELPED = 4
"""A word that the help of more options has says nothing."""


def _meant(name: str, actions: Sequence[argparse.Action]) -> str:
    """The end of a sentence about an option that there is not."""
    options = [option for action in actions for option in action.option_strings if option[:2] == "--"]
    word = re.sub(r"[-_]+", " ", name).strip().lower()
    if usual := [option for option in USUAL.get(word, ()) if option in options]:
        return asked(usual)
    about = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
    helped = [a.option_strings[0] for a in actions if a.option_strings and about.search(a.help or "")]
    if not nearest(name, options, least=SURE) and 0 < len(helped) <= MOST_HELPED:
        return asked(helped)
    return did_you_mean(name, options)


def _commands(parser: argparse.ArgumentParser) -> dict[str, Parser]:
    """Commands, or actions, that come next."""
    found = (a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return next(found, {})


def _is_of_all(name: str, top: argparse.ArgumentParser) -> bool:
    """Whether every command has an option, and the program itself has not."""
    commands = _commands(top).values()
    return name[:1] == "-" and bool(commands) and all(name in command._option_string_actions for command in commands)


def _what(action: argparse.Action) -> str:
    """What a choice is of."""
    return "value" if action.option_strings else str(action.metavar or action.dest).lower()


class Once(argparse._StoreAction):
    """Keeps a value; a second one would silently take the place of the first, and is refused."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if option is not None and isinstance(parser, Parser):
            if self.dest in parser.given:
                raise argparse.ArgumentError(self, "given twice; it takes one value")
            parser.given.add(self.dest)
        super().__call__(parser, namespace, values, option)


class Version(argparse.Action):
    """Prints our version."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib import metadata

        print(f"mma {metadata.version('mma-coincidence')}")
        parser.exit()


def whole(least: int | None = 1, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number within limits."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
        if (least is not None and value < least) or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text} is not {_within(least, most)}")
        return value

    return read


def number(
    least: float | None = None, most: float | None = None, unit: str = "write it without its unit"
) -> Callable[[str], float]:
    """Reads a finite number within limits; ``unit`` is what to do with a unit that is written behind it."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            more = f"; {unit}" if text[:1].isdigit() else ""
            raise argparse.ArgumentTypeError(f"{text!r} is no number{more}")
        if (least is not None and value < least) or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text} is not {_within(least, most)}")
        return value

    return read


probability = number(0.0, 1.0)

PER_UNIT: dict[str, dict[str, float]] = {
    "TEV": {"TeV": 1.0, "GeV": 1e3, "MeV": 1e6, "keV": 1e9, "eV": 1e12, "PeV": 1e-3},
    "S": {"s": 1.0, "min": 1 / 60, "h": 1 / 3600, "d": 1 / 86400},
    "DEG": {"deg": 1.0, "arcmin": 60.0, "arcsec": 3600.0},
    "ARCSEC": {"arcsec": 1.0, "arcmin": 1 / 60, "deg": 1 / 3600},
    "HZ": {"Hz": 1.0, "/d": 86400.0, "/yr": 365.25 * 86400.0},
}
"""By the unit of a number that does not say one: units that it may say, the same first, and how many of them are one
of that."""

WITH_UNIT = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>[A-Za-z/]+)")


def quantity(unit: str) -> Callable[[str], float]:
    """Reads a finite number in a unit, a key of ``PER_UNIT``, or with another one of the same kind.

    Examples
    --------
    >>> read = quantity("TEV")
    >>> read("0.2"), read("200GeV"), read("5e4 mev")
    (0.2, 0.2, 0.05)
    """
    known = {name.casefold(): per for name, per in PER_UNIT[unit].items()}
    own, *others = PER_UNIT[unit]
    plain = number()

    def read(text: str) -> float:
        found = WITH_UNIT.fullmatch(text.strip())
        if found and (per := known.get(found["unit"].casefold())):
            return plain(found["number"]) / per
        try:
            return plain(text)
        except argparse.ArgumentTypeError:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no number in {own}, nor one with its unit: {', '.join(others)}"
            ) from None

    return read


def _within(least: float | None, most: float | None) -> str:
    if least is None:
        return f"{most:g} or less"
    return f"{least:g} or more" if most is None else f"from {least:g} to {most:g}"
