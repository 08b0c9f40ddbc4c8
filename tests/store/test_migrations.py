"""The migrations make exactly the tables: columns, keys, checks, exclusions, indexes, both ways."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, text

from geogrid.errors import SetupError
from geogrid.store.schema import check_schema, config_for, migrate, newest_revision
from geogrid.store.session import engine_of, session_scope
from geogrid.store.tables import metadata

CATALOGUE = """
SELECT c.conrelid::regclass::text AS place, c.conname::text AS name, pg_get_constraintdef(c.oid) AS says
FROM pg_constraint c WHERE c.connamespace = to_regnamespace(:schema) AND c.conrelid <> 0
UNION ALL
SELECT tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = :schema
UNION ALL
SELECT table_name::text, column_name::text,
       concat_ws(' ', data_type, udt_name, is_nullable, column_default, is_identity, character_maximum_length)
FROM information_schema.columns WHERE table_schema = :schema
"""
NOT_OURS = {"alembic_version", "spatial_ref_sys", "geometry_columns", "geography_columns"}


def catalogue(connection: Connection, schema: str) -> set[tuple[str, str, str]]:
    rows = connection.execute(text(CATALOGUE), {"schema": schema})
    found = {tuple(str(value).replace("public.", "").replace("fresh.", "") for value in row) for row in rows}
    return {row for row in found if row[0] not in NOT_OURS}


@pytest.fixture
def own_engine(fresh_database):
    engine = engine_of(fresh_database)
    migrate(engine)
    yield engine
    engine.dispose()


def test_autogenerate_finds_nothing_to_do(own_engine):
    options = {"include_object": alembic_helpers.include_object, "compare_type": True, "compare_server_default": True}
    with own_engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_checks_exclusions_and_indexes_are_the_same(own_engine):
    """Autogenerate is blind to CHECK and EXCLUDE constraints: compare what the database's own catalogue says."""
    with own_engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA fresh"))
        connection.execute(text("SET LOCAL search_path = fresh, public"))
        for table in metadata.sorted_tables:
            table.create(connection, checkfirst=False)
        made_by_tables = catalogue(connection, "fresh")
        made_by_migrations = catalogue(connection, "public")
    assert made_by_migrations - made_by_tables == set()
    assert made_by_tables - made_by_migrations == set()
    assert len(made_by_tables) > 150


def test_down_and_up_again_gives_the_same_schema(own_engine):
    with own_engine.begin() as connection:
        before = catalogue(connection, "public")
        command.downgrade(config_for(connection), "base")
        assert catalogue(connection, "public") == set()
    migrate(own_engine)
    migrate(own_engine)  # a second time changes nothing
    with own_engine.begin() as connection:
        assert catalogue(connection, "public") == before


def test_check_schema_names_what_is_wrong(own_engine):
    with session_scope(own_engine) as session:
        check_schema(session, durable=False)
        session.execute(text("UPDATE alembic_version SET version_num = 'old'"))
        with pytest.raises(SetupError, match=f"old, this code needs {newest_revision()}"):
            check_schema(session, durable=False)
        session.execute(text("DROP TABLE alembic_version"))
        with pytest.raises(SetupError, match="not there"):
            check_schema(session, durable=False)
        session.rollback()


def test_settings_that_lose_acknowledged_reports_are_refused(own_engine):
    with session_scope(own_engine) as session:
        session.execute(text("SET LOCAL synchronous_commit = off"))
        with pytest.raises(SetupError, match=r"(fsync|synchronous_commit|full_page_writes) is off"):
            check_schema(session)
