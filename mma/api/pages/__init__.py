"""The pages at ``/``: the same answers as the REST interface's, for people. Drawn here, nothing from elsewhere."""

from .routes import install

__all__ = ["install"]
