"""Closed roads: kept beside the editions, because roadworks come and go while the roads stay the same."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, Date, Identity, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from geogrid.store.tables.metadata import geometry, metadata

# Closed from the first day to the last one, both included; without a last one until further notice. No modes: all of them.
closures = Table(
    "closures",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("code", Text, nullable=False),
    Column("road_code", Text, nullable=False, server_default=""),
    Column("modes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("from_date", Date, nullable=False),
    Column("to_date", Date),
    Column("reason", Text, nullable=False, server_default=""),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("loaded_at", TIMESTAMP(timezone=True), nullable=False),
    geometry("GEOMETRY", nullable=True),
    CheckConstraint("to_date IS NULL OR to_date >= from_date", name="days_in_order"),
    CheckConstraint("road_code <> '' OR geom IS NOT NULL", name="closes_something"),
    CheckConstraint("geom IS NULL OR (NOT ST_IsEmpty(geom) AND ST_IsValid(geom))", name="geom_valid"),
    CheckConstraint("modes <@ ARRAY['walk', 'ebike', 'car']", name="modes_known"),
    UniqueConstraint("code"),
)
