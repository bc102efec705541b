"""Galaxy catalogues get a table of their own, galaxies a magnitude, a shape and a cell; those of before are kept."""

from __future__ import annotations

from bisect import bisect_right

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOUBLE = sa.Float(precision=53)
EDGES = [10.0 ** (-2.0 + k / 64.0) for k in range(417)]
CATALOGS = """
INSERT INTO catalogs (name, ready, priority, completeness, dec_min, dec_max, is_agn, galaxies, nearest_mpc,
    farthest_mpc, counts)
SELECT catalog, true, 0, '', -90, 90, false, count(*), min(distance_mpc), max(distance_mpc), '[]'
FROM galaxies GROUP BY catalog ORDER BY catalog
"""
GALAXIES = """
INSERT INTO galaxies (catalog, cell, name, ra, dec, distance_mpc, distance_error_mpc, kind)
SELECT catalogs.id,
    CASE WHEN distance_mpc < 55 THEN 65536 + hpx / 17592186044416
         WHEN distance_mpc < 220 THEN 1048576 + hpx / 1099511627776
         ELSE 16777216 + hpx / 68719476736 END,
    old.name, ra, dec, distance_mpc, distance_error_mpc, kind
FROM galaxies_before AS old JOIN catalogs ON catalogs.name = old.catalog ORDER BY old.id
"""
"""The cell is 4^(order + 1) and the pixel of that order: 7, 9 or 11."""


def upgrade() -> None:
    """Towards the newer schema."""
    op.create_table(
        "catalogs",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("completeness", sa.String(), nullable=False),
        sa.Column("dec_min", DOUBLE, nullable=False),
        sa.Column("dec_max", DOUBLE, nullable=False),
        sa.Column("is_agn", sa.Boolean(), nullable=False),
        sa.Column("galaxies", sa.BigInteger(), nullable=False),
        sa.Column("nearest_mpc", DOUBLE, nullable=True),
        sa.Column("farthest_mpc", DOUBLE, nullable=True),
        sa.Column("counts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_catalogs_name", "catalogs", ["name"])
    op.execute(CATALOGS)
    _count(op.get_bind())
    op.execute("CREATE TABLE galaxies_before AS SELECT * FROM galaxies")
    op.drop_table("galaxies")
    op.create_table(
        "galaxies",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("catalog", sa.Integer(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("ra", DOUBLE, nullable=False),
        sa.Column("dec", DOUBLE, nullable=False),
        sa.Column("distance_mpc", DOUBLE, nullable=True),
        sa.Column("distance_error_mpc", DOUBLE, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("mag", DOUBLE, nullable=True),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("semi_major_arcsec", DOUBLE, nullable=True),
        sa.Column("axis_ratio", DOUBLE, nullable=True),
        sa.Column("position_angle_deg", DOUBLE, nullable=True),
        sa.Column("is_agn", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(GALAXIES)
    op.drop_table("galaxies_before")
    op.create_index("ix_galaxies_cell", "galaxies", ["cell"])


def _count(connection: sa.Connection) -> None:
    """How many galaxies of each catalogue are nearer than each distance."""
    catalogs = sa.table("catalogs", sa.column("id"), sa.column("name"), sa.column("counts", JSON))
    galaxies = sa.table("galaxies", sa.column("catalog"), sa.column("distance_mpc"))
    for row in connection.execute(sa.select(catalogs.c.id, catalogs.c.name)).all():
        counts = [0] * (len(EDGES) + 1)
        distances = sa.select(galaxies.c.distance_mpc).where(galaxies.c.catalog == row.name)
        for (mpc,) in connection.execute(distances):
            counts[bisect_right(EDGES, mpc)] += 1
        for k in range(1, len(EDGES)):
            counts[k] += counts[k - 1]
        connection.execute(catalogs.update().where(catalogs.c.id == row.id).values(counts=counts[: len(EDGES)]))


def downgrade() -> None:
    """Back to the older schema; catalogues have to be imported again."""
    op.drop_table("galaxies")
    op.drop_table("catalogs")
    op.create_table(
        "galaxies",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("catalog", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("hpx", sa.BigInteger(), nullable=False),
        sa.Column("ra", DOUBLE, nullable=False),
        sa.Column("dec", DOUBLE, nullable=False),
        sa.Column("distance_mpc", DOUBLE, nullable=False),
        sa.Column("distance_error_mpc", DOUBLE, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("density_deg2", DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_galaxies_catalog", "galaxies", ["catalog"])
    op.create_index("ix_galaxies_hpx", "galaxies", ["hpx"])
