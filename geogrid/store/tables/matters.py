"""Matters: what the steps of an event add up to under its programme, and its clocks. Projections; fsck folds the steps again.

The rules that a matter was opened under are kept beside it, word for word, for as long as it lasts.
"""

from __future__ import annotations

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, Double, ForeignKey, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from geogrid.domain.conditions import Complexity
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata

NOTHING = text("'[]'")

# Every version of a programme under which matters were opened: the text of its file.
programmes = Table(
    "programmes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("sha256", Text, CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_hex"), nullable=False),
    Column("since", TIMESTAMP(timezone=True), nullable=False),
)

# Parties are written "kind:code". ``units`` are [level, unit] of the territory as the steps know it, the lowest first.
matters = Table(
    "matters",
    metadata,
    Column("event_id", Uuid, ForeignKey("events.id"), primary_key=True),
    Column("programme", Text, nullable=False),
    Column("programme_version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("category", Text, nullable=False, server_default=""),
    Column("handling", Text, nullable=False, server_default=""),
    Column("complexity", Text, one_of("complexity", Complexity)),
    Column("amount_yuan", Double),
    Column("first_owner", Text, CheckConstraint("position(':' IN first_owner) > 1", name="first_owner_named"), nullable=False),
    Column("owner", Text, CheckConstraint("position(':' IN owner) > 1", name="owner_named"), nullable=False),
    Column("lead", Text),
    Column("assisting", ARRAY(Text), nullable=False, server_default="{}"),
    Column("units", JSONB, nullable=False, server_default=NOTHING),
    Column("bounces", Integer, nullable=False, server_default="0"),
    Column("urged", Integer, nullable=False, server_default="0"),
    Column("supervised", Boolean, nullable=False, server_default=text("false")),
    Column("key_listed", Boolean, nullable=False, server_default=text("false")),
    Column("parent_id", Uuid, ForeignKey("matters.event_id")),  # what it was merged into
    Column("parked_until", TIMESTAMP(timezone=True)),
    Column("rating", Integer, CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range")),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("whistles", JSONB, nullable=False, server_default=NOTHING),
    Column("proposals", JSONB, nullable=False, server_default=NOTHING),
    Index(None, "owner", "state"),
    Index("ix_matters_parked_until", "parked_until", postgresql_where=text("parked_until IS NOT NULL")),
    Index("ix_matters_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    Index("ix_matters_proposals", "event_id", postgresql_where=text("proposals <> '[]'::jsonb")),
)

# One row a run of a clock. ``next_at`` is when the tick has to look at it: when its phase changes next by itself, or at once
# where a step went past an alarm that nobody was told of; None: never. ``told_until``: alarms up to then were told (None: none).
clocks = Table(
    "clocks",
    metadata,
    Column("event_id", Uuid, ForeignKey("events.id"), primary_key=True),
    Column("run", Integer, primary_key=True),
    Column("clock", Text, nullable=False),
    Column("promised", Text, nullable=False),
    Column("legal", Text),
    Column("marks", JSONB, nullable=False),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("legal_due_at", TIMESTAMP(timezone=True)),
    Column("paused_at", TIMESTAMP(timezone=True)),
    Column("stopped_at", TIMESTAMP(timezone=True)),
    Column("is_late", Boolean, nullable=False, server_default=text("false")),
    Column("provisional", Boolean, nullable=False, server_default=text("false")),  # holidays on its way are not published yet
    Column("told_until", TIMESTAMP(timezone=True)),
    Column("next_at", TIMESTAMP(timezone=True)),
    Index("ix_clocks_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_clocks_provisional", "event_id", postgresql_where=text("provisional")),
    Index("ix_clocks_due_at", "due_at", postgresql_where=text("stopped_at IS NULL")),
    Index(None, "clock", "due_at"),
)
