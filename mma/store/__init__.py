"""What mma remembers: events, objects, candidates, what was told; in SQLite or PostgreSQL."""

from . import (
    associations,
    candidates,
    chances,
    classifications,
    deliveries,
    events,
    facts,
    galaxies,
    groups,
    handled,
    identities,
    maps,
    message_log,
    names,
    objects,
    originals,
    outbox,
    rates,
    sources,
    tables,
    tags,
    tokens,
    verdicts,
)
from .backup import backup
from .bulk import Columns, Row, count_of, select_in, within
from .candidates import ACTIVE, TOLD, WITHDRAWN, Key
from .checking import RESTORE, Finding, findings, mend
from .codec import event_document, event_of
from .database import Store, current_revision
from .deliveries import Handover, Place
from .events import count_states
from .evidence import gather
from .identities import Stored
from .locks import hold_events
from .many import in_ranges, one_of, one_of_numbers
from .message_log import Entry
from .names import resolve
from .place import as_url, files_of, masked, path_of
from .rates import LearntSet
from .retention import NIGHT_S, forget
from .sources import SILENT_S
from .storable import storable, unstorable
from .tags import clean
from .tokens import Token
from .verdicts import STATUSES, Verdict

__all__ = [
    "ACTIVE",
    "NIGHT_S",
    "RESTORE",
    "SILENT_S",
    "STATUSES",
    "TOLD",
    "WITHDRAWN",
    "Columns",
    "Entry",
    "Finding",
    "Handover",
    "Key",
    "LearntSet",
    "Place",
    "Row",
    "Store",
    "Stored",
    "Token",
    "Verdict",
    "as_url",
    "associations",
    "backup",
    "candidates",
    "chances",
    "classifications",
    "clean",
    "count_of",
    "count_states",
    "current_revision",
    "deliveries",
    "event_document",
    "event_of",
    "events",
    "facts",
    "files_of",
    "findings",
    "forget",
    "galaxies",
    "gather",
    "groups",
    "handled",
    "hold_events",
    "identities",
    "in_ranges",
    "maps",
    "masked",
    "mend",
    "message_log",
    "names",
    "objects",
    "one_of",
    "one_of_numbers",
    "originals",
    "outbox",
    "path_of",
    "rates",
    "resolve",
    "select_in",
    "sources",
    "storable",
    "tables",
    "tags",
    "tokens",
    "unstorable",
    "verdicts",
    "within",
]
