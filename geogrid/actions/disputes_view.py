"""A dispute with all that is kept of it, in one place, as it stands at an instant: for its page and the API."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.disputes import followed
from geogrid.actions.disputes_cases import nearest_to
from geogrid.actions.disputes_papers import window_of
from geogrid.actions.district import District
from geogrid.domain.disputes import (
    Agreement,
    Confirmation,
    Dispute,
    DisputeParty,
    Performance,
    Referral,
)
from geogrid.domain.disputes import Session as Appointment
from geogrid.domain.events import Event, EventKind
from geogrid.domain.programmes import PartyKind
from geogrid.errors import DisputeNot, NotFoundError
from geogrid.rules.confirmation import Window
from geogrid.rules.filter_history import Stay, stays
from geogrid.rules.similar_cases import NearCase
from geogrid.store import disputes, disputes_papers, disputes_people, disputes_sessions, events
from geogrid.store.disputes_people import StationRow
from geogrid.store.matter_views import MatterView, of_event


@dataclass(frozen=True)
class WholeDispute:
    """Everything of a dispute. ``names`` are those of mediators by id, ``window`` the thirty days of the agreement signed last.

    ``danger`` are the words and classes that mean danger to life, ``merged_into`` is the number of the matter with which it ends,
    "" where it stands for itself. Parties are as they are: whoever shows them masks them.
    """

    event: Event
    view: MatterView
    dispute: Dispute
    parties: list[DisputeParty]
    consents: list[dict[str, Any]]
    recusals: dict[UUID, str]
    sessions: list[Appointment]
    agreements: list[Agreement]
    performances: list[Performance]
    confirmations: list[Confirmation]
    referrals: list[Referral]
    stays: list[Stay]
    cases: list[NearCase]
    window: Window | None
    station: StationRow | None
    names: dict[UUID, str]
    danger: tuple[str, ...]
    merged_into: str = ""


def whole(session: Session, event_id: UUID, *, now: datetime, district: District) -> WholeDispute:
    """Return a dispute with all that is kept of it; the reader's right to see the event is the session's.

    Raises
    ------
    NotFoundError, DisputeNot
    """
    event = events.find(session, event_id)
    view = None if event is None else of_event(session, event_id, now=now, district=district)
    if event is None or view is None:
        raise NotFoundError(what=str(event_id))
    if event.report.kind is not EventKind.DISPUTE:
        raise DisputeNot(number=event.number)
    dispute, matter, words = _dispute(session, event, view, district), view.matter, event.report.words
    agreements = disputes_papers.agreements_of(session, event_id)
    signed = [one for one in agreements if one.signed_at is not None]
    sessions = disputes_sessions.of_event(session, event_id)
    station = disputes_people.stations_in_force(session, [dispute.station]) if dispute.station else []
    recusals = disputes.recusals_of(session, event_id)
    return WholeDispute(
        event=event,
        view=view,
        dispute=dispute,
        parties=disputes.parties_of(session, event_id),
        consents=disputes.consents_of(session, event_id),
        recusals=recusals,
        sessions=sessions,
        agreements=agreements,
        performances=disputes_papers.performances_of(session, event_id),
        confirmations=disputes_papers.confirmations_of(session, event_id),
        referrals=disputes_papers.referrals_of(session, event_id),
        stays=stays(view.programme, [step for step in event.steps if step.at <= now] or list(event.steps), matter.level),
        cases=nearest_to(session, dispute.kind, words),
        window=window_of(signed[-1], now=now, district=district, programme=view.programme) if signed else None,
        station=station[0] if station else None,
        names=_names(session, dispute, sessions, recusals, event),
        danger=district.danger.found(words, matter.programme, matter.category),
        merged_into=_number(session, matter.parent),
    )


def _number(session: Session, event_id: str) -> str:
    parent = events.find(session, UUID(event_id)) if event_id else None
    return parent.number if parent else ""


def _dispute(session: Session, event: Event, view: MatterView, district: District) -> Dispute:
    """Return the dispute's row, or what it will be with the first deed; station and mediator as the matter has them."""
    matter = view.matter
    kind = district.mediation.of(matter.programme, matter.category, event.report.words)
    found = disputes.find(session, event.id) or Dispute(event.id, kind, matter.amount_yuan)
    return replace(found, **followed(session, found, matter))


def _names(
    session: Session, dispute: Dispute, sessions: list[Appointment], recusals: dict[UUID, str], event: Event
) -> dict[UUID, str]:
    ids = {one.mediator for one in sessions} | set(recusals) | ({dispute.mediator} if dispute.mediator else set())
    person = f"{PartyKind.PERSON.value}:"
    for actor in {step.actor for step in event.steps if step.actor.startswith(person)}:
        try:
            ids.add(UUID(actor.removeprefix(person)))
        except ValueError:  # a person of a plainer system: his id is no UUID, his name unknown here
            continue
    return disputes_people.names_of(session, sorted(ids))
