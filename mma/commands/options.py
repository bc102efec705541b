"""What each command takes on the command line; nothing slow is imported here."""

from __future__ import annotations

import argparse

from . import gamma_flags
from .arguments import number, probability, whole
from .simulate_options import demo as demo
from .simulate_options import simulate as simulate

KINDS = ("cbc", "burst", "grb", "neutrino", "supernova", "flare", "frb", "transient")
"""Of events; a test holds them against ``coincidence.Kind``."""

MESSENGERS = ("gw", "gamma", "neutrino", "xray", "radio", "optical")
"""Of events; a test holds them against ``coincidence.Messenger``."""


def replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="files, folders, archives of recorded messages; maps alone come right after their event's first notice",
    )
    parser.add_argument("--publish", metavar="FILE", help="add published messages to this file, a line each")


def events(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=("active", "expired", "retracted", "unlocated"), help="only those")
    parser.add_argument("--limit", type=whole(), metavar="N", help="only the first N")


def event(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "event", metavar="EVENT|add", help="id or any other name, in any case, e.g. S190425z; or: make one by hand"
    )
    parser.add_argument("--raw", action="store_true", help="its newest notice as it came, byte for byte")
    parser.add_argument("--notice", type=int, metavar="N", help="with --raw: another of its notices, from 1 on")
    parser.add_argument("--alias", action="append", metavar="NAME", help="another name that it is found by: GW190814")
    new = parser.add_argument_group("mma event add")
    new.add_argument("--map", metavar="FILE", help="HEALPix map as FITS; or:")
    new.add_argument("--circle", metavar='"RA DEC R"', help="a position, and the degrees that hold 90 %% of it")
    new.add_argument("--time", metavar="UTC", help="when it happened, ISO 8601 (of a map: as its header has it)")
    new.add_argument("--kind", choices=KINDS, help="what is looked for (of a map: as its header has it; transient)")
    new.add_argument("--name", metavar="ID", help="what it is called (of a map: OBJECT; else kind and time)")
    new.add_argument("--test", action="store_true", help="a test, kept apart from all that is real")


def candidates(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event", metavar="EVENT", help="id or any other name, in any case, e.g. S190425z")
    parser.add_argument("--limit", type=whole(), metavar="N", help="only the first N")
    parser.add_argument(
        "--min-probability", "--probability-min", type=probability, metavar="P", help="only so probable"
    )
    parser.add_argument("--all", action="store_true", help="vetoed and withdrawn ones too, with their reasons")
    parser.add_argument("--tag", action="append", metavar="NAME", help="only those with this tag, or any of several")


def object_(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("object", metavar="ID", help="id or any other name, in any case")


def cone(parser: argparse.ArgumentParser) -> None:
    place = "degrees, or sexagesimal: '12h29m06.7s +02d03m08s'; or the name of an object or event"
    parser.add_argument("position", metavar='"RA DEC"', help=place)
    parser.add_argument("radius", metavar="RADIUS", help="degrees, or with a unit: 30arcsec, 5arcmin, 1deg")
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)  # of a position without quotes


def associations(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event", nargs="?", metavar="EVENT", help="only those of this event")


def dead_letters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", type=whole(0), metavar="ID", help="show this one, with its bytes")
    parser.add_argument("--save", metavar="FILE", help="write its bytes to a file")
    parser.add_argument("--again", action="store_true", help="handle it once more, or all of them")


def outbox(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="messages that were not sent, those that the broker refuses first")
    show = actions.add_parser("show", help="one message, as it would be sent")
    show.add_argument("seq", type=whole(0), metavar="N", help="its number in the list")
    retry = actions.add_parser("retry", help="let the worker send refused messages again")
    retry.add_argument("seq", nargs="?", type=whole(0), metavar="N", help="this one (default: all of them)")
    prefix = actions.add_parser("prefix", help="show or change the first part of the topics' names, for all workers")
    prefix.add_argument("prefix", nargs="?", metavar="NEW", help="change it to this")
    for action in actions.choices.values():
        shared(action, default=argparse.SUPPRESS)


def catalog(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    load = actions.add_parser("import", help="import galaxies: FITS, CSV, ECSV, VOTable, Parquet, or GLADE+.txt")
    load.add_argument("file", metavar="FILE", help="the catalogue")
    load.add_argument("--name", help="name of the catalogue (default: the file's)")
    load.add_argument("--column", action="append", default=[], metavar="OURS=THEIRS", help="e.g. distance_mpc=bestdist")
    load.add_argument(
        "--priority", type=whole(0), metavar="N", help="the smaller goes first (default: order of import)"
    )
    load.add_argument("--completeness", metavar="MPC:FRACTION,...", help="share of the galaxies it holds: 0:1,50:0.95")
    load.add_argument(
        "--dec", nargs=2, type=number(-90.0, 90.0), metavar=("MIN", "MAX"), help="where it ends on the sky, degrees"
    )
    load.add_argument("--band", metavar="BAND", help="of its magnitudes: B, r, K, ...")
    load.add_argument("--agn", action="store_true", help="active nuclei, which need no distance and are no hosts")
    actions.add_parser("list", help="catalogues that were imported")
    drop = actions.add_parser("remove", help="delete a catalogue")
    drop.add_argument("name", metavar="NAME", help="as mma catalog list shows it")
    for action in actions.choices.values():
        shared(action, default=argparse.SUPPRESS)


def verdict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event", nargs="?", metavar="EVENT", help="without an object: verdicts on its candidates")
    parser.add_argument("object", nargs="?", metavar="OBJECT", help="id or any other name of the object")
    statuses = ("pending", "confirmed", "ambiguous", "rejected")
    parser.add_argument(
        "status", nargs="?", choices=statuses, help="what it is; confirmed and rejected change its score"
    )
    parser.add_argument(
        "--class", dest="spectral_class", metavar="CLASS", help="by a spectrum: 'SN Ia' ...; none takes it back"
    )
    parser.add_argument("--who", "--by", metavar="NAME", help="who says so (default: your account's name)")
    parser.add_argument("--why", metavar="TEXT", help="a reason, shown with the verdict")
    parser.add_argument("--learn", action="store_true", help="print settings that account for the verdicts so far")


def tag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event", nargs="?", metavar="EVENT", help="without an object: tags in use on its candidates")
    parser.add_argument("object", nargs="?", metavar="OBJECT", help="without a tag: those that it has")
    parser.add_argument("tags", nargs="*", metavar="NAME", help="1 to 32 of a-z, 0-9, dot, underscore, minus")
    parser.add_argument("--remove", action="store_true", help="take them off")
    parser.add_argument("--by", "--who", metavar="NAME", help="who does (default: your account's name)")
    parser.add_argument("--list", action="store_true", help="tags in use, with the number of candidates")


def classify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("object", metavar="OBJECT", help="id or any other name of the object")
    parser.add_argument("classifier", metavar="CLASSIFIER", help="as [score.classifiers] of the settings names it")
    parser.add_argument("probability", nargs="+", metavar="CLASS=P", help="e.g. KN=0.93 other=0.07")
    parser.add_argument("--version", default="", help="of the classifier")


def chance(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event", metavar="EVENT", help="id or any other name, in any case")
    parser.add_argument(
        "--trials", type=whole(), default=200, metavar="N", help="places and times that are tried (200)"
    )


def rates(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--update", action="store_true", help="learn from the stored sky, as mma run does once a day")
    parser.add_argument("--plot", metavar="FILE", help="draw published and learnt rates into a file: png, pdf, svg")


def db(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("upgrade", help="bring the tables to this version; mma run and replay do it too")
    prune = actions.add_parser("prune", help="forget detections of old nights; candidates stay whole")
    prune.add_argument(
        "--keep", type=number(0.0), metavar="NIGHTS", help="nights to keep (keep_nights of the settings)"
    )
    prune.add_argument("--force", action="store_true", help="even if that is more than half of all detections")
    check = actions.add_parser("check", help="look for damage in the database, and say what to do")
    check.add_argument("--mend", action="store_true", help="keep damaged maps anew from the notices they came in")
    backup = actions.add_parser("backup", help="copy an SQLite database to a file, while all runs")
    backup.add_argument("file", metavar="FILE", help="where the copy is written")
    for action in actions.choices.values():
        shared(action, default=argparse.SUPPRESS)


def config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("show", "check"),
        nargs="?",
        default="show",
        help="print the settings in force, or check them",
    )


def run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="listen",
        action="append",
        metavar="URL",
        help="kafka://HOST:PORT/TOPIC,TOPIC or gcn://gcn.nasa.gov/TOPIC,TOPIC; again for more",
    )
    parser.add_argument("--publish", metavar="URL", help="kafka://HOST:PORT, or a file to add lines to")
    parser.add_argument("--group", metavar="NAME", help="consumer group (mma): a restart goes on where it ended")
    parser.add_argument("--worker", metavar="NAME", help="of this member, the same after a restart: it rejoins at once")


def publish(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", required=True, metavar="ALERT")
    gamma = what.add_parser("gamma", help="a very-high-energy gamma-ray alert, checked field by field")
    gamma.add_argument(
        "file", nargs="?", metavar="FILE", help="the alert as JSON, - for the standard input; options go over it"
    )
    gamma.add_argument("--update", metavar="ID", help="this replaces an earlier alert: its id as printed, or an alias")
    gamma.add_argument("--retract", metavar="ID", help="this takes an earlier alert back")
    gamma.add_argument(
        "--force",
        action="store_true",
        help="even where nobody has seen what it changes, it is retracted, or its id taken",
    )
    gamma.add_argument("--test", action="store_true", help="a test, to the .test topic")
    gamma.add_argument("--format", choices=("json", "voevent"), default="json", help="how it is written (json)")
    gamma.add_argument("--to", metavar="URL", help="kafka://HOST:PORT/TOPIC, with the credentials of 'hop auth'")
    gamma.add_argument("--dry-run", action="store_true", help="only check, and print the alert")
    gamma_flags.add(gamma)
    shared(gamma, default=argparse.SUPPRESS)


def subscribe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="kafka://HOST:PORT/mma.candidates")
    parser.add_argument("--event", metavar="ID", help="only about this event, by id or alias in any case")
    least = "of candidates only those that reach P, and what becomes of them; other kinds pass, see --kind"
    parser.add_argument("--min-probability", "--probability-min", type=probability, metavar="P", help=least)
    parser.add_argument("--kind", choices=("candidate", "event", "association", "group"), help="only such messages")
    parser.add_argument("--type", choices=("new", "update", "withdrawal"), help="only such messages")
    parser.add_argument("--messenger", choices=MESSENGERS, help="only about events of this messenger")
    parser.add_argument("--tag", action="append", metavar="NAME", help="only with this tag, or that just lost it")
    parser.add_argument("--group", metavar="NAME", help="go on where this group ended (default: from the beginning)")
    parser.add_argument("--until-end", action="store_true", help="stop when nothing waits")


def export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "format", nargs="?", metavar="FORMAT", help="csv, votable, circular, ...; without: what there is"
    )
    parser.add_argument("event", nargs="?", metavar="EVENT", help="id or any other name, in any case, e.g. S190425z")
    parser.add_argument("--limit", type=whole(None), metavar="N", help="only the first N")
    parser.add_argument(
        "--min-probability", "--probability-min", type=number(None), metavar="P", help="only this probable"
    )
    parser.add_argument("--all", action="store_true", help="vetoed and withdrawn ones too")
    parser.add_argument("--object", metavar="ID", help="only this object")
    parser.add_argument(
        "--level", type=float, default=0.9, metavar="L", help="credible level of a region, 0 to 1 (0.9)"
    )
    parser.add_argument("--test", action="store_true", help="a draft of a test event even where these are refused")
    raw = "CSV for programs: texts that begin with = + - @ as they are, which a spreadsheet would take for formulas"
    parser.add_argument("--raw", action="store_true", help=raw)
    parser.add_argument("-o", "--output", metavar="FILE", help="a file, or a folder (default: standard output)")


def plot(parser: argparse.ArgumentParser) -> None:
    kinds = ("sky", "zoom", "curves", "terms", "all")
    parser.add_argument("event", metavar="EVENT", help="id or any other name, in any case, e.g. S190425z")
    parser.add_argument("--kind", choices=kinds, default="all", help="what is drawn (all, on one page)")
    parser.add_argument("-o", "--output", metavar="FILE", help="ends with .png, .pdf or .svg (EVENT-KIND.png)")
    parser.add_argument("--limit", type=whole(None), default=10, metavar="N", help="candidates, the best first (10)")
    parser.add_argument("--dpi", type=number(None), default=150.0, metavar="N", help="pixels per inch of a PNG (150)")


def visible(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar='EVENT|OBJECT|"RA DEC"', help="an event with its candidates, or a position")
    parser.add_argument(
        "--site",
        action="append",
        metavar="NAME",
        help='CTAO-N, CTAO-S, Rubin, Palomar ... or "LAT LON HEIGHT"; again for more (both CTAO sites)',
    )
    parser.add_argument("--night", metavar="DATE", help="local date of the evening, 2027-03-01 (the coming night)")
    parser.add_argument("--limit", type=whole(), default=5, metavar="N", help="candidates of an event (5)")


def token(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a token; it is shown once, and kept as a hash")
    add.add_argument("name", metavar="NAME", help="whose it is")
    add.add_argument("--write", action="store_true", help="it may also change things: verdicts, tags")
    actions.add_parser("list", help="names of the tokens")
    revoke = actions.add_parser("revoke", help="end a token at once")
    revoke.add_argument("name", metavar="NAME", help="whose it is")
    for action in actions.choices.values():
        shared(action, default=argparse.SUPPRESS)


def serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", metavar="HOST", help="address to listen at (127.0.0.1)")
    parser.add_argument("--port", type=whole(0, 65535), metavar="N", help="port to listen at (8000); 0: any")
    for inherited in ("--socket", "--numbers"):  # of the worker that it is beside
        parser.add_argument(inherited, type=whole(0), help=argparse.SUPPRESS)


def shared(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Options of every command, and of its actions: there with no default at all, so that either place will do."""
    flag = default or False
    shared = parser.add_argument_group("everywhere")
    shared.add_argument("--db", default=default, metavar="URL", help="SQLite file or URL (default: mma.sqlite)")
    shared.add_argument("-c", "--config", default=default, metavar="FILE", help="settings; see configs/default.toml")
    shared.add_argument("--json", action="store_true", default=flag, help="print JSON")
    shared.add_argument("-v", "--verbose", action="store_true", default=flag, help="log to the standard error")


def nothing(parser: argparse.ArgumentParser) -> None:
    pass
