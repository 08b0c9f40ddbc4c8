"""Papers of a dispute in the store: versions of its agreement, what was paid, requests to the court, referrals. All are added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, func, insert, select, update
from sqlalchemy.orm import Session

from geogrid.domain.disputes import (
    Agreement,
    Body,
    Confirmation,
    CourtResult,
    Direction,
    Performance,
    Referral,
    ReferralOutcome,
)
from geogrid.store.tables.disputes import agreements, confirmations, performances, referrals
from geogrid.store.tables.events import events


def _add(session: Session, table: Table, event_id: UUID, values: dict[str, Any]) -> int:
    made_up = select(events.c.synthetic).where(events.c.id == event_id).scalar_subquery()
    made = {"event_id": event_id, "synthetic": made_up, **values}
    return int(session.scalar(insert(table).values(**made).returning(table.c.id)) or 0)


# -- agreements -------------------------------------------------------------------------------------------------------


def add_agreement(session: Session, event_id: UUID, values: dict[str, Any], *, parties: Sequence[tuple[str, str]]) -> Agreement:
    """Insert the next version of an agreement; the dispute's row is held, so that no two get one version."""
    last = session.scalar(select(func.max(agreements.c.version)).where(agreements.c.event_id == event_id)) or 0
    _add(session, agreements, event_id, {**values, "version": last + 1, "parties": [list(party) for party in parties]})
    return agreements_of(session, event_id)[-1]


def sign_agreement(session: Session, agreement_id: int, *, at: datetime) -> None:
    """Write when an agreement was signed."""
    session.execute(update(agreements).where(agreements.c.id == agreement_id).values(signed_at=at))


def agreements_of(session: Session, event_id: UUID) -> list[Agreement]:
    """Return every version of a dispute's agreement, the first one first."""
    rows = session.execute(select(agreements).where(agreements.c.event_id == event_id).order_by(agreements.c.version))
    return [_agreement(row) for row in rows]


def _agreement(row: Row) -> Agreement:
    parties = tuple((side, name) for side, name in row.parties)
    about = (row.number, row.terms, row.amount_yuan, row.perform_by, row.made_at, row.made_by, row.signed_at)
    return Agreement(row.id, row.event_id, row.version, *about, parties, row.place)


# -- what was paid ----------------------------------------------------------------------------------------------------


def add_performance(session: Session, event_id: UUID, paid: dict[str, Any], *, by: str, now: datetime) -> int:
    """Insert a payment and return its number."""
    return _add(session, performances, event_id, {**paid, "by": by, "written_at": now})


def performances_of(session: Session, event_id: UUID) -> list[Performance]:
    """Return what was paid, the earliest first."""
    query = select(performances).where(performances.c.event_id == event_id)
    rows = session.execute(query.order_by(performances.c.at, performances.c.id))
    return [Performance(r.id, r.event_id, r.at, r.recovered_yuan, r.fees_refunded_yuan, r.note) for r in rows]


# -- the court --------------------------------------------------------------------------------------------------------


def add_confirmation(session: Session, event_id: UUID, values: dict[str, Any]) -> int:
    """Insert a joint request; IntegrityError of ``uq_confirmations_agreement_id`` where one was made for this agreement."""
    return _add(session, confirmations, event_id, values)


def decide_confirmation(
    session: Session, confirmation_id: int, result: CourtResult, *, on: date, number: str, reason: str, by: str
) -> None:
    """Write the court's answer."""
    values = {"result": result.value, "decided_on": on, "number": number, "reason": reason, "decided_by": by}
    session.execute(update(confirmations).where(confirmations.c.id == confirmation_id).values(**values))


def confirmations_of(session: Session, event_id: UUID) -> list[Confirmation]:
    """Return the requests of a dispute with their answers, the first one first."""
    rows = session.execute(select(confirmations).where(confirmations.c.event_id == event_id).order_by(confirmations.c.id))
    return [
        Confirmation(
            r.id, r.event_id, r.agreement_id, r.court, r.requested_at, (r.paper_applicant, r.paper_respondent),
            CourtResult(r.result) if r.result else None, r.decided_on, r.number, r.reason,
        )
        for r in rows
    ]  # fmt: skip


# -- referrals --------------------------------------------------------------------------------------------------------


def add_referral(session: Session, event_id: UUID, values: dict[str, Any]) -> int:
    """Insert a referral and return its number."""
    return _add(session, referrals, event_id, values)


def end_referral(
    session: Session, event_id: UUID, referral_id: int, outcome: ReferralOutcome, *, at: datetime, by: str, note: str
) -> bool:
    """Write what a referral came to; return whether the dispute has it."""
    mine = (referrals.c.event_id == event_id, referrals.c.id == referral_id)
    values = {"outcome": outcome.value, "outcome_at": at, "outcome_by": by, "outcome_note": note}
    return bool(session.execute(update(referrals).where(*mine).values(**values)).rowcount)  # type: ignore[attr-defined]


def referrals_of(session: Session, event_id: UUID) -> list[Referral]:
    """Return where a dispute went to and came from, in order."""
    rows = session.execute(select(referrals).where(referrals.c.event_id == event_id).order_by(referrals.c.at, referrals.c.id))
    return [
        Referral(
            r.id, r.event_id, Direction(r.direction), Body(r.body), r.name, r.reference, r.at, r.note,
            ReferralOutcome(r.outcome) if r.outcome else None, r.outcome_at, r.outcome_note,
        )
        for r in rows
    ]  # fmt: skip
