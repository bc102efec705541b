"""The REST interface: what is stored, over HTTP, in JSON and in the tables that astronomers use."""

from .app import create_app

__all__ = ["create_app"]
