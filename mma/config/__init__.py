"""Settings: one TOML file, every name checked."""

from .settings import Settings, document, load

__all__ = ["Settings", "document", "load"]
