"""The tables: one definition for SQLite and PostgreSQL. Times are Unix seconds UTC, angles ICRS degrees."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from .columns import Double, Json, Serial
from .columns import metadata as metadata
from .joint_tables import associations as associations
from .joint_tables import group_members as group_members
from .joint_tables import groups as groups
from .original_tables import map_files as map_files
from .original_tables import originals as originals
from .reading_tables import dead_letters as dead_letters
from .reading_tables import deliveries as deliveries
from .reading_tables import facts as facts
from .reading_tables import handled as handled
from .reading_tables import intake as intake
from .reading_tables import sources as sources
from .reading_tables import stream_places as stream_places
from .tag_table import tags as tags

events = Table(
    "events",
    metadata,
    Column("id", String, primary_key=True),
    Column("messenger", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("observatory", String, nullable=False),
    Column("time", Double, index=True),
    Column("issued", Double, nullable=False),
    Column("stage", String, nullable=False),
    Column("state", String, nullable=False),  # active, expired, retracted, unlocated
    Column("revision", Integer, nullable=False),  # number of distinct notices
    Column("is_test", Boolean, nullable=False),
    Column("far_hz", Double),
    Column("window_start", Double),
    Column("window_end", Double, index=True),
    Column("area50_deg2", Double),
    Column("area90_deg2", Double),
    Column("distance_mpc", Double),
    Column("distance_error_mpc", Double),
    Column("skymap_sha256", String),
    Column("notice", String, nullable=False),  # sha256 of the newest notice
    Column("n_candidates", Integer, nullable=False),
    Column("log_none", Double, nullable=False),  # ln(1 + sum of odds): minus ln P(no counterpart seen)
    Column("ranked", BigInteger, nullable=False, server_default="0"),  # how often, by whichever worker
    Column("told_revision", Integer),
    Column("told_notice", String),
    Column("document", Json, nullable=False),
)

event_revisions = Table(
    "event_revisions",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("notice", String, primary_key=True),
    Column("issued", Double, nullable=False),
    Column("stage", String, nullable=False),
    Column("received", Double, nullable=False),
    Column("place", String, nullable=False),  # topic[partition]@offset
    Column("document", Json, nullable=False),
    Column("seq", BigInteger, nullable=False, server_default="0", index=True),  # order in which they were stored
)

aliases = Table(
    "aliases",
    metadata,
    Column("alias", String, primary_key=True),
    Column("id", String, primary_key=True, index=True),
    Column("what", String, nullable=False),  # event or object
    Column("key", String, index=True),  # what all its spellings have in common
    Column("survey", String),  # whose own name of an object this is
)

skymaps = Table(
    "skymaps",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("fits", LargeBinary, nullable=False),
    Column("digest", String),  # sha256 of these bytes; NULL: an older version kept them
)

objects = Table(
    "objects",
    metadata,
    Column("id", String, primary_key=True),
    Column("survey", String, nullable=False),
    Column("hpx", BigInteger, nullable=False),  # order-29 NESTED pixel
    Column("ra", Double, nullable=False),
    Column("dec", Double, nullable=False),
    Column("position_error_arcsec", Double),
    Column("placed_at", Double),  # when it was seen there; NULL: when it was seen last
    Column("first_seen", Double, nullable=False),
    Column("last_seen", Double, nullable=False),
    Column("last_unseen", Double),
    Column("n_detections", Double),
    Column("alert_id", String, nullable=False),
    Column("band", String),
    Column("flux_njy", Double),
    Column("flux_error_njy", Double),
    Column("reliability", Double),
    Column("star_score", Double),
    Column("star_distance_arcsec", Double),
    Column("solar_system_arcsec", Double),
    Column("redshift", Double),
    Column("redshift_error", Double),
    Column("distance_mpc", Double),
    Column("classification", String),
    Column("told_at", Double),
    Column("whole", Boolean, nullable=False),  # its history is stored, as a packet told it
    Column("version", String, nullable=False),
    Index("objects_hpx_seen", "hpx", "last_seen", "first_seen"),
    Index(
        "objects_uncertain",
        "hpx",
        sqlite_where=text("position_error_arcsec IS NOT NULL"),
        postgresql_where=text("position_error_arcsec IS NOT NULL"),
    ),
)

detections = Table(
    "detections",
    metadata,
    Column("object_id", String, primary_key=True),
    Column("id", String, primary_key=True),  # the survey's alert id; "time/band" in a history
    Column("time", Double, nullable=False),
    Column("band", String),
    Column("flux_njy", Double),  # NULL: a non-detection
    Column("flux_error_njy", Double),
    Column("limit_mag", Double),
)

candidates = Table(
    "candidates",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("object_id", String, primary_key=True),
    Column("state", String, nullable=False),  # active, vetoed, withdrawn
    Column("reason", String),  # of a veto or withdrawal
    Column("log_odds", Double),
    Column("counterpart", String, nullable=False),
    Column("prior", Double),
    Column("sky", Double),
    Column("distance", Double),
    Column("time", Double),
    Column("photometry", Double),
    Column("context", Double),
    Column("classifier", Double),
    Column("verdict", Double),
    Column("credible_level", Double),
    Column("credible_volume", Double),
    Column("probdensity", Double),
    Column("chance_count", Double),
    Column("delay_s", Double),
    Column("earliest_s", Double),
    Column("detail", Json, nullable=False),  # odds by class, host, event distance there
    Column("event_notice", String, nullable=False),
    Column("skymap_sha256", String),
    Column("object_version", String, nullable=False),
    Column("parameters", String, nullable=False),
    Column("scored", Double, nullable=False, server_default="0"),  # when
    Column("told_revision", Integer),  # what was published last
    Column("told_state", String),
    Column("told_log_odds", Double),
    Column("told_id", String),
    Index("candidates_by_odds", "event_id", "log_odds"),
    Index("candidates_by_object", "object_id"),
)

scores = Table(  # those that candidates had before their newest
    "scores",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("object_id", String, primary_key=True),
    Column("event_notice", String, primary_key=True),
    Column("object_version", String, primary_key=True),
    Column("parameters", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("log_odds", Double),
    Column("counterpart", String, nullable=False),
    Column("prior", Double),
    Column("sky", Double),
    Column("distance", Double),
    Column("time", Double),
    Column("photometry", Double),
    Column("context", Double),
    Column("classifier", Double),
    Column("verdict", Double),
    Column("scored", Double, nullable=False),
)

classifications = Table(  # what classifiers say of objects, the newest version of each
    "classifications",
    metadata,
    Column("object_id", String, primary_key=True),
    Column("classifier", String, primary_key=True),
    Column("class", String, primary_key=True),
    Column("version", String, nullable=False),
    Column("probability", Double, nullable=False),
    Column("time", Double, nullable=False),
)

verdicts = Table(  # what people say of candidates; the newest stands
    "verdicts",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("event_id", String, nullable=False),
    Column("object_id", String, nullable=False, index=True),
    Column("status", String, nullable=False),  # pending, confirmed, ambiguous, rejected
    Column("class", String),  # spectroscopic class, as the one who judged wrote it
    Column("who", String),
    Column("why", Text),
    Column("time", Double, nullable=False),
    Column("log_odds", Double),  # of the candidate when it was judged, and its class: what contamination is learnt from
    Column("probability", Double),
    Column("counterpart", String),
)

chances = Table(  # unrelated objects that score as high, counted on the stored sky; one row an event
    "chances",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("event_notice", String, nullable=False),
    Column("parameters", String, nullable=False),
    Column("trials", Integer, nullable=False),
    Column("log_odds", Json, nullable=False),  # falling
    Column("counts", Json, nullable=False),  # expected number with at least these log odds
    Column("time", Double, nullable=False),
)

catalogs = Table(
    "catalogs",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("name", String, nullable=False, index=True),
    Column("ready", Boolean, nullable=False),  # else it is being imported, or that was broken off
    Column("priority", Integer, nullable=False),  # the smaller goes first
    Column("completeness", String, nullable=False),  # Mpc:fraction,...
    Column("dec_min", Double, nullable=False),
    Column("dec_max", Double, nullable=False),
    Column("is_agn", Boolean, nullable=False),  # of active nuclei, not of galaxies
    Column("galaxies", BigInteger, nullable=False),
    Column("nearest_mpc", Double),
    Column("farthest_mpc", Double),
    Column("counts", Json, nullable=False),  # galaxies nearer than each of fixed distances
)

galaxies = Table(
    "galaxies",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("catalog", Integer, nullable=False),
    Column("cell", BigInteger, nullable=False, index=True),  # UNIQ pixel, the larger the nearer the galaxy
    Column("name", String),
    Column("ra", Double, nullable=False),
    Column("dec", Double, nullable=False),
    Column("distance_mpc", Double),  # NULL only for an active nucleus
    Column("distance_error_mpc", Double),
    Column("kind", String, nullable=False),  # spec, photo, indep, agn
    Column("mag", Double),
    Column("band", String),
    Column("semi_major_arcsec", Double),
    Column("axis_ratio", Double),
    Column("position_angle_deg", Double),
    Column("is_agn", Boolean),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),  # the message's own id
    Column("topic", String, nullable=False),
    Column("key", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("sent", Double, index=True),
    Column("refused", Double),  # when the broker said that it never takes it
    Column("reason", Text),  # why
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", String, primary_key=True),
    Column("sha256", String, nullable=False, unique=True),  # of the token, which is nowhere
    Column("writes", Boolean, nullable=False),
    Column("created", Double, nullable=False),
    Column("revoked", Double),
)
