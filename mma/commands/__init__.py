"""What the commands do, a file for each group of them. Nothing slow is imported here."""

from . import options
from .arguments import Parser, Version

__all__ = ["Parser", "Version", "options"]
