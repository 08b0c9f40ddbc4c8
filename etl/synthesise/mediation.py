"""The made-up district's mediation: mediators with skills, the past of its disputes, the library; marked as simulated throughout.

Sizes follow the published ones in proportion to the disputes there are: of 3,455 mediated 3,397 were settled; 2,479 brought
30.39 million yuan, fees of 1.94 million were given back 554 times. Which dispute ended how follows from its id alone.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions import disputes as mediation
from geogrid.actions import disputes_people as disputes_actions
from geogrid.actions import disputes_sessions
from geogrid.actions.disputes import By
from geogrid.actions.district import District
from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.dispute_kinds import DisputeKinds
from geogrid.domain.disputes import Consent, DisputeOutcome, MediatorWay, PartyForm, SessionPlace, Side, StationWay
from geogrid.domain.disputes import Session as Appointment
from geogrid.domain.events import StepKind
from geogrid.domain.people import Actor, Post, Role
from geogrid.domain.stations import StationLevel
from geogrid.rules.workflow import possible
from geogrid.settings import ROOT
from geogrid.store import disputes_bulk, disputes_people, people
from geogrid.store.disputes_bulk import PastDispute
from geogrid.store.disputes_people import StationRow

NAMESPACE = UUID("5f0a3f52-7d5b-4a1b-9a1e-7a6c0f1d2b11")
BY, LIBRARIAN = "system:set_up", "system:library"
MEDIATED, SETTLED = 3_455, 3_397
PAID, RECOVERED_YUAN = 2_479, 30_390_000
REFUNDED, FEES_YUAN = 554, 1_940_000
OTHER_ENDS = (DisputeOutcome.FAILED, DisputeOutcome.COURT, DisputeOutcome.WITHDRAWN)
AT_STATION = {StationLevel.CENTRE: 5, StationLevel.STATION: 2, StationLevel.POINT: 1}
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
CASES = "guiding_cases_simulated.toml"
IN_HAND, WITH_PARTIES = 6, 4  # disputes of the demo's own mediator; those of them whose parties agreed already
TERMS = "双方确认纠纷事实，被申请人按约履行；双方不再就同一事实主张权利。（模拟数据）"


@dataclass(frozen=True)
class Filled:
    """How many rows were made."""

    mediators: int
    disputes: int
    settled: int
    cases: int


def fill_mediation(session: Session, kinds: DisputeKinds, *, now: datetime) -> Filled:
    """Make mediators, the past of the district's disputes, and the library; nothing where mediators are there already."""
    if disputes_bulk.has_mediators(session):
        return Filled(0, 0, 0, 0)
    staff = _mediators(session, [kind.code for kind in kinds.kinds], now)
    found = disputes_bulk.of_events(session)
    past = sorted((one for one in found if one.closed_at is not None), key=lambda one: _hash(one.event_id, "order"))
    mediated = past[: max(round(len(past) * 0.9), 1)] if len(past) < MEDIATED else past[:MEDIATED]
    settled = _copy_past(session, mediated, staff, kinds)
    open_ones = [one for one in found if one.closed_at is None]
    _copy_disputes(session, [(one, None) for one in open_ones], {}, kinds)
    return Filled(len(staff), len(mediated) + len(open_ones), settled, disputes_bulk.add_cases(session, list(_cases(now))))


def _hash(event_id: UUID, what: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{what}{event_id}".encode()).digest()[:8])


# -- mediators --------------------------------------------------------------------------------------------------------


def _mediators(session: Session, kinds: Sequence[str], now: datetime) -> dict[str, list[UUID]]:
    """Make the mediators of every station, and those who have an account already; return them by station."""
    stations = disputes_people.stations_in_force(session)
    made = [(station, number) for station in stations for number in range(AT_STATION[station.level])]
    rows, posts, skills, by_station = [], list[tuple[UUID, Post]](), [], dict[str, list[UUID]]()
    for station, number in made:
        who = uuid5(NAMESPACE, f"{station.code}-{number}")
        by_station.setdefault(station.code, []).append(who)
        login, name = f"mediator-{station.code}-{number + 1}", f"{SURNAMES[who.int % len(SURNAMES)]}调解{number + 1}（模拟）"
        rows.append({"id": who, "login": login, "name": name, "synthetic": True, "created_at": now})
        posts.append((who, Post(Role.MEDIATOR, unit=station.unit_code, station=station.code)))
        skills.append((who, station.code, _skills(station, kinds, who), True, True))
    people.add_all(session, rows)
    people.give_all(session, posts, given_by=BY)
    skills += _with_accounts(session, now, {station.code: station for station in stations}, by_station)
    disputes_bulk.copy_in(session, "mediators", ("person_id", "station", "kinds", "active", "synthetic"), skills)
    return by_station


def _skills(station: StationRow, kinds: Sequence[str], who: UUID) -> list[str]:
    """Return the kinds that somebody is named for: some of those of his station; one in four mediates all."""
    known = [kind for kind in kinds if not station.industries or kind in station.industries]
    return [] if who.int % 4 == 0 else [kind for place, kind in enumerate(known) if (who.int >> place) & 1] or known[:1]


def _with_accounts(
    session: Session, now: datetime, stations: dict[str, StationRow], by_station: dict[str, list[UUID]]
) -> list[tuple]:
    found = []
    for person in people.search(session, now=now, role=Role.MEDIATOR, limit=10_000):
        station = next((post.station for post in person.posts if post.station in stations), "")
        if station and person.id not in by_station.get(station, []):
            found.append((person.id, station, [], True, person.synthetic))
    return found


# -- the past ---------------------------------------------------------------------------------------------------------


def _copy_past(session: Session, mediated: Sequence[PastDispute], staff: dict[str, list[UUID]], kinds: DisputeKinds) -> int:
    """Copy in disputes that ended, with parties, consents, agreements and payments; return how many were settled."""
    settled = len(mediated) * SETTLED // MEDIATED
    ends = [
        DisputeOutcome.SETTLED if place < settled else OTHER_ENDS[(place - settled) % len(OTHER_ENDS)]
        for place in range(len(mediated))
    ]
    _copy_disputes(session, list(zip(mediated, ends, strict=True)), staff, kinds)
    _copy_parties(session, list(zip(mediated, ends, strict=True)))
    _copy_agreements(session, mediated[:settled])
    _copy_payments(session, mediated[:settled], len(mediated))
    return settled


def _copy_disputes(
    session: Session, past: Sequence[tuple[PastDispute, DisputeOutcome | None]], staff: dict[str, list[UUID]], kinds: DisputeKinds
) -> None:
    columns = (
        "event_id", "kind", "station", "station_way", "mediator", "mediator_way", "opened_at", "outcome", "outcome_at",
        "outcome_by", "synthetic",
    )  # fmt: skip
    rows = []
    for one, end in past:
        there = staff.get(one.home_station, [])
        who = there[_hash(one.event_id, "who") % len(there)] if there and end else None
        at = (one.home_station if end else "", StationWay.HOME.value if end and one.home_station else None)
        ended = (end.value if end else None, one.closed_at if end else None, BY if end else "")
        kind = kinds.of(one.programme, one.category, one.words)
        way = MediatorWay.PROPOSED.value if who else None
        rows.append((one.event_id, kind, *at, who, way, one.reported_at, *ended, True))
    disputes_bulk.copy_in(session, "disputes", columns, rows)


def _copy_parties(session: Session, past: Sequence[tuple[PastDispute, DisputeOutcome]]) -> None:
    numbers = iter(disputes_bulk.reserve_parties(session, 2 * len(past)))
    parties, consents = [], []
    for one, end in past:
        asked = one.reported_at + timedelta(hours=1)
        for side in Side:
            number, who = next(numbers), _hash(one.event_id, side.value)
            parties.append((number, one.event_id, side.value, "person", SURNAMES[who % len(SURNAMES)] + "某（模拟）", True))
            consents.append((one.event_id, number, Consent.GIVEN.value, asked, BY, f"模拟-{one.number}"))
        if end is DisputeOutcome.WITHDRAWN:
            consents.append((one.event_id, number, Consent.WITHDRAWN.value, one.closed_at, BY, ""))
    disputes_bulk.copy_in(session, "dispute_parties", ("id", "event_id", "side", "form", "name", "synthetic"), parties)
    disputes_bulk.copy_in(session, "dispute_consents", ("event_id", "party_id", "consent", "at", "by", "paper"), consents)


def _copy_agreements(session: Session, settled: Sequence[PastDispute]) -> None:
    columns = ("event_id", "version", "number", "terms", "signed_at", "made_at", "made_by", "synthetic")
    rows = ((one.event_id, 1, f"{one.number}-1", TERMS, one.closed_at, one.closed_at, BY, True) for one in settled)
    disputes_bulk.copy_in(session, "agreements", columns, rows)


def _copy_payments(session: Session, settled: Sequence[PastDispute], mediated: int) -> None:
    """Copy in what was paid: the published sums where all the disputes are there, else in proportion."""
    share = mediated / MEDIATED
    recovered = _shares(settled[: round(PAID * share)], round(RECOVERED_YUAN * share))
    fees = _shares(settled[: round(REFUNDED * share)], round(FEES_YUAN * share))
    columns = ("event_id", "at", "recovered_yuan", "fees_refunded_yuan", "by", "written_at", "synthetic")
    rows = [(one.event_id, one.closed_at.date(), yuan, 0.0, BY, one.closed_at, True) for one, yuan in recovered if one.closed_at]
    rows += [(one.event_id, one.closed_at.date(), 0.0, yuan, BY, one.closed_at, True) for one, yuan in fees if one.closed_at]
    disputes_bulk.copy_in(session, "performances", columns, rows)


def _shares(past: Sequence[PastDispute], total_yuan: int) -> list[tuple[PastDispute, float]]:
    """Part a sum into whole yuan, unevenly by the disputes' ids; the parts add up to it."""
    weights = [1 + _hash(one.event_id, "yuan") % 20 for one in past]
    whole, given, found = sum(weights), 0, list[tuple[PastDispute, float]]()
    for place, (one, weight) in enumerate(zip(past, weights, strict=True)):
        part = total_yuan - given if place == len(past) - 1 else max(total_yuan * weight // whole, 1)
        given += part
        found.append((one, float(part)))
    return [(one, part) for one, part in found if part > 0]


def _cases(now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the made-up library, approved by another than proposed it."""
    for case in tomllib.loads((ROOT / "data" / CASES).read_text(encoding="utf-8"))["cases"]:
        decided = {"proposed_by": BY, "proposed_at": now, "approved_by": LIBRARIAN, "approved_at": now}
        yield {**case, **decided, "synthetic": True}


# -- what the demo's own mediator has in hand -------------------------------------------------------------------------


def give_some(session: Session, login: str, *, now: datetime, district: District) -> int:
    """Give the open disputes nearest to a mediator's station to him, with parties who agree and visits tomorrow; how many."""
    person = people.by_login(session, login, now=now)
    station = next((post.station for post in person.posts if post.station), "") if person else ""
    rows = disputes_people.stations_in_force(session, [station])
    if person is None or not rows:
        return 0
    by = By(Actor(BY, "set-up", (Post(Role.DISPATCHER, unit=district.profile.code + "000000"),)))
    told: dict[str, Any] = {"by": by, "now": now, "district": district}
    found = disputes_bulk.open_near(session, rows[0].lonlat, IN_HAND)
    for place, event_id in enumerate(found):
        held = mediation.hold(session, event_id, **told)
        opening = next((step for step in possible(held.programme, held.matter) if step.kind is StepKind.OPEN), None)
        if opening is not None:
            take_step(session, TakeStep(event_id, opening.code, by.actor, {}), now=now, district=district)
        disputes_actions.give_station(session, event_id, station, reason="就近调解（模拟）", **told)
        if place < WITH_PARTIES:
            _agreed(session, event_id, told)
            disputes_actions.appoint(session, event_id, person.id, way=MediatorWay.APPOINTED, **told)
            _visit(session, event_id, place, told)
    return len(found)


def _agreed(session: Session, event_id: UUID, told: dict[str, Any]) -> None:
    for side in Side:
        name = SURNAMES[_hash(event_id, side.value) % len(SURNAMES)] + "某（模拟）"
        values = {"side": side.value, "form": PartyForm.PERSON.value, "name": name}
        party = mediation.put_party(session, event_id, values, **told)
        mediation.answer_for_party(session, event_id, party, Consent.GIVEN, paper="模拟同意书", **told)


def _visit(session: Session, event_id: UUID, place: int, told: dict[str, Any]) -> None:
    zone = ZoneInfo(told["district"].profile.timezone)
    start = datetime.combine(told["now"].astimezone(zone).date() + timedelta(days=1), time(9), zone)
    start += timedelta(minutes=100 * place)
    end = start + timedelta(minutes=40)
    wanted = Appointment(0, event_id, UUID(int=0), start, end, SessionPlace.CIRCUIT)
    disputes_sessions.plan(session, wanted, **told)
