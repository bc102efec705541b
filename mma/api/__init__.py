"""The REST interface: what is stored, over HTTP, in JSON and in the tables that astronomers use."""

from .app import create_app
from .child import Child, Numbers, stand_back
from .server import bound, config, url_of

__all__ = ["Child", "Numbers", "bound", "config", "create_app", "stand_back", "url_of"]
