"""What the database does by itself: statistics, and dumps that come back, reach every function. The SQL stands beside it."""

from __future__ import annotations

from geogrid.store.migrations.pieces import run_down, run_up

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the files upkeep_*.up.sql in their order."""
    run_up("upkeep")


def downgrade() -> None:
    """Run the files upkeep_*.down.sql in the opposite order."""
    run_down("upkeep")
