"""A question to the store, answered once, for the command line, the client, REST and the pages."""

from . import chance, cone, fields, listing, places, queries, region, search
from .assumed import UNTOLD, assumed
from .fields import CANDIDATES, EVENTS, SEARCHED, Field, unix
from .known import refuse_unknown
from .listing import SORTABLE, Listing
from .loci import LOCI, OF_CANDIDATES
from .near import events_like
from .paging import Order, Place
from .places import position
from .queries import candidate_row, separation_deg
from .rates import current_parameters, learnt_rates
from .search import DEEPEST, EPOCH_S, MOST, SearchError, chosen, limited, printable
from .status import without_folder
from .stream_filters import ahead, remark, resolved, unknown

__all__ = [
    "CANDIDATES",
    "DEEPEST",
    "EPOCH_S",
    "EVENTS",
    "LOCI",
    "MOST",
    "OF_CANDIDATES",
    "SEARCHED",
    "SORTABLE",
    "UNTOLD",
    "Field",
    "Listing",
    "Order",
    "Place",
    "SearchError",
    "ahead",
    "assumed",
    "candidate_row",
    "chance",
    "chosen",
    "cone",
    "current_parameters",
    "events_like",
    "fields",
    "learnt_rates",
    "limited",
    "listing",
    "places",
    "position",
    "printable",
    "queries",
    "refuse_unknown",
    "region",
    "remark",
    "resolved",
    "search",
    "separation_deg",
    "unix",
    "unknown",
    "without_folder",
]
