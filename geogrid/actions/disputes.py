"""Mediate a dispute: what it is about, who its parties are and what they say, when mediation begins and how it ends.

Mediation is voluntary. Nothing is mediated without the consent of both sides; a party withdraws at any time, without a reason,
and nobody's post stands in the way of writing that down. Every use case takes the step of the event's programme that it means,
where the programme has one; where it has none, or another has to take it, the matter gets a note: its history tells all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.actions.disputes_amounts import yuan
from geogrid.actions.district import District
from geogrid.actions.reveal import HANDLERS
from geogrid.actions.steps import StepTaken, TakeStep, take_step
from geogrid.domain.disputes import (
    Consent,
    Dispute,
    DisputeOutcome,
    DisputeParty,
    MediatorWay,
    SessionState,
    Side,
    StationWay,
)
from geogrid.domain.events import Event, EventKind, StepKind
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.matters import Matter
from geogrid.domain.people import Actor
from geogrid.domain.programmes import PartyKind, Programme, StepRule
from geogrid.errors import (
    ConsentMissing,
    DisputeNot,
    DisputeValue,
    MediationOver,
    NotFoundError,
    PartiesMissing,
    RoleMissing,
)
from geogrid.errors.family import Label, Reason
from geogrid.rules.entitled import holds
from geogrid.rules.filter_history import ends_at
from geogrid.rules.step_names import role_names
from geogrid.rules.workflow import possible
from geogrid.store import audit, disputes, disputes_people, disputes_sessions, events, locks, matters
from geogrid.texts import translate

GIVEN = '{"words": "the matter was given to it", "values": {}}'  # a reason as ``disputes_people`` keeps it
MOST_PARTIES = 40
NO_STATION: dict[str, Any] = {"station": "", "station_way": None, "station_reason": ""}
NO_MEDIATOR: dict[str, Any] = {"mediator": None, "mediator_way": None, "mediator_reason": ""}
NO_OUTCOME: dict[str, Any] = {"outcome": None, "outcome_at": None, "outcome_by": "", "outcome_note": ""}


@dataclass(frozen=True)
class By:
    """Who does something, whence: for the audit."""

    actor: Actor
    address: str = ""


@dataclass
class Held:
    """A dispute that is being worked on: its row is held until the transaction ends."""

    session: Session
    event: Event
    matter: Matter
    programme: Programme
    dispute: Dispute
    by: By
    now: datetime
    district: District
    parties: list[DisputeParty] = field(default_factory=list)

    def word(self, member: LabelledEnum) -> str:
        """Return what a member is called in the district's language: for what is kept in the history."""
        return translate(member.label, self.district.profile.language, type(member).__name__)

    def wrote(self, action: str, **details: Any) -> None:
        """Write into the audit what was done; never a personal detail."""
        told = {"actor": self.by.actor.id, "action": action, "now": self.now, "address": self.by.address}
        audit.write(self.session, **told, **audit.event(self.event.id), details=details)


def hold(session: Session, event_id: UUID, *, by: By, now: datetime, district: District) -> Held:
    """Return a dispute for somebody who handles it; its row is made with the first thing that is done.

    The caller's right to see the event was checked before.

    Raises
    ------
    NotFoundError, DisputeNot
        without such an event; for one that is no dispute
    RoleMissing
        where the actor's posts do not handle this matter
    """
    locks.share_edition(session)
    event = events.find(session, event_id)
    matter = matters.find(session, event_id, district.programmes.of)
    if event is None or matter is None:
        raise NotFoundError(what=str(event_id))
    if event.report.kind is not EventKind.DISPUTE:
        raise DisputeNot(number=event.number)
    programme = district.programmes.of(matter.programme, matter.version)
    if not holds(by.actor, HANDLERS, matter):
        raise RoleMissing(step=Reason("mediate"), roles=role_names(programme, HANDLERS))
    kind = district.mediation.of(matter.programme, matter.category, event.report.words)
    found = disputes.ensure(session, event_id, kind=kind, amount_yuan=matter.amount_yuan, now=now)
    changed = followed(session, found, matter)
    if changed:
        disputes.change(session, event_id, **changed)
        found = replace(found, **changed)
    parties = disputes.parties_of(session, event_id)
    return Held(session, event, matter, programme, found, by, now, district, parties)


def followed(session: Session, dispute: Dispute, matter: Matter) -> dict[str, Any]:
    """Return what of a dispute follows its matter, where that was given elsewhere to a station or to a mediator."""
    owner = matter.owner
    if owner.kind is PartyKind.STATION and owner.code != dispute.station:
        return {**NO_MEDIATOR, "station": owner.code, "station_way": StationWay.PICKED, "station_reason": GIVEN}
    if owner.kind is PartyKind.PERSON and owner.code != str(dispute.mediator):
        row = disputes_people.mediator(session, UUID(owner.code))
        if row is not None:
            found = {"mediator": row.person_id, "mediator_way": MediatorWay.CITIZEN, "mediator_reason": GIVEN}
            at = {"station": row.station, "station_way": StationWay.PICKED, "station_reason": GIVEN}
            return found if dispute.station else found | at
    return {}


# -- the programme's steps --------------------------------------------------------------------------------------------


def go_along(
    held: Held,
    kind: StepKind,
    details: Mapping[str, Any],
    *,
    note: str | Reason,
    fits: Callable[[StepRule], bool] = lambda _step: True,
    step: str = "",
    must: bool = False,
) -> StepTaken:
    """Take the programme's step of a kind for what was done, else note it.

    Parameters
    ----------
    details : what a step may require, by name; ``note`` and ``reason`` are the note's words where they are not said
    fits : whether a step of the kind is meant
    step : the code of the step where the actor chose one
    must : whether a step that is open, but to others, is refused (RoleMissing) instead of noted
    """
    words = note.words(held.district.profile.language) if isinstance(note, Reason) else note
    bag = {"note": words, "reason": words, **{name: value for name, value in details.items() if value not in (None, "")}}
    open_now = [rule for rule in possible(held.programme, held.matter) if rule.kind is kind and fits(rule)]
    mine = [rule for rule in possible(held.programme, held.matter, held.by.actor) if rule in open_now]
    if step:
        code = step
    elif mine:
        code = mine[0].code
    else:
        code = open_now[0].code if must and open_now else "note"
    told = bag if code != "note" else {"note": words}
    command = TakeStep(held.event.id, code, held.by.actor, told, address=held.by.address)
    taken = take_step(held.session, command, now=held.now, district=held.district)
    held.matter = taken.matter  # what is done next in the same transaction begins here
    return taken


# -- what it is about, and whom ---------------------------------------------------------------------------------------


def describe(
    session: Session, event_id: UUID, changes: Mapping[str, Any], *, by: By, now: datetime, district: District
) -> Dispute:
    """Write kind and amount of a dispute; raises DisputeValue."""
    held = hold(session, event_id, by=by, now=now, district=district)
    kind, amount = changes.get("kind", held.dispute.kind), changes.get("amount_yuan", held.dispute.amount_yuan)
    if kind and district.mediation.find(kind) is None:
        known = ", ".join(one.code for one in district.mediation.kinds)
        raise DisputeValue(field="kind", reason=Reason("{value} is none of {known}", value=kind, known=known))
    amount = yuan("amount_yuan", amount)
    disputes.change(session, event_id, kind=kind, amount_yuan=amount)
    held.wrote("dispute.describe", kind=kind, amount_yuan=amount)
    return replace(held.dispute, kind=kind, amount_yuan=amount)


def put_party(
    session: Session, event_id: UUID, values: Mapping[str, Any], *, by: By, now: datetime, district: District, party_id: int = 0
) -> int:
    """Add a party, or correct what is known of one; return its number. Nobody is a party to what he mediates.

    Of a party that is corrected, what ``values`` does not name stays as it is.

    Raises
    ------
    DisputeValue, NotFoundError
        where there are too many, or no such party or account
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    account = values.get("person_id")
    if account is not None and not disputes_people.names_of(session, [account]):
        raise DisputeValue(field="person_id", reason=Reason("nobody has this account"))
    if party_id:
        if not disputes.change_party(session, event_id, party_id, dict(values)):
            raise NotFoundError(what=str(party_id))
        held.wrote("dispute.party", party=party_id, what="corrected")
        return party_id
    if len(held.parties) >= MOST_PARTIES:
        raise DisputeValue(field="parties", reason=Reason("at most {most} parties", most=MOST_PARTIES))
    made = disputes.add_party(session, event_id, dict(values))
    held.wrote("dispute.party", party=made, what="added", side=str(values.get("side", "")))
    return made


def answer_for_party(
    session: Session,
    event_id: UUID,
    party_id: int,
    consent: Consent,
    *,
    by: By,
    now: datetime,
    district: District,
    paper: str = "",
) -> Dispute:
    """Write down what a party says to mediation. Who withdraws ends it at once; whoever says no, planned sessions are cancelled.

    Raises
    ------
    NotFoundError
        without such a party
    DisputeValue
        for a consent without the reference of its paper
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    party = next((one for one in held.parties if one.id == party_id), None)
    if party is None:
        raise NotFoundError(what=str(party_id))
    if consent is Consent.GIVEN and not paper.strip():
        raise DisputeValue(field="paper", reason=Reason("a consent has the reference of its paper"))
    disputes.add_consent(session, event_id, party_id, consent, by=by.actor.id, now=now, paper=paper.strip())
    held.wrote("dispute.consent", party=party_id, consent=consent.value)
    if consent.is_no and held.dispute.outcome is None:
        said = f"{held.word(party.side)}：{held.word(consent)}"
        if consent is Consent.WITHDRAWN:
            _ended(held, DisputeOutcome.WITHDRAWN, said, StepKind.WITHDRAW)
        else:
            cancel_planned(held, said)  # nobody comes to a session that cannot be held
    return disputes.find(session, event_id) or held.dispute


# -- beginning and end ------------------------------------------------------------------------------------------------


def need_consent(held: Held) -> None:
    """Raise PartiesMissing or ConsentMissing where not every party of both sides agreed to mediation."""
    for side in Side:
        if not any(party.side is side for party in held.parties):
            raise PartiesMissing(side=Label(side))
    silent = [party for party in held.parties if party.consent is not Consent.GIVEN]
    if silent:
        names = Reason("{count} of {all}", count=len(silent), all=len(held.parties))
        raise ConsentMissing(names=names, where={"parties": [party.id for party in silent]})


def need_open(held: Held) -> None:
    """Raise MediationOver where mediation has ended."""
    outcome, at = held.dispute.outcome, held.dispute.outcome_at
    if outcome is not None and at is not None:
        day = at.astimezone(held.district.programmes.time_of(held.programme).timezone)
        raise MediationOver(outcome=Label(outcome), at=f"{day:%Y-%m-%d}")


def papers_of(held: Held) -> dict[str, str]:
    """Return the references of the consents of both sides, as programmes ask for them."""
    by_side = {side: [p.paper for p in held.parties if p.side is side and p.consent is Consent.GIVEN] for side in Side}
    return {"consent": "; ".join(by_side[Side.APPLICANT]), "consent_other_side": "; ".join(by_side[Side.RESPONDENT])}


def begin(session: Session, event_id: UUID, *, by: By, now: datetime, district: District) -> StepTaken:
    """Begin mediation, or begin it again after it ended, with the consent of both sides.

    Raises
    ------
    PartiesMissing, ConsentMissing, RoleMissing
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    need_consent(held)
    ended = held.dispute.outcome
    if ended is not None:
        disputes.change(session, event_id, **NO_OUTCOME)
    held.wrote("dispute.begin", again_after=ended.value if ended else "")
    wants_consent = {"consent", "consent_other_side"}
    return go_along(
        held, StepKind.MEDIATE, papers_of(held), note=Reason("Mediation begins"),
        fits=lambda rule: wants_consent <= set(rule.requires), must=True,
    )  # fmt: skip


def end(
    session: Session,
    event_id: UUID,
    outcome: DisputeOutcome,
    *,
    note: str,
    by: By,
    now: datetime,
    district: District,
    step: str = "",
) -> StepTaken:
    """End mediation without an agreement: failed, withdrawn, or gone to court; ``step`` names the programme's, if chosen.

    Raises
    ------
    DisputeValue
        for SETTLED: that is what a signed agreement does
    MediationOver
        where it has ended already
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    if outcome is DisputeOutcome.SETTLED:
        raise DisputeValue(field="outcome", reason=Reason("a dispute is settled by signing its agreement"))
    if outcome is not DisputeOutcome.COURT or held.dispute.outcome not in TO_COURT:
        need_open(held)
    return _ended(held, outcome, note, ENDS[outcome], step)


ENDS = {
    DisputeOutcome.FAILED: StepKind.RETURN,
    DisputeOutcome.WITHDRAWN: StepKind.WITHDRAW,
    DisputeOutcome.COURT: StepKind.TRANSFER,
}
TO_COURT = frozenset({DisputeOutcome.FAILED, DisputeOutcome.WITHDRAWN})  # ended without an agreement: it may still go to court
NOT_MEANT = frozenset({"bounce", "give"})  # a return to the dispatcher, a hand-over: neither ends a mediation


def _ended(held: Held, outcome: DisputeOutcome, note: str, kind: StepKind, step: str = "") -> StepTaken:
    """Write the end, cancel what was planned, and go along in the programme where it has one step for it."""
    values = {"outcome": outcome.value, "outcome_at": held.now, "outcome_by": held.by.actor.id, "outcome_note": note}
    disputes.change(held.session, held.event.id, **values)
    cancelled = cancel_planned(held, held.word(outcome))
    held.wrote("dispute.end", outcome=outcome.value, cancelled=cancelled)

    def fits(rule: StepRule) -> bool:
        return not (NOT_MEANT & set(rule.does))

    mine = [rule for rule in possible(held.programme, held.matter, held.by.actor) if rule.kind is kind and fits(rule)]
    single = len(mine) == 1  # several ways to a court: whoever acts says which
    return go_along(held, kind, {}, note=note or held.word(outcome), fits=lambda rule: single and fits(rule), step=step)


def cancel_planned(held: Held, reason: str, *, of: UUID | None = None) -> int:
    """Cancel the sessions of a dispute that were planned, or those of one mediator; return how many."""
    found = disputes_sessions.of_event(held.session, held.event.id)
    planned = [one for one in found if one.state is SessionState.PLANNED and of in {None, one.mediator}]
    for one in planned:
        values = {"state": SessionState.CANCELLED.value, "reason": reason}
        disputes_sessions.end(held.session, one.id, values, by=held.by.actor.id, now=held.now)
    return len(planned)


def move_level(
    session: Session, event_id: UUID, kind: StepKind, *, reason: str, by: By, now: datetime, district: District
) -> StepTaken:
    """Send a dispute up (ESCALATE) or down (SEND_DOWN) the three-level filter, with its history; a station is chosen anew.

    Raises
    ------
    RoleMissing, StepNotAllowed
        where the programme does not let the actor do it now
    DisputeValue
        where there is no level beyond: station and mediator would be lost for nothing
    """
    held = hold(session, event_id, by=by, now=now, district=district)
    if ends_at(held.programme, held.matter.level, kind):
        raise DisputeValue(field="direction", reason=Reason("the filter has no level beyond this one"))
    taken = go_along(held, kind, {}, note=reason, step=_code_of(held, kind))
    cancelled = cancel_planned(held, reason)
    disputes.change(session, event_id, **NO_STATION, **NO_MEDIATOR, **NO_OUTCOME)
    held.wrote("dispute.level", direction=kind.value, level=taken.matter.level, cancelled=cancelled)
    return taken


def _code_of(held: Held, kind: StepKind) -> str:
    """Return the programme's step of a kind: one that is open, else any, so that taking it says what is wrong."""
    open_now = [rule.code for rule in possible(held.programme, held.matter) if rule.kind is kind]
    every = [rule.code for rule in held.programme.steps if rule.kind is kind]
    return next(iter((*open_now, *every)), kind.value)
