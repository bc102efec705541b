"""Words of others: made safe for a terminal, and what somebody meant who misspelt one."""

from .nearest import asked, did_you_mean, nearest
from .printable import printable

__all__ = ["asked", "did_you_mean", "nearest", "printable"]
