"""Dead letters of several sources, messages that a broker refuses, what workers were reading, the topics' prefix."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNIQUE = "dead_letters_topic_partition_offset_part_key"
"""PostgreSQL's own name; on SQLite it has none, and gets this one for the time of the change."""

PLACE = ["topic", "partition", "offset", "part"]


def upgrade() -> None:
    """Towards the newer schema."""
    op.add_column("dead_letters", sa.Column("source", sa.String(), nullable=False, server_default=""))
    _unique(UNIQUE, "dead_letters_place", ["source", *PLACE])
    op.add_column("outbox", sa.Column("refused", sa.Float(precision=53), nullable=True))
    op.add_column("outbox", sa.Column("reason", sa.Text(), nullable=True))
    op.create_table(
        "deliveries",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("suspect", sa.BigInteger(), nullable=True),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("source", "topic", "partition"),
    )
    op.create_table(
        "stream_places",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.String(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("source", "topic", "partition"),
    )
    facts = op.create_table(
        "facts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    newest = op.get_bind().execute(sa.text("SELECT topic FROM outbox ORDER BY seq DESC LIMIT 1")).scalar()
    if newest is not None:
        prefix = newest.removesuffix(".test").rpartition(".")[0]
        op.bulk_insert(facts, [{"name": "prefix", "value": prefix}])


def downgrade() -> None:
    """Back to the older schema."""
    for name in ("facts", "stream_places", "deliveries"):
        op.drop_table(name)
    op.drop_column("outbox", "reason")
    op.drop_column("outbox", "refused")
    several = "DELETE FROM dead_letters WHERE id NOT IN (SELECT min(id) FROM dead_letters GROUP BY {})"
    op.execute(several.format(", ".join(f'"{name}"' for name in PLACE)))
    _unique("dead_letters_place", UNIQUE, PLACE)
    op.drop_column("dead_letters", "source")


def _unique(old: str, new: str, columns: list[str]) -> None:
    """Another unique constraint on the dead letters."""
    with op.batch_alter_table("dead_letters", naming_convention={"uq": UNIQUE}) as table:
        table.drop_constraint(old, type_="unique")
        table.create_unique_constraint(new, columns)
        if "source" in columns:
            table.alter_column("source", server_default=None)
