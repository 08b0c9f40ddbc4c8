"""The audit: who did what, when, from where; written in the transaction of what was done, sealed into a chain soon after."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from geogrid.store.tables.metadata import metadata

# Rows are only ever inserted; a trigger refuses every change (migration ``life_3_audit``).
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("action", Text, nullable=False),
    Column("object_kind", Text, nullable=False, server_default=""),
    Column("object_id", Text, nullable=False, server_default=""),
    Column("result", Text, CheckConstraint("result IN ('ok', 'refused')", name="result_known"), nullable=False),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Index(None, "object_kind", "object_id"),
    Index(None, "actor", "at"),
    Index(None, "at"),
    Index(None, "action", "id"),
)

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", BigInteger, ForeignKey("audit.id"), nullable=False, unique=True),
    Column("hash", LargeBinary, CheckConstraint("length(hash) = 32", name="hash_sha256"), nullable=False),
    Column("sealed_at", TIMESTAMP(timezone=True), nullable=False),
)
