"""Orders of outside channels, one an event, and every message about them: what came, what was told, what they answered."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
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

from geogrid.domain.outside import OrderState, Verdict, Way
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata

# ``number`` is theirs: one order a channel and number, one event an order. ``callback`` is the caller's own number, to answer to.
outside_orders = Table(
    "outside_orders",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("channel", Text, CheckConstraint("channel <> ''", name="channel_there"), nullable=False),
    Column("number", Text, CheckConstraint("number <> ''", name="number_there"), nullable=False),
    Column("event_id", Uuid, ForeignKey("events.id"), nullable=False),
    Column("state", Text, one_of("state", OrderState), nullable=False),
    Column("round", Integer, CheckConstraint("round > 0", name="round_from_one"), nullable=False, server_default="1"),
    Column("callback", Text, nullable=False, server_default=""),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),
    Column("changed_at", TIMESTAMP(timezone=True), nullable=False),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("channel", "number"),
    UniqueConstraint("event_id"),
    Index(None, "number"),
    Index(None, "changed_at"),
)

# ``what`` is an Arrival of what came, an OrderState of what was told. ``occasion`` is the notice by which it is told; what came
# has the hash of its body, so that the same is known again. ``reason`` is what they said to it, ``words`` what was said.
outside_messages = Table(
    "outside_messages",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("order_id", BigInteger, ForeignKey("outside_orders.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("way", Text, one_of("way", Way), nullable=False),
    Column("what", Text, CheckConstraint("what <> ''", name="what_there"), nullable=False),
    Column("words", Text, nullable=False, server_default=""),
    Column("mark", Text, nullable=False, server_default=""),
    Column("body_hash", LargeBinary),
    Column("occasion", Text),
    Column("verdict", Text, one_of("verdict", Verdict)),
    Column("reason", Text, nullable=False, server_default=""),
    Column("actor", Text, nullable=False, server_default=""),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("answered_at", TIMESTAMP(timezone=True)),
    UniqueConstraint("order_id", "body_hash"),
    UniqueConstraint("occasion"),
    CheckConstraint("(way = 'in') = (body_hash IS NOT NULL)", name="in_has_hash"),
    CheckConstraint("(way = 'out') = (occasion IS NOT NULL)", name="out_has_occasion"),
    CheckConstraint("verdict IS NULL OR way = 'out' AND answered_at IS NOT NULL", name="verdict_of_what_was_told"),
    Index(None, "order_id"),
)
