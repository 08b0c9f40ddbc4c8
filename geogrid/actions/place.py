"""Which grid is it? The answer for a point, nothing stored; and the word of a person where no rule has an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from geogrid.actions.answers import answers
from geogrid.actions.district import District
from geogrid.domain.events import Event, Step, StepKind
from geogrid.domain.grids import Assignment, AssignmentRule
from geogrid.errors import EventNotWaiting, NotFoundError
from geogrid.store import cells, editions, events, locks


def find_grid(session: Session, lon: float, lat: float, *, district: District, accuracy_m: float | None = None) -> Assignment:
    """Return the assignment of a point (degrees on the datum of record) under the edition in force; raises EditionNotInForce."""
    edition = editions.in_force(session)
    (found,) = answers(district, edition.id, [lon], [lat], [np.nan if accuracy_m is None else accuracy_m])
    return found


def place_event(session: Session, event_id: UUID, grid_code: str, *, now: datetime, district: District, actor: str) -> Event:
    """Give an open event that no grid covers (or that was placed before) the grid that ``actor`` names.

    The point stays where it was reported. The next edition keeps the word of the person where it still has that grid.

    Raises
    ------
    NotFoundError
        without such an event, or such a grid in the edition in force.
    EventNotWaiting
        where the event has a grid by rule, or is closed.
    """
    locks.share_edition(session)
    edition = editions.in_force(session)
    event = events.find(session, event_id, lock=True)
    if event is None or event.assignment is None:
        raise NotFoundError(what=str(event_id))
    waiting = event.assignment.grid_code is None or event.assignment.rule is AssignmentRule.PLACED
    if not waiting or not event.state.is_open:
        raise EventNotWaiting(number=event.number, state=event.state.value, grid=event.assignment.grid_code or "-")
    placed = placed_in(event.assignment, grid_code, edition.id, district)
    if placed is None:
        raise NotFoundError(what=grid_code)
    cells.subtract(session, [event_id])
    events.add_assignment(session, event_id, placed, now=editions.not_before(edition, now))
    events.project_place(session, event_id, placed, district.geography_for(edition.id).units_of[grid_code])
    cells.add(session, [event_id])
    events.add_steps(session, event_id, [Step(len(event.steps) + 1, StepKind.ASSIGN, now, actor, grid_code)])
    stored = events.find(session, event_id)
    if stored is None:
        raise NotFoundError(what=str(event_id))
    return stored


def placed_in(assignment: Assignment, grid_code: str, edition_id: int, district: District) -> Assignment | None:
    """Return ``assignment`` with a grid given by hand, under an edition; None where the edition has no such grid."""
    geography = district.geography_for(edition_id)
    if grid_code not in geography.units_of:
        return None
    (home,) = geography.index.stations.home(np.array([geography.units_of[grid_code][0]], dtype=object))
    given = {"grid_code": grid_code, "rule": AssignmentRule.PLACED, "home_station": home}
    return replace(assignment, edition_id=edition_id, confidence=1.0, candidates=(), **given)
