"""Which grid is it? The answer for a point, nothing stored; and the word of a person where no rule has an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from geogrid.actions.accept import ASSIGNER
from geogrid.actions.answers import answers, units_of
from geogrid.actions.district import District
from geogrid.actions.matters import move_matters
from geogrid.domain.events import Event, Step, StepKind
from geogrid.domain.grids import Assignment, AssignmentRule
from geogrid.domain.places import ConfirmedPlace
from geogrid.errors import EventNotWaiting, NotFoundError, PlaceUncovered
from geogrid.errors.family import Label
from geogrid.store import cells, editions, events, locks


def find_grid(session: Session, lon: float, lat: float, *, district: District, accuracy_m: float | None = None) -> Assignment:
    """Return the assignment of a point (degrees on the datum of record) under the edition in force; raises EditionNotInForce."""
    edition = editions.in_force(session)
    (found,) = answers(district, edition.id, [lon], [lat], [np.nan if accuracy_m is None else accuracy_m])
    return found


def place_event(
    session: Session,
    event_id: UUID,
    grid_code: str | None,
    *,
    now: datetime,
    district: District,
    actor: str,
    place: ConfirmedPlace | None = None,
) -> Event:
    """Give an open event the grid that ``actor`` names or confirms: one that no grid covers, that was placed before, or whose
    position leaves several grids open.

    With a ``place``, found for the words of the report and confirmed by ``actor``, the grid is the one that covers it, if none
    is named; the place is kept with the assignment. The reported point stays what it was. The next edition keeps the word of
    the person where it still has that grid.

    Raises
    ------
    NotFoundError
        without such an event, or such a grid in the edition in force.
    EventNotWaiting
        where a rule gives the event its grid beyond doubt, or it is closed.
    PlaceUncovered
        where no grid covers the place and none is named.
    """
    locks.share_edition(session)
    edition = editions.in_force(session)
    event = events.find(session, event_id, lock=True)
    if event is None or event.assignment is None:
        raise NotFoundError(what=str(event_id))
    waiting = leaves_open(event.assignment) or event.assignment.rule is AssignmentRule.PLACED
    if not waiting or not event.state.is_open:
        raise EventNotWaiting(number=event.number, state=Label(event.state), grid=event.assignment.grid_code or "-")
    grid_code, placed = _placed(event.assignment, grid_code, place, edition.id, district)
    cells.subtract(session, [event_id])
    events.add_assignment(session, event_id, placed, now=editions.not_before(edition, now))
    events.project_place(session, event_id, placed, district.geography_for(edition.id).units_of[grid_code])
    move_matters(session, {event_id: district.geography_for(edition.id).units_of[grid_code]}, district=district)
    cells.add(session, [event_id])
    step = Step(len(event.steps) + 1, StepKind.ASSIGN, now, actor, _note(grid_code, place), "assign")
    events.add_steps(session, event_id, [step])
    stored = events.find(session, event_id)
    if stored is None:
        raise NotFoundError(what=str(event_id))
    return stored


def leaves_open(assignment: Assignment) -> bool:
    """Whether a rule leaves it to a person to name the grid: it gives none, or only the likeliest of several."""
    return assignment.grid_code is None or assignment.confidence < 1


def _placed(
    known: Assignment, grid_code: str | None, place: ConfirmedPlace | None, edition_id: int, district: District
) -> tuple[str, Assignment]:
    if place is not None:
        (lon, lat), radius_m = place.point_lonlat, place.radius_m
        (known,) = answers(district, edition_id, [lon], [lat], [radius_m])
    code = grid_code or known.grid_code
    if not code:
        raise PlaceUncovered(name="" if place is None else place.name)
    placed = placed_in(known, code, edition_id, district)
    if placed is None:
        raise NotFoundError(what=code)
    return code, replace(placed, place=place)


def _note(grid_code: str, place: ConfirmedPlace | None) -> str:
    return grid_code if place is None else f"{grid_code} {place.name} ±{place.radius_m:.0f} m"


def assign_anew(session: Session, event: Event, *, now: datetime, district: District) -> None:
    """Give an event that was closed, and is opened again, its place in the edition in force; the caller holds its lock.

    A grid that a person named is kept where the edition has it.
    """
    edition = editions.in_force(session)
    lon, lat = event.point_lonlat or (np.nan, np.nan)
    reported = event.report.point
    accuracy_m = np.nan if reported is None or reported.accuracy_m is None else reported.accuracy_m
    (found,) = answers(district, edition.id, [lon], [lat], [accuracy_m])
    before = event.assignment
    if before is not None and before.rule is AssignmentRule.PLACED and before.grid_code and leaves_open(found):
        found = placed_in(replace(found, place=before.place), before.grid_code, edition.id, district) or found
    units = units_of(district, found)
    cells.subtract(session, [event.id])
    events.add_assignment(session, event.id, found, now=editions.not_before(edition, now))
    events.project_place(session, event.id, found, units)
    move_matters(session, {event.id: units}, district=district)
    cells.add(session, [event.id])
    events.add_steps(session, event.id, [Step(len(event.steps) + 2, StepKind.ASSIGN, now, ASSIGNER, edition.name, "assign")])


def placed_in(assignment: Assignment, grid_code: str, edition_id: int, district: District) -> Assignment | None:
    """Return ``assignment`` with a grid given by hand, under an edition; None where the edition has no such grid."""
    geography = district.geography_for(edition_id)
    if grid_code not in geography.units_of:
        return None
    (home,) = geography.index.stations.home(np.array([geography.units_of[grid_code][0]], dtype=object))
    given = {"grid_code": grid_code, "rule": AssignmentRule.PLACED, "home_station": home}
    return replace(assignment, edition_id=edition_id, confidence=1.0, candidates=(), **given)
