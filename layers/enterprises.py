"""Enterprises as lists, one with everything that is its own, and who is due for a visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from geogrid.domain.enterprises import ConcernKind, DueVisit, EnterpriseRules, Handling
from geogrid.domain.events import EventState
from geogrid.rules.scope import Scope
from geogrid.rules.visit_plan import days_over, due_on
from geogrid.store.enterprises import COLUMNS, Enterprise, StoredVisit, as_enterprise, as_visit
from geogrid.store.scope import lies_in, parties_of, visible
from geogrid.store.tables.desk import milestones
from geogrid.store.tables.enterprises import enterprise_events, enterprise_visits, enterprises
from geogrid.store.tables.events import events
from geogrid.store.tables.matters import matters

MOST = 100
WILD = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
CLOSED = (EventState.CLOSED.value, EventState.ARCHIVED.value)


@dataclass(frozen=True)
class EnterpriseFilter:
    """Which enterprises: by class, township, grid; ``text`` within name, code or address; those with a matter on the key list.

    ``after`` continues a list (a code).
    """

    class_code: str = ""
    township: str = ""
    grid: str = ""
    text: str = ""
    after: str = ""
    key_listed: bool = False


@dataclass(frozen=True)
class ListedEnterprise:
    """An enterprise of a list with its figures: last visit, visits, problems raised and solved, disputes, key-listed matters."""

    enterprise: Enterprise
    last_on: date | None
    visits: int
    problems: int
    solved: int
    disputes: int
    key_listed: int


@dataclass(frozen=True)
class EnterpriseEvent:
    """An event that is an enterprise's, as a reader who sees it reads it."""

    event_id: UUID
    number: str
    kind: ConcernKind
    handling: Handling | None
    words: str
    state: EventState
    reported_at: datetime
    closed_at: datetime | None
    key_listed: bool
    outcome: str
    milestones: tuple[Milestone, ...] = ()


@dataclass(frozen=True)
class Milestone:
    """A milestone of a matter on the key list."""

    title: str
    due_on: date
    done_at: datetime | None


@dataclass(frozen=True)
class Sums:
    """Figures of the enterprises that a reader sees: visits and problems since a day, problems by who solves them.

    ``key_listed`` are the matters on the key list that are open now, whenever they were raised.
    """

    enterprises: int
    visits: int
    legal_checks: int
    problems: int
    solved: int
    disputes: int
    unplaced: int
    handled: Mapping[Handling, int]
    key_listed: int


def seen_by(scope: Scope) -> ColumnElement[bool]:
    """Return the condition on ``enterprises`` that leaves what a reader sees: where it lies, or who visited it."""
    if scope.whole:
        return true()
    return or_(lies_in(enterprises, scope), enterprises.c.bodies.op("&&")(parties_of(scope)))


def _conditions(chosen: EnterpriseFilter, scope: Scope) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [seen_by(scope)]
    for value, column in ((chosen.class_code, enterprises.c.class_code), (chosen.township, enterprises.c.township_code)):
        if value:
            found.append(column == value)
    if chosen.grid:
        found.append(enterprises.c.grid_code == chosen.grid)
    if chosen.key_listed:
        own = (enterprise_events.c.enterprise_id == enterprises.c.id, matters.c.key_listed, visible(scope))
        found.append(select(enterprise_events.c.event_id).select_from(_joined()).where(*own).exists())
    if chosen.text:
        like = f"%{chosen.text.translate(WILD)}%"
        columns = (enterprises.c.name, enterprises.c.code, enterprises.c.address)
        found.append(or_(*(column.ilike(like, escape="\\") for column in columns)))
    return found


def listed(session: Session, chosen: EnterpriseFilter, *, scope: Scope, most: int = MOST) -> list[ListedEnterprise]:
    """Return up to ``most`` enterprises that the reader sees, by code. Rides ``uq_enterprises_code``."""
    query = select(*COLUMNS).where(*_conditions(chosen, scope), enterprises.c.code > chosen.after)
    found = [as_enterprise(row) for row in session.execute(query.order_by(enterprises.c.code).limit(most))]
    return with_figures(session, found, scope=scope)


def count(session: Session, chosen: EnterpriseFilter, *, scope: Scope) -> int:
    """Return how many enterprises of a filter the reader sees."""
    return session.scalar(select(func.count()).select_from(enterprises).where(*_conditions(chosen, scope))) or 0


def with_figures(session: Session, found: Sequence[Enterprise], *, scope: Scope) -> list[ListedEnterprise]:
    """Return enterprises with their figures, two statements for all of them."""
    ids = [one.id for one in found]
    seen = _visits_of(session, ids)
    own = _events_of(session, ids, scope)
    none = (0, 0, 0, 0)
    return [ListedEnterprise(one, *seen.get(one.id, (None, 0)), *own.get(one.id, none)) for one in found]


def _visits_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[date | None, int]]:
    """Return the last day and the number of visits. Rides ``ix_enterprise_visits_enterprise_id_on_date``."""
    columns = (enterprise_visits.c.enterprise_id, func.max(enterprise_visits.c.on_date), func.count())
    query = select(*columns).where(enterprise_visits.c.enterprise_id == func.any(list(ids)))
    return {row[0]: (row[1], row[2]) for row in session.execute(query.group_by(enterprise_visits.c.enterprise_id))}


def _joined() -> Any:
    joined = enterprise_events.join(events, events.c.id == enterprise_events.c.event_id)
    return joined.outerjoin(matters, matters.c.event_id == events.c.id)


def _events_of(session: Session, ids: Sequence[UUID], scope: Scope) -> dict[UUID, tuple[int, int, int, int]]:
    is_problem = enterprise_events.c.kind == ConcernKind.PROBLEM.value
    columns = (
        enterprise_events.c.enterprise_id,
        func.count().filter(is_problem),
        func.count().filter(and_(is_problem, events.c.state.in_(CLOSED))),
        func.count().filter(~is_problem),
        func.count().filter(matters.c.key_listed),
    )
    query = (
        select(*columns).select_from(_joined()).where(enterprise_events.c.enterprise_id == func.any(list(ids)), visible(scope))
    )
    return {row[0]: tuple(row[1:]) for row in session.execute(query.group_by(enterprise_events.c.enterprise_id))}


def visits(session: Session, enterprise_id: UUID, *, most: int = MOST) -> list[StoredVisit]:
    """Return the visits to an enterprise, the latest first."""
    query = select(enterprise_visits).where(enterprise_visits.c.enterprise_id == enterprise_id)
    order = (enterprise_visits.c.on_date.desc(), enterprise_visits.c.id.desc())
    return [as_visit(row) for row in session.execute(query.order_by(*order).limit(most))]


def events_of(session: Session, enterprise_id: UUID, *, scope: Scope, most: int = MOST) -> list[EnterpriseEvent]:
    """Return the events of an enterprise that the reader sees, the latest first, with their milestones."""
    columns = (
        events.c.id, events.c.number, enterprise_events.c.kind, enterprise_events.c.handling, events.c.words, events.c.state,
        events.c.reported_at, events.c.closed_at, matters.c.key_listed, matters.c.outcome, matters.c.handling.label("own"),
    )  # fmt: skip
    query = select(*columns).select_from(_joined()).where(enterprise_events.c.enterprise_id == enterprise_id, visible(scope))
    rows = session.execute(query.order_by(events.c.reported_at.desc()).limit(most)).all()
    steps = _milestones(session, [row.id for row in rows])
    return [
        EnterpriseEvent(
            row.id, row.number, ConcernKind(row.kind), _handling(row.own, row.handling), row.words, EventState(row.state),
            row.reported_at, row.closed_at, bool(row.key_listed), row.outcome or "", steps.get(row.id, ()),
        )
        for row in rows
    ]  # fmt: skip


def _handling(own: str | None, said: str | None) -> Handling | None:
    """Return the way of handling that the matter has, where its programme knows these ways; else what was said."""
    found = own if own in Handling.codes() else said
    return Handling(found) if found else None


def _milestones(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[Milestone, ...]]:
    query = select(milestones).where(milestones.c.event_id == func.any(list(ids))).order_by(milestones.c.due_on, milestones.c.id)
    found: dict[UUID, tuple[Milestone, ...]] = {}
    for row in session.execute(query):
        found[row.event_id] = (*found.get(row.event_id, ()), Milestone(row.title, row.due_on, row.done_at))
    return found


def sums(session: Session, *, scope: Scope, since: datetime) -> Sums:
    """Return the figures of what the reader sees since an instant: problems by their report, solved ones by their closing."""
    kind = enterprise_visits.c.kind
    visited = enterprise_visits.join(enterprises, enterprises.c.id == enterprise_visits.c.enterprise_id)
    seen = session.execute(
        select(func.count().filter(kind == "visit"), func.count().filter(kind == "legal_check"))
        .select_from(visited)
        .where(enterprise_visits.c.on_date >= since.date(), seen_by(scope))
    ).one()
    is_problem = enterprise_events.c.kind == ConcernKind.PROBLEM.value
    own = session.execute(
        select(
            func.count().filter(and_(is_problem, events.c.reported_at >= since)),
            func.count().filter(and_(is_problem, events.c.closed_at >= since)),
            func.count().filter(and_(~is_problem, events.c.reported_at >= since)),
            func.count().filter(and_(matters.c.key_listed, events.c.is_open)),
        )
        .select_from(_joined())
        .where(visible(scope))
    ).one()
    total = session.scalar(select(func.count()).select_from(enterprises).where(seen_by(scope))) or 0
    nowhere = (enterprises.c.grid_code.is_(None), seen_by(scope))
    outside = session.scalar(select(func.count()).select_from(enterprises).where(*nowhere)) or 0
    return Sums(total, seen[0], seen[1], own[0], own[1], own[2], outside, _handled(session, scope, since), own[3])


def _handled(session: Session, scope: Scope, since: datetime) -> dict[Handling, int]:
    """Return how many of the problems since an instant are solved by whom; problems of which nobody said it are left out."""
    own = matters.c.handling.in_(Handling.codes())
    way = case((own, matters.c.handling), else_=enterprise_events.c.handling)
    asked = (enterprise_events.c.kind == ConcernKind.PROBLEM.value, events.c.reported_at >= since, way.is_not(None))
    rows = session.execute(select(way, func.count()).select_from(_joined()).where(*asked, visible(scope)).group_by(way))
    found = {Handling(row[0]): row[1] for row in rows}
    return {one: found.get(one, 0) for one in Handling}


# -- who is due -------------------------------------------------------------------------------------------------------


def due(
    session: Session, rules: EnterpriseRules, *, scope: Scope, today: date, chosen: EnterpriseFilter | None = None
) -> list[DueVisit]:
    """Return the enterprises of a filter that the reader sees with when they were visited last and since when they are due."""
    last = select(enterprise_visits.c.enterprise_id, func.max(enterprise_visits.c.on_date).label("last_on"))
    seen = last.group_by(enterprise_visits.c.enterprise_id).subquery()
    query = select(*COLUMNS, seen.c.last_on).select_from(enterprises.outerjoin(seen, seen.c.enterprise_id == enterprises.c.id))
    rows = session.execute(query.where(*_conditions(chosen or EnterpriseFilter(), scope)).order_by(enterprises.c.code))
    return [
        DueVisit(
            row.id, row.name, row.class_code, row.grid_code, row.township_code, (row.lon, row.lat), row.last_on,
            due_on(rules, row.class_code, row.last_on), days_over(rules, row.class_code, row.last_on, today),
        )
        for row in rows
    ]  # fmt: skip


def townships_with(session: Session, *, scope: Scope) -> Mapping[str, int]:
    """Return how many enterprises that the reader sees lie in each township, by its code."""
    placed = (enterprises.c.township_code.is_not(None), seen_by(scope))
    query = select(enterprises.c.township_code, func.count()).where(*placed)
    return {row[0]: row[1] for row in session.execute(query.group_by(enterprises.c.township_code))}
