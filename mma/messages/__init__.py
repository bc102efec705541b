"""What we tell the world: messages with a schema, a revision and an id that is the same each time."""

from .candidate import candidate_message
from .event import association_message, event_message, group_message

__all__ = ["association_message", "candidate_message", "event_message", "group_message"]
