"""Enterprises: kept and placed, visited and checked, their problems raised as matters, their events joined with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
from sqlalchemy.orm import Session

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District
from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.enterprises import ConcernKind, EnterpriseRow, EnterpriseRules, Problem, Visit
from geogrid.domain.events import Channel, Event, EventKind, Report
from geogrid.domain.grids import Department
from geogrid.domain.people import SYSTEM, Actor
from geogrid.domain.places import Datum, ReportedPoint
from geogrid.domain.programmes import PartyKind
from geogrid.errors import (
    AccessForbidden,
    CreditCode,
    EnterpriseValue,
    NotFoundError,
    RoleMissing,
    VisitBodyUnknown,
    VisitConflict,
    VisitDay,
    VisitThere,
)
from geogrid.rules.credit_code import fault_of
from geogrid.rules.enterprise_file import parse_enterprises
from geogrid.settings import ROOT
from geogrid.store import audit, editions, enterprises, events, locks, teams, unit_names
from geogrid.store.enterprises import Enterprise, Joined, StoredVisit

NAMESPACE = UUID("c1d7c8f2-5c0b-5f1a-8e55-6f1a0b6a2f10")
FILE = "enterprises.toml"
REASONS = {
    "length": "it has 18 characters",
    "characters": "it has digits and capital letters without I, O, S, V and Z, in their places",
    "check": "its last character does not fit the others",
}
LONGEST_WORDS, LONGEST_VISITORS, LONGEST_KEY, LONGEST_BODY = 2_000, 200, 200, 80
BODIES = frozenset({PartyKind.UNIT, PartyKind.DEPARTMENT, PartyKind.TEAM})
EARLIEST_DAYS = 3_660


@lru_cache(maxsize=4)
def read_rules(data_dir: Path = ROOT / "data") -> EnterpriseRules:
    """Return what ``enterprises.toml`` of a data folder says; raises EnterprisesInvalid, NotFoundError where there is none."""
    path = data_dir / FILE
    if not path.is_file():
        raise NotFoundError(what=FILE)
    return parse_enterprises(path.read_text("utf-8"), FILE)


def enterprise_id(county: str, code: str) -> UUID:
    """Return the id that the enterprise of a code always has in a district."""
    return uuid5(NAMESPACE, f"{county}:{code}")


def check_row(one: EnterpriseRow, rules: EnterpriseRules) -> None:
    """Raise CreditCode, EnterpriseValue for what cannot be kept."""
    if fault := fault_of(one.code):
        raise CreditCode(value=one.code, reason=REASONS[fault], where={"path": "code"})
    if rules.of(one.class_code) is None:
        known = ", ".join(found.code for found in rules.classes)
        raise EnterpriseValue(field="class", value=one.class_code, known=known, where={"path": "class"})
    if not one.name.strip():
        raise EnterpriseValue(field="name", value=one.name, known="a name", where={"path": "name"})


@dataclass(frozen=True)
class Kept:
    """What became of enterprises: new, changed, how many were given another grid, and how many lie outside every grid."""

    made: int
    changed: int
    placed: int
    outside: int


def keep(session: Session, rows: Sequence[EnterpriseRow], *, now: datetime, district: District, rules: EnterpriseRules) -> Kept:
    """Keep enterprises by their code and place them in the grids in force; raises CreditCode, EnterpriseValue."""
    for one in rows:
        check_row(one, rules)
    by_id = {enterprise_id(district.profile.code, one.code): one for one in rows}
    made, changed = enterprises.put(session, by_id, now=now)
    placed = place_all(session, district=district)
    return Kept(made, changed, placed, enterprises.outside(session, list(by_id)))


def place_all(session: Session, *, district: District) -> int:
    """Place the enterprises that were not placed under the edition in force yet, by the rules of events.

    Return how many have a grid. A point that no grid covers has none: it is shown as outside, never as of the nearest.
    """
    edition = editions.find_in_force(session)
    waiting = enterprises.to_place(session, edition.id) if edition else []
    if edition is None or not waiting:
        return 0
    geography = district.geography_for(edition.id)
    lonlat = np.array([lonlat for _, lonlat in waiting], float)
    found = geography.index.assign(lonlat[:, 0], lonlat[:, 1])
    places = []
    for (one, _), grid in zip(waiting, found.grid_code, strict=True):
        village, township = geography.units_of.get(grid, (None, None)) if grid else (None, None)
        places.append({"id": one, "grid_code": grid or None, "village_code": village, "township_code": township})
    enterprises.place(session, edition.id, places)
    return sum(place["grid_code"] is not None for place in places)


# -- visits -----------------------------------------------------------------------------------------------------------


def record_visit(session: Session, visit: Visit, *, actor: Actor, now: datetime, today: date, again: bool = False) -> StoredVisit:
    """Record a visit; the same key again is the same visit. That the actor sees the enterprise was checked before.

    Two who were there together, and both write it down, made one visit: the second is told, and says ``again`` where it was two.

    Raises
    ------
    NotFoundError
        without such an enterprise
    EnterpriseValue, VisitBodyUnknown, VisitDay
        for a body that is none, a day that has not come or is ten years past, words too long
    AccessForbidden
        for another department than :func:`writes_for` names
    VisitConflict
        where another visit was sent under the key
    VisitThere
        where one of that kind, body and day is recorded, unless ``again``
    """
    if enterprises.find(session, visit.enterprise_id) is None:
        raise NotFoundError(what=str(visit.enterprise_id))
    check_visit(visit, today=today)
    check_bodies(session, [visit])
    kind, _, body = visit.body.partition(":")
    if kind == PartyKind.DEPARTMENT.value and Department(body) not in writes_for(actor):
        raise AccessForbidden(where={"path": "body"})
    locks.take_key(session, f"visit:{visit.enterprise_id}:{visit.on_date}")  # two at once, one after the other
    known = enterprises.visit_of_key(session, visit.key)
    if known is not None:
        told = (known.enterprise_id, known.kind, known.on_date, known.body, known.visitors, known.seen)
        if told != (visit.enterprise_id, visit.kind, visit.on_date, visit.body, visit.visitors, visit.seen):
            raise VisitConflict(key=visit.key)
        return known
    if not again and enterprises.was_visited(session, visit):
        raise VisitThere(day=visit.on_date.isoformat(), where={"path": "date"})
    enterprises.add_visits(session, [visit], by=actor.id, now=now)
    made = enterprises.visit_of_key(session, visit.key)
    if made is None:
        raise RuntimeError(f"visit {visit.key} was not stored")
    _audit(session, "enterprise.visit", visit.enterprise_id, actor, now, {"visit": made.id, "kind": visit.kind.value})
    return made


def writes_for(actor: Actor) -> tuple[Department, ...]:
    """Return the departments whose visits an actor writes down: his own where he has posts of departments alone, else all.

    Who is named as a visitor sees the enterprise from then on: a department lets no other one in.
    """
    own = {post.department for post in actor.posts}
    return tuple(Department) if "" in own or not own else tuple(one for one in Department if one.value in own)


def check_visit(visit: Visit, *, today: date) -> None:
    """Raise EnterpriseValue for what cannot be kept."""
    kind, colon, code = visit.body.partition(":")
    if not colon or kind not in {one.value for one in BODIES} or not code or len(visit.body) > LONGEST_BODY:
        raise EnterpriseValue(field="body", value=visit.body[:40], known="unit:…, department:…, team:…", where={"path": "body"})
    if kind == PartyKind.DEPARTMENT.value and code not in Department.codes():
        raise EnterpriseValue(field="body", value=visit.body, known=", ".join(Department.codes()), where={"path": "body"})
    if visit.on_date > today or (today - visit.on_date).days > EARLIEST_DAYS:
        raise VisitDay(day=visit.on_date.isoformat(), today=today.isoformat(), where={"path": "date"})
    for field, value, most in (("seen", visit.seen, LONGEST_WORDS), ("visitors", visit.visitors, LONGEST_VISITORS)):
        if len(value) > most or "\0" in value:
            raise EnterpriseValue(field=field, value=value[:40], known=f"≤ {most}", where={"path": field})
    if not 0 < len(visit.key) <= LONGEST_KEY or not visit.key.isprintable():
        raise EnterpriseValue(field="key", value=visit.key[:40], known=f"1-{LONGEST_KEY}", where={"path": "key"})


def check_bodies(session: Session, visits: Iterable[Visit]) -> None:
    """Raise VisitBodyUnknown for the first visiting unit that is not in force or team that there is not: who visits sees."""
    for body in dict.fromkeys(visit.body for visit in visits):
        kind, _, code = body.partition(":")
        is_there = kind == PartyKind.DEPARTMENT.value or (
            bool(unit_names.names_of(session, [code])) if kind == PartyKind.UNIT.value else teams.find(session, code) is not None
        )
        if not is_there:
            raise VisitBodyUnknown(body=body, where={"path": "body"})


# -- problems and disputes --------------------------------------------------------------------------------------------


def raise_problem(
    session: Session, problem: Problem, *, actor: Actor, now: datetime, district: District, rules: EnterpriseRules
) -> Event:
    """Raise a problem of an enterprise as a matter of the programme for enterprises, at the enterprise's own place.

    The same id again is the same problem. With ``handling`` it is recorded at once: self, joint or transfer.

    Raises
    ------
    NotFoundError
        without such an enterprise
    EnterpriseValue
        without words, for a category that the programme has not, or a visit that was another's
    ReportIdConflict
        where something else was sent under the id
    """
    found = enterprises.find(session, problem.enterprise_id)
    if found is None:
        raise NotFoundError(what=str(problem.enterprise_id))
    _check_problem(problem, district, rules)
    if problem.visit_id is not None and not enterprises.has_visit(session, found.id, problem.visit_id):
        known = "a visit of this enterprise"
        raise EnterpriseValue(field="visit", value=str(problem.visit_id)[:40], known=known, where={"path": "visit"})
    locks.share_edition(session)
    report = _report_of(problem, found, now)
    told = {"now": now, "district": district}
    accepted = accept_report(session, report, **told, actor=actor.id, programme=rules.programme, category=problem.category)
    if not accepted.created:
        return accepted.event
    joined = Joined(found.id, accepted.event.id, ConcernKind.PROBLEM, problem.handling, problem.visit_id)
    enterprises.join(session, [joined], by=actor.id, now=now)
    _audit(session, "enterprise.problem", found.id, actor, now, {"event": str(accepted.event.id)})
    if problem.handling is None:
        return accepted.event
    return _recorded(session, accepted.event, problem, actor, now, district)


def _recorded(session: Session, event: Event, problem: Problem, actor: Actor, now: datetime, district: District) -> Event:
    """Record the problem with its way of handling: by who raised it where he may, else by the platform on his word."""
    details = {"handling": problem.handling.value if problem.handling else "", "raised_by": actor.id}
    try:
        with session.begin_nested():
            return take_step(session, TakeStep(event.id, "record", actor, details), now=now, district=district).event
    except RoleMissing:
        return take_step(session, TakeStep(event.id, "record", SYSTEM, details), now=now, district=district).event


def _check_problem(problem: Problem, district: District, rules: EnterpriseRules) -> None:
    words = problem.words.strip()
    if not words or len(words) > LONGEST_WORDS or "\0" in words:
        raise EnterpriseValue(field="words", value=words[:40], known=f"1-{LONGEST_WORDS}", where={"path": "words"})
    categories = [one.code for one in district.programmes.of(rules.programme).categories]
    if problem.category and problem.category not in categories:
        raise EnterpriseValue(field="category", value=problem.category, known=", ".join(categories), where={"path": "category"})


def _report_of(problem: Problem, one: Enterprise, now: datetime) -> Report:
    lon, lat = one.point_lonlat
    body = {"id": str(problem.id), "enterprise": one.code, "words": problem.words, "category": problem.category}
    return Report(
        id=problem.id,
        channel=Channel.DEPARTMENT,
        kind=EventKind.ENTERPRISE,
        words=problem.words,
        point=ReportedPoint(lon, lat, Datum.CGCS2000, None),
        observed_at=problem.raised_at or now,
        body_hash=hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).digest(),
        address=f"{one.name} {one.address}".strip()[:500],
        synthetic=one.synthetic,
    )


def join_event(session: Session, enterprise: UUID, event_id: UUID, kind: ConcernKind, *, actor: Actor, now: datetime) -> bool:
    """Join an event that is there already with an enterprise; return whether it was not before.

    Raises
    ------
    NotFoundError
        without such an enterprise or event
    EnterpriseValue
        where a dispute is no dispute
    """
    event = events.find(session, event_id)
    if enterprises.find(session, enterprise) is None or event is None:
        raise NotFoundError(what=str(event_id if event is None else enterprise))
    if kind is ConcernKind.DISPUTE and event.report.kind is not EventKind.DISPUTE:
        raise EnterpriseValue(field="event", value=event.number, known=EventKind.DISPUTE.value, where={"path": "event"})
    made = enterprises.join(session, [Joined(enterprise, event_id, kind)], by=actor.id, now=now)
    if made:
        _audit(session, "enterprise.join", enterprise, actor, now, {"event": str(event_id), "kind": kind.value})
    return bool(made)


def _audit(session: Session, action: str, enterprise: UUID, actor: Actor, now: datetime, details: dict[str, object]) -> None:
    told = {"object_kind": "enterprise", "object_id": str(enterprise), "details": details}
    audit.write(session, actor=actor.id, action=action, now=now, **told)
