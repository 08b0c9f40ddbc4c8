"""COPY: many rows at once through the session's own connection, inside its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Copy ``rows`` into ``columns`` of ``table`` and return how many; all or none, and the errors of any statement."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    driver = session.connection().connection.driver_connection
    count = 0
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
    except psycopg.Error as error:  # the same family of errors as from any other statement
        raise DBAPIError.instance(f"COPY {table}", None, error, psycopg.Error) from error
    return count
