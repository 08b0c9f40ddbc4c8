"""Runs the SQL of a migration that is written in pieces by subject: ``<prefix>_<n>_<subject>.up.sql`` and ``.down.sql``."""

from __future__ import annotations

from pathlib import Path

from alembic import op

FOLDER = Path(__file__).parent / "versions"


def run_up(prefix: str) -> None:
    """Run the files ``<prefix>_*.up.sql`` in their order."""
    for path in sorted(FOLDER.glob(f"{prefix}_*.up.sql")):
        _run(path)


def run_down(prefix: str) -> None:
    """Run the files ``<prefix>_*.down.sql`` in the opposite order."""
    for path in sorted(FOLDER.glob(f"{prefix}_*.down.sql"), reverse=True):
        _run(path)


def _run(path: Path) -> None:
    connection = op.get_bind()
    for statement in path.read_text(encoding="utf-8").split(";\n\n"):
        if statement.strip().rstrip(";"):
            connection.exec_driver_sql(statement)
