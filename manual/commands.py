"""The page of all commands, from the parser that reads them."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator

from mma import cli

from .markdown import cell, table

INTRO = """# Commands

Each command prints this page's text with `--help`. These options are the same for all commands:

"""

NEVER = ("help", "version")


def page() -> str:
    """The whole page as Markdown."""
    everywhere = list(_group(cli.COMMANDS["status"], "everywhere"))
    parts = [INTRO + table(("option", "meaning"), (_row(a) for a in everywhere))]
    shared = {a.dest for a in everywhere}
    parts += [_section(words, parser, shared) for words, parser in parsers()]
    return "\n".join(parts)


def parsers() -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Each command and each action of a command, with its parser."""
    yield from _inner((), cli.parser())


def told(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Arguments and options that a person can use."""
    for action in parser._actions:
        is_inner = isinstance(action, argparse._SubParsersAction)
        if not is_inner and action.dest not in NEVER and action.help != argparse.SUPPRESS:
            yield action


def meaning(action: argparse.Action) -> str:
    """What the help says of an argument, and its choices."""
    text = action.help % {"default": action.default} if action.help else ""
    if not action.choices or all(str(choice) in text for choice in action.choices):
        return text
    choices = ", ".join(str(choice) for choice in action.choices)
    return f"{text}: {choices}" if text else choices


def _inner(
    words: tuple[str, ...], parser: argparse.ArgumentParser
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help for choice in action._choices_actions}
            for name, inner in action.choices.items():
                inner.description = inner.description or helps.get(name)
                yield (*words, name), inner
                yield from _inner((*words, name), inner)


def _section(words: tuple[str, ...], parser: argparse.ArgumentParser, shared: set[str]) -> str:
    rows = [_row(action) for action in told(parser) if action.dest not in shared]
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    usage = usage.replace(" [-h]", "").replace(" [--db URL] [-c FILE] [--json] [-v]", "")
    usage = "\n".join(
        textwrap.wrap(usage, 84, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    )
    head = f"\n{'#' * (len(words) + 1)} mma {' '.join(words)}\n\n{_sentence(parser.description or '')}\n"
    return f"{head}\n```text\n{usage}\n```\n\n" + (table(("argument or option", "meaning"), rows) if rows else "")


def _row(action: argparse.Action) -> tuple[str, str]:
    value = action.metavar or (action.dest if not action.option_strings else action.dest.upper())
    shown = " ".join(value) if isinstance(value, tuple) else str(value)
    if not action.option_strings:
        return f"`{cell(shown)}`", meaning(action)
    names = ", ".join(f"`{name}`" for name in action.option_strings)
    takes = action.nargs != 0 and not isinstance(action, argparse.BooleanOptionalAction)
    has_value = takes and action.choices is None
    return (f"{names} `{cell(shown)}`" if has_value else names), meaning(action)


def _group(command: tuple[str, str, cli.Add], name: str) -> list[argparse.Action]:
    parser = dict(parsers())[next((k,) for k, v in cli.COMMANDS.items() if v is command)]
    return next(group._group_actions for group in parser._action_groups if group.title == name)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
