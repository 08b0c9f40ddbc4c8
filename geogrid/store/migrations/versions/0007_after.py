"""After the desk: what rows and columns a reader's transaction reaches. The SQL stands beside this file, by subject."""

from __future__ import annotations

from geogrid.store.migrations.pieces import run_down, run_up

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the files after_*.up.sql in their order."""
    run_up("after")


def downgrade() -> None:
    """Run the files after_*.down.sql in the opposite order."""
    run_down("after")
