"""Both sides sign: the dispute is settled, and its history says the same as the paper.

An agreement comes of a mediation. Signing takes along what was not written down yet: the programme's steps of mediation that
ask for no more than the consent of both sides, and the session at which it was signed. Where the programme asks for something
else first, signing is refused and says for what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.disputes import By, Held, go_along, hold, need_consent, need_open, papers_of
from geogrid.actions.district import District
from geogrid.domain.disputes import Agreement, DisputeOutcome, SessionOutcome, SessionState
from geogrid.domain.events import StepKind
from geogrid.domain.programmes import StepRule
from geogrid.errors import AgreementState, NotFoundError
from geogrid.errors.family import Reason, Reasons
from geogrid.rules.step_names import Titled
from geogrid.rules.workflow import possible
from geogrid.store import disputes, disputes_papers, disputes_sessions

ASKS_NO_MORE = frozenset({"note", "reason", "consent", "consent_other_side"})
LEADS_TO_IT = frozenset({StepKind.OPEN, StepKind.DISPATCH, StepKind.CONSULT, StepKind.MEDIATE})


def sign(session: Session, event_id: UUID, version: int, *, by: By, now: datetime, district: District) -> Agreement:
    """Keep that both sides signed a version: the dispute is settled, and the thirty days for confirmation begin.

    A session that began on the day of signing was held and came to an agreement; what was planned for later is cancelled.

    Raises
    ------
    NotFoundError, ConsentMissing
    AgreementState
        for a version that is not the latest, is signed already, or whose parties changed since it was written; where nobody was
        appointed to mediate; where the programme asks for something first
    RoleMissing
        where the programme gives the step of settling to others
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    need_consent(held)
    versions = disputes_papers.agreements_of(session, event_id)
    chosen = next((one for one in versions if one.version == version), None)
    if chosen is None:
        raise NotFoundError(what=str(version))
    _check_signing(held, chosen, versions[-1].version)
    disputes_papers.sign_agreement(session, chosen.id, at=now)
    again = held.dispute.outcome is DisputeOutcome.SETTLED
    settled = {} if again else {"outcome": DisputeOutcome.SETTLED.value, "outcome_at": now, "outcome_by": by.actor.id}
    disputes.change(session, event_id, **settled, outcome_note=chosen.number)  # a later version moves no figure to its month
    held.wrote("agreement.sign", version=version)
    details = {"agreement": chosen.number, "amount_yuan": chosen.amount_yuan, **papers_of(held)}
    _mediated(held, chosen.number, again=again)
    _settled(held, details, chosen.number, again=again)
    return next(one for one in disputes_papers.agreements_of(session, event_id) if one.version == version)


def _check_signing(held: Held, chosen: Agreement, latest: int) -> None:
    if chosen.version != latest:
        raise AgreementState(reason=Reason("version {latest} is the latest", latest=latest))
    if chosen.signed_at is not None:
        raise AgreementState(reason=Reason("it is signed already"))
    if held.dispute.outcome is not DisputeOutcome.SETTLED:
        need_open(held)
    if sorted(chosen.parties) != sorted((p.side.value, p.name) for p in held.parties):
        raise AgreementState(reason=Reason("the parties changed since it was written: write a new version"))
    if held.dispute.mediator is None:
        raise AgreementState(reason=Reason("the mediator signs it too, and nobody is appointed: appoint who mediates"))


# -- what signing takes along -----------------------------------------------------------------------------------------


def _mediated(held: Held, number: str, *, again: bool) -> None:
    """Take the steps of mediation that nobody took before the paper was signed; a second signing finds them taken."""
    _begun(held)
    was_held = _sessions_ended(held, Reason("Agreement {number} signed", number=number))
    if not was_held and not again:
        note = Reason("Settled on the spot, without an appointment")
        rule = next((one for one in _mine(held, StepKind.MEDIATE) if not one.to), None)
        if rule is not None:
            go_along(held, StepKind.MEDIATE, papers_of(held), note=note, step=rule.code)


def _begun(held: Held) -> None:
    """Take the steps that begin mediation as long as settling waits for them; each leads to another state."""
    for _ in held.programme.states:
        waits = StepKind.SETTLE in _kinds(held) and not _open(held, StepKind.SETTLE)
        rule = next((one for one in _mine(held, StepKind.MEDIATE) if one.to), None) if waits else None
        if rule is None:
            return
        go_along(held, StepKind.MEDIATE, papers_of(held), note=Reason("Mediation begins"), step=rule.code)


def _sessions_ended(held: Held, reason: Reason) -> bool:
    """End the sessions that were planned: of today and begun, held; still to come, cancelled. Return whether any was held.

    What became of an appointment of an earlier day nobody can know from the signature: it waits for its minutes.
    """
    zone = ZoneInfo(held.district.profile.timezone)
    words, today = reason.words(held.district.profile.language), held.now.astimezone(zone).date()
    sessions = disputes_sessions.of_event(held.session, held.event.id)
    was_held = any(one.state is SessionState.HELD for one in sessions)
    for one in (one for one in sessions if one.state is SessionState.PLANNED):
        begun = one.start <= held.now
        if begun and one.start.astimezone(zone).date() != today:
            continue
        values = {"state": SessionState.CANCELLED.value, "reason": words}
        if begun:
            values = {"state": SessionState.HELD.value, "outcome": SessionOutcome.AGREED.value, "minutes": words}
        disputes_sessions.end(held.session, one.id, values, by=held.by.actor.id, now=held.now)
        held.wrote("session.end", session=one.id, state=values["state"], outcome=values.get("outcome", ""))
        if begun:
            go_along(held, StepKind.MEDIATE, papers_of(held), note=held.word(SessionOutcome.AGREED))
            was_held = True
    return was_held


def _settled(held: Held, details: Mapping[str, Any], number: str, *, again: bool) -> None:
    """Take the programme's step of settling; a programme without one is handled by the agreement; a second signing is noted."""
    kind = StepKind.SETTLE if StepKind.SETTLE in _kinds(held) else StepKind.HANDLE
    is_open = bool(_open(held, kind))
    if kind is StepKind.SETTLE and not is_open and not again:
        raise AgreementState(reason=_asked_first(held))
    kind = StepKind.NOTE if again and not is_open else kind
    go_along(held, kind, details, note=Reason("Agreement {number} signed", number=number), must=kind is StepKind.SETTLE)


def _asked_first(held: Held) -> Reason:
    """Return in words which steps of the programme come before an agreement."""
    first = Reasons((Titled(rule.title) for rule in possible(held.programme, held.matter) if rule.kind in LEADS_TO_IT), " / ")
    if not first.several:
        return Reason("the programme knows no agreement where the matter stands now")
    return Reason("the programme asks for this first: {steps}", steps=first)


def _kinds(held: Held) -> set[StepKind]:
    return {rule.kind for rule in held.programme.steps}


def _open(held: Held, kind: StepKind) -> list[StepRule]:
    return [rule for rule in possible(held.programme, held.matter) if rule.kind is kind]


def _mine(held: Held, kind: StepKind) -> list[StepRule]:
    """Return the steps of a kind that the actor may take now and that ask for no more than a signature tells."""
    mine = possible(held.programme, held.matter, held.by.actor)
    return [rule for rule in mine if rule.kind is kind and set(rule.requires) <= ASKS_NO_MORE]
