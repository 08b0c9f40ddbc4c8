"""Former names of units, grids, roads and places: kept beside the editions, because a name lives on when its edition is gone."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Identity, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TIMESTAMP

from geogrid.domain.places import NamedKind
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata

# What was called ``old_name`` is now the thing with ``code``, or, where no code is known, the one called ``name``.
former_names = Table(
    "former_names",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, one_of("kind", NamedKind), nullable=False),
    Column("old_name", Text, nullable=False),
    Column("code", Text, nullable=False, server_default=""),
    Column("name", Text, nullable=False, server_default=""),
    Column("from_date", Date),
    Column("to_date", Date),
    Column("source", Text, nullable=False, server_default=""),
    Column("loaded_at", TIMESTAMP(timezone=True), nullable=False),
    CheckConstraint("code <> '' OR name <> ''", name="names_something"),
    UniqueConstraint("kind", "old_name", "code", "name", name="uq_former_names_kind_old_name_code_name"),
)
