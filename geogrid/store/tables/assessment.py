"""The ledger of assessments: lines that are only added, months that were closed, appeals with their decisions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from geogrid.domain.assessment import AppealState, LineKind, Subject
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata


def _month() -> Column:
    return Column("month", Text, CheckConstraint("month ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$'", name="month_form"), nullable=False)


# ``unit`` is the township in which the event lay: with ``subject`` it decides who may see the line.
assessment_lines = Table(
    "assessment_lines",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _month(),
    Column("subject_kind", Text, one_of("subject_kind", Subject), nullable=False),
    Column("subject", Text, CheckConstraint("subject <> ''", name="subject_there"), nullable=False),
    Column("unit", Text, nullable=False, server_default=""),
    Column("rule", Text, nullable=False),
    Column("sheet_version", Integer, nullable=False),
    Column("event_id", Uuid, ForeignKey("events.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("points", Double, nullable=False),
    Column("kind", Text, one_of("kind", LineKind), nullable=False),
    Column("appeal_id", BigInteger),
    Column("written_at", TIMESTAMP(timezone=True), nullable=False),
    Column("written_by", Text, nullable=False),
    CheckConstraint("(kind = 'appeal') = (appeal_id IS NOT NULL)", name="appeal_named"),
    Index(None, "month", "subject_kind", "subject"),
    Index("uq_assessment_lines_earned", "month", "subject_kind", "subject", "rule", "event_id", "seq", unique=True,
          postgresql_where=text("kind = 'earned'")),
    Index(None, "event_id"),
)  # fmt: skip

assessment_months = Table(
    "assessment_months",
    metadata,
    Column("month", Text, CheckConstraint("month ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$'", name="month_form"), primary_key=True),
    Column("closed_at", TIMESTAMP(timezone=True), nullable=False),
    Column("closed_by", Text, nullable=False),
)

# One appeal a line, ever: what was decided stands. Who decides is another person than who appealed and who is assessed.
assessment_appeals = Table(
    "assessment_appeals",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("line_id", BigInteger, ForeignKey("assessment_lines.id"), nullable=False, unique=True),
    Column("reason", Text, CheckConstraint("reason <> ''", name="reason_there"), nullable=False),
    Column("appealed_by", Text, nullable=False),
    Column("appealed_at", TIMESTAMP(timezone=True), nullable=False),
    Column("state", Text, one_of("state", AppealState), nullable=False, server_default=AppealState.WAITING.value),
    Column("decided_by", Text),
    Column("decided_at", TIMESTAMP(timezone=True)),
    Column("decision", Text, nullable=False, server_default=""),
    CheckConstraint("decided_by <> appealed_by", name="another_decides"),
    CheckConstraint(
        "(state = 'waiting') = (decided_at IS NULL) AND (state = 'waiting') = (decided_by IS NULL)", name="decided_whole"
    ),
    Index("ix_assessment_appeals_waiting", "appealed_at", postgresql_where=text("state = 'waiting'")),
)
