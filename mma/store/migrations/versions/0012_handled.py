"""How far each partition was handled, so that messages that come again are counted once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the newer schema."""
    op.create_table(
        "handled",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("source", "topic", "partition"),
    )


def downgrade() -> None:
    """Back to the older schema."""
    op.drop_table("handled")
