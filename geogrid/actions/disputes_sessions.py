"""Sessions of mediation by appointment: in a room, at home, on a circuit, online; never booked twice; a day's visits in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Database

from geogrid.actions.disputes import By, Held, go_along, hold, need_consent, need_open, papers_of
from geogrid.actions.disputes_people import need_fit
from geogrid.actions.district import District
from geogrid.domain.disputes import Consent, MediatorWay, Session, SessionOutcome, SessionPlace, SessionState
from geogrid.domain.events import StepKind
from geogrid.domain.stations import TravelMode
from geogrid.errors import (
    ConsentMissing,
    DisputeValue,
    MediatorUnfit,
    NotFoundError,
    SessionClash,
    SessionOver,
    StationUnknown,
)
from geogrid.errors.family import Label, Reason
from geogrid.space.visit_route import VisitRoute, minutes_of, order_visits, travel_minutes
from geogrid.store import audit, disputes_people, disputes_sessions, editions
from geogrid.store.disputes_people import StationRow

LONGEST = timedelta(hours=8)
FARTHEST = timedelta(days=731)
FIRST_YEAR, LAST_YEAR = 1970, 2200
LONGEST_TEXT = 20_000
BY_ROOM, BY_MEDIATOR = "ex_mediation_sessions_room", "ex_mediation_sessions_mediator"
MOST_VISITS = 30
NEXT_WITHIN = timedelta(days=14)


def plan(database: Database, wanted: Session, *, by: By, now: datetime, district: District) -> Session:
    """Make an appointment; ``wanted.mediator`` of int 0 is the dispute's own mediator.

    Raises
    ------
    MediationOver, ConsentMissing
        where mediation ended, or a party said no to it
    MediatorUnfit, StationUnknown, DisputeValue
        for a time that lies in the past or ends before it begins, a room without station or name, a visit without a place
    SessionClash
        where mediator or room are taken; it says until when
    """
    held = hold(database, wanted.event_id, by=by, now=now, district=district)
    need_open(held)
    refused = [party.id for party in held.parties if party.consent.is_no]
    if refused:
        raise ConsentMissing(names=str(len(refused)), where={"parties": refused})
    ready = _ready(held, wanted)
    number = _booked(database, ready, by=by, now=now, district=district)
    held.wrote("session.plan", session=number, start=ready.start.isoformat(), place=ready.place.value)
    return replace(ready, id=number)


def _ready(held: Held, wanted: Session) -> Session:
    """Return what is booked: whose it is, whose room it is, where a visit leads to."""
    mediator = wanted.mediator if wanted.mediator.int else held.dispute.mediator
    if mediator is None:
        raise MediatorUnfit(name="-", reason=Reason("nobody was appointed yet"))
    if mediator != held.dispute.mediator:
        _need_mediator(held, mediator)
    _check_times(wanted, held.now)
    station = wanted.station or held.dispute.station
    if wanted.place is SessionPlace.ROOM:
        if not disputes_people.stations_in_force(held.session, [station]):
            raise StationUnknown(station=station or "-")
        if not wanted.room.strip():
            raise DisputeValue(field="room", reason=Reason("name the room"))
    point = wanted.point_lonlat
    if wanted.place.is_visit:
        point = point or held.event.point_lonlat
        if not wanted.address.strip() and point is None:
            raise DisputeValue(field="address", reason=Reason("a visit leads to an address or a place"))
    room = wanted.room.strip() if wanted.place is SessionPlace.ROOM else ""
    return replace(wanted, mediator=mediator, station=station, room=room, point_lonlat=point)


def _need_mediator(held: Held, person_id: UUID) -> None:
    """Raise MediatorUnfit for who could not be appointed either: nobody fills the hours of somebody who has no part in it."""
    row = disputes_people.mediator(held.session, person_id)
    if row is None:
        raise MediatorUnfit(name=str(person_id), reason=Reason("no mediator has this account"))
    need_fit(held, row, MediatorWay.APPOINTED)


def _check_times(wanted: Session, now: datetime) -> None:
    if not timedelta(0) < wanted.end - wanted.start <= LONGEST:
        raise DisputeValue(field="end", reason=Reason("it ends after it begins, and within {hours} hours", hours=8))
    if wanted.end <= now:
        raise DisputeValue(field="start", reason=Reason("it lies in the past"))
    if wanted.end > now + FARTHEST:
        raise DisputeValue(field="start", reason=Reason("it lies more than {days} days ahead", days=FARTHEST.days))


def _booked(database: Database, wanted: Session, *, by: By, now: datetime, district: District) -> int:
    try:
        with database.begin_nested():
            return disputes_sessions.add(database, wanted, by=by.actor.id, now=now)
    except IntegrityError as error:
        raise _clash(database, error, wanted, district) from error


def _clash(database: Database, error: IntegrityError, wanted: Session, district: District) -> Exception:
    """Return who or what is taken, and until when, for the constraint that refused; the error itself for another."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", "")
    if name not in {BY_ROOM, BY_MEDIATOR}:
        return error
    by_room = name == BY_ROOM
    chosen = {"station": wanted.station} if by_room else {"mediators": [wanted.mediator]}
    taken = disputes_sessions.between(database, wanted.start, wanted.end, **chosen)  # type: ignore[arg-type]
    other = next((one for one in taken if not by_room or one.room == wanted.room), wanted)
    zone = ZoneInfo(district.profile.timezone)
    start, end = (f"{at.astimezone(zone):%m-%d %H:%M}" for at in (other.start, other.end))
    return SessionClash(who="The room" if by_room else "The mediator", start=start, end=end, where={"session": other.id})


def close_session(
    database: Database,
    event_id: UUID,
    session_id: int,
    *,
    outcome: SessionOutcome | None,
    text: str,
    by: By,
    now: datetime,
    district: District,
) -> Session:
    """Write what became of an appointment: held, with its outcome and minutes; without an outcome: cancelled, with the reason.

    A session at which nobody was missing needs the consent of both sides. The programme's step of mediation is taken, or noted.

    Raises
    ------
    NotFoundError, SessionOver, ConsentMissing, DisputeValue
    """
    held = hold(database, event_id, by=by, now=now, district=district)
    found = disputes_sessions.find(database, event_id, session_id, lock=True)
    if found is None:
        raise NotFoundError(what=str(session_id))
    if found.state is not SessionState.PLANNED:
        raise SessionOver(state=Label(found.state))
    if not text.strip():
        raise DisputeValue(field="text", reason=Reason("say what happened"))
    if outcome is None:
        values = {"state": SessionState.CANCELLED.value, "reason": text.strip()[:LONGEST_TEXT]}
    else:
        if outcome is not SessionOutcome.ABSENT:
            need_consent(held)
        if now < found.start:
            raise DisputeValue(field="start", reason=Reason("it has not begun yet"))
        values = {"state": SessionState.HELD.value, "outcome": outcome.value, "minutes": text.strip()[:LONGEST_TEXT]}
    disputes_sessions.end(database, session_id, values, by=by.actor.id, now=now)
    held.wrote("session.end", session=session_id, state=values["state"], outcome=outcome.value if outcome else "")
    if outcome is not None:
        note = held.word(outcome)
        kind = StepKind.NOTE if outcome is SessionOutcome.ABSENT else StepKind.MEDIATE
        go_along(held, kind, papers_of(held), note=note)
    return disputes_sessions.find(database, event_id, session_id) or found


def all_agree(held: Held) -> bool:
    """Whether every party of both sides agreed to mediation."""
    return bool(held.parties) and all(party.consent is Consent.GIVEN for party in held.parties)


# -- a day's visits ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Circuit:
    """The visits of a mediator on a day: as they are planned, and in the shortest order.

    ``arrivals`` are the times at which the visits of ``route.order`` would begin; ``planned_minutes`` the way as planned.
    """

    station: StationRow
    visits: list[Session]
    unplaced: list[Session]
    route: VisitRoute
    arrivals: list[datetime]
    planned_minutes: float


def circuit(
    database: Database, person_id: UUID, day: date, *, district: District, mode: TravelMode = TravelMode.CAR
) -> Circuit | None:
    """Return the visits of a mediator on a day with their shortest order by road; None for who is no mediator, or no day of ours.

    Visits without a place on the map are told apart: nobody knows the way to them.
    """
    row = disputes_people.mediator(database, person_id)
    stations = disputes_people.stations_in_force(database, [row.station]) if row else []
    if row is None or not stations or not FIRST_YEAR <= day.year <= LAST_YEAR:
        return None
    zone = ZoneInfo(district.profile.timezone)
    begin = datetime.combine(day, time(0), zone)
    found = disputes_sessions.between(database, begin, begin + timedelta(days=1), mediators=[person_id])
    visits = [one for one in found if one.place.is_visit and one.state is SessionState.PLANNED]
    placed = [one for one in visits if one.point_lonlat is not None][:MOST_VISITS]
    geography = district.geography_for(editions.in_force(database).id)
    places = np.array([stations[0].lonlat, *(one.point_lonlat for one in placed)], float)
    minutes, by_road = travel_minutes(places, mode, metric_srid=district.profile.metric_srid, network=geography.network)
    route = order_visits(minutes, by_road)
    planned = minutes_of(tuple(range(len(placed))), minutes)
    arrivals = _arrivals(placed, route)
    unplaced = [one for one in visits if one not in placed]
    return Circuit(stations[0], placed, unplaced, route, arrivals, planned)


def next_visits(database: Database, person_id: UUID, after: date, *, district: District) -> date | None:
    """Return the next day, within two weeks after a day, on which a mediator has visits planned; None where there is none."""
    if not FIRST_YEAR <= after.year <= LAST_YEAR:
        return None
    zone = ZoneInfo(district.profile.timezone)
    begin = datetime.combine(after, time(0), zone) + timedelta(days=1)
    found = disputes_sessions.between(database, begin, begin + NEXT_WITHIN, mediators=[person_id])
    visits = [one.start for one in found if one.place.is_visit and one.state is SessionState.PLANNED and one.start >= begin]
    return visits[0].astimezone(zone).date() if visits else None


def _arrivals(visits: Sequence[Session], route: VisitRoute) -> list[datetime]:
    """Return when each visit of the route begins: the first as the day's first was planned, the others as early as the way lets.

    Every visit keeps its length; times are rounded up to five minutes.
    """
    if not visits:
        return []
    at, found = visits[0].start, list[datetime]()
    for leg, place in zip(route.leg_minutes, route.order, strict=False):
        at = _rounded_up(at + timedelta(minutes=leg)) if found else at
        found.append(at)
        at += visits[place].end - visits[place].start
    return found


def _rounded_up(at: datetime) -> datetime:
    spare = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at + (timedelta(minutes=5) - spare if spare else timedelta(0))


def follow_route(
    database: Database,
    person_id: UUID,
    day: date,
    *,
    by: By,
    now: datetime,
    district: District,
    mode: TravelMode = TravelMode.CAR,
) -> Circuit:
    """Give the visits of a day the times of the shortest order. The caller may handle every dispute that is visited.

    Raises
    ------
    NotFoundError, RoleMissing
    SessionClash
        where a visit would meet an appointment that is no visit
    DisputeValue
        where a visit would be moved to a time that is over
    """
    found = circuit(database, person_id, day, district=district, mode=mode)
    if found is None:
        raise NotFoundError(what=str(person_id))
    for event_id in {one.event_id for one in found.visits}:
        hold(database, event_id, by=by, now=now, district=district)
    times: Mapping[int, tuple[datetime, datetime]] = {
        found.visits[place].id: (at, at + (found.visits[place].end - found.visits[place].start))
        for place, at in zip(found.route.order, found.arrivals, strict=True)
    }
    planned = {one.id: one.start for one in found.visits}
    if any(start < now and start != planned[number] for number, (start, _) in times.items()):
        raise DisputeValue(field="start", reason=Reason("it lies in the past"))
    try:
        with database.begin_nested():
            disputes_sessions.move(database, times)
    except IntegrityError as error:
        last = max(found.arrivals, default=now)
        raise _clash(database, error, replace(found.visits[0], start=min(found.arrivals), end=last), district) from error
    told = {"action": "session.route", "object_kind": "person", "object_id": str(person_id), "address": by.address}
    audit.write(database, actor=by.actor.id, now=now, **told, details={"day": day.isoformat(), "visits": len(times)})
    return circuit(database, person_id, day, district=district, mode=mode) or found
