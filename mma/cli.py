"""The command line. It stays thin: a command reads its arguments, calls one function, prints."""

from __future__ import annotations

import importlib
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence

from .commands import Parser, Version, options, place_of
from .errors import MmaError, NotFoundError
from .text import printable

Add = Callable[[ArgumentParser], None]


COMMANDS: dict[str, tuple[str, str, Add]] = {
    "demo": ("mma.commands.demo:demo", "an offline night with known truth, ranked", options.demo),
    "simulate": (
        "mma.commands.simulate:simulate",
        "nights with known truth, and how well they score",
        options.simulate,
    ),
    "run": ("mma.commands.run:run", "live: listen to streams, score, publish", options.run),
    "publish": ("mma.commands.publish:publish", "publish a gamma-ray alert", options.publish),
    "subscribe": ("mma.commands.subscribe:subscribe", "print a stream of coincidence messages", options.subscribe),
    "replay": ("mma.commands.replay:replay", "play recorded messages, in time order", options.replay),
    "events": ("mma.commands.ask:events", "events, the newest first", options.events),
    "event": ("mma.commands.event:event", "one event whole, and its notices as they came", options.event),
    "candidates": (
        "mma.commands.ask:candidates",
        "ranked candidates of an event, with their terms",
        options.candidates,
    ),
    "object": ("mma.commands.ask:object_", "an object, its light curve and its events", options.object_),
    "cone": ("mma.commands.ask:cone", "objects near a position", options.cone),
    "associations": ("mma.commands.ask:associations", "events that may be one", options.associations),
    "verdict": ("mma.commands.verdict:verdict", "what people say of candidates: tell, list, learn", options.verdict),
    "tag": ("mma.commands.tag:tag", "short words on candidates: put on, take off, list", options.tag),
    "classify": ("mma.commands.verdict:classify", "what a classifier says of an object", options.classify),
    "rates": ("mma.commands.rates:rates", "how many unrelated transients there are: show, learn, plot", options.rates),
    "chance": ("mma.commands.chance:measure", "count unrelated objects that score as high", options.chance),
    "export": ("mma.commands.export:export", "candidates for other tools: tables, regions, drafts", options.export),
    "plot": ("mma.commands.plot:plot", "an event's sky, light curves and scores as a picture", options.plot),
    "visible": ("mma.commands.visible:visible", "when and from where a target can be observed", options.visible),
    "status": ("mma.commands.ask:status", "messages in and out, and what became of them", options.nothing),
    "dead-letters": (
        "mma.commands.dead_letters:dead_letters",
        "messages that could not be handled, and why",
        options.dead_letters,
    ),
    "outbox": ("mma.commands.outbox:outbox", "messages that wait, or that the broker refuses", options.outbox),
    "catalog": ("mma.commands.catalog:catalog", "galaxy catalogues: import, list, remove", options.catalog),
    "serve": ("mma.commands.serve:serve", "the REST interface on a database", options.serve),
    "token": ("mma.commands.token:token", "who may use the REST interface: add, list, revoke", options.token),
    "db": ("mma.commands.db:db", "the database: upgrade, forget old nights", options.db),
    "config": ("mma.commands.config:config", "show or check the settings", options.config),
}
"""Command to the function that carries it out, its one line of help, and its arguments."""


def parser() -> Parser:
    """The parser of the whole command line."""
    top = Parser(
        prog="mma",
        description="Multi-messenger coincidence engine: which optical transient is the counterpart?",
    )
    top.add_argument("--version", action=Version, nargs=0, help="print the version")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_, text, add) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        add(command)
        options.shared(command)
    return top


UNKNOWN = re.compile(r"no (?:event|object) '(?P<source>GW\d{6})?")
"""Of a name that the database does not have; that of a source, which a catalogue gave it later."""


def _more(error: MmaError, chosen: Namespace) -> str:
    """Where something was not found; and how an event gets the name that a catalogue has for it."""
    found = UNKNOWN.match(str(error)) if isinstance(error, NotFoundError) else None
    if found is None:
        return ""
    name = "; 'mma event ID --alias NAME' gives an event another name" if found["source"] else ""
    return f"{name} (database: {place_of(chosen)})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 on success, 1 with a one-line error, 2 for a wrong command line."""
    top, given = parser(), list(sys.argv[1:] if arguments is None else arguments)
    top.check_options(given)
    chosen = top.parse_args(given)
    module, function = COMMANDS[chosen.command][0].split(":")
    try:
        getattr(importlib.import_module(module), function)(chosen)
    except MmaError as error:
        print(printable(f"mma: {error}{_more(error, chosen)}"), file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:  # a disk that is full, a folder that nobody may enter
        place = f"{error.filename}: " if error.filename else ""
        print(printable(f"mma: {place}{error.strerror or error}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
