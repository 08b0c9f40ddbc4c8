"""The place that a person confirmed for the words of a report, beside the assignment that came of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give assignments room for a confirmed place."""
    op.add_column("assignments", sa.Column("place", JSONB(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Forget the places."""
    op.drop_column("assignments", "place")
