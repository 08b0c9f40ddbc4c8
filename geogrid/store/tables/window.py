"""Service windows: the tickets of those who wait there; and the codes by which a matter is followed from outside, hashed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from geogrid.domain.windows import TicketState
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata


def _when(name: str, *, needed: bool = False) -> Column:
    return Column(name, TIMESTAMP(timezone=True), nullable=not needed)


# ``drawn_at`` is the window at which the number was drawn, and with it the number's letter; ``waits_at`` where it waits now.
# Nothing is kept of who waits: a ticket is a number.
window_tickets = Table(
    "window_tickets",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("day", Date, nullable=False),
    Column("drawn_at", Text, CheckConstraint("drawn_at <> ''", name="drawn_at_there"), nullable=False),
    Column("number", Integer, CheckConstraint("number > 0", name="number_counts"), nullable=False),
    Column("waits_at", Text, CheckConstraint("waits_at <> ''", name="waits_at_there"), nullable=False),
    Column("state", Text, one_of("state", TicketState), nullable=False),
    Column("moves", Integer, nullable=False, server_default=text("0")),
    Column("calls", Integer, nullable=False, server_default=text("0")),
    _when("taken_at", needed=True),
    _when("called_at"),
    _when("ended_at"),
    Column("called_by", Text, nullable=False, server_default=""),
    Column("event_id", Uuid, ForeignKey("events.id")),
    UniqueConstraint("day", "drawn_at", "number"),
    CheckConstraint("(state IN ('done', 'absent')) = (ended_at IS NOT NULL)", name="ended_has_time"),
    Index("ix_window_tickets_day_waits_at", "day", "waits_at"),
    Index("ix_window_tickets_event_id", "event_id"),
)

# One code at a time for a matter: a new one takes the place of the one before.
follow_codes = Table(
    "follow_codes",
    metadata,
    Column("event_id", Uuid, ForeignKey("events.id"), primary_key=True),
    Column("code_hash", LargeBinary, CheckConstraint("octet_length(code_hash) = 32", name="code_hash_length"), nullable=False),
    _when("made_at", needed=True),
    Column("made_by", Text, nullable=False),
    _when("used_at"),
)
