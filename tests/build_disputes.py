"""Disputes on the small district: mediators at the points, two parties who agree, steps up to where a test begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions import disputes as mediation
from geogrid.actions import disputes_papers as papers
from geogrid.actions import disputes_people as who
from geogrid.actions import disputes_sessions as sessions
from geogrid.actions import disputes_signing as signing
from geogrid.actions.disputes import By
from geogrid.actions.district import District
from geogrid.domain import disputes as of
from geogrid.domain.disputes import Consent, MediatorWay, PartyForm, SessionPlace, Side
from geogrid.domain.events import EventKind
from geogrid.domain.people import Actor, Post, Role
from geogrid.store import disputes_people, people
from tests.build_district import NOW, VILLAGE_A, VILLAGE_B
from tests.build_life import DISPATCHER, reported, take
from tests.build_people import id_of

STATION_A, STATION_B, CENTRE = VILLAGE_A + "01", VILLAGE_B + "01", "99990100000001"
NOBODY = UUID(int=0)


def mediator(login: str, station: str = STATION_A) -> Actor:
    return Actor(f"person:{id_of(login)}", login, (Post(Role.MEDIATOR, station=station),))


MEI, LAN, FAR = mediator("mei"), mediator("lan"), mediator("far", STATION_B)
BY = By(MEI, "127.0.0.1")
CLERK = By(Actor("person:clerk", "clerk", (Post(Role.WINDOW_CLERK, "999901000000"),)))


def under(district: District, code: str = "hulunbuir_mediation") -> District:
    return replace(district, programmes=replace(district.programmes, default_code=code))


def employ_mediators(session: Session, kinds: tuple[str, ...] = ("neighbourhood",)) -> None:
    for number, (actor, station) in enumerate(((MEI, STATION_A), (LAN, STATION_A), (FAR, STATION_B))):
        person_id = UUID(actor.id.removeprefix("person:"))
        values = {"id": person_id, "login": actor.name, "name": f"调解员{number}", "created_at": NOW, "synthetic": True}
        people.add(session, {**values, "phone": f"1390000{number:04d}"})
        people.give_posts(session, person_id, list(actor.posts), since=None, given_by="test")
        disputes_people.put_mediator(session, person_id, station=station, kinds=kinds if actor is MEI else (), synthetic=True)


def given_dispute(session: Session, district: District, *, complexity: str = "general") -> UUID:
    """A dispute that was gathered and diverted to the station of village A (Hulunbuir's programme)."""
    event_id = reported(session, district, kind=EventKind.DISPUTE)
    take(session, district, event_id, "gather", DISPATCHER, hours=0.1, words="漏水", sides="甲、乙")
    take(session, district, event_id, "divert", DISPATCHER, hours=0.2, party=f"station:{STATION_A}", complexity=complexity)
    return event_id


def add_parties(session: Session, district: District, event_id: UUID, *, by: By = BY, now: datetime = NOW) -> tuple[int, int]:
    told = {"by": by, "now": now, "district": district}
    sides = [
        {"side": side.value, "form": PartyForm.PERSON.value, "name": name, "phone": phone, "address": "甲街道 1 号"}
        for side, name, phone in ((Side.APPLICANT, "王秀英", "13812345678"), (Side.RESPONDENT, "李建国", "13987654321"))
    ]
    first, second = (mediation.put_party(session, event_id, side, **told) for side in sides)
    return first, second


def agree(session: Session, district: District, event_id: UUID, *, by: By = BY, now: datetime = NOW) -> tuple[int, int]:
    """Two parties, both of whom agree to mediation."""
    both = add_parties(session, district, event_id, by=by, now=now)
    for number, party in enumerate(both, 1):
        told = {"by": by, "now": now, "district": district, "paper": f"同意书 {number}"}
        mediation.answer_for_party(session, event_id, party, Consent.GIVEN, **told)
    return both


def appointed(session: Session, district: District, event_id: UUID, *, now: datetime = NOW) -> None:
    person = UUID(MEI.id.removeprefix("person:"))
    who.appoint(session, event_id, person, way=MediatorWay.APPOINTED, by=BY, now=now, district=district)


def begun(session: Session, district: District) -> UUID:
    """A dispute whose mediation has begun: diverted, both agreed, a mediator appointed, studied."""
    event_id = given_dispute(session, district)
    agree(session, district, event_id, now=NOW + timedelta(hours=0.3))
    appointed(session, district, event_id, now=NOW + timedelta(hours=0.3))
    take(session, district, event_id, "study", MEI, hours=0.4, note="两家均愿意谈")
    mediation.begin(session, event_id, by=BY, now=NOW + timedelta(hours=0.5), district=district)
    return event_id


def session_at(event_id: UUID, hours: float, *, length_h: float = 1.0, mediator: UUID = NOBODY, **values) -> of.Session:
    start = NOW + timedelta(hours=hours)
    told = {"place": SessionPlace.ROOM, "station": STATION_A, "room": "一号调解室"} | values
    return of.Session(0, event_id, mediator, start, start + timedelta(hours=length_h), **told)


def planned(session: Session, district: District, event_id: UUID, hours: float = 2.0, **values) -> of.Session:
    wanted = session_at(event_id, hours, **values)
    return sessions.plan(session, wanted, by=BY, now=NOW + timedelta(hours=0.6), district=district)


def settled(session: Session, district: District, *, hours: float = 3.0) -> UUID:
    """A dispute whose parties signed an agreement ``hours`` after NOW."""
    event_id = begun(session, district)
    told = {"by": BY, "now": NOW + timedelta(hours=hours), "district": district}
    papers.draft(session, event_id, papers.Terms("被申请人于月底前赔偿三千元", 3000.0, (NOW + timedelta(days=12)).date()), **told)
    signing.sign(session, event_id, 1, **told)
    return event_id
