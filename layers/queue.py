"""The desk's queue: open matters of all channels by light and due time, or any matters by time; filtered, searched, counted.

The light is that of the instant asked for: every matter has one span of time that holds it (``store.desk_spans``), and the index
of the spans has the very order of the queue, so that the first page is read from its beginning and not sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, literal, or_, select, tuple_, union
from sqlalchemy.orm import Session

from geogrid.domain.clocks import Light
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.rules.urgency import URGENT
from geogrid.store.scope import parties_of, units_of, visible
from geogrid.store.tables.concerns import concerns
from geogrid.store.tables.desk import desk_spans
from geogrid.store.tables.events import events
from geogrid.store.tables.matters import matters
from layers.queue_filters import QueueFilter, of_place, on_events, on_matters, on_spans, with_words

MOST_PER_PAGE = 200
MOST_COUNTED = 10_000  # of matters that are not open nobody needs to know more exactly how many there are
MOST_FOUND = 1_000  # by words, all at once; where more fit, the words are common
MOST_LOOKED_AT = 5_000  # of the latest, one after another, for common words
MOST_TRIED = 1_500  # of the latest, to see whether most have the words
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
    """How many matters fit, by light with the filter by light left out; ``exact`` is False where counting was ended.

    ``among_latest``: how many were looked at, where words of single characters were looked for in the latest matters alone.
    """

    by_light: dict[Light, int]
    total: int
    exact: bool = True
    among_latest: int | None = None


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
) -> tuple[list[Queued], Place | None]:
    """Return up to ``limit`` matters after ``after`` in the order ``sort`` (see ``sort_of``), and the place to go on from.

    Common words (see ``looked_for``) are looked for in one matter after another, in their order; where that leads too far, and
    for words nobody has looked for yet, all are found by the index of words and then put in order.

    ``now`` is the instant whose lights are meant: the pages of one list share it. By due time it rides ``ix_desk_spans_queue``,
    by time of report ``ix_events_reported_at_id``, by closing ``ix_events_closed_at``, of a part by those of ``_parts``;
    with words ``ix_events_grams``.
    """
    limit = min(limit, MOST_PER_PAGE)
    by_due = sort == "due"
    if by_due:
        rows = session.execute(_by_due(chosen, now, after, scope).limit(limit + 1)).all()
    else:
        rows = _rows_by_time(session, chosen, now, sort, after, scope, limit + 1)
    if by_due:
        shown = [Queued(row.event_id, row.urgency, row.due_at, row.run) for row in rows[:limit]]
    else:
        shown = [Queued(row.event_id) for row in rows[:limit]]
    if len(rows) <= limit:
        return shown, None
    last = rows[limit - 1]
    return shown, (last.urgency, last.due_at, last.event_id) if sort == "due" else (last.at, last.event_id)


def _holding(now: datetime) -> ColumnElement[bool]:
    return desk_spans.c.during.op("@>")(now)


def _rows_by_time(
    session: Session, chosen: QueueFilter, now: datetime, sort: str, after: Place | None, scope: Scope, limit: int
) -> Sequence[Row]:
    asked = (chosen, now, sort, after, scope, limit)
    if not scope.whole and not scope.units and not scope.parties:
        return []
    rows = session.execute(_walked(*asked)).all() if chosen.is_common else []
    if len(rows) == limit or (chosen.is_common and not chosen.has_pairs):
        return rows
    return session.execute(_by_time(chosen.but(is_common=False), *asked[1:])).all()


def _by_due(chosen: QueueFilter, now: datetime, after: Place | None, scope: Scope) -> Select:
    order = (desk_spans.c.urgency, desk_spans.c.due_at, desk_spans.c.event_id)
    query = select(desk_spans.c.event_id, desk_spans.c.urgency, desk_spans.c.due_at, desk_spans.c.run)
    query = query.where(*wanted(chosen, now=now, scope=scope)).order_by(*order)
    return query if after is None else query.where(tuple_(*order) > tuple_(*(literal(value) for value in after)))


def wanted(
    chosen: QueueFilter, *, now: datetime, scope: Scope, on_event: Sequence[ColumnElement[bool]] = ()
) -> list[ColumnElement[bool]]:
    """Return the conditions on the spans of the open matters that fit at ``now``; ``on_event`` is asked of their events too.

    A SELECT with them has one row a matter: of ``desk_spans``, with ``events`` and ``matters`` beside it where they are asked.
    """
    return [*_of_spans(chosen, now), *_needed(chosen, scope, on_event)]


def _of_spans(chosen: QueueFilter, now: datetime) -> list[ColumnElement[bool]]:
    found = [desk_spans.c.is_open, _holding(now)]
    if chosen.lights:
        found.append(desk_spans.c.urgency.in_([URGENT.index(light) for light in chosen.lights]))
    return found


def _needed(chosen: QueueFilter, scope: Scope, on_event: Sequence[ColumnElement[bool]] = ()) -> list[ColumnElement[bool]]:
    """Return the conditions on a span's event and matter; neither is read where nothing is asked that only it knows."""
    found: list[ColumnElement[bool]] = [*on_spans(chosen), *_seen(scope)]
    of_event, of_matter = [*on_event, *on_events(chosen)], on_matters(chosen)
    if chosen.has_pairs and chosen.among is None:
        found.append(_said_by(chosen, scope))
    else:
        of_event += with_words(chosen)
    if of_event:
        found += [events.c.id == desk_spans.c.event_id, visible(scope), events.c.is_open, *of_event]
    if of_matter:
        found += [matters.c.event_id == desk_spans.c.event_id, *of_matter]
    return found


def _said_by(chosen: QueueFilter, scope: Scope) -> ColumnElement[bool]:
    """The span is of an open event with all words: found by their index, by a reader without units among his own open ones."""
    if scope.whole or scope.units:
        opened = chosen.but(is_open=True)
        found = select(events.c.id).where(visible(scope), events.c.is_open, *with_words(opened, common=False))
        return desk_spans.c.event_id.in_(found.offset(0))  # OFFSET keeps it from being computed anew for every span
    found = select(events.c.id).where(events.c.id.in_(_own_open(scope)), *with_words(chosen, common=True))
    return desk_spans.c.event_id == func.any(func.array(found.scalar_subquery()))


def _seen(scope: Scope) -> list[ColumnElement[bool]]:
    """Return what ``store.scope.visible`` says, said of spans: they know where their events lie."""
    if scope.whole:
        return []
    units = units_of(scope)
    there = [desk_spans.c.township_code == func.any(units), desk_spans.c.village_code == func.any(units)] if scope.units else []
    own = desk_spans.c.event_id.in_(_own_open(scope)).is_(True)  # looked up in a table of them, never joined one by one
    return [or_(*there, own)]


def _own_open(scope: Scope) -> Select:
    """The open events of the parties of a scope. Rides ``ix_concerns_party_open``."""
    return select(concerns.c.event_id).where(concerns.c.party == func.any(parties_of(scope)), concerns.c.is_open)


def _by_time(chosen: QueueFilter, now: datetime, sort: str, after: Place | None, scope: Scope, limit: int) -> Select:
    """The matters by time, the latest first; those with rare words are found first and ordered then: OFFSET keeps both apart."""
    if chosen.among is None and not chosen.words:
        return _newest(_parts(chosen, now, sort, after, scope, limit), limit)
    query = _timed(chosen, now, sort).where(visible(scope), *with_words(chosen))
    return _ordered(select(query.offset(0).subquery("found")), after).limit(limit)


def _walked(chosen: QueueFilter, now: datetime, sort: str, after: Place | None, scope: Scope, limit: int) -> Select:
    """The matters with common words among the latest: as a rule they fill a page long before all of those were looked at."""
    latest = _newest(_parts(chosen, now, sort, after, scope, MOST_LOOKED_AT), MOST_LOOKED_AT)
    return _ordered(_saying_so(latest, chosen), None).limit(limit)


def _saying_so(found: Select, chosen: QueueFilter) -> Select:
    """Those of a bounded number of matters that have the words, each looked at by itself."""
    latest = found.subquery("latest")
    said = select(events.c.id).where(events.c.id == latest.c.event_id, *with_words(chosen, common=True))
    return select(latest).where(said.exists())


def _parts(chosen: QueueFilter, now: datetime, sort: str, after: Place | None, scope: Scope, limit: int) -> list[Select]:
    """The latest of each unit and of the parties of a scope, each in the order of an index as far as a page reaches.

    No index answers the OR of all of them. Rides ``ix_events_township_closed_at``, ``ix_events_village_closed_at``, and those
    of ``reported_at``; of the parties those of ``_concerned``.
    """
    latest = _timed(chosen, now, sort)
    if scope.whole:
        return [_ordered(latest, after).limit(limit)]
    columns = (events.c.township_code, events.c.village_code)
    parts = [_ordered(latest.where(column == unit), after).limit(limit) for unit in scope.units for column in columns]
    return [*parts, *(_ordered(_concerned(chosen, now, sort, party), after).limit(limit) for party in scope.parties)]


def _concerned(chosen: QueueFilter, now: datetime, sort: str, party: str) -> Select:
    """The same of one party: its events are read only where something is asked that those alone know.

    Rides ``ix_concerns_party`` and ``ix_concerns_party_closed_at``.
    """
    at = concerns.c.closed_at if sort == "closed" else concerns.c.reported_at
    query = select(concerns.c.event_id, at.label("at")).where(concerns.c.party == party)
    if chosen.is_open is not None:
        query = query.where(concerns.c.is_open if chosen.is_open else ~concerns.c.is_open)
    asked = _asked(chosen, now)
    return query.where(events.c.id == concerns.c.event_id, *asked) if asked else query


def _newest(parts: list[Select], limit: int) -> Select:
    """The latest of all parts, each matter once."""
    if len(parts) == 1:
        return parts[0]
    found = union(*(select(part.subquery()) for part in parts)).subquery("parts")
    return _ordered(select(found), None).limit(limit)


def _ordered(query: Select, after: Place | None) -> Select:
    at, event_id = query.selected_columns.at, query.selected_columns.event_id
    query = query.order_by(at.desc(), event_id.desc())
    return query if after is None else query.where(tuple_(at, event_id) < tuple_(*(literal(value) for value in after)))


def _timed(chosen: QueueFilter, now: datetime, sort: str) -> Select:
    """All that is asked for but for its words, with the time by which it is listed; of whatever reader."""
    at = events.c.closed_at if sort == "closed" else events.c.reported_at
    query = select(events.c.id.label("event_id"), at.label("at")).where(*_asked(chosen, now))
    if chosen.is_open is not None:
        query = query.where(events.c.is_open if chosen.is_open else ~events.c.is_open)
    return query


def _asked(chosen: QueueFilter, now: datetime) -> list[ColumnElement[bool]]:
    """Return what is asked of an event, its span and its matter, but for its words and whether it is open."""
    found = [*of_place(chosen), *on_events(chosen)]
    if chosen.lights:
        found += [desk_spans.c.event_id == events.c.id, _holding(now)]
        found.append(desk_spans.c.urgency.in_([URGENT.index(light) for light in chosen.lights]))
    if of_matter := on_matters(chosen):
        found += [matters.c.event_id == events.c.id, *of_matter]
    return found


# -- looked for -------------------------------------------------------------------------------------------------------


def looked_for(session: Session, chosen: QueueFilter, *, now: datetime, scope: Scope = EVERYTHING) -> QueueFilter:
    """Return the filter with what looking for its words shows: the events where they stand, or that those are many.

    Few are found once for list and counts. Many are looked for from the first of the list on, and outside of the open ones no
    longer counted. Single characters are looked for in the latest ``MOST_LOOKED_AT`` and nowhere else, but for open matters.
    """
    if not chosen.words.split():
        return chosen
    if not chosen.has_pairs:
        return chosen.but(is_common=True) if chosen.is_open else _among_latest(session, chosen, now, scope)
    if _is_usual(session, chosen, now, scope):
        return chosen.but(is_common=True)
    query = _timed(chosen.but(lights=()), now, "reported").where(visible(scope), *with_words(chosen))
    found = [row.event_id for row in session.execute(query.limit(MOST_FOUND + 1))]
    return chosen.but(is_common=True) if len(found) > MOST_FOUND else chosen.but(among=tuple(found))


def _among_latest(session: Session, chosen: QueueFilter, now: datetime, scope: Scope) -> QueueFilter:
    if not scope.whole and not scope.units and not scope.parties:
        return chosen.but(among=())
    sort = "closed" if chosen.is_open is False else "reported"
    latest = _newest(_parts(chosen.but(lights=()), now, sort, None, scope, MOST_LOOKED_AT), MOST_LOOKED_AT)
    found = [row.event_id for row in session.execute(_saying_so(latest, chosen).limit(MOST_FOUND + 1))]
    looked_at = session.scalar(select(func.count()).select_from(latest.subquery())) or 0
    seen = chosen.but(latest_only=looked_at == MOST_LOOKED_AT)
    return seen.but(is_common=True) if len(found) > MOST_FOUND else seen.but(among=tuple(found))


def _is_usual(session: Session, chosen: QueueFilter, now: datetime, scope: Scope) -> bool:
    """Whether most of the latest have the words, asked where the index of words would find everybody's and leave out most."""
    if scope.whole or scope.units or not scope.parties or chosen.is_open:
        return False
    latest = _newest(_parts(chosen.but(lights=()), now, "reported", None, scope, MOST_TRIED), MOST_TRIED)
    return len(session.execute(_saying_so(latest, chosen).limit(MOST_FOUND + 1)).all()) > MOST_FOUND


# -- counted ----------------------------------------------------------------------------------------------------------


def count_queue(session: Session, chosen: QueueFilter, *, now: datetime, scope: Scope = EVERYTHING) -> Counts:
    """Return how many matters fit: open ones by light at ``now``, exactly; others all together, up to ``MOST_COUNTED``."""
    of_open = _count_open(session, chosen, now, scope) if chosen.is_open is not False else {}
    if chosen.is_open:
        lights = chosen.lights or tuple(Light)
        return Counts(of_open, sum(count for light, count in of_open.items() if light in lights))
    if chosen.is_common:
        return Counts(_all_lights(of_open), max(MOST_FOUND, sum(of_open.values())), exact=False)
    if not scope.whole and not scope.units and not scope.parties:
        return Counts(_all_lights({}), 0)
    total = session.scalar(select(func.count()).select_from(_some(chosen, now, scope).subquery())) or 0
    among_latest = MOST_LOOKED_AT if chosen.latest_only else None
    return Counts(_all_lights(of_open), min(total, MOST_COUNTED), total <= MOST_COUNTED and not among_latest, among_latest)


def _some(chosen: QueueFilter, now: datetime, scope: Scope) -> Select:
    """One matter more than are counted, or all where they are fewer."""
    sort, limit = "closed" if chosen.is_open is False else "reported", MOST_COUNTED + 1
    if chosen.words and chosen.among is None:
        return _timed(chosen, now, sort).where(visible(scope), *with_words(chosen)).limit(limit)
    return _newest(_parts(chosen, now, sort, None, scope, limit), limit)


def _count_open(session: Session, chosen: QueueFilter, now: datetime, scope: Scope) -> dict[Light, int]:
    """Count by light, whatever light is asked for; without further filters it reads the index of the spans alone."""
    query = select(desk_spans.c.urgency, func.count()).where(desk_spans.c.is_open, _holding(now))
    query = query.where(*_needed(chosen, scope))
    return _all_lights({URGENT[row[0]]: row[1] for row in session.execute(query.group_by(desk_spans.c.urgency))})


def _all_lights(found: dict[Light, int]) -> dict[Light, int]:
    return {light: found.get(light, 0) for light in URGENT}
