"""Several workers on one database: notices are numbered, an event says how often it was ranked; the newest score
of a candidate stands with it alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
NUMBERED = """
UPDATE event_revisions SET seq = (
    SELECT count(*) FROM event_revisions AS other
    WHERE (other.received, other.event_id, other.notice)
        <= (event_revisions.received, event_revisions.event_id, event_revisions.notice)
)
"""
SCORE = """event_id, object_id, event_notice, object_version, parameters, state, log_odds, counterpart,
    prior, sky, distance, time, context"""
NEWEST = " AND ".join(
    f"scores.{name} = candidates.{name}"
    for name in ("event_id", "object_id", "event_notice", "object_version", "parameters")
)


def upgrade() -> None:
    """Towards the newer schema."""
    op.add_column("event_revisions", sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(NUMBERED)
    op.create_index("ix_event_revisions_seq", "event_revisions", ["seq"])
    op.add_column("events", sa.Column("ranked", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_column("candidates", "told_rank")
    op.add_column("candidates", sa.Column("scored", sa.Float(precision=53), server_default="0", nullable=False))
    op.execute(f"UPDATE candidates SET scored = coalesce((SELECT max(scored) FROM scores WHERE {NEWEST}), 0)")
    op.execute(f"DELETE FROM scores WHERE EXISTS (SELECT 1 FROM candidates WHERE {NEWEST})")
    op.drop_index("ix_detections_time", "detections")
    op.add_column("dead_letters", sa.Column("key", sa.LargeBinary(), nullable=True))
    op.add_column("dead_letters", sa.Column("headers", JSON, nullable=True))
    op.add_column("dead_letters", sa.Column("timestamp", sa.Float(precision=53), nullable=True))
    op.add_column("sources", sa.Column("last_heartbeat", sa.Float(precision=53), nullable=True))


def downgrade() -> None:
    """Back to the older schema."""
    op.execute(
        f"INSERT INTO scores ({SCORE}, scored) SELECT {SCORE}, scored FROM candidates WHERE true ON CONFLICT DO NOTHING"
    )
    op.drop_column("candidates", "scored")
    for name in ("key", "headers", "timestamp"):
        op.drop_column("dead_letters", name)
    op.create_index("ix_detections_time", "detections", ["time"])
    op.drop_column("sources", "last_heartbeat")
    op.add_column("candidates", sa.Column("told_rank", sa.Integer(), nullable=True))
    op.drop_column("events", "ranked")
    op.drop_index("ix_event_revisions_seq", "event_revisions")
    op.drop_column("event_revisions", "seq")
