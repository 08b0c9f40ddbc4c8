"""The desk's queue: open matters of all channels by light and due time, or any matters by time; filtered, searched, counted.

The light is that of the instant asked for: every matter has one span of time that holds it (``store.desk_spans``), and the index
of the spans has the very order of the queue, so that the first page is read from its beginning and not sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from geogrid.domain.clocks import Light
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.rules.urgency import URGENT
from geogrid.store.scope import parties_of, units_of, visible
from geogrid.store.tables.concerns import concerns
from geogrid.store.tables.desk import desk_spans
from geogrid.store.tables.events import events
from geogrid.store.tables.matters import matters
from layers.queue_filters import QueueFilter, of_place, on_events, on_matters, on_spans

MOST_PER_PAGE = 200
MOST_COUNTED = 10_000  # of matters that are not open nobody needs to know more exactly how many there are
SORTS = ("due", "reported", "closed")
Place = tuple[Any, ...]


@dataclass(frozen=True)
class Queued:
    """A matter's place in the queue: its event and, in a list by due time, the span that holds at the instant asked for."""

    event_id: UUID
    urgency: int | None = None
    due_at: datetime | None = None
    run: int | None = None


@dataclass(frozen=True)
class Counts:
    """How many matters fit, by light with the filter by light left out; ``exact`` is False where counting was ended."""

    by_light: dict[Light, int]
    total: int
    exact: bool = True


def sort_of(chosen: QueueFilter, asked: str | None) -> str:
    """Return the order of the list: only open matters run by time, so that what is closed is listed by when that was."""
    if chosen.is_open:
        return asked if asked in SORTS and asked != "closed" else "due"
    usual = "reported" if chosen.is_open is None else "closed"
    return asked if asked in SORTS and asked != "due" and (asked != "closed" or chosen.is_open is False) else usual


def read_queue(
    session: Session,
    chosen: QueueFilter,
    *,
    now: datetime,
    sort: str = "due",
    limit: int = 50,
    after: Place | None = None,
    scope: Scope = EVERYTHING,
    common: bool = False,
) -> tuple[list[Queued], Place | None]:
    """Return up to ``limit`` matters after ``after`` in the order ``sort`` (see ``sort_of``), and the place to go on from.

    ``common``: what is searched for stands in so many matters that the first ones are found soonest by looking at one after
    another in their order; else they are all found by the index of words, and then put in order.

    ``now`` is the instant whose lights are meant: the pages of one list share it. By due time it rides ``ix_desk_spans_queue``,
    by time of report ``ix_events_reported_at_id``, by closing ``ix_events_closed_at``; with words ``ix_events_grams``.
    """
    limit = min(limit, MOST_PER_PAGE)
    by_due = sort == "due"
    query = _by_due(chosen, now, after, scope) if by_due else _by_time(chosen, now, sort, after, scope, common=common)
    rows = session.execute(query.limit(limit + 1)).all()
    if sort == "due":
        shown = [Queued(row.event_id, row.urgency, row.due_at, row.run) for row in rows[:limit]]
    else:
        shown = [Queued(row.event_id) for row in rows[:limit]]
    if len(rows) <= limit:
        return shown, None
    last = rows[limit - 1]
    return shown, (last.urgency, last.due_at, last.event_id) if sort == "due" else (last.at, last.event_id)


def _holding(now: datetime) -> ColumnElement[bool]:
    return desk_spans.c.during.op("@>")(now)


def _by_due(chosen: QueueFilter, now: datetime, after: Place | None, scope: Scope) -> Select:
    order = (desk_spans.c.urgency, desk_spans.c.due_at, desk_spans.c.event_id)
    query = select(desk_spans.c.event_id, desk_spans.c.urgency, desk_spans.c.due_at, desk_spans.c.run)
    query = query.where(*_of_spans(chosen, now), *_needed(chosen, scope)).order_by(*order)
    return query if after is None else query.where(tuple_(*order) > tuple_(*(literal(value) for value in after)))


def _of_spans(chosen: QueueFilter, now: datetime) -> list[ColumnElement[bool]]:
    found = [desk_spans.c.is_open, _holding(now)]
    if chosen.lights:
        found.append(desk_spans.c.urgency.in_([URGENT.index(light) for light in chosen.lights]))
    return found


def _needed(chosen: QueueFilter, scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions on a span's event and matter; neither is read where nothing is asked that only it knows."""
    found: list[ColumnElement[bool]] = [*on_spans(chosen), *_seen(scope)]
    of_event, of_matter = on_events(chosen), on_matters(chosen)
    if of_event:
        found += [events.c.id == desk_spans.c.event_id, visible(scope), events.c.is_open, *of_event]
    if of_matter:
        found += [matters.c.event_id == desk_spans.c.event_id, *of_matter]
    return found


def _seen(scope: Scope) -> list[ColumnElement[bool]]:
    """Return what ``store.scope.visible`` says, said of spans: they know where their events lie."""
    if scope.whole:
        return []
    units, parties = units_of(scope), parties_of(scope)
    mine = select(concerns.c.event_id).where(concerns.c.party == func.any(parties), concerns.c.is_open)
    there = [desk_spans.c.township_code == func.any(units), desk_spans.c.village_code == func.any(units)] if scope.units else []
    return [or_(*there, desk_spans.c.event_id.in_(mine))]


def _by_time(chosen: QueueFilter, now: datetime, sort: str, after: Place | None, scope: Scope, *, common: bool = False) -> Select:
    """The matters by time, the latest first; those with rare words are found first and ordered then: OFFSET keeps both apart."""
    query = _timed(chosen, now, sort, scope, common=common)
    if chosen.words and not common:
        query = select(query.offset(0).subquery("found"))
    at, event_id = query.selected_columns.at, query.selected_columns.event_id
    query = query.order_by(at.desc(), event_id.desc())
    return query if after is None else query.where(tuple_(at, event_id) < tuple_(*(literal(value) for value in after)))


def _timed(chosen: QueueFilter, now: datetime, sort: str, scope: Scope, *, common: bool = False) -> Select:
    at = events.c.closed_at if sort == "closed" else events.c.reported_at
    query = select(events.c.id.label("event_id"), at.label("at"))
    query = query.where(visible(scope), *of_place(chosen), *on_events(chosen, common=common))
    if chosen.is_open is not None:
        query = query.where(events.c.is_open if chosen.is_open else ~events.c.is_open)
    if chosen.lights:
        spans = and_(desk_spans.c.event_id == events.c.id, _holding(now))
        query = query.where(spans, desk_spans.c.urgency.in_([URGENT.index(light) for light in chosen.lights]))
    if of_matter := on_matters(chosen):
        query = query.where(matters.c.event_id == events.c.id, *of_matter)
    return query


# -- counted ----------------------------------------------------------------------------------------------------------


def count_queue(session: Session, chosen: QueueFilter, *, now: datetime, scope: Scope = EVERYTHING) -> Counts:
    """Return how many matters fit: open ones by light at ``now``, exactly; others all together, up to ``MOST_COUNTED``."""
    of_open = _count_open(session, chosen, now, scope) if chosen.is_open is not False else {}
    if chosen.is_open:
        lights = chosen.lights or tuple(Light)
        return Counts(of_open, sum(count for light, count in of_open.items() if light in lights))
    some = _timed(chosen, now, "reported", scope).limit(MOST_COUNTED + 1).subquery()
    total = session.scalar(select(func.count()).select_from(some)) or 0
    return Counts(_all_lights(of_open), min(total, MOST_COUNTED), total <= MOST_COUNTED)


def _count_open(session: Session, chosen: QueueFilter, now: datetime, scope: Scope) -> dict[Light, int]:
    """Count by light, whatever light is asked for; without further filters it reads the index of the spans alone."""
    query = select(desk_spans.c.urgency, func.count()).where(desk_spans.c.is_open, _holding(now), *_needed(chosen, scope))
    return _all_lights({URGENT[row[0]]: row[1] for row in session.execute(query.group_by(desk_spans.c.urgency))})


def _all_lights(found: dict[Light, int]) -> dict[Light, int]:
    return {light: found.get(light, 0) for light in URGENT}
