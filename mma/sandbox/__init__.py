"""A process of its own for what a message may make long or large: it can be ended, and the loop goes on."""

from .process import Room, StoppedError, shared

__all__ = ["Room", "StoppedError", "shared"]
