"""Galaxy catalogues from the tables that people have."""

from .convert import NAMES, nearer_per_deg2, per_mpc3
from .importing import Import, begin, read
from .presets import PRESETS, Preset

__all__ = ["NAMES", "PRESETS", "Import", "Preset", "begin", "nearer_per_deg2", "per_mpc3", "read"]
