"""Old and other names: columns beside the names of units, roads and places, and a table of former names with their dates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAMED = ("units", "roads", "places")
COLUMNS = ("old_names", "other_names")


def upgrade() -> None:
    """Give what has a name room for its other names, and former names a table of their own."""
    for table in NAMED:
        for column in COLUMNS:
            op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "former_names",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("old_name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, server_default=""),
        sa.Column("name", sa.Text(), nullable=False, server_default=""),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("loaded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('unit', 'grid', 'road', 'place')", name=op.f("ck_former_names_kind_known")),
        sa.CheckConstraint("code <> '' OR name <> ''", name=op.f("ck_former_names_names_something")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_names")),
        sa.UniqueConstraint("kind", "old_name", "code", "name", name=op.f("uq_former_names_kind_old_name_code_name")),
    )


def downgrade() -> None:
    """Forget the other names."""
    op.drop_table("former_names")
    for table in NAMED:
        for column in COLUMNS:
            op.drop_column(table, column)
