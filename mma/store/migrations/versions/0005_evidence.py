"""More terms of the score; what classifiers and people say of objects; chance counts measured on the stored sky."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOUBLE = sa.Float(precision=53)
TERMS = ("photometry", "classifier", "verdict")


def upgrade() -> None:
    """Towards the newer schema."""
    for table in ("candidates", "scores"):
        for name in TERMS:
            op.add_column(table, sa.Column(name, DOUBLE, nullable=True))
    op.create_table(
        "classifications",
        sa.Column("object_id", sa.String(), primary_key=True),
        sa.Column("classifier", sa.String(), primary_key=True),
        sa.Column("class", sa.String(), primary_key=True),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("probability", DOUBLE, nullable=False),
        sa.Column("time", DOUBLE, nullable=False),
    )
    op.create_table(
        "verdicts",
        sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("class", sa.String(), nullable=True),
        sa.Column("who", sa.String(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("time", DOUBLE, nullable=False),
        sa.Column("log_odds", DOUBLE, nullable=True),
        sa.Column("probability", DOUBLE, nullable=True),
        sa.Column("counterpart", sa.String(), nullable=True),
    )
    op.create_index("ix_verdicts_object_id", "verdicts", ["object_id"])
    op.create_table(
        "chances",
        sa.Column("event_id", sa.String(), primary_key=True),
        sa.Column("event_notice", sa.String(), nullable=False),
        sa.Column("parameters", sa.String(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("log_odds", JSON, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("time", DOUBLE, nullable=False),
    )


def downgrade() -> None:
    """Back to the older schema."""
    for table in ("chances", "verdicts", "classifications"):
        op.drop_table(table)
    for table in ("candidates", "scores"):
        for name in TERMS:
            op.drop_column(table, name)
