"""The walk of a message: taken in, scored, ranked, stored, published; one file a step."""

from . import learning, namesakes, reading
from .additions import additions
from .engine import Engine
from .ingest import take_in
from .maps import Maps
from .metrics import registry, serve
from .replaying import Progress, in_time_order, play
from .startup import look_seldom, warm_up
from .vetting import Vetting
from .worker import Live

__all__ = [
    "Engine",
    "Live",
    "Maps",
    "Progress",
    "Vetting",
    "additions",
    "in_time_order",
    "learning",
    "look_seldom",
    "namesakes",
    "play",
    "reading",
    "registry",
    "serve",
    "take_in",
    "warm_up",
]
