"""What the commands do, a file for each group of them. Nothing slow is imported here."""

from argparse import Namespace

from . import options
from .arguments import Parser, Version

__all__ = ["Parser", "Version", "options", "place_of"]


def place_of(chosen: Namespace) -> str:
    """The database of a command, as people are told of it."""
    from . import show

    return show.place_of(chosen)
