"""Pairs of events tell how their rates were made, and their odds; more than two are a group."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
DOUBLES = ("far_after_trials_hz", "log_odds", "prior", "sky", "time", "distance", "p_time", "p_sky", "p_alone")


def _double(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(precision=53), nullable=True)


def upgrade() -> None:
    """Towards the newer schema."""
    for name in DOUBLES:
        op.add_column("associations", _double(name))
    op.add_column("associations", sa.Column("search", sa.String(), nullable=True))
    op.add_column("associations", sa.Column("reason", sa.String(), nullable=True))
    op.add_column("associations", sa.Column("trials", sa.Integer(), nullable=True))
    op.add_column("associations", sa.Column("same_source", sa.Boolean(), nullable=True))
    op.create_table(
        "groups",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("anchor", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("members", JSON, nullable=False),
        sa.Column("links", JSON, nullable=False),
        _double("log_overlap"),
        _double("log_odds"),
        sa.Column("p_values", JSON, nullable=False),
        _double("p_product"),
        _double("p_fisher"),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("told_revision", sa.Integer(), nullable=True),
        sa.Column("told_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "group_members",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("ix_group_members_group_id", "group_members", ["group_id"])


def downgrade() -> None:
    """Back to the older schema."""
    op.drop_index("ix_group_members_group_id", "group_members")
    op.drop_table("group_members")
    op.drop_table("groups")
    for name in (*DOUBLES, "search", "reason", "trials", "same_source"):
        op.drop_column("associations", name)
