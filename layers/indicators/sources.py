"""What figures count, as SQL: for each population its tables, the time by which a row belongs to a period, keys and fields.

Events, matters and what hangs on them are read under other names than the tables', so that the clause of a reader's scope, which
asks the tables again, stands in the same SELECT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    TIMESTAMP,
    ColumnElement,
    FromClause,
    Numeric,
    String,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from geogrid.domain.events import StepKind
from geogrid.domain.indicators import Basis, Field, FigureGroup, Population, Span, Split
from geogrid.domain.readings import Period
from geogrid.store.tables.disputes import disputes, performances
from geogrid.store.tables.events import events, steps
from geogrid.store.tables.matters import clocks, matters

m = matters.alias("m")
c = clocks.alias("c")
d = disputes.alias("d")
p = performances.alias("p")
HANDLING_STEPS = (StepKind.HANDLE.value, StepKind.SETTLE.value)
DEPARTMENTS = "department:%"


@dataclass(frozen=True)
class Asking:
    """Under what a figure is read: the span, the instant of the state, the zone of days, and townships other than recorded.

    ``moved`` are events by id with the township that another edition gives them (None: none); None: as recorded.
    """

    span: Span
    now: datetime
    timezone: str
    moved: Mapping[UUID, str | None] | None = None

    @cached_property
    def elsewhere(self) -> FromClause:
        """The events that lie elsewhere under another edition, handed in as two arrays: ``id``, ``code``."""
        held = self.moved or {}
        ids = bindparam("moved_ids", list(held), type_=ARRAY(Uuid))
        codes = bindparam("moved_codes", list(held.values()), type_=ARRAY(String))
        return func.unnest(ids, codes).table_valued("id", "code").render_derived(name="moved")


def tables(population: Population, asking: Asking, *, recast: bool) -> FromClause:
    """Return the joined tables of a population, with the townships of another edition where those are asked for."""
    found: FromClause = events
    if population is Population.CLOCKS:
        found = c.join(events, events.c.id == c.c.event_id)
    elif population is Population.DISPUTES:
        found = d.join(events, events.c.id == d.c.event_id)
    elif population is Population.PAYMENTS:
        found = p.join(events, events.c.id == p.c.event_id)
    found = found.outerjoin(m, m.c.event_id == events.c.id)
    return found.outerjoin(asking.elsewhere, asking.elsewhere.c.id == events.c.id) if recast else found


def within(basis: Basis, asking: Asking) -> ColumnElement[bool]:
    """Return which rows belong to the period.

    Rides the index on its time: ``ix_events_reported_at_id``, ``ix_events_closed_at``, ``ix_clocks_clock_due_at``,
    ``ix_disputes_outcome_at``, ``ix_performances_at``; as of now ``ix_events_open``.
    """
    start, end = asking.span.start, asking.span.end
    if basis is Basis.NOW:
        return events.c.is_open
    if basis is Basis.PAID:
        zone = ZoneInfo(asking.timezone)
        return and_(p.c.at >= start.astimezone(zone).date(), p.c.at < end.astimezone(zone).date())
    if basis is Basis.DUE:  # what stands still is not due at any known time
        running = or_(c.c.stopped_at.is_not(None), c.c.paused_at.is_(None))
        return and_(c.c.due_at >= start, c.c.due_at < min(end, max(start, asking.now)), running)
    if basis is Basis.CLOSED:  # the index holds what is not open
        return and_(~events.c.is_open, events.c.closed_at >= start, events.c.closed_at < end)
    time = d.c.outcome_at if basis is Basis.ENDED else events.c.reported_at
    return and_(time >= start, time < end)


def at(basis: Basis, asking: Asking) -> ColumnElement[datetime]:
    """Return the time by which a row belongs to its period; as of now, that of the report."""
    if basis is Basis.PAID:
        return func.timezone(asking.timezone, cast(p.c.at, TIMESTAMP(timezone=False)))
    times: dict[Basis, Any] = {Basis.CLOSED: events.c.closed_at, Basis.DUE: c.c.due_at, Basis.ENDED: d.c.outcome_at}
    return times.get(basis, events.c.reported_at)


def period_key(basis: Basis, asking: Asking, each: Period) -> ColumnElement[str]:
    """Return the first local day of the period in which a row lies, as text."""
    local = func.timezone(asking.timezone, at(basis, asking))
    return func.to_char(func.date_trunc(each.value, local), "YYYY-MM-DD")


def group_key(group: FigureGroup, asking: Asking) -> ColumnElement[str | None]:
    """Return whose a row is: a township's code, a department's, the role that handled it; None where it is nobody's."""
    if group is FigureGroup.TOWNSHIP:
        if asking.moved is None:
            return events.c.township_code
        moved = asking.elsewhere
        return case((moved.c.id.is_not(None), moved.c.code), else_=events.c.township_code)
    if group is FigureGroup.DEPARTMENT:
        party = case((m.c.lead.like(DEPARTMENTS), m.c.lead), (m.c.owner.like(DEPARTMENTS), m.c.owner))
        return func.split_part(party, ":", 2)
    if group is FigureGroup.POST:
        return _handler()
    return literal(None, String)


def _handler() -> ColumnElement[str | None]:
    """Return the role of the post that handled or settled the matter last. Rides ``uq_steps_event_id_seq``."""
    role = steps.c.details[("post", "role")].astext
    taken = select(role).where(steps.c.event_id == events.c.id, steps.c.kind.in_(HANDLING_STEPS))
    return taken.order_by(steps.c.seq.desc()).limit(1).correlate(events).scalar_subquery()


SPLITS: dict[Split, ColumnElement] = {
    Split.HANDLING: func.nullif(m.c.handling, ""),
    Split.LEVEL: m.c.level,
    Split.COMPLEXITY: m.c.complexity,
    Split.CHANNEL: events.c.channel,
    Split.KIND: events.c.kind,
}
FIELDS: dict[Field, ColumnElement] = {
    Field.RATING: cast(m.c.rating, Numeric),
    Field.CLOSED_AFTER: extract("epoch", events.c.closed_at - events.c.reported_at),
    Field.RECOVERED_YUAN: cast(p.c.recovered_yuan, Numeric),
    Field.FEES_REFUNDED_YUAN: cast(p.c.fees_refunded_yuan, Numeric),
}


def overdue(now: datetime) -> ColumnElement[bool]:
    """Return whether a clock of the event runs, does not stand still, and is past its time. Rides ``ix_clocks_due_at``."""
    late = select(clocks.c.event_id).where(clocks.c.stopped_at.is_(None), clocks.c.paused_at.is_(None), clocks.c.due_at < now)
    return events.c.id.in_(late)
