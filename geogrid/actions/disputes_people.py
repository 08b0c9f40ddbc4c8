"""Find the station and the mediator of a dispute: what is proposed and why, what was chosen, who stepped back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.disputes import NO_MEDIATOR, By, Held, cancel_planned, go_along, hold
from geogrid.actions.district import District
from geogrid.domain.disputes import Dispute, MediatorWay, StationWay
from geogrid.domain.events import Event, StepKind
from geogrid.domain.matters import Matter
from geogrid.domain.opening import Fitness, Need, fit
from geogrid.domain.places import Level
from geogrid.domain.programmes import Party, PartyKind, Programme, StepRule
from geogrid.domain.stations import StationLevel
from geogrid.errors import MediatorUnfit, RoleMissing, StationUnknown
from geogrid.errors.family import Label, Reason
from geogrid.rules.mediator_choice import SEARCHED_DAYS, MediatorOffer, MediatorRank, next_free, rank_mediators
from geogrid.rules.station_choice import StationChosen, StationOffer, choose_station, explained
from geogrid.rules.step_names import role_names
from geogrid.rules.workflow import possible, proposed_triage
from geogrid.space.crs import geodesic_m
from geogrid.store import disputes, disputes_people
from geogrid.store.disputes_people import MediatorRow, StationRow

OF_LEVEL = {Level.DISTRICT: StationLevel.CENTRE, Level.TOWNSHIP: StationLevel.STATION, Level.VILLAGE: StationLevel.POINT}
LEAST_REASON = 2
MOST_STATIONS = 40  # the nearest, from whose mediators parties pick on a page; any other is picked by his account


@dataclass(frozen=True)
class StationProposal:
    """The station proposed, and all in the order of choice with whether each is fit."""

    chosen: StationChosen
    offers: list[tuple[StationOffer, Fitness]]


def station_level(programme: Programme, matter: Matter) -> StationLevel:
    """Return the level of the station that mediates at a matter's level of the three-level filter."""
    unit = next((level.unit for level in programme.levels if level.code == matter.level), Level.VILLAGE)
    return OF_LEVEL.get(unit, StationLevel.POINT)


def propose_station(
    session: Session, event: Event, matter: Matter, dispute: Dispute, *, now: datetime, district: District
) -> StationProposal:
    """Return which station should mediate at the matter's level, why, and how the others stand."""
    programme = district.programmes.of(matter.programme, matter.version)
    level = station_level(programme, matter)
    rows = disputes_people.stations_in_force(session)
    offers = _station_offers(session, event, rows)
    holidays = district.programmes.time_of(programme).calendar.holidays
    need = Need(frozenset({level}), dispute.kind or None, at=now, timezone=district.profile.timezone, holidays=holidays)
    home = _home(event, matter, rows, level)
    chosen = choose_station(offers, need, way=programme.responsibility.station, home=home)
    return StationProposal(chosen, explained(offers, need))


def _station_offers(session: Session, event: Event, rows: list[StationRow]) -> list[StationOffer]:
    load = disputes.open_by_station(session, [row.code for row in rows])
    metres: list[float | None] = [None] * len(rows)
    if event.point_lonlat is not None and rows:
        lon, lat = zip(*(row.lonlat for row in rows), strict=True)
        here = event.point_lonlat
        metres = [float(m) for m in geodesic_m([here[0]] * len(rows), [here[1]] * len(rows), list(lon), list(lat))]
    return [
        StationOffer(row.code, row.name, row.level, row.industries, row.hours, row.capacity, away, load.get(row.code, 0))
        for row, away in zip(rows, metres, strict=True)
    ]


def _home(event: Event, matter: Matter, rows: list[StationRow], level: StationLevel) -> str | None:
    """Return the home station of a level: that of the assignment to a village, else that of the unit which has the matter."""
    if level is StationLevel.POINT and event.assignment is not None and event.assignment.home_station:
        return event.assignment.home_station
    units = {unit for _, unit in matter.units} | ({matter.owner.code} if matter.owner.kind is PartyKind.UNIT else set())
    return next((row.code for row in rows if row.level is level and row.unit_code in units), None)


def give_station(
    session: Session, event_id: UUID, station: str, *, reason: str = "", by: By, now: datetime, district: District
) -> Dispute:
    """Give a dispute to a station: the programme's dispatch or transfer where one is open to the actor.

    A station that the matter's owner is already needs no step. ``reason`` is asked for where it is not the one proposed.

    Raises
    ------
    StationUnknown, RoleMissing
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    rows = {row.code: row for row in disputes_people.stations_in_force(session, [station])}
    if station not in rows:
        raise StationUnknown(station=station)
    proposal = propose_station(session, held.event, held.matter, held.dispute, now=now, district=district).chosen
    way = proposal.way if station == proposal.code else StationWay.PICKED
    why = told(proposal.reason) if station == proposal.code else told(Reason(reason or "chosen by hand"))
    party = Party(PartyKind.STATION, station)
    if held.matter.owner != party:
        _hand_over(held, party, reason or rows[station].name)
    changed = {"station": station, "station_way": way.value, "station_reason": why}
    if held.dispute.mediator is not None and held.dispute.station != station:
        _free(held, held.dispute.mediator, Reason("given to another station"))
        changed |= NO_MEDIATOR
    disputes.change(session, event_id, **changed)
    held.wrote("dispute.station", station=station, way=way.value)
    return disputes.find(session, event_id) or held.dispute


def _hand_over(held: Held, party: Party, note: str) -> None:
    """Take the step that hands the matter to a party, with what such steps ask for."""
    proposed = (proposed_triage(held.programme, held.matter) or ("",))[0]
    details = {"party": str(party), "complexity": held.matter.complexity.value if held.matter.complexity else proposed}

    def gives(rule: StepRule) -> bool:
        return "give" in rule.does and (not rule.parties or party.kind in rule.parties)

    mine = [rule for rule in possible(held.programme, held.matter, held.by.actor) if gives(rule)]
    for kind in (StepKind.DISPATCH, StepKind.TRANSFER):
        chosen = next((rule for rule in mine if rule.kind is kind), None)
        if chosen is not None:
            go_along(held, kind, details, note=note, step=chosen.code)
            return
    if held.matter.owner.kind is PartyKind.STATION or any(gives(rule) for rule in possible(held.programme, held.matter)):
        givers = {role for rule in possible(held.programme, held.matter) if gives(rule) for role in rule.roles}
        raise RoleMissing(step=Label(StepKind.DISPATCH), roles=role_names(held.programme, sorted(givers)) or "-")
    go_along(held, StepKind.NOTE, {}, note=note)


# -- the mediator -----------------------------------------------------------------------------------------------------


def propose_mediators(
    session: Session, event: Event, dispute: Dispute, *, now: datetime, district: District
) -> list[MediatorRank]:
    """Return who could mediate at the dispute's station, the one proposed first."""
    if not dispute.station:
        return []
    rows = disputes_people.mediators_at(session, [dispute.station])
    ids = [row.person_id for row in rows]
    load = disputes.open_by_mediator(session, ids)
    gone, parties = disputes.recusals_of(session, event.id), disputes.parties_of(session, event.id)
    free = free_hours(session, rows, now=now, district=district)
    away = _metres_to(session, dispute.station, event)
    offers = [
        MediatorOffer(
            row.person_id, row.name, row.station, row.kinds, load.get(row.person_id, 0), away,
            next(iter(free[row.person_id]), None), _is_party(row, parties), row.person_id in gone,
        )
        for row in rows
    ]  # fmt: skip
    return rank_mediators(offers, dispute.kind, now=now)


def _is_party(row: MediatorRow, parties: list) -> bool:
    return any(p.person_id == row.person_id or (row.phone and p.phone == row.phone) for p in parties)


def _metres_to(session: Session, station: str, event: Event) -> float | None:
    rows = disputes_people.stations_in_force(session, [station])
    if not rows or event.point_lonlat is None:
        return None
    return float(geodesic_m(*event.point_lonlat, *rows[0].lonlat))


def free_hours(
    session: Session, rows: list[MediatorRow], *, now: datetime, district: District, most: int = 1
) -> dict[UUID, list[datetime]]:
    """Return the first hours in which each could hold a session while his station is open, in the district's own time."""
    until = now + timedelta(days=SEARCHED_DAYS + 1)
    busy = disputes_people.busy_of(session, [row.person_id for row in rows], start=now, end=until)
    hours = {one.code: one.hours for one in disputes_people.stations_in_force(session, sorted({row.station for row in rows}))}
    here, found = now.astimezone(ZoneInfo(district.profile.timezone)), dict[UUID, list[datetime]]()
    for row in rows:
        stated = hours.get(row.station, "")

        def is_open(at: datetime, stated: str = stated) -> bool:
            return not stated or is_open_at(stated, at, district=district)

        found[row.person_id] = next_free(busy[row.person_id], now=here, is_open=is_open, most=most)
    return found


def is_open_at(hours: str, at: datetime, *, district: District) -> bool:
    """Return whether a station of these hours is open at an instant, by the calendar of the district's own programme."""
    holidays = district.programmes.time_of(district.programmes.default).calendar.holidays
    need = Need(frozenset(StationLevel), at=at, timezone=district.profile.timezone, holidays=holidays)
    station = {"level": StationLevel.POINT, "industries": [], "hours": hours, "capacity": 1}
    return fit([station], need).fitness[0] is Fitness.FIT


def appoint(
    session: Session,
    event_id: UUID,
    person_id: UUID,
    *,
    way: MediatorWay,
    reason: str = "",
    by: By,
    now: datetime,
    district: District,
) -> Dispute:
    """Appoint who mediates. Where the parties picked him and the programme has a step for it, the matter is given to him.

    What was planned with who mediated before is cancelled.

    Raises
    ------
    MediatorUnfit
        for who is no mediator, a party, has stepped back, or works at a station that does not have the dispute
    RoleMissing
        where the parties picked somebody of another station, and the actor may not hand the matter over
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    row = disputes_people.mediator(session, person_id)
    if row is None:
        raise MediatorUnfit(name=str(person_id), reason=Reason("no mediator has this account"))
    need_fit(held, row, way)
    if way is MediatorWay.CITIZEN:
        _pick(held, row, reason)
    ranked = propose_mediators(session, held.event, held.dispute, now=now, district=district)
    first = ranked[0] if ranked else None
    as_proposed = first is not None and first.offer.person_id == person_id and way is not MediatorWay.CITIZEN
    found = MediatorWay.PROPOSED if as_proposed else way if way is MediatorWay.CITIZEN else MediatorWay.APPOINTED
    mine = next((one for one in ranked if one.offer.person_id == person_id), None)
    why = json.dumps([json.loads(told(r)) for r in mine.reasons], ensure_ascii=False) if mine else told(Reason(reason or "-"))
    if held.dispute.mediator not in {None, person_id}:
        _free(held, held.dispute.mediator, Reason("another mediator was appointed"))
    disputes.change(session, event_id, mediator=person_id, mediator_way=found.value, mediator_reason=why)
    held.wrote("dispute.mediator", mediator=str(person_id), way=found.value)
    return disputes.find(session, event_id) or held.dispute


def _free(held: Held, mediator: UUID | None, reason: Reason) -> None:
    """Cancel what was planned with a mediator who has the dispute no more: nobody else would come."""
    cancel_planned(held, reason.words(held.district.profile.language), of=mediator)


def need_fit(held: Held, row: MediatorRow, way: MediatorWay) -> None:
    """Raise MediatorUnfit for a party, for who stepped back, and for who works elsewhere unless the parties picked him."""

    def unfit(reason: Reason) -> MediatorUnfit:
        return MediatorUnfit(name=row.name, reason=reason)

    if _is_party(row, held.parties):
        raise unfit(Reason("nobody mediates his own dispute"))
    if row.person_id in disputes.recusals_of(held.session, held.event.id):
        raise unfit(Reason("he stepped back from it, or a side refused him"))
    if way is not MediatorWay.CITIZEN and row.station != held.dispute.station:
        raise unfit(Reason("he works at another station; give the dispute to that station first"))


def _pick(held: Held, row: MediatorRow, note: str) -> None:
    """Give the matter to whom the parties picked, where the programme lets a person be named and the actor take the step.

    One of another station would not see a matter that stays with this one: there it is handed over, or refused with who may.
    """
    party = Party(PartyKind.PERSON, str(row.person_id))
    words = note or Reason("The parties picked the mediator")

    def names_a_person(rule: StepRule) -> bool:
        return "give" in rule.does and PartyKind.PERSON in rule.parties

    def may_name_one(rule: StepRule) -> bool:
        return "give" in rule.does and (not rule.parties or PartyKind.PERSON in rule.parties)

    given = go_along(held, StepKind.DISPATCH, {"party": str(party), "consent": note}, note=words, fits=names_a_person)
    if given.matter.owner == party or row.station == held.dispute.station:
        return
    mine = [one for one in possible(held.programme, held.matter, held.by.actor) if one.kind is StepKind.TRANSFER]
    step = next((one for one in mine if may_name_one(one)), None)
    if step is None:
        giving = [one for one in possible(held.programme, held.matter) if may_name_one(one)]
        roles = {role for one in giving for role in one.roles}
        raise RoleMissing(step=Label(StepKind.TRANSFER), roles=role_names(held.programme, sorted(roles)) or "-")
    go_along(held, StepKind.TRANSFER, {"party": str(party)}, note=words, step=step.code)


def to_pick_from(session: Session, event: Event, dispute: Dispute) -> list[tuple[MediatorRow, StationRow, float | None]]:
    """Return mediators of other stations whom the parties may pick, with station and metres of way, the nearest first."""
    stations = {row.code: row for row in disputes_people.stations_in_force(session) if row.code != dispute.station}
    here = event.point_lonlat
    away = {code: None if here is None else float(geodesic_m(*here, *row.lonlat)) for code, row in stations.items()}
    near = sorted(stations, key=lambda code: (away[code] is None, away[code] or 0.0, code))[:MOST_STATIONS]
    gone, parties = disputes.recusals_of(session, event.id), disputes.parties_of(session, event.id)
    found = [
        row for row in disputes_people.mediators_at(session, near) if row.person_id not in gone and not _is_party(row, parties)
    ]
    return sorted(
        ((row, stations[row.station], away[row.station]) for row in found),
        key=lambda one: (near.index(one[1].code), one[0].name, one[0].person_id.int),
    )


def recuse(
    session: Session, event_id: UUID, person_id: UUID, *, reason: str, by: By, now: datetime, district: District
) -> Dispute:
    """Keep that a mediator stepped back, or that a side refused him; he does not come back to this dispute.

    His planned sessions are cancelled, and the dispute waits for another mediator.
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    if len(reason.strip()) < LEAST_REASON or disputes_people.mediator(session, person_id) is None:
        raise MediatorUnfit(name=str(person_id), reason=Reason("say who and why"))
    disputes.recuse(session, event_id, person_id, by=by.actor.id, now=now, reason=reason.strip())
    cancel_planned(held, reason.strip(), of=person_id)
    if held.dispute.mediator == person_id:
        disputes.change(session, event_id, **NO_MEDIATOR)
    held.wrote("dispute.recuse", mediator=str(person_id))
    return disputes.find(session, event_id) or held.dispute


# -- reasons, kept in no language -------------------------------------------------------------------------------------


def told(reason: Reason) -> str:
    """Return a reason as it is kept: its words in English and its values, to be said in any language."""
    return json.dumps({"words": reason.template, "values": reason.values}, ensure_ascii=False)


def said(kept: str, language: str) -> str:
    """Return a reason that was kept, or several, in a language."""
    if not kept:
        return ""
    found = json.loads(kept)
    several = found if isinstance(found, list) else [found]
    return " · ".join(Reason(one["words"], **one["values"]).words(language) for one in several)
