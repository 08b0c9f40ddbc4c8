"""The first schema: editions, geography, events, cells. The SQL stands beside this file, as it was at the first release."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
event_cell_deltas event_cells photos assignments steps events shapes places households roads stations
department_grids base_grids units lineage editions
"""


def upgrade() -> None:
    """Make every table, index and constraint of the first release."""
    connection = op.get_bind()
    for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Drop every table of the first release."""
    op.execute(f"DROP TABLE {', '.join(TABLES.split())}")
    op.execute("DROP SEQUENCE event_number, reload_number")
