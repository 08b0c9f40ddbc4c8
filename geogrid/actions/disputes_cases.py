"""The library of guiding cases: proposed, approved by another person, retired. For reference; it decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from geogrid.actions.disputes import By
from geogrid.actions.district import District
from geogrid.domain.disputes import CaseState, GuidingCase
from geogrid.domain.masking import mask_text
from geogrid.errors import CaseNotAnonymous, CaseOrder, CaseSamePerson, DisputeValue, NotFoundError
from geogrid.errors.family import Label, Reason
from geogrid.rules.similar_cases import NearCase, nearest
from geogrid.store import audit, disputes_cases

FIELDS = ("title", "facts", "solution", "law")
LONGEST = 4_000
FROM = {CaseState.APPROVED: {CaseState.PROPOSED}, CaseState.RETIRED: {CaseState.PROPOSED, CaseState.APPROVED}}


def propose(session: Session, values: Mapping[str, str], *, by: By, now: datetime, district: District) -> GuidingCase:
    """Propose a case for the library.

    Raises
    ------
    DisputeValue
        for a kind that nobody knows, a text that is missing or too long
    CaseNotAnonymous
        where it holds numbers by which people are known
    """
    texts = {name: values.get(name, "").strip() for name in FIELDS}
    kind = values.get("kind", "")
    if kind and district.mediation.find(kind) is None:
        known = ", ".join(one.code for one in district.mediation.kinds)
        raise DisputeValue(field="kind", reason=Reason("{value} is none of {known}", value=kind, known=known))
    for name, text in texts.items():
        if len(text) > LONGEST or (name != "law" and not text):
            raise DisputeValue(field=name, reason=Reason("1 to {most} characters", most=LONGEST))
    personal = [name for name, text in texts.items() if mask_text(text) != text]
    if personal:
        raise CaseNotAnonymous(fields=", ".join(personal), where={"fields": personal})
    number = disputes_cases.add(session, {**texts, "kind": kind}, by=by.actor.id, now=now)
    return _wrote(session, number, "case.propose", by, now)


def decide(session: Session, case_id: int, state: CaseState, *, reason: str = "", by: By, now: datetime) -> GuidingCase:
    """Approve or retire a case.

    Raises
    ------
    NotFoundError, CaseOrder
    CaseSamePerson
        for who approves what he proposed
    DisputeValue
        where a case is retired without a reason
    """
    found = disputes_cases.find(session, case_id, lock=True)
    if found is None:
        raise NotFoundError(what=str(case_id))
    if state not in FROM or found.state not in FROM[state]:
        raise CaseOrder(state=Label(found.state), wanted=Label(state))
    if state is CaseState.APPROVED:
        if found.proposed_by == by.actor.id:
            raise CaseSamePerson()
        disputes_cases.approve(session, case_id, by=by.actor.id, now=now)
    else:
        if not reason.strip():
            raise DisputeValue(field="reason", reason=Reason("say why it is used no more"))
        disputes_cases.retire(session, case_id, by=by.actor.id, now=now, reason=reason.strip())
    return _wrote(session, case_id, f"case.{state.value}", by, now)


def nearest_to(session: Session, kind: str, words: str, *, most: int = 3) -> list[NearCase]:
    """Return the approved cases nearest to a dispute's words; never anything of the live register."""
    return nearest(disputes_cases.approved(session), kind, words, most=most)


def _wrote(session: Session, case_id: int, action: str, by: By, now: datetime) -> GuidingCase:
    told = {"object_kind": "case", "object_id": str(case_id), "address": by.address}
    audit.write(session, actor=by.actor.id, action=action, now=now, **told)
    found = disputes_cases.find(session, case_id)
    if found is None:
        raise NotFoundError(what=str(case_id))
    return found
