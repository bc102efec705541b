"""Hashes of the maps as they are kept, so that damage is found."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the newer schema; what is stored now counts as whole."""
    op.add_column("skymaps", sa.Column("digest", sa.String()))
    skymaps = sa.table("skymaps", sa.column("sha256"), sa.column("fits", sa.LargeBinary()), sa.column("digest"))
    connection = op.get_bind()
    for sha256 in connection.execute(sa.select(skymaps.c.sha256)).scalars().all():
        mine = skymaps.c.sha256 == sha256
        content = connection.execute(sa.select(skymaps.c.fits).where(mine)).scalar_one()
        digest = hashlib.sha256(content).hexdigest()
        connection.execute(sa.update(skymaps).where(mine).values(digest=digest))


def downgrade() -> None:
    """Back to the older schema."""
    op.drop_column("skymaps", "digest")
