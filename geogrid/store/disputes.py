"""Disputes in the store: the row of an event, its parties and what they said, who stepped back from mediating."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.domain.disputes import (
    Consent,
    Dispute,
    DisputeOutcome,
    DisputeParty,
    MediatorWay,
    PartyForm,
    Side,
    StationWay,
)
from geogrid.store.tables.disputes import dispute_consents, dispute_parties, dispute_recusals, disputes
from geogrid.store.tables.events import events


def ensure(session: Session, event_id: UUID, *, kind: str, amount_yuan: float | None, now: datetime) -> Dispute:
    """Return the dispute of an event, its row held until the transaction ends; it is made where there is none yet.

    A made-up event's dispute is made up.
    """
    made_up = select(events.c.synthetic).where(events.c.id == event_id).scalar_subquery()
    values = {"event_id": event_id, "kind": kind, "amount_yuan": amount_yuan, "opened_at": now, "synthetic": made_up}
    session.execute(upsert(disputes).values(values).on_conflict_do_nothing())
    return _dispute(session.execute(select(disputes).where(disputes.c.event_id == event_id).with_for_update()).one())


def find(session: Session, event_id: UUID) -> Dispute | None:
    """Return the dispute of an event, None before anything was done for it."""
    row = session.execute(select(disputes).where(disputes.c.event_id == event_id)).one_or_none()
    return _dispute(row) if row else None


def change(session: Session, event_id: UUID, **values: Any) -> None:
    """Write columns of a dispute."""
    session.execute(update(disputes).where(disputes.c.event_id == event_id).values(**values))


def _dispute(row: Row) -> Dispute:
    return Dispute(
        row.event_id,
        row.kind,
        row.amount_yuan,
        row.station,
        StationWay(row.station_way) if row.station_way else None,
        row.station_reason,
        row.mediator,
        MediatorWay(row.mediator_way) if row.mediator_way else None,
        row.mediator_reason,
        DisputeOutcome(row.outcome) if row.outcome else None,
        row.outcome_at,
        row.outcome_note,
    )


# -- parties ----------------------------------------------------------------------------------------------------------


def add_party(session: Session, event_id: UUID, values: dict[str, Any]) -> int:
    """Insert a party and return its number; ``values`` are columns of the table."""
    made_up = select(events.c.synthetic).where(events.c.id == event_id).scalar_subquery()
    made = {"event_id": event_id, "synthetic": made_up, **values}
    return int(session.scalar(insert(dispute_parties).values(**made).returning(dispute_parties.c.id)) or 0)


def change_party(session: Session, event_id: UUID, party_id: int, values: dict[str, Any]) -> bool:
    """Write what is known of a party; return whether the dispute has it."""
    mine = (dispute_parties.c.event_id == event_id, dispute_parties.c.id == party_id)
    return bool(session.execute(update(dispute_parties).where(*mine).values(**values)).rowcount)  # type: ignore[attr-defined]


def add_consent(session: Session, event_id: UUID, party_id: int, consent: Consent, *, by: str, now: datetime, paper: str) -> None:
    """Insert what a party said; what it said before stays."""
    values = {"event_id": event_id, "party_id": party_id, "consent": consent.value, "at": now, "by": by, "paper": paper}
    session.execute(insert(dispute_consents).values(**values))


def parties_of(session: Session, event_id: UUID) -> list[DisputeParty]:
    """Return the parties of a dispute with what each said last, applicants first."""
    last = (
        select(dispute_consents)
        .where(dispute_consents.c.event_id == event_id)
        .ext(distinct_on(dispute_consents.c.party_id))
        .order_by(dispute_consents.c.party_id, dispute_consents.c.id.desc())
        .subquery()
    )
    query = (
        select(dispute_parties, last.c.consent, last.c.at, last.c.by, last.c.paper)
        .join(last, last.c.party_id == dispute_parties.c.id, isouter=True)
        .where(dispute_parties.c.event_id == event_id)
        .order_by(dispute_parties.c.side, dispute_parties.c.id)
    )
    return [_party(row) for row in session.execute(query)]


def consents_of(session: Session, event_id: UUID) -> list[dict[str, Any]]:
    """Return everything that the parties of a dispute said to mediation, in order: party, consent, when, by whom, paper."""
    rows = session.execute(
        select(dispute_consents).where(dispute_consents.c.event_id == event_id).order_by(dispute_consents.c.id)
    )
    return [{"party_id": r.party_id, "consent": Consent(r.consent), "at": r.at, "by": r.by, "paper": r.paper} for r in rows]


def _party(row: Row) -> DisputeParty:
    said = Consent(row.consent) if row.consent else Consent.ASKED
    about = (row.name, row.phone, row.address, row.person_id)
    return DisputeParty(row.id, Side(row.side), PartyForm(row.form), *about, said, row.at, row.by or "", row.paper or "")


# -- who stepped back -------------------------------------------------------------------------------------------------


def recuse(session: Session, event_id: UUID, person_id: UUID, *, by: str, now: datetime, reason: str) -> None:
    """Keep that somebody does not mediate a dispute; said twice, the first reason stays."""
    values = {"event_id": event_id, "person_id": person_id, "by": by, "at": now, "reason": reason}
    session.execute(upsert(dispute_recusals).values(values).on_conflict_do_nothing())


def recusals_of(session: Session, event_id: UUID) -> dict[UUID, str]:
    """Return who does not mediate a dispute, with the reason."""
    rows = session.execute(select(dispute_recusals).where(dispute_recusals.c.event_id == event_id))
    return {row.person_id: row.reason for row in rows}


# -- open ones --------------------------------------------------------------------------------------------------------


def open_by_mediator(session: Session, people: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many open disputes each of the people mediates. Rides ``ix_disputes_mediator``."""
    return _count_open(session, disputes.c.mediator, people)


def of_mediator(session: Session, person_id: UUID, *, most: int) -> list[UUID]:
    """Return the events of the disputes that somebody mediates or mediated, the latest first. Rides ``ix_disputes_mediator``."""
    query = select(disputes.c.event_id).where(disputes.c.mediator == person_id)
    return list(session.scalars(query.order_by(disputes.c.opened_at.desc(), disputes.c.event_id).limit(most)))


def open_by_station(session: Session, codes: Sequence[str]) -> dict[str, int]:
    """Return how many open disputes each of the stations mediates."""
    return _count_open(session, disputes.c.station, codes)


def _count_open(session: Session, column: Any, wanted: Sequence[Any]) -> dict[Any, int]:
    open_event = and_(events.c.id == disputes.c.event_id, events.c.is_open)
    query = (
        select(column, func.count())
        .join(events, open_event)
        .where(column == func.any(list(wanted)), disputes.c.outcome.is_(None))
        .group_by(column)
    )
    return {row[0]: row[1] for row in session.execute(query)} if wanted else {}
