"""Settings: one TOML file, every name checked."""

from .settings import Api, Settings, document, load

__all__ = ["Api", "Settings", "document", "load"]
