"""The schema: bring it up to date, and say at start-up what is wrong with the database."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from geogrid.errors import SetupError

MIGRATIONS = Path(__file__).parent / "migrations"
EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
POSTGIS_LEAST = (3, 1)
MIGRATION_LOCK = 0x67656F6D  # "geom": one migration at a time


def config_for(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration for the migrations here; ``connection`` is the one they run on."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Bring the database of ``engine`` to the newest schema in one transaction; extensions are made where allowed.

    Raises
    ------
    SetupError
        where an extension is missing and may not be created.
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))  # give up rather than stop those at work
        for name in EXTENSIONS:
            _make_extension(connection, name)
        command.upgrade(config_for(connection), "head")


def _make_extension(connection: Connection, name: str) -> None:
    if connection.scalar(text("SELECT true FROM pg_extension WHERE extname = :name"), {"name": name}):
        return
    try:
        with connection.begin_nested():
            connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {name}"))
    except Exception as error:
        reason = f"the extension {name} is missing and could not be made"
        raise SetupError(reason=reason, mend=f"As a superuser of the database, run: CREATE EXTENSION {name};") from error


def newest_revision() -> str:
    """Return the revision that this code needs."""
    return ScriptDirectory.from_config(config_for()).get_current_head() or ""


def check_schema(session: Session, *, durable: bool = True) -> None:
    """Check extensions, version of PostGIS, schema and (``durable``) that an acknowledged commit survives a crash.

    Raises
    ------
    SetupError
        that names the first fault and the line that mends it.
    """
    check_postgis(session)
    if durable:
        check_durability(session)
    found = _revision(session)
    if found != newest_revision():
        reason = f"the database's schema is {found or 'not there'}, this code needs {newest_revision()}"
        raise SetupError(reason=reason, mend="Run: geogrid db migrate")


def check_postgis(session: Session) -> None:
    """Check that the extensions are there and PostGIS is at least 3.1; raises SetupError."""
    there = set(session.scalars(text("SELECT extname FROM pg_extension")))
    for name in EXTENSIONS:
        if name not in there:
            raise SetupError(reason=f"the extension {name} is missing", mend="Run: geogrid db migrate")
    version = str(session.scalar(text("SELECT postgis_lib_version()")))
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < POSTGIS_LEAST:
        raise SetupError(reason=f"PostGIS {version} is too old", mend="Install PostGIS 3.1 or newer.")


def check_durability(session: Session) -> None:
    """Check that ``fsync``, ``synchronous_commit`` and ``full_page_writes`` are not off.

    With ``synchronous_commit`` off, acknowledged reports were lost when the server was killed. Raises SetupError.
    """
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        if session.scalar(text("SELECT current_setting(:name)"), {"name": name}) == "off":
            reason = f"{name} is off: acknowledged reports could be lost"
            raise SetupError(reason=reason, mend=f"Run: ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();")


def _revision(session: Session) -> str:
    try:
        with session.begin_nested():
            return str(session.scalar(text("SELECT version_num FROM alembic_version")) or "")
    except ProgrammingError:
        return ""
