"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the newer schema."""
    op.create_table(
        "aliases",
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("alias", "id"),
    )
    op.create_table(
        "associations",
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("delay_s", sa.Float(precision=53), nullable=False),
        sa.Column("window_start_s", sa.Float(precision=53), nullable=False),
        sa.Column("window_end_s", sa.Float(precision=53), nullable=False),
        sa.Column("overlap", sa.Float(precision=53), nullable=True),
        sa.Column("far_temporal_hz", sa.Float(precision=53), nullable=True),
        sa.Column("far_spacetime_hz", sa.Float(precision=53), nullable=True),
        sa.Column("by_construction", sa.Boolean(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("told_revision", sa.Integer(), nullable=True),
        sa.Column("told_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("first", "second"),
    )
    op.create_table(
        "candidates",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("log_odds", sa.Float(precision=53), nullable=True),
        sa.Column("counterpart", sa.String(), nullable=False),
        sa.Column("prior", sa.Float(precision=53), nullable=True),
        sa.Column("sky", sa.Float(precision=53), nullable=True),
        sa.Column("distance", sa.Float(precision=53), nullable=True),
        sa.Column("time", sa.Float(precision=53), nullable=True),
        sa.Column("context", sa.Float(precision=53), nullable=True),
        sa.Column("credible_level", sa.Float(precision=53), nullable=True),
        sa.Column("credible_volume", sa.Float(precision=53), nullable=True),
        sa.Column("probdensity", sa.Float(precision=53), nullable=True),
        sa.Column("chance_count", sa.Float(precision=53), nullable=True),
        sa.Column("delay_s", sa.Float(precision=53), nullable=True),
        sa.Column("earliest_s", sa.Float(precision=53), nullable=True),
        sa.Column("detail", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("event_notice", sa.String(), nullable=False),
        sa.Column("skymap_sha256", sa.String(), nullable=True),
        sa.Column("object_version", sa.String(), nullable=False),
        sa.Column("parameters", sa.String(), nullable=False),
        sa.Column("told_revision", sa.Integer(), nullable=True),
        sa.Column("told_state", sa.String(), nullable=True),
        sa.Column("told_log_odds", sa.Float(precision=53), nullable=True),
        sa.Column("told_rank", sa.Integer(), nullable=True),
        sa.Column("told_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "object_id"),
    )
    op.create_index("candidates_by_object", "candidates", ["object_id"], unique=False)
    op.create_index("candidates_by_odds", "candidates", ["event_id", "log_odds"], unique=False)
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("traceback", sa.Text(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("topic", "partition", "offset", "part"),
    )
    op.create_table(
        "detections",
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("time", sa.Float(precision=53), nullable=False),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("flux_njy", sa.Float(precision=53), nullable=True),
        sa.Column("flux_error_njy", sa.Float(precision=53), nullable=True),
        sa.Column("limit_mag", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("object_id", "id"),
    )
    op.create_index(op.f("ix_detections_time"), "detections", ["time"], unique=False)
    op.create_table(
        "event_revisions",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("issued", sa.Float(precision=53), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("received", sa.Float(precision=53), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("document", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "notice"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("messenger", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("observatory", sa.String(), nullable=False),
        sa.Column("time", sa.Float(precision=53), nullable=True),
        sa.Column("issued", sa.Float(precision=53), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("far_hz", sa.Float(precision=53), nullable=True),
        sa.Column("window_start", sa.Float(precision=53), nullable=True),
        sa.Column("window_end", sa.Float(precision=53), nullable=True),
        sa.Column("area50_deg2", sa.Float(precision=53), nullable=True),
        sa.Column("area90_deg2", sa.Float(precision=53), nullable=True),
        sa.Column("distance_mpc", sa.Float(precision=53), nullable=True),
        sa.Column("distance_error_mpc", sa.Float(precision=53), nullable=True),
        sa.Column("skymap_sha256", sa.String(), nullable=True),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("n_candidates", sa.Integer(), nullable=False),
        sa.Column("log_none", sa.Float(precision=53), nullable=False),
        sa.Column("told_revision", sa.Integer(), nullable=True),
        sa.Column("told_notice", sa.String(), nullable=True),
        sa.Column("document", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_events_time"), "events", ["time"], unique=False)
    op.create_index(op.f("ix_events_window_end"), "events", ["window_end"], unique=False)
    op.create_table(
        "galaxies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("catalog", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("hpx", sa.BigInteger(), nullable=False),
        sa.Column("ra", sa.Float(precision=53), nullable=False),
        sa.Column("dec", sa.Float(precision=53), nullable=False),
        sa.Column("distance_mpc", sa.Float(precision=53), nullable=False),
        sa.Column("distance_error_mpc", sa.Float(precision=53), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("density_deg2", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_galaxies_catalog"), "galaxies", ["catalog"], unique=False)
    op.create_index(op.f("ix_galaxies_hpx"), "galaxies", ["hpx"], unique=False)
    op.create_table(
        "intake",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("source", "outcome", "reason"),
    )
    op.create_table(
        "objects",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("survey", sa.String(), nullable=False),
        sa.Column("hpx", sa.BigInteger(), nullable=False),
        sa.Column("ra", sa.Float(precision=53), nullable=False),
        sa.Column("dec", sa.Float(precision=53), nullable=False),
        sa.Column("first_seen", sa.Float(precision=53), nullable=False),
        sa.Column("last_seen", sa.Float(precision=53), nullable=False),
        sa.Column("last_unseen", sa.Float(precision=53), nullable=True),
        sa.Column("n_detections", sa.Float(precision=53), nullable=True),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("flux_njy", sa.Float(precision=53), nullable=True),
        sa.Column("flux_error_njy", sa.Float(precision=53), nullable=True),
        sa.Column("reliability", sa.Float(precision=53), nullable=True),
        sa.Column("star_score", sa.Float(precision=53), nullable=True),
        sa.Column("star_distance_arcsec", sa.Float(precision=53), nullable=True),
        sa.Column("solar_system_arcsec", sa.Float(precision=53), nullable=True),
        sa.Column("redshift", sa.Float(precision=53), nullable=True),
        sa.Column("redshift_error", sa.Float(precision=53), nullable=True),
        sa.Column("distance_mpc", sa.Float(precision=53), nullable=True),
        sa.Column("classification", sa.String(), nullable=True),
        sa.Column("told_at", sa.Float(precision=53), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("objects_hpx_seen", "objects", ["hpx", "last_seen", "first_seen"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("sent", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(op.f("ix_outbox_sent"), "outbox", ["sent"], unique=False)
    op.create_table(
        "scores",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("event_notice", sa.String(), nullable=False),
        sa.Column("object_version", sa.String(), nullable=False),
        sa.Column("parameters", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("log_odds", sa.Float(precision=53), nullable=True),
        sa.Column("counterpart", sa.String(), nullable=False),
        sa.Column("prior", sa.Float(precision=53), nullable=True),
        sa.Column("sky", sa.Float(precision=53), nullable=True),
        sa.Column("distance", sa.Float(precision=53), nullable=True),
        sa.Column("time", sa.Float(precision=53), nullable=True),
        sa.Column("context", sa.Float(precision=53), nullable=True),
        sa.Column("scored", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "object_id", "event_notice", "object_version", "parameters"),
    )
    op.create_table(
        "skymaps",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("fits", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "sources",
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("topics", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("lag", sa.BigInteger(), nullable=True),
        sa.Column("last_message", sa.Float(precision=53), nullable=True),
        sa.Column("troubles", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("told", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("worker", "name"),
    )


def downgrade() -> None:
    """Back to nothing."""
    op.drop_table("sources")
    op.drop_table("skymaps")
    op.drop_table("scores")
    op.drop_index(op.f("ix_outbox_sent"), table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("objects_hpx_seen", table_name="objects")
    op.drop_table("objects")
    op.drop_table("intake")
    op.drop_index(op.f("ix_galaxies_hpx"), table_name="galaxies")
    op.drop_index(op.f("ix_galaxies_catalog"), table_name="galaxies")
    op.drop_table("galaxies")
    op.drop_index(op.f("ix_events_window_end"), table_name="events")
    op.drop_index(op.f("ix_events_time"), table_name="events")
    op.drop_table("events")
    op.drop_table("event_revisions")
    op.drop_index(op.f("ix_detections_time"), table_name="detections")
    op.drop_table("detections")
    op.drop_table("dead_letters")
    op.drop_index("candidates_by_odds", table_name="candidates")
    op.drop_index("candidates_by_object", table_name="candidates")
    op.drop_table("candidates")
    op.drop_table("associations")
    op.drop_table("aliases")
