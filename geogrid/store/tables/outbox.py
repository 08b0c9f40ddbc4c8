"""The outbox: notices, one an occasion, and one delivery a recipient and carrier. Rows are kept: who was told what, when."""

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
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from geogrid.domain.notices import DeliveryState
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata

# ``occasion`` is told once, whoever comes to it again; ``at`` is when it happened, ``made_at`` when it was written here.
notices = Table(
    "notices",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("occasion", Text, nullable=False),
    Column("event_id", Uuid, ForeignKey("events.id")),
    Column("rule", Text, nullable=False),
    Column("text_zh", Text, nullable=False, server_default=""),
    Column("text_en", Text, nullable=False, server_default=""),
    Column("payload", JSONB, nullable=False, server_default=text("'{}'")),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    UniqueConstraint("occasion"),
    Index(None, "event_id"),
)

# A delivery waits with a next try, is being sent under a lease, or has ended: sent, failed, refused. The checks hold it so.
# ``address`` is kept until it was used. By row security readers of less than the district put rows in and see none.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("notice_id", BigInteger, ForeignKey("notices.id"), nullable=False),
    Column("recipient", Text, CheckConstraint("recipient <> ''", name="recipient_named"), nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("carrier", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("state", Text, one_of("state", DeliveryState), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("next_try_at", TIMESTAMP(timezone=True)),
    Column("lease_until", TIMESTAMP(timezone=True)),
    Column("lease_by", Text),
    Column("sent_at", TIMESTAMP(timezone=True)),
    Column("ended_at", TIMESTAMP(timezone=True)),
    Column("last_error", Text, nullable=False, server_default=""),
    UniqueConstraint("notice_id", "recipient", "carrier"),
    CheckConstraint("(state = 'waiting') = (next_try_at IS NOT NULL)", name="waiting_has_next_try"),
    CheckConstraint(
        "(state = 'sending') = (lease_until IS NOT NULL) AND (lease_until IS NULL) = (lease_by IS NULL)", name="sending_has_lease"
    ),
    CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
    CheckConstraint("(state IN ('sent', 'failed', 'refused')) = (ended_at IS NOT NULL)", name="ended_has_time"),
    CheckConstraint("state NOT IN ('failed', 'refused') OR last_error <> ''", name="dead_has_reason"),
    Index("ix_deliveries_next_try_at", "next_try_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_deliveries_lease_until", "lease_until", postgresql_where=text("state = 'sending'")),
    Index("ix_deliveries_dead", "ended_at", postgresql_where=text("state IN ('failed', 'refused')")),
)
