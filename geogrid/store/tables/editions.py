"""Editions: one line of generations of the district's geography, at most one in force at any instant."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Double, ForeignKey, Identity, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, TSTZRANGE, ExcludeConstraint

from geogrid.domain.grids import EditionState
from geogrid.store.tables.metadata import metadata

STATES = ", ".join(f"'{code}'" for code in EditionState.codes())

# An edition replaces some kinds of geography; kinds it does not replace keep their rows. ``valid`` is empty until it is
# activated. What is in force at t: rows of any geography table whose ``valid`` contains t.
editions = Table(
    "editions",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("state", Text, CheckConstraint(f"state IN ({STATES})", name="state_known"), nullable=False),
    Column("replaces", ARRAY(Text), nullable=False, server_default="{}"),
    Column("valid", TSTZRANGE, nullable=False, server_default="empty"),
    Column("content_hash", Text, nullable=False, server_default=""),
    Column("loaded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("activated_at", TIMESTAMP(timezone=True)),
    Column("source", JSONB, nullable=False, server_default="{}"),
    ExcludeConstraint(("valid", "&&"), name="ex_editions_one_in_force"),
)

# What became of what: shares of the old grid's area and households that went to the new one, and the reverse share of area.
lineage = Table(
    "lineage",
    metadata,
    Column("edition_id", BigInteger, ForeignKey("editions.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("old_code", Text, primary_key=True),
    Column("new_code", Text, primary_key=True),
    Column("area_m2", Double, nullable=False),
    Column("share_of_old_area", Double, nullable=False),
    Column("share_of_new_area", Double, nullable=False),
    Column("share_of_old_households", Double),
)
