"""The desk: how pressing each open matter is and until when, and what its people keep: views, milestones, orders, shifts.

``desk_spans`` is a projection, written with the matter and its clocks; fsck reckons it again.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, TSTZRANGE

from geogrid.store.tables.metadata import metadata

# One row a span of time in which a matter shows one light: at any instant a matter that is open, or has a clock that runs, has
# exactly one. ``urgency`` is the place of the light in ``rules.urgency.URGENT``; ``due_at`` of a span without a clock lies at
# the end of all times, so that it sorts last. What the queue asks of the event most often is kept here, so that lists, counts
# and row security read one index and no event: class and ``danger`` (words or class mean danger to life, rules.danger) with the
# span, the others by triggers (migration ``desk_2_desk``).
desk_spans = Table(
    "desk_spans",
    metadata,
    Column("event_id", Uuid, ForeignKey("events.id"), primary_key=True),
    Column("span", Integer, CheckConstraint("span >= 1", name="span_from_one"), primary_key=True),
    Column("during", TSTZRANGE, CheckConstraint("NOT isempty(during)", name="during_ever"), nullable=False),
    Column("urgency", SmallInteger, CheckConstraint("urgency BETWEEN 0 AND 3", name="urgency_known"), nullable=False),
    Column("run", Integer),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("category", Text, nullable=False),
    Column("danger", Boolean, nullable=False),
    Column("township_code", Text),
    Column("village_code", Text),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Index(
        "ix_desk_spans_queue",
        *("urgency", "due_at", "event_id"),
        postgresql_include=["during", "township_code", "village_code", "kind", "channel", "category", "danger", "is_open"],
        postgresql_where=text("is_open"),
    ),
)

# A view that somebody saved: filters by name. A shared one is seen by everybody, changed by its owner alone.
saved_views = Table(
    "saved_views",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("person", Text, CheckConstraint("person <> ''", name="person_named"), nullable=False),
    Column("name", Text, CheckConstraint("length(name) BETWEEN 1 AND 60", name="name_length"), nullable=False),
    Column("query", JSONB, nullable=False),
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    UniqueConstraint("person", "name"),
)

# What is to be done by when for a matter of the key list, followed in the open until it is.
milestones = Table(
    "milestones",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("event_id", Uuid, ForeignKey("events.id"), nullable=False),
    Column("title", Text, CheckConstraint("title <> ''", name="title_there"), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("done_by", Text),
    Column("done_at", TIMESTAMP(timezone=True)),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("(done_by IS NULL) = (done_at IS NULL)", name="done_by_somebody"),
    Index(None, "event_id"),
    Index("ix_milestones_waiting", "due_on", postgresql_where=text("done_at IS NULL")),
)

# An order of the desk to one worker or to all of a unit; who is told is written down when it is given.
orders = Table(
    "orders",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("to_party", Text, CheckConstraint("position(':' IN to_party) > 1", name="to_party_named"), nullable=False),
    Column("words", Text, CheckConstraint("words <> ''", name="words_there"), nullable=False),
    Column("event_id", Uuid, ForeignKey("events.id")),
    Column("due_at", TIMESTAMP(timezone=True)),
    Column("given_by", Text, nullable=False),
    Column("given_at", TIMESTAMP(timezone=True), nullable=False),
    Index(None, "given_at", "id"),
    Index("ix_orders_event_id", "event_id", postgresql_where=text("event_id IS NOT NULL")),
)

order_receipts = Table(
    "order_receipts",
    metadata,
    Column("order_id", BigInteger, ForeignKey("orders.id"), primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), primary_key=True),
    Column("given_by", Text, nullable=False),  # as in the order: who gave it sees who read it
    Column("read_at", TIMESTAMP(timezone=True)),
    Index(None, "person_id"),
)

# The log of a desk's shifts: lines are only ever added, a hand-over is a line to the next, who accepts it once. ``desk`` is the
# unit (12 digits) whose desk it is.
shift_log = Table(
    "shift_log",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("desk", Text, CheckConstraint("desk ~ '^[0-9]{12}$'", name="desk_digits"), nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("by", Text, CheckConstraint("by <> ''", name="by_named"), nullable=False),
    Column("words", Text, CheckConstraint("words <> ''", name="words_there"), nullable=False),
    Column("event_id", Uuid, ForeignKey("events.id")),
    Column("handed_to", Text),
    Index(None, "desk", "at", "id"),
)

shift_accepted = Table(
    "shift_accepted",
    metadata,
    Column("handover_id", BigInteger, ForeignKey("shift_log.id"), primary_key=True),
    Column("by", Text, CheckConstraint("by <> ''", name="by_named"), nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
)
