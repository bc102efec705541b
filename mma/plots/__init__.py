"""Pictures of an event and its candidates: the whole sky, a closer look, light curves, the terms of the score.

Nothing is fetched: maps and light curves come from the client, coordinates from arithmetic.
"""

from . import rates
from .content import Content, load
from .page import KINDS, draw, save

__all__ = ["KINDS", "Content", "draw", "load", "rates", "save"]
