"""Tags on candidates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the newer schema."""
    op.create_table(
        "tags",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=True),
        sa.Column("time", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "object_id", "tag"),
    )
    op.create_index("ix_tags_tag", "tags", ["tag"])


def downgrade() -> None:
    """Back to the older schema."""
    op.drop_table("tags")
