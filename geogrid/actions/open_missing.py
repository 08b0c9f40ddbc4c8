"""Open matters for events that were taken in before there were programmes: what a migration cannot do, since SQL cannot fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.matters import Opened, copy_matters, opened, spans_for, write_matter
from geogrid.errors import GeogridError
from geogrid.rules.stages import closed_at, stage_of
from geogrid.store import desk_spans, events, locks, matters, unopened
from geogrid.store.session import session_scope

PORTION = 2000


@dataclass(frozen=True)
class Portion:
    """What became of some events: opened, left as they are because their programme has no step for one of theirs.

    ``last`` is the id after which the next portion begins; None: there is none.
    """

    opened: int
    left: int
    last: UUID | None


def open_missing(
    session: Session, *, now: datetime, district: District, after: UUID | None = None, most: int = PORTION
) -> Portion:
    """Open up to ``most`` matters under the district's own programme; what has a matter is not looked at.

    The steps are given the names of the programme, the report what it needs to be begun again, in the territory in which the
    event lies today; stage and time of closing stay what they were. An event whose steps the programme cannot follow keeps its
    plain life. Done twice, it changes nothing.
    """
    locks.share_edition(session)
    unopened.alone(session)
    district.programmes.keep(now=now)
    found = unopened.portion(session, after, most)
    made = {one.event_id: begun for one in found if (begun := _opened(one, district)) is not None}
    named = ((i, step.seq, step.step, step.details) for i, begun in made.items() for step in begun.steps)
    matters.name_steps(session, named)
    words = {one.event_id: one.words for one in found}
    copy_matters(session, ((i, words[i], begun.matter) for i, begun in made.items()), now=now, district=district)
    return Portion(len(made), len(found) - len(made), found[-1].event_id if len(found) == most else None)


def _opened(one: unopened.Unopened, district: District) -> Opened | None:
    if not one.steps:
        return None
    try:
        made = opened(one.steps, one.kind, one.channel, one.units, district=district)
    except GeogridError:
        return None
    reached = (stage_of(made.programme, made.matter), closed_at(made.programme, made.matter))
    return made if reached == (one.state, one.closed_at) else None


def read_provisional(session: Session, *, now: datetime, district: District) -> int:
    """Read clocks again whose end waited for holidays, by the calendars of today; return of how many events."""
    locks.share_edition(session)
    waiting = matters.provisional(session)
    for event_id in waiting:
        event = events.find(session, event_id, lock=True)  # as for a step
        matter = matters.find(session, event_id, district.programmes.of)
        if event is not None and matter is not None:
            write_matter(session, event, matter, now=now, district=district)
    return len(waiting)


def reckon_spans(session: Session, *, now: datetime, district: District, most: int = PORTION) -> int:
    """Write how pressing up to ``most`` matters are that were opened before this was kept; return of how many events."""
    locks.share_edition(session)
    waiting = desk_spans.without(session, most)
    for event_id in waiting:
        event = events.find(session, event_id, lock=True)  # as for a step
        words = event.report.words if event else ""
        matter = matters.find(session, event_id, district.programmes.of)
        if matter is None:
            rows = desk_spans.of_no_matter(event_id, danger=bool(district.danger.found(words)))
        else:
            rows = spans_for(event_id, words, matter, district=district)
        desk_spans.write(session, event_id, rows)
    return len(waiting)


def mark_danger(session: Session, *, district: District) -> int:
    """Mark again what means danger to life, by the words and classes of today; return of how many events that changed."""
    locks.share_edition(session)
    changed: dict[bool, list[UUID]] = {True: [], False: []}
    for event_id, marked, *said in desk_spans.marked(session):
        danger = bool(district.danger.found(*said))
        if danger is not marked:
            changed[danger].append(event_id)
    for danger, ids in changed.items():
        desk_spans.mark(session, ids, danger=danger)
    return sum(len(ids) for ids in changed.values())


def open_all_missing(
    engine: Engine, *, now: datetime, district: District, say: Callable[[int, int], None] = lambda done, left: None
) -> tuple[int, int]:
    """Keep today's rules, read clocks by today's calendars, and open all that is missing, in portions, each committed.

    What means danger to life is marked again by today's words.

    Returns how many were opened, and how many left as they are.

    ``say`` is told how far it is after each portion: opened so far, left so far.
    """
    district.programmes.keep(now=now, strict=True)
    with session_scope(engine) as session:
        read_provisional(session, now=now, district=district)
    done, left, after, more = 0, 0, None, True
    while more:
        with session_scope(engine) as session:
            portion = open_missing(session, now=now, district=district, after=after)
        done, left, after = done + portion.opened, left + portion.left, portion.last
        more = after is not None
        if portion.opened:
            say(done, left)
    more = True
    while more:
        with session_scope(engine) as session:
            more = reckon_spans(session, now=now, district=district) == PORTION
    with session_scope(engine) as session:
        mark_danger(session, district=district)
    return done, left
