"""The desk: what its queues, counters, sessions, orders and figures keep. The SQL stands beside this file, by subject."""

from __future__ import annotations

from geogrid.store.migrations.pieces import run_down, run_up

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the files desk_*.up.sql in their order."""
    run_up("desk")


def downgrade() -> None:
    """Run the files desk_*.down.sql in the opposite order."""
    run_down("desk")
