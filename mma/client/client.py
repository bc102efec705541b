"""One way to ask, wherever the answers are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from astropy import units as u
from astropy.coordinates import SkyCoord

from skymaps import Region, SkyMap, as_skymap, positions

from ..answers import CANDIDATES, EVENTS
from ..errors import ConfigError
from ..store import clean
from . import listening
from .filters import asked, degrees
from .known import Row
from .local import Local
from .records import Association, Candidate, Event, Group, Message, Object, Status
from .remote import Remote
from .source import Source
from .table import Results


class Client:
    """Asks an mma server, or an mma database.

    Parameters
    ----------
    where
        ``http://host:port`` of a server; a database URL (``sqlite:///mma.sqlite``, ``postgresql://...``) or the path
        of an SQLite file.
    token
        Of a server that wants one (``mma token add``).
    timeout_s
        Seconds to wait for a server.

    Examples
    --------
    >>> with Client("mma.sqlite") as mma:  # doctest: +SKIP
    ...     for candidate in mma.candidates("S190425z", probability_min=0.01):
    ...         print(candidate.rank, candidate.object, candidate.coord, candidate.delay.to("hour"))
    """

    def __init__(self, where: str, token: str | None = None, *, timeout_s: float = 60.0) -> None:
        remote = where.startswith(("http://", "https://"))
        if token is not None and not remote:
            raise ConfigError("a token is for a server; a database takes its password in its URL")
        self._source: Source = Remote(where, token, timeout_s) if remote else Local(where)

    def events(
        self,
        *,
        sort: str = "-time",
        limit: int | None = None,
        source_class: str | None = None,
        source_class_min: float | None = None,
        **filters: Any,
    ) -> Results[Event]:
        """Events, the newest first.

        Parameters
        ----------
        sort
            A field, with a minus from the largest on; unknown ones come last.
        source_class, source_class_min
            Only those to which the sender gives at least this probability (0.5) of a class, e.g. BNS.
        filters
            ``state="active"``, ``kind=["cbc", "burst"]``, ``far_hz_max=1e-7 * u.Hz``, ``time_min=Time(...)``: any of
            docs/reference/client.md, numbers in its units or as Quantity. An unknown one is a ConfigError.
        """
        least = None if source_class is None else 0.5 if source_class_min is None else source_class_min
        more = {"source_class": source_class, "source_class_min": least}
        question = asked(EVENTS, filters, sort, limit, more)
        return Results(Event, lambda: self._source.events(question), {"sort": sort, **_said(filters)})

    def event(self, name: str) -> Event:
        """One event by exact id or alias, with its notices and associations.

        Raises
        ------
        NotFoundError
            No such event.
        """
        return Event(self._source.event(name))

    def candidates(
        self, event: str, *, everything: bool = False, sort: str = "-log_odds", limit: int | None = None, **filters: Any
    ) -> Results[Candidate]:
        """An event's candidates, the best first; ranks are places among all that stand, whatever is filtered.

        Parameters
        ----------
        everything
            Vetoed and withdrawn ones, too.
        sort, filters
            As in `events`: ``probability_min=0.01``, ``survey="ztf"``, ``class_="kilonova"``,
            ``delay_s_max=2 * u.day``, ``tag=["interesting", "followed-up"]`` (any of them).
        """
        question = asked(CANDIDATES, filters, sort, limit, {"everything": True} if everything else {})
        about = {"event": event, "sort": sort, **_said(filters)}
        return Results(Candidate, lambda: self._source.candidates(event, question), about)

    def candidate(self, event: str, object_id: str) -> Candidate:
        """One candidate of an event, by its object's id or alias, with every score it had.

        Raises
        ------
        NotFoundError
            No such event, or the object is no candidate of it.
        """
        return Candidate(self._source.candidate(event, object_id))

    def object(self, name: str) -> Object:
        """One object by id or alias, with its light curve and its events.

        Raises
        ------
        NotFoundError
            No such object.
        """
        return Object(self._source.object_(name))

    def cone(
        self, position: SkyCoord | tuple[Any, Any] | str, radius: u.Quantity | float, *, limit: int | None = None
    ) -> Results[Object]:
        """Objects near a position, the nearest first.

        Parameters
        ----------
        position
            A SkyCoord in any frame; ICRS right ascension and declination, in degrees or as text such as
            ``13h09m48.1s``; or both in one text.
        radius
            Up to 180 degrees; a plain number is degrees.
        """
        ra, dec = _place(position)
        radius_deg = degrees(radius, "radius")
        if not 0.0 < radius_deg <= 180.0:
            raise ConfigError(f"radius {radius_deg} deg: more than 0 and up to 180 it can be")
        if limit is not None and limit < 1:
            raise ConfigError(f"limit {limit}: not a number of rows")
        about = {"ra": ra, "dec": dec, "radius_deg": radius_deg}
        return Results(Object, lambda: self._source.cone(ra, dec, radius_deg, limit), about)

    def associations(self, event: str | None = None) -> Results[Association]:
        """Events that may be one, the most significant first; of all events, or of one."""
        return Results(Association, lambda: iter(self._source.associations(event)), {"event": event})

    def groups(self, event: str | None = None) -> Results[Group]:
        """Groups of events that may be one source, the most probable first; all, or those that hold one event."""
        return Results(Group, lambda: iter(self._source.groups(event)), {"event": event})

    def region(self, event: str) -> Region:
        """An event's newest region: a map, or a circle or another shape where that is what its notice told.

        Raises
        ------
        NotFoundError
            No such event; or it has no region (yet).
        """
        return self._source.region(event)

    def skymap(self, event: str) -> SkyMap:
        """An event's newest map; a circle or another shape is cut into cells. Raises as `region` does."""
        return as_skymap(self.region(event))

    def subscribe(
        self,
        *,
        event: str | None = None,
        probability_min: float | None = None,
        kind: str | None = None,
        type: str | None = None,  # noqa: A002 - the messages' own word
        messenger: str | None = None,
        tag: str | Sequence[str] | None = None,
        tests: bool = False,
        since: int | None = None,
        idle_s: float | None = None,
        **others: Any,
    ) -> Iterator[Message]:
        """Messages as they are published, until the caller stops.

        An event or a tag that there is not (yet) is told as a ListeningWarning, and listening goes on.

        Parameters
        ----------
        event
            Only about this event, by id or any other name in any case.
        probability_min
            Only candidates that reach this probability, and what becomes of these.
        kind
            Only such: candidate, event, association or group.
        type
            Only such: new, update or withdrawal.
        messenger
            Only about events of this messenger.
        tag
            Only candidates that have this tag, or any of several, or just lost it.
        tests
            Messages about test events, too.
        since
            Number of the last message seen: go on after it; 0 begins with the oldest kept, None with the next one.
        idle_s
            End after so many seconds without a message.
        others
            The same by the words of the command line and of HTTP: ``min_probability``, ``test``, ``after``.

        Raises
        ------
        ConfigError
            A word that there is not, or a value that cannot be.
        """
        given = {"probability_min": probability_min, "tests": tests or None, "since": since}
        stream_filter, since = listening.read(
            {"event": event, "kind": kind, "type": type, "messenger": messenger, "tag": tag, **given}, others
        )
        return listening.heard(self._source.messages(stream_filter, since, idle_s))

    def tag(self, event: str, object_id: str, *names: str) -> Candidate:
        """Put tags on a candidate; it is published with them, if it was published. A server wants a token that writes.

        Parameters
        ----------
        event, object_id
            Ids or aliases.
        names
            1 to 32 of a-z, 0-9, dot, underscore and minus each.

        Raises
        ------
        NotFoundError
            No such event, or the object is no candidate of it.
        ConfigError
            Something is no tag; or the token is missing, or may only read.
        """
        return Candidate(self._source.tag(event, object_id, _tags(names), remove=False))

    def untag(self, event: str, object_id: str, *names: str) -> Candidate:
        """Take tags off a candidate. Raises as `tag` does, and NotFoundError where it does not have one of them."""
        return Candidate(self._source.tag(event, object_id, _tags(names), remove=True))

    def tags(self, event: str | None = None) -> dict[str, int]:
        """Tags in use, each with the number of candidates; the most frequent first. Of all events, or of one."""
        return {row["tag"]: row["candidates"] for row in self._source.tags(event)}

    def status(self) -> Status:
        """What came in, what became of it, what is known, what waits and what went out."""
        return Status(self._source.status())

    def close(self) -> None:
        """Let go of all connections."""
        self._source.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _tags(names: tuple[str, ...]) -> list[str]:
    if not names:
        raise ConfigError("which tag? name one or more")
    return [clean(name) for name in names]


def _place(position: SkyCoord | tuple[Any, Any] | str) -> tuple[float, float]:
    """ICRS degrees."""
    try:
        if isinstance(position, SkyCoord):
            if position.size != 1:
                raise ConfigError(f"position: one is wanted, not {position.size}")
            return float(position.icrs.ra.deg), float(position.icrs.dec.deg)
        if isinstance(position, str):
            return positions.read(position)
        ra, dec = (angle if isinstance(angle, str) else degrees(angle, "position") for angle in position)
        return positions.right_ascension(ra, wraps=True), positions.declination(dec)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"position {position!r}: {error}") from error


def _said(filters: dict[str, Any]) -> Row:
    return {name: str(value) for name, value in filters.items() if value is not None}
