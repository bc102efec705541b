"""A process of its own for what a message may make long or large: it can be ended, and the loop goes on."""

from . import budget
from .process import Room, StoppedError, shared
from .xml import root_of

__all__ = ["Room", "StoppedError", "budget", "root_of", "shared"]
