"""The Python client: one way to ask a server or a database, astropy in and out."""

from ..errors import ConfigError, MmaError, NotFoundError, OutageError
from .client import Client
from .known import as_time
from .listening import ListeningWarning
from .records import Association, Candidate, Event, Group, Message, Object, Record, Status
from .table import Results

__all__ = [
    "Association",
    "Candidate",
    "Client",
    "ConfigError",
    "Event",
    "Group",
    "ListeningWarning",
    "Message",
    "MmaError",
    "NotFoundError",
    "Object",
    "OutageError",
    "Record",
    "Results",
    "Status",
    "as_time",
]
