"""Papers of a mediation: versions of the agreement, what was paid of it, the court's confirmation, referrals, names revealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geogrid.actions.disputes import By, Held, go_along, hold, need_consent, need_open
from geogrid.actions.disputes_amounts import yuan
from geogrid.actions.district import District
from geogrid.actions.reveal import DAY, LEAST_PURPOSE, MOST_A_DAY
from geogrid.domain.disputes import (
    Agreement,
    Body,
    Confirmation,
    CourtResult,
    Direction,
    DisputeOutcome,
    DisputeParty,
    Referral,
    ReferralOutcome,
)
from geogrid.domain.events import StepKind
from geogrid.domain.programmes import StepRule
from geogrid.errors import (
    ConfirmationLate,
    ConfirmationState,
    DisputeValue,
    NotFoundError,
    RevealLimit,
    RevealPurpose,
)
from geogrid.errors.family import Reason
from geogrid.rules.confirmation import REMAINS, Window, window
from geogrid.store import audit, disputes_papers

REVEAL = "party.reveal"
LONGEST_TERMS = 20_000


# -- the agreement ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """What an agreement says: terms in words, the sum if there is one, by when it is performed, where it was made."""

    words: str
    amount_yuan: float | None = None
    perform_by: date | None = None
    place: str = ""


def draft(session: Session, event_id: UUID, terms: Terms, *, by: By, now: datetime, district: District) -> Agreement:
    """Write the next version of the agreement; what was written before stays.

    Raises
    ------
    PartiesMissing, ConsentMissing
    DisputeValue
        for no words, too many, no amount, a day of performance that lies in the past
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    need_consent(held)
    if held.dispute.outcome is not DisputeOutcome.SETTLED:
        need_open(held)
    _check_terms(terms, held)
    number = f"{held.event.number}-{len(disputes_papers.agreements_of(session, event_id)) + 1}"
    values = {
        "number": number,
        "terms": terms.words.strip(),
        "amount_yuan": yuan("amount_yuan", terms.amount_yuan),
        "perform_by": terms.perform_by,
        "place": terms.place.strip(),
        "made_at": now,
        "made_by": by.actor.id,
    }
    made = disputes_papers.add_agreement(session, event_id, values, parties=[(p.side.value, p.name) for p in held.parties])
    held.wrote("agreement.draft", version=made.version)
    return made


def _check_terms(terms: Terms, held: Held) -> None:
    if not 0 < len(terms.words.strip()) <= LONGEST_TERMS:
        raise DisputeValue(field="terms", reason=Reason("1 to {most} characters", most=LONGEST_TERMS))
    if terms.perform_by is not None and terms.perform_by < _today(held):
        raise DisputeValue(field="perform_by", reason=Reason("it lies in the past"))


def _today(held: Held) -> date:
    return held.now.astimezone(held.district.programmes.time_of(held.programme).timezone).date()


def pay(
    session: Session, event_id: UUID, at: date, *, recovered: float = 0.0, fees: float = 0.0, note: str = "",
    by: By, now: datetime, district: District,
) -> int:  # fmt: skip
    """Write down a payment: what the creditor recovered, court fees that were given back; raises DisputeValue."""
    held = hold(session, event_id, by=by, now=now, district=district)
    paid = {"recovered_yuan": yuan("recovered_yuan", recovered), "fees_refunded_yuan": yuan("fees_refunded_yuan", fees)}
    if not any(paid.values()):
        raise DisputeValue(field="recovered_yuan", reason=Reason("it is no amount in yuan"))
    if at > _today(held):
        raise DisputeValue(field="at", reason=Reason("it lies in the future"))
    number = disputes_papers.add_performance(session, event_id, {**paid, "at": at, "note": note.strip()}, by=by.actor.id, now=now)
    held.wrote("agreement.pay", payment=number)
    return number


# -- the court --------------------------------------------------------------------------------------------------------


def window_of(agreement: Agreement, *, now: datetime, district: District, programme: Any) -> Window | None:
    """Return how the thirty days of an agreement stand; None for a draft."""
    if agreement.signed_at is None:
        return None
    return window(agreement.signed_at, now=now, time=district.programmes.time_of(programme))


def ask_court(
    session: Session, event_id: UUID, court: str, papers: tuple[str, str], *, by: By, now: datetime, district: District
) -> Confirmation:
    """Keep that both sides asked a court to confirm the signed agreement; ``papers`` are the references of their requests.

    Raises
    ------
    ConfirmationState
        without a signed agreement, without the request of both sides, or where it was asked already
    ConfirmationLate
        after the thirty days; it says what remains possible
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    signed = [one for one in disputes_papers.agreements_of(session, event_id) if one.signed_at is not None]
    if not signed:
        raise ConfirmationState(reason=Reason("no agreement is signed"))
    found = window_of(signed[-1], now=now, district=district, programme=held.programme)
    if found is None or not found.is_open:
        last = found.last_day.isoformat() if found else "-"
        raise ConfirmationLate(last_day=last, remains=Remains(), where={"remains": list(REMAINS)})
    if not all(paper.strip() for paper in papers):
        raise ConfirmationState(reason=Reason("both sides ask together: the request of one is missing"))
    if not court.strip():
        raise DisputeValue(field="court", reason=Reason("name the court"))
    values = {"agreement_id": signed[-1].id, "court": court.strip(), "requested_at": now, "requested_by": by.actor.id}
    try:
        with session.begin_nested():
            values |= {"paper_applicant": papers[0].strip(), "paper_respondent": papers[1].strip()}
            disputes_papers.add_confirmation(session, event_id, values)
    except IntegrityError as error:
        raise ConfirmationState(reason=Reason("it was asked for already")) from error
    held.wrote("confirmation.ask", agreement=signed[-1].version)
    asked = {"consent": papers[0].strip(), "consent_other_side": papers[1].strip()}
    wants = {"consent", "consent_other_side"}
    go_along(
        held,
        StepKind.CONFIRM,
        asked,
        note=Reason("Both sides asked for confirmation: {court}", court=court),
        fits=lambda rule: wants <= set(rule.requires),
    )
    return disputes_papers.confirmations_of(session, event_id)[-1]


class Remains:
    """What remains when the thirty days are over, in the reader's language."""

    def words(self, language: str) -> str:
        """Return all of it, one after another."""
        return " ".join(f"({i}) {Reason(one).words(language)}" for i, one in enumerate(REMAINS, 1))

    def __str__(self) -> str:
        """Return it in English."""
        return self.words("en")


def court_answered(
    session: Session,
    event_id: UUID,
    result: CourtResult,
    *,
    on: date,
    number: str,
    reason: str = "",
    by: By,
    now: datetime,
    district: District,
) -> Confirmation:
    """Write the court's answer to the last request: confirmed with its number, or refused with the reason.

    Raises
    ------
    ConfirmationState
        where nothing waits for an answer; for an answer of before the request, or without number or reason
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    waiting = [one for one in disputes_papers.confirmations_of(session, event_id) if one.result is None]
    if not waiting:
        raise ConfirmationState(reason=Reason("no request waits for an answer"))
    asked_on = waiting[-1].requested_at.astimezone(held.district.programmes.time_of(held.programme).timezone).date()
    if not asked_on <= on <= _today(held):
        raise ConfirmationState(reason=Reason("the day lies before the request or in the future"))
    if not number.strip() or (result is CourtResult.REFUSED and not reason.strip()):
        raise ConfirmationState(reason=Reason("an answer has a number, a refusal a reason"))
    told = {"on": on, "number": number.strip(), "reason": reason.strip(), "by": by.actor.id}
    disputes_papers.decide_confirmation(session, waiting[-1].id, result, **told)
    held.wrote("confirmation.answer", result=result.value)
    kind = StepKind.CONFIRM if result is CourtResult.CONFIRMED else StepKind.RETURN

    def answers(rule: StepRule) -> bool:
        return "confirm" in rule.does if kind is StepKind.CONFIRM else not rule.does

    go_along(held, kind, {}, note=f"{held.word(result)} {number.strip()} {reason.strip()}".strip(), fits=answers)
    return disputes_papers.confirmations_of(session, event_id)[-1]


# -- referrals --------------------------------------------------------------------------------------------------------


def refer(
    session: Session,
    event_id: UUID,
    direction: Direction,
    body: Body,
    values: Mapping[str, str],
    *,
    by: By,
    now: datetime,
    district: District,
) -> Referral:
    """Keep that a dispute went to another body or came from it: ``name``, ``reference`` (their number), ``note``.

    Keeping is all: who has the matter changes by the programme's step of transfer alone.
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    made = {"direction": direction.value, "body": body.value, "at": now, "by": by.actor.id}
    made |= {name: values.get(name, "").strip() for name in ("name", "reference", "note")}
    number = disputes_papers.add_referral(session, event_id, made)
    held.wrote("dispute.refer", referral=number, direction=direction.value, body=body.value)
    go_along(held, StepKind.NOTE, {}, note=f"{held.word(direction)} {held.word(body)} {made['name']} {made['reference']}".strip())
    return disputes_papers.referrals_of(session, event_id)[-1]


def referral_ended(
    session: Session,
    event_id: UUID,
    referral_id: int,
    outcome: ReferralOutcome,
    *,
    note: str = "",
    by: By,
    now: datetime,
    district: District,
) -> Referral:
    """Write what a referral came to, once; raises NotFoundError, and DisputeValue where it is written down already."""
    held = hold(session, event_id, by=by, now=now, district=district)
    if any(one.id == referral_id and one.outcome is not None for one in disputes_papers.referrals_of(session, event_id)):
        raise DisputeValue(field="outcome", reason=Reason("it is written down already"))
    told = {"at": now, "by": by.actor.id, "note": note.strip()}
    if not disputes_papers.end_referral(session, event_id, referral_id, outcome, **told):
        raise NotFoundError(what=str(referral_id))
    held.wrote("dispute.referral", referral=referral_id, outcome=outcome.value)
    go_along(held, StepKind.NOTE, {}, note=held.word(outcome))
    return next(one for one in disputes_papers.referrals_of(session, event_id) if one.id == referral_id)


# -- names, revealed --------------------------------------------------------------------------------------------------


def reveal_parties(
    session: Session, event_id: UUID, purpose: str, *, by: By, now: datetime, district: District
) -> list[DisputeParty]:
    """Return the parties as they are, for who handles the dispute; purpose and look are in the audit, limited by day.

    Raises
    ------
    NotFoundError, DisputeNot, RoleMissing, RevealPurpose, RevealLimit
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    if len(purpose.strip()) < LEAST_PURPOSE:
        raise RevealPurpose(least=LEAST_PURPOSE)
    if audit.count(session, by.actor.id, REVEAL, since=now - DAY) >= MOST_A_DAY:
        raise RevealLimit(most=MOST_A_DAY)
    held.wrote(REVEAL, purpose=purpose.strip()[:200])
    return held.parties


def reveal_refused(session: Session, event_id: UUID, purpose: str, *, by: By, now: datetime, code: str) -> None:
    """Write that a look at the parties was refused; ``code`` is that of the error."""
    told = {"actor": by.actor.id, "action": REVEAL, "now": now, "address": by.address, "result": audit.REFUSED}
    audit.write(session, **told, **audit.event(event_id), details={"purpose": f"{code}: {purpose}"[:200]})
