"""Alembic's entry: runs the migrations on the connection it is given, never on one of its own."""

from __future__ import annotations

from alembic import context
from geoalchemy2 import alembic_helpers

from geogrid.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=alembic_helpers.include_object,
    process_revision_directives=alembic_helpers.writer,
    render_item=alembic_helpers.render_item,
    compare_type=True,
)

with context.begin_transaction():
    context.run_migrations()
