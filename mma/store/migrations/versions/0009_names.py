"""Names under which sources are looked up, and how well their places are known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from coincidence.names import folded

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the newer schema."""
    op.add_column("aliases", sa.Column("key", sa.String(), nullable=True))
    op.add_column("aliases", sa.Column("survey", sa.String(), nullable=True))
    bind = op.get_bind()
    for alias in bind.execute(sa.text("SELECT DISTINCT alias FROM aliases")).scalars().all():
        statement = sa.text("UPDATE aliases SET key = :key WHERE alias = :alias")
        bind.execute(statement, {"key": folded(alias), "alias": alias})
    op.create_index("ix_aliases_key", "aliases", ["key"])
    op.create_index("ix_aliases_id", "aliases", ["id"])
    op.add_column("objects", sa.Column("position_error_arcsec", sa.Float(precision=53), nullable=True))
    op.add_column("objects", sa.Column("placed_at", sa.Float(precision=53), nullable=True))
    op.create_index(
        "objects_uncertain",
        "objects",
        ["hpx"],
        sqlite_where=sa.text("position_error_arcsec IS NOT NULL"),
        postgresql_where=sa.text("position_error_arcsec IS NOT NULL"),
    )


def downgrade() -> None:
    """Back to the older schema."""
    op.drop_index("objects_uncertain", "objects")
    op.drop_column("objects", "placed_at")
    op.drop_column("objects", "position_error_arcsec")
    op.drop_index("ix_aliases_id", "aliases")
    op.drop_index("ix_aliases_key", "aliases")
    op.drop_column("aliases", "survey")
    op.drop_column("aliases", "key")
