"""Roads: one-ways by mode, barriers at their ends, and a table of dated closures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give roads what binds single modes, and closures a table."""
    for column in ("oneway_walk", "oneway_ebike"):
        op.add_column("roads", sa.Column(column, sa.Boolean(), nullable=True))
    for column in ("barrier_from", "barrier_to"):
        op.add_column("roads", sa.Column(column, sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "closures",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("road_code", sa.Text(), nullable=False, server_default=""),
        sa.Column("modes", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("synthetic", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("loaded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("geom", Geometry("GEOMETRY", srid=4490, spatial_index=False), nullable=True),
        sa.CheckConstraint("to_date IS NULL OR to_date >= from_date", name=op.f("ck_closures_days_in_order")),
        sa.CheckConstraint("road_code <> '' OR geom IS NOT NULL", name=op.f("ck_closures_closes_something")),
        sa.CheckConstraint("geom IS NULL OR (NOT ST_IsEmpty(geom) AND ST_IsValid(geom))", name=op.f("ck_closures_geom_valid")),
        sa.CheckConstraint("modes <@ ARRAY['walk', 'ebike', 'car']", name=op.f("ck_closures_modes_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
        sa.UniqueConstraint("code", name=op.f("uq_closures_code")),
    )
    op.create_index("idx_closures_geom", "closures", ["geom"], postgresql_using="gist")


def downgrade() -> None:
    """Forget closures, barriers and one-ways by mode."""
    op.drop_table("closures")
    for column in ("oneway_walk", "oneway_ebike", "barrier_from", "barrier_to"):
        op.drop_column("roads", column)
