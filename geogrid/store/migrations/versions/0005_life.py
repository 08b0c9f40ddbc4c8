"""The life of an event: matters, people, audit, row security, outbox, lists. The SQL stands beside this file, by subject."""

from __future__ import annotations

from geogrid.store.migrations.pieces import run_down, run_up

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the files life_*.up.sql in their order."""
    run_up("life")


def downgrade() -> None:
    """Run the files life_*.down.sql in the opposite order."""
    run_down("life")
