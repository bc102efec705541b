"""An event: something seen by gravitational waves, gamma rays or neutrinos, somewhere on the sky."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from skymaps import Region

from .gamma import Gamma


class Messenger(StrEnum):
    """What carried the signal."""

    GW = "gw"
    GAMMA = "gamma"
    NEUTRINO = "neutrino"
    XRAY = "xray"
    RADIO = "radio"
    OPTICAL = "optical"


class Kind(StrEnum):
    """What the event is taken to be: decides which counterparts are looked for and for how long."""

    CBC = "cbc"
    BURST = "burst"
    GRB = "grb"
    NEUTRINO = "neutrino"
    SUPERNOVA = "supernova"
    FLARE = "flare"
    FRB = "frb"
    TRANSIENT = "transient"


class Stage(StrEnum):
    """Where a notice stands in the life of its event."""

    EARLY_WARNING = "early_warning"
    PRELIMINARY = "preliminary"
    INITIAL = "initial"
    UPDATE = "update"
    RETRACTION = "retraction"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCoincidence:
    """What the sender itself says of another event it belongs to (LVK's ``external_coinc``)."""

    event_id: str
    observatory: str
    search: str | None = None
    delay_s: float | None = None
    """Sender's time difference in seconds, other event minus this event."""
    far_temporal_hz: float | None = None
    far_spacetime_hz: float | None = None


def apart(classes: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """What a source may be, and what it may have, each the likeliest first.

    Classes (BNS, NSBH, BBH, Terrestrial) exclude each other: their probabilities add up to one. Properties (HasNS,
    HasRemnant, HasMassGap, HasSSM; LVK Public Alerts User Guide, Alert Contents) are each a question of its
    own, asked of a source that is real.

    Examples
    --------
    >>> apart({"BBH": 0.1, "HasNS": 0.8, "NSBH": 0.9})
    ({'NSBH': 0.9, 'BBH': 0.1}, {'HasNS': 0.8})
    """
    falling = sorted(classes.items(), key=lambda pair: (-pair[1], pair[0]))
    has = re.compile(r"Has[A-Z]")
    return {n: p for n, p in falling if not has.match(n)}, {n: p for n, p in falling if has.match(n)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One notice of an event, decoded. The newest of an ``id`` speaks for the event: see ``active.fold``."""

    id: str
    """Exact identity, e.g. ``S230518h`` or ``Fermi-GBM-745121685``; never matched by prefix."""

    messenger: Messenger
    kind: Kind
    observatory: str
    """Mission or network, e.g. ``LVK``, ``Fermi``, ``IceCube``, ``CTAO``."""

    issued: datetime
    """When the notice was sent, aware UTC."""

    stage: Stage
    time: datetime | None
    """When it happened, aware UTC. None where the notice does not tell (a retraction)."""

    region: Region | None
    """Where. None where this notice does not tell: the newest earlier notice that does speaks for it.
    An event known to have no position has ``AllSky``."""

    notice: str
    """sha256, hex, of the bytes, maps in base64 told by their own sha256: the same notice twice is one notice."""

    aliases: tuple[str, ...] = ()
    """Other exact names: ``bn240812094``, ``GRB 230220A``, ``IC191001A``."""

    instruments: tuple[str, ...] = ()
    far_hz: float | None = None
    """False-alarm rate in Hz."""

    significance_sigma: float | None = None
    significant: bool | None = None
    classes: Mapping[str, float] = field(default_factory=dict)
    """Source class to probability, in the sender's words: ``{"BNS": 0.9, "HasRemnant": 1.0}``."""

    is_test: bool = False
    """Test, mock or injection: never meets real events."""

    follows: str | None = None
    """Event that made the instrument point there: then the coincidence is by construction."""

    field_of_view_deg: float | None = None
    """Radius in degrees of the field of view of a telescope that is pointed. None: it is not, or none is told."""

    tiles: int | None = None
    """Pointings made in search of the event that this one follows; None where not told."""

    redshift: float | None = None
    """Of the source, where the sender knows it."""

    gamma: Gamma | None = None
    """What a gamma-ray observatory measured, as it was told; nothing of it is scored."""

    external: tuple[ExternalCoincidence, ...] = ()
    series: str | None = None
    """Name of the numbered series of notices that this one belongs to, None where its sender does not number them."""

    number: int | None = None
    """Place in the series of the event's notices: a higher one is newer, whatever the sender's clock says."""

    is_guess: bool = False
    """Whether the region's size was not told, but taken: one that another notice tells is preferred to it."""

    skymap_sha256: str | None = None
    """sha256 of the FITS bytes the region was read from, hex; None for shapes."""

    skymap_url: str | None = None
    url: str | None = None
    remarks: tuple[str, ...] = ()
    """What the decoder had to decide, in words: ``"position 0,0 with error 0 means none"``."""


TEST_ENDING = "-test"
"""What the id of a test ends in, so that no real event has it."""


def located(event: Event) -> Region:
    """The event's region; an error where it has none, or no time."""
    if event.region is None or event.time is None:
        raise ValueError(f"event {event.id} has no region or no time to score against")
    return event.region


def unix(event: Event) -> float:
    """When it happened, Unix seconds; an error where that is not known."""
    if event.time is None:
        raise ValueError(f"event {event.id} has no time")
    return event.time.timestamp()


def set_apart(notice: Event) -> Event:
    """A test notice under a name that no real event has, so that the two never meet.

    Mock superevents have such names already (``MS181101ab``).
    """
    if not notice.is_test or (name := id_of_test(notice.id)) == notice.id:
        return notice
    return replace(notice, id=name, aliases=tuple(alias + TEST_ENDING for alias in notice.aliases))


def id_of_test(name: str) -> str:
    """The id that a test has, out of the one that it would have as a real event.

    Examples
    --------
    >>> id_of_test("CTAO-7"), id_of_test("CTAO-7-test"), id_of_test("MST-7"), id_of_test("MS181101ab")
    ('CTAO-7-test', 'CTAO-7-test', 'MST-7-test', 'MS181101ab')
    """
    is_mock = name[:2] in ("MS", "TS") and name[2:3].isdigit()  # LVK's own mock and test superevents
    return name if is_mock or name.endswith(TEST_ENDING) else name + TEST_ENDING
