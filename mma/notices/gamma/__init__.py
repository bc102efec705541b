"""Very-high-energy gamma-ray alerts in our own schema, ``urn:mma:gamma:1``."""

from . import alert, sending, voevent
from .schema import SCHEMA_ID, TIMES
from .sending import CLOCK, ZONE

__all__ = ["CLOCK", "SCHEMA_ID", "TIMES", "ZONE", "alert", "sending", "voevent"]
