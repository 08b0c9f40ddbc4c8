"""Webhooks: other systems that are told what happens. Their secrets are made from a key outside the database."""

from __future__ import annotations

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, LargeBinary, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from geogrid.store.tables.metadata import metadata

# ``unit`` and ``department`` are "" for all. Readers by row security may read, and change nothing.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, CheckConstraint("name <> ''", name="name_there"), nullable=False),
    Column("url", Text, CheckConstraint("url ~ '^https?://'", name="url_of_the_web"), nullable=False),
    Column("steps", ARRAY(Text), nullable=False, server_default="{}"),
    Column("phases", ARRAY(Text), nullable=False, server_default="{}"),
    Column("unit", Text, nullable=False, server_default=""),
    Column("department", Text, nullable=False, server_default=""),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("salt", LargeBinary, CheckConstraint("length(salt) >= 16", name="salt_long"), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
    UniqueConstraint("name"),
)
