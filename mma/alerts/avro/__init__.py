"""Avro alerts: framings, writer schemas, and compiled reading of what is needed."""

from . import framing

__all__ = ["framing"]
