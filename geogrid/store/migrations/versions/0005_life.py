"""The life of an event: matters, people, audit, row security, outbox, lists. The SQL stands beside this file, by subject."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).parent


def upgrade() -> None:
    """Run the files life_*.up.sql in their order."""
    for path in sorted(FOLDER.glob("life_*.up.sql")):
        _run(path)


def downgrade() -> None:
    """Run the files life_*.down.sql in the opposite order."""
    for path in sorted(FOLDER.glob("life_*.down.sql"), reverse=True):
        _run(path)


def _run(path: Path) -> None:
    connection = op.get_bind()
    for statement in path.read_text(encoding="utf-8").split(";\n\n"):
        if statement.strip().rstrip(";"):
            connection.exec_driver_sql(statement)
