"""Disputes as JSON, in the reader's language; names, telephones and addresses of parties are masked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from geogrid.actions.disputes_people import StationProposal, is_open_at, said, station_level
from geogrid.actions.disputes_sessions import Circuit
from geogrid.actions.disputes_view import WholeDispute
from geogrid.domain.clocks import Audience
from geogrid.domain.disputes import (
    Agreement,
    Confirmation,
    DisputeParty,
    GuidingCase,
    Performance,
    Referral,
    Session,
    SessionPlace,
    SessionState,
)
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.masking import mask_name, mask_names, mask_phone, mask_text
from geogrid.errors.family import Reason
from geogrid.rules.confirmation import REMAINS, Window
from geogrid.rules.mediator_choice import MediatorRank
from geogrid.store.disputes_people import MediatorRow, StationRow
from webmap.api.matter_bodies import clock_body, history_body
from webmap.installation import installation
from webmap.language import current_language, label

Body = dict[str, Any]
WRITTEN = frozenset(
    {"words", "address", "terms", "minutes", "reason", "note", "outcome_note", "paper", "papers", "place", "details", "reference"}
)


class Visited(NamedTuple):
    """The event that a visit is for."""

    number: str
    address: str
    point_lonlat: tuple[float, float] | None


def coded(member: LabelledEnum | None) -> Body | None:
    """Return a member as code and title in the reader's language."""
    return None if member is None else {"code": member.value, "title": label(member)}


def here(value: datetime | None) -> str | None:
    """Return an instant in the district's own time, ISO 8601 with offset."""
    return None if value is None else value.astimezone(ZoneInfo(installation().district.profile.timezone)).isoformat()


def kind_body(code: str) -> Body | None:
    """Return a kind of dispute as code and title, None for any."""
    found = installation().district.mediation.find(code)
    return {"code": code, "title": found.title.text(current_language())} if found else None


def whole_body_of(whole: WholeDispute) -> Body:
    """Return everything of a dispute; what was written down about its parties names them masked too."""
    names = whole.names
    body = {
        **_about(whole),
        **_stands(whole),
        "station": _station(whole),
        "mediator": _mediator(whole),
        "recusals": [{"name": names.get(who, "?"), "reason": mask_text(why)} for who, why in whole.recusals.items()],
        "parties": [party_body(one) for one in whole.parties],
        "consents": [_consent(one) for one in whole.consents],
        "sessions": [session_body(one, names) | {"station_closed": _closed(one, whole.station)} for one in whole.sessions],
        "agreements": [agreement_body(one) for one in whole.agreements],
        "performances": [performance_body(one) for one in whole.performances],
        "recovered_yuan": sum(one.recovered_yuan for one in whole.performances),
        "fees_refunded_yuan": sum(one.fees_refunded_yuan for one in whole.performances),
        "confirmations": [confirmation_body(one) for one in whole.confirmations],
        "window": window_body(whole.window),
        "referrals": [referral_body(one) for one in whole.referrals],
        "levels": levels_body(whole),
        "cases": [{**case_body(near.case), "likeness": near.likeness, "shared": list(near.shared)} for near in whole.cases],
        "history": history_body(whole.event.steps),
    }
    masked: Body = without_names(body, names_in(whole))
    return masked


def names_in(whole: WholeDispute) -> set[str]:
    """Return the names of all who are, or were when an agreement was written, parties to a dispute."""
    return {one.name for one in whole.parties} | {name for one in whole.agreements for _, name in one.parties}


def without_names(told: Any, names: set[str], field: str = "") -> Any:
    """Return a body in which every text that somebody wrote has the names masked."""
    if isinstance(told, dict):
        return {key: without_names(value, names, field if field == "details" else key) for key, value in told.items()}
    if isinstance(told, list):
        return [without_names(one, names, field) for one in told]
    return mask_names(told, names) if isinstance(told, str) and field in WRITTEN else told


def _about(whole: WholeDispute) -> Body:
    """Return what a dispute is about."""
    event, dispute = whole.event, whole.dispute
    return {
        "id": str(event.id),
        "number": event.number,
        "base_seq": len(event.steps),
        "words": mask_text(event.report.words),
        "address": mask_text(event.report.address),
        "point": list(event.point_lonlat) if event.point_lonlat else None,
        "reported_at": here(event.reported_at),
        "synthetic": event.report.synthetic,
        "danger": list(whole.danger),
        "kind": kind_body(dispute.kind),
        "amount_yuan": dispute.amount_yuan,
    }


def _stands(whole: WholeDispute) -> Body:
    """Return how a dispute stands: its matter's state, level and clock, and how mediation ended."""
    dispute, matter, programme, language = whole.dispute, whole.view.matter, whole.view.programme, current_language()
    level = next((one for one in programme.levels if one.code == matter.level), None)
    urgent = whole.view.urgent(Audience.STAFF)
    return {
        "programme": {"code": programme.code, "title": programme.title.text(language)},
        "state": {"code": matter.state, "title": programme.state(matter.state).title.text(language)},
        "level": {"code": matter.level, "title": level.title.text(language) if level else matter.level},
        "owner": str(matter.owner),
        "clock": clock_body(urgent) if urgent else None,
        "rating": matter.rating,
        "outcome": coded(dispute.outcome),
        "outcome_at": here(dispute.outcome_at),
        "outcome_note": mask_text(dispute.outcome_note),
        "merged_into": whole.merged_into,
    }


def _consent(one: Body) -> Body:
    told = {"party_id": one["party_id"], "consent": coded(one["consent"])}
    return {**told, "at": here(one["at"]), "paper": mask_text(one["paper"])}


def _station(whole: WholeDispute) -> Body | None:
    dispute, row = whole.dispute, whole.station
    if not dispute.station:
        return None
    fits_level = row is not None and row.level is station_level(whole.view.programme, whole.view.matter)
    told = {"code": dispute.station, "name": row.name if row else dispute.station, "way": coded(dispute.station_way)}
    return {**told, "reason": said(dispute.station_reason, current_language()), "of_this_level": fits_level, **_place(row)}


def _place(row: StationRow | None) -> Body:
    return {"level": coded(row.level), "hours": row.hours, "point": list(row.lonlat)} if row else {}


def _mediator(whole: WholeDispute) -> Body | None:
    dispute = whole.dispute
    if dispute.mediator is None:
        return None
    told = {"person_id": str(dispute.mediator), "name": whole.names.get(dispute.mediator, "?")}
    return {**told, "way": coded(dispute.mediator_way), "reason": said(dispute.mediator_reason, current_language())}


def party_body(party: DisputeParty, *, masked: bool = True) -> Body:
    """Return a party; its name, telephone and address are masked unless they were revealed to the reader."""
    shown = (mask_name(party.name), mask_phone(party.phone), "***" if party.address else "")
    name, phone, address = shown if masked else (party.name, party.phone, party.address)
    about = {"id": party.id, "side": coded(party.side), "form": coded(party.form), "name": name, "phone": phone}
    told = {"consent": coded(party.consent), "consent_at": here(party.at), "paper": mask_text(party.paper)}
    return {**about, "address": address, **told}


def session_body(one: Session, names: dict[UUID, str]) -> Body:
    """Return an appointment."""
    about = {
        "id": one.id,
        "event_id": str(one.event_id),
        "start": here(one.start),
        "end": here(one.end),
        "place": coded(one.place),
    }
    where = {"station": one.station, "room": one.room, "address": mask_text(one.address)}
    point = list(one.point_lonlat) if one.point_lonlat else None
    who = {"mediator": {"person_id": str(one.mediator), "name": names.get(one.mediator, "?")}}
    end = {"state": coded(one.state), "outcome": coded(one.outcome), "minutes": mask_text(one.minutes)}
    return {**about, **where, "point": point, **who, **end, "reason": mask_text(one.reason)}


def _closed(one: Session, station: StationRow | None) -> bool:
    """Whether an appointment in a room of the station lies, or ends, where its stated hours say that it is closed."""
    in_room = one.state is SessionState.PLANNED and one.place is SessionPlace.ROOM
    if not in_room or station is None or station.code != one.station or not station.hours:
        return False
    district = installation().district
    return not all(is_open_at(station.hours, at, district=district) for at in (one.start, one.end - timedelta(minutes=1)))


def agreement_body(one: Agreement) -> Body:
    """Return a version of an agreement; its parties are masked."""
    parties = [{"side": side, "name": mask_name(name)} for side, name in one.parties]
    about = {"version": one.version, "number": one.number, "terms": mask_text(one.terms), "amount_yuan": one.amount_yuan}
    times = {"perform_by": one.perform_by.isoformat() if one.perform_by else None, "made_at": here(one.made_at)}
    return {**about, **times, "signed_at": here(one.signed_at), "place": mask_text(one.place), "parties": parties}


def performance_body(one: Performance) -> Body:
    """Return a payment."""
    paid = {"recovered_yuan": one.recovered_yuan, "fees_refunded_yuan": one.fees_refunded_yuan}
    return {"id": one.id, "at": one.at.isoformat(), **paid, "note": mask_text(one.note)}


def confirmation_body(one: Confirmation) -> Body:
    """Return a request for confirmation with its answer."""
    asked = {
        "id": one.id,
        "court": one.court,
        "requested_at": here(one.requested_at),
        "papers": [mask_text(p) for p in one.papers],
    }
    on = one.decided_on.isoformat() if one.decided_on else None
    return {**asked, "result": coded(one.result), "decided_on": on, "number": one.number, "reason": mask_text(one.reason)}


def referral_body(one: Referral) -> Body:
    """Return a referral with its outcome."""
    about = {"id": one.id, "direction": coded(one.direction), "body": coded(one.body), "name": mask_text(one.name)}
    told = {"reference": mask_text(one.reference), "at": here(one.at), "note": mask_text(one.note)}
    end = {"outcome": coded(one.outcome), "outcome_at": here(one.outcome_at), "outcome_note": mask_text(one.outcome_note)}
    return {**about, **told, **end}


def window_body(found: Window | None) -> Body | None:
    """Return how the thirty days stand, and what remains when they are over."""
    if found is None:
        return None
    told = {"last_day": found.last_day.isoformat(), "days_left": found.days_left, "open": found.is_open}
    remains = [] if found.is_open else remains_words()
    return {**told, "light": coded(found.light), "remains": remains}


def remains_words() -> list[str]:
    """Return what remains when the thirty days are over, in the reader's language."""
    return [Reason(one).words(current_language()) for one in REMAINS]


def case_body(case: GuidingCase) -> Body:
    """Return a case of the library."""
    about = {"id": case.id, "title": case.title, "kind": kind_body(case.kind), "state": coded(case.state)}
    words = {"facts": case.facts, "solution": case.solution, "law": case.law}
    times = {"proposed_at": here(case.proposed_at), "approved_at": here(case.approved_at), "retired_at": here(case.retired_at)}
    return {**about, **words, **times, "synthetic": case.synthetic}


def levels_body(whole: WholeDispute) -> list[Body]:
    """Return the stays of the three-level filter: who tried what there, and why it went on."""
    titles = {level.code: level.title.text(current_language()) for level in whole.view.programme.levels}
    found = []
    for stay in whole.stays:
        inside = [s for s in whole.sessions if s.start >= stay.since and (stay.until is None or s.start < stay.until)]
        tried = sorted({whole.names.get(one.mediator, "?") for one in inside if one.state.value == "held"})
        about = {"level": {"code": stay.level, "title": titles.get(stay.level, stay.level)}, "since": here(stay.since)}
        held = sum(one.state.value == "held" for one in inside)
        left = {"until": here(stay.until), "kind": coded(stay.kind), "reason": mask_text(stay.reason)}
        found.append({**about, **left, "sessions": held, "mediators": tried})
    return found


def proposal_body(found: StationProposal) -> Body:
    """Return which station is proposed, why, and how the others stand."""
    chosen = found.chosen
    stations = [
        {
            "code": offer.code,
            "name": offer.name,
            "level": coded(offer.level),
            "fitness": coded(fitness),
            "distance_m": None if offer.distance_m is None else round(offer.distance_m),
            "open_matters": offer.open_matters,
            "capacity": offer.capacity,
            "hours": offer.hours,
        }
        for offer, fitness in found.offers
    ]
    told = {"station": chosen.code, "way": coded(chosen.way), "reason": chosen.reason.words(current_language())}
    return {**told, "opens_at": here(chosen.opens_at), "stations": stations}


def ranked_body(ranked: Iterable[MediatorRank]) -> list[Body]:
    """Return who could mediate, the one proposed first, each with the reasons."""
    return [
        {
            "person_id": str(one.offer.person_id),
            "name": one.offer.name,
            "skill": one.skill,
            "open_matters": one.offer.open_matters,
            "free_at": here(one.offer.free_at),
            "reasons": [reason.words(current_language()) for reason in one.reasons],
        }
        for one in ranked
    ]


def others_body(found: Iterable[tuple[MediatorRow, StationRow, float | None]]) -> list[Body]:
    """Return mediators of other stations, with station, way and kinds, as parties pick one."""
    return [
        {
            "person_id": str(row.person_id),
            "name": row.name,
            "station": station.name,
            "distance_m": None if metres is None else round(metres),
            "kinds": [body["title"] for code in row.kinds if (body := kind_body(code))],
        }
        for row, station, metres in found
    ]


def circuit_body(found: Circuit, names: dict[UUID, str], visited: dict[UUID, Visited]) -> Body:
    """Return a day's visits in the shortest order, times and ways; ``visited`` are their events."""
    route = found.route
    stops = [
        {
            **session_body(found.visits[place], names),
            **_visited(found.visits[place], visited.get(found.visits[place].event_id)),
            "arrives": here(at),
            "leg_minutes": round(leg, 1),
            "by_road": road,
        }
        for place, at, leg, road in zip(route.order, found.arrivals, route.leg_minutes, route.by_road, strict=False)
    ]
    back = {"minutes": round(route.leg_minutes[-1], 1), "by_road": route.by_road[-1]} if stops else None
    told = {"minutes": round(route.minutes, 1), "planned_minutes": round(found.planned_minutes, 1), "exact": route.is_exact}
    station = {"code": found.station.code, "name": found.station.name, "point": list(found.station.lonlat)}
    return {
        "station": station,
        **told,
        "stops": stops,
        "back": back,
        "unplaced": [session_body(v, names) for v in found.unplaced],
    }


def _visited(visit: Session, event: Visited | None) -> Body:
    """Return the event of a visit, and whether the way to another address than its own is reckoned to its place all the same."""
    if event is None:
        return {"number": "", "event_address": "", "reckoned_to_event": False}
    same = visit.point_lonlat is not None and visit.point_lonlat == event.point_lonlat
    elsewhere = bool(visit.address) and visit.address != event.address
    return {"number": event.number, "event_address": mask_text(event.address), "reckoned_to_event": same and elsewhere}
