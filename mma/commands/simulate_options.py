"""What ``mma demo`` and ``mma simulate`` take on the command line; nothing slow is imported here."""

from __future__ import annotations

import argparse

from .arguments import number, whole


def demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--alerts", type=whole(), default=30000, metavar="N", help="optical detections (30000)")
    parser.add_argument(
        "--seed", type=whole(0), default=3, metavar="N", help="begins the random numbers: the same night again (3)"
    )
    parser.add_argument("--keep", metavar="FOLDER", help="keep the night and its database in this folder")


def simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="+",
        metavar="FOLDER",
        help="where a campaign is written; 'score FOLDER' scores it; 'maps FOLDER' makes BAYESTAR maps",
    )
    parser.add_argument("--events", type=whole(None), default=4, metavar="N", help="events; the kinds take turns (4)")
    parser.add_argument("--nights", type=whole(None), default=10, metavar="N", help="nights that they fall into (10)")
    parser.add_argument("--seed", type=whole(None), default=1, metavar="N", help="begins the random numbers (1)")
    parser.add_argument("--survey", choices=("ztf", "lsst"), default="ztf", help="whose packets are made (ztf)")
    parser.add_argument("--kinds", default="cbc,grb,neutrino,flare", metavar="KIND,...", help="cbc,grb,neutrino,flare")
    parser.add_argument(
        "--background",
        type=number(None),
        metavar="N",
        help="unrelated transients per deg2 in 14 d (as the score states)",
    )
    parser.add_argument(
        "--photo", type=number(None), default=0.0, metavar="PART", help="of the hosts: photometric redshifts"
    )
    parser.add_argument(
        "--hostless", type=number(None), default=0.0, metavar="PART", help="of the hosts: in no catalogue"
    )
    parser.add_argument("--always", action="store_true", help="every event has a counterpart: for ranks, not for P")
    parser.add_argument("--redraw", action="store_true", help="mergers are placed anew, each drawn from its own map")
    parser.add_argument("--maps", metavar="FOLDER", help="BAYESTAR maps to use (default: a cache, filled as needed)")
    parser.add_argument("--network", choices=("o4", "near"), default="o4", help="detectors of the maps that are made")
    parser.add_argument("--n", type=whole(None), default=20, metavar="N", help="maps: how many in all (20)")
    parser.add_argument("--direct", action="store_true", help="score: without packets, each event under its own sky")
    parser.add_argument("--plots", metavar="FOLDER", help="score: pictures too")
