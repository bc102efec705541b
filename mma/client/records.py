"""What a client answers with: events, candidates, objects, associations, messages."""

from __future__ import annotations

from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from astropy.timeseries import TimeSeries

from coincidence.terms import TERMS

from .known import Known, Record, Row, flag, integer, moment, name, number, part, quantity, text
from .table import series

DEG2, DAY, HERTZ, MPC = u.deg**2, u.day, u.Hz, u.Mpc


class Event(Record):
    """An event: what was seen, when, how well it is located."""

    __slots__ = ()
    id = name("Exact id")
    messenger = name("gw, gamma, neutrino, xray, radio or optical")
    kind = name("What it is taken to be: decides which counterparts are looked for")
    observatory = text("Mission or network")
    time = moment("When it happened, UTC")
    issued = moment("When the newest notice was sent, UTC")
    stage = text("early_warning, preliminary, initial, update or retraction")
    state = text("active, expired, retracted or unlocated")
    revision = integer("Number of notices of it")
    test = flag("A test, a mock or an injection")
    far = quantity("False-alarm rate", HERTZ, "far_hz")
    area50 = quantity("Area of the 50 % region", DEG2, "area50_deg2")
    area90 = quantity("Area of the 90 % region", DEG2, "area90_deg2")
    distance = quantity("Distance, mean", MPC, "distance_mpc")
    distance_error = quantity("Distance, standard deviation", MPC, "distance_error_mpc")
    window_start = moment("Onsets of counterparts are looked for from then on, UTC", key=lambda row: row["window"][0])
    window_end = moment("and until then, UTC", key=lambda row: row["window"][1])
    skymap_sha256 = text("sha256 of its map; unknown where it has none, but a circle or another shape")
    n_candidates = integer("Candidates that stand")
    p_none = number("Probability that none of them is the counterpart")
    url = text("Its page")
    aliases = part("Other names")
    classes = part("The sender's probabilities, such as BNS")
    significance = number("Significance, sigma; after trials where the sender tells", key="significance_sigma")
    follows = text("Event that the telescope was pointed at")
    gamma = part("What a gamma-ray observatory says of it, by the names of urn:mma:gamma:1; None of other events")
    remarks = part("What was odd about its notices")
    notices = part("Every notice, oldest first; only of an event that was asked for by its id")
    associations = part("Events that may be the same; only of an event that was asked for by its id")
    region = part("Its region where that is a circle or another shape; only of an event that was asked for by its id")


class Candidate(Record):
    """An object as the counterpart of an event."""

    __slots__ = ()
    event = name("Id of the event")
    rank = integer("Place among the candidates that stand")
    object = name("The survey's id of the object")
    survey = text("Survey that saw it")
    ra = quantity("ICRS right ascension", u.deg, "ra")
    dec = quantity("ICRS declination", u.deg, "dec")
    state = text("active, vetoed or withdrawn")
    reason = text("Why it is vetoed or withdrawn")
    probability = number("That it is the counterpart, at most one candidate being so")
    log_odds = number("Natural log of the odds, summed over classes of counterpart")
    counterpart = text("Class of counterpart with the best odds", key="class")
    chance_count = number("Unrelated objects expected to score as high")
    chance_by = text("How: measured (scores), limit (scores; none met: 90 % upper limit) or sky (place in the region)")
    credible_level = number("Of the sky region at its position, 0 to 1")
    credible_volume = number("Of the region in 3-D, 0 to 1")
    delay = quantity("First detection minus event", u.s, "delay_s")
    earliest = quantity("Last non-detection minus event", u.s, "earliest_s")
    first_seen = moment("First detection, UTC")
    last_seen = moment("Last detection, UTC")
    last_unseen = moment("Last non-detection before the first detection, UTC")
    n_detections = integer("Detections")
    band = text("Band of the last detection")
    mag = quantity("AB magnitude of the last detection", u.ABmag, "mag")
    flux = quantity("Difference flux of the last detection", u.nJy, "flux_njy")
    flux_error = quantity("Its error", u.nJy, "flux_error_njy")
    redshift = number("Redshift, where the survey tells one")
    classification = text("What the survey or a broker takes it for")
    host_name = text("Likeliest host galaxy", key=lambda row: (row["host"] or {}).get("name"))
    host_distance = quantity(
        "Its luminosity distance", MPC, key=lambda row: (row["host"] or {}).get("distance_mpc")
    )  # fmt: skip
    parameters = text("Parameter set of the score")
    terms = part("Terms of the best class, natural logs; None where a term knows nothing and counts 0")
    by_class = part("Log odds of each class of counterpart")
    host = part("The likeliest host galaxy, or None")
    aliases = part("Other names of the object")
    tags = part("Short words that people put on it, by the alphabet")
    history = part("Every score it had, oldest first; only of a candidate that was asked for by itself")

    @property
    def coord(self) -> SkyCoord:
        """Where it is."""
        return coord_of(self.row)


for _term in TERMS:
    _field: Known[float | None] = Known(
        lambda value: value,
        f"Term of the best class's log odds: {_term}; unknown where it knows nothing and counts 0",
        key=lambda row, _term=_term: row["terms"][_term],  # type: ignore[misc]
        kind=float,
    )
    _field.__set_name__(Candidate, f"term_{_term}")
    setattr(Candidate, f"term_{_term}", _field)


class Object(Record):
    """What a survey saw at one place."""

    __slots__ = ()
    id = name("The survey's id")
    survey = text("Survey that saw it")
    ra = quantity("ICRS right ascension", u.deg, "ra")
    dec = quantity("ICRS declination", u.deg, "dec")
    separation = quantity("From the position asked for", u.arcsec, "separation_arcsec")
    first_seen = moment("First detection, UTC")
    last_seen = moment("Last detection, UTC")
    last_unseen = moment("Last non-detection before the first detection, UTC")
    n_detections = integer("Detections")
    band = text("Band of the last detection")
    mag = quantity("AB magnitude of the last detection", u.ABmag, "mag")
    flux = quantity("Difference flux of the last detection", u.nJy, "flux_njy")
    flux_error = quantity("Its error", u.nJy, "flux_error_njy")
    reliability = number("Real/bogus score, 0 bogus to 1 real")
    star_score = number("Nearest catalogued source: 0 galaxy to 1 star")
    redshift = number("Redshift, where the survey tells one")
    classification = text("What the survey or a broker takes it for")
    aliases = part("Other names; only of an object that was asked for by its id")
    events = part("Every event that it is or was a candidate of; only of an object that was asked for by its id")

    @property
    def coord(self) -> SkyCoord:
        """Where it is."""
        return coord_of(self.row)

    @property
    def light_curve(self) -> TimeSeries:
        """Detections and non-detections, oldest first; only of an object that was asked for by its id.

        Columns ``time`` (UTC), ``band``, ``mag`` (AB, of positive fluxes) and ``mag_error``, ``flux``
        (signed, nJy) and ``flux_error``, ``limit`` (AB mag), ``id``.
        """
        return series(self.row.get("light_curve") or [])


class Association(Record):
    """Two events that may be one."""

    __slots__ = ()
    first = name("One event")
    second = name("The other")
    state = text("active or withdrawn")
    delay = quantity("Time of the second minus time of the first", u.s, "delay_s")
    overlap = number("4 pi times the integral of both regions' densities")
    far_temporal = quantity("Joint false-alarm rate in time", HERTZ, "far_temporal_hz")
    far_spacetime = quantity("Joint false-alarm rate with the sky", HERTZ, "far_spacetime_hz")
    group = text("Id of the group that holds both")
    by_construction = flag("One telescope was pointed because of the other event")
    test = flag("Of test events", key="is_test")


class Group(Record):
    """Events that may be one source."""

    __slots__ = ()
    id = name("Id of the group")
    anchor = text("The event that it is named after")
    kind = text("What its events are")
    members = part("Ids of its events, the anchor first")
    links = part("Pairs of events that hold it together")
    log_overlap = number("Natural log of the overlap of all regions")
    log_odds = number("Natural log of the odds that all are one source")
    p_values = part("Of each link's chance coincidence")
    p_product = number("p-value of all links, by their product")
    p_fisher = number("p-value of all links, by Fisher's method")
    test = flag("Of test events", key="is_test")


class Message(Record):
    """A message of the stream."""

    __slots__ = ()
    number = Known(int, "Its number: give the last one back as `since` to go on after it", kind=int, names=True)
    kind = name("candidate, event, association; gap: messages after the number that was given may be lost")
    body = part("The message itself, by its schema")

    @property
    def event(self) -> str | None:
        """Id of the event it is about."""
        found: str | None = (self.row["body"].get("event") or {}).get("id")
        return found

    @property
    def type(self) -> str | None:
        """new, update or withdrawal."""
        found: str | None = self.row["body"].get("type")
        return found


class Status(Record):
    """What came in, what became of it, what is known, what waits and what went out."""

    __slots__ = ()
    version = name("Version that answers")
    messages = part("How many were read, decoded, set aside, ignored")
    sources = part("The same of each source, with the newest message and reasons; files without their folders")
    live = part("Streams that workers listen to, and how these are")
    events = part("Events by state")
    objects = integer("Objects")
    detections = integer("Detections")
    catalogs = part("Galaxy catalogues")
    published = part("Messages sent and waiting")
    waiting = Known(int, "Messages to be published", key=lambda row: row["published"]["waiting"], kind=int)
    dead_letters = integer("Messages that could not be handled")


def coord_of(row: Row) -> SkyCoord:
    """The position of a row."""
    return SkyCoord(row["ra"], row["dec"], unit="deg", frame="icrs")


__all__ = ["Association", "Candidate", "Event", "Group", "Message", "Object", "Record", "Status", "Time"]
