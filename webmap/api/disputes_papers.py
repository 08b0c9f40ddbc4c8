"""Papers of a dispute over HTTP: agreement, payments, judicial confirmation, referrals; and the library of guiding cases."""

from __future__ import annotations

from flask import Response, request
from pydantic import BaseModel

from geogrid.actions import disputes_cases, disputes_papers, disputes_signing
from geogrid.actions.disputes import By
from geogrid.domain.people import Role
from geogrid.store import disputes_cases as stored_cases
from geogrid.store.session import session_scope
from webmap.api import disputes_forms as forms
from webmap.api.base import blueprint
from webmap.api.disputes import REFUSED, deed, shown, told
from webmap.api.disputes_bodies import case_body
from webmap.api.events import EventPath, answer
from webmap.api.tags import DISPUTES
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import reading
from webmap.roles import MEDIATION, roles

APPROVERS = frozenset({Role.DISPATCHER, Role.COMMANDER})


class VersionPath(EventPath):
    """A version of an agreement."""

    version: int


class ReferralPath(EventPath):
    """A referral of a dispute."""

    referral_id: int


class CasePath(BaseModel):
    """A case of the library."""

    case_id: int


@blueprint.post("/disputes/<uuid:event_id>/agreements", **told(forms.TermsSent, "Write the next version of the agreement"))
@roles(MEDIATION)
def post_agreement(path: EventPath) -> Response:
    """201 with the dispute; earlier versions stay."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.TermsSent)
        terms = disputes_papers.Terms(said.terms, said.amount_yuan, said.perform_by, said.place)
        disputes_papers.draft(done.session, path.event_id, terms, **done.told)
        return shown(done, path.event_id)


@blueprint.post(
    "/disputes/<uuid:event_id>/agreements/<int:version>/signature",
    tags=[DISPUTES], summary="Keep that both sides signed", responses=REFUSED,
)  # fmt: skip
@roles(MEDIATION)
def post_signature(path: VersionPath) -> Response:
    """201 with the dispute, settled; the thirty days for confirmation begin."""
    with deed(path.event_id) as done:
        disputes_signing.sign(done.session, path.event_id, path.version, **done.told)
        return shown(done, path.event_id)


@blueprint.post("/disputes/<uuid:event_id>/performances", **told(forms.PaymentSent, "Write down what was paid"))
@roles(MEDIATION)
def post_performance(path: EventPath) -> Response:
    """201 with the dispute."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.PaymentSent)
        paid = {"recovered": said.recovered_yuan, "fees": said.fees_refunded_yuan, "note": said.note}
        disputes_papers.pay(done.session, path.event_id, said.at, **paid, **done.told)
        return shown(done, path.event_id)


@blueprint.post("/disputes/<uuid:event_id>/confirmation", **told(forms.CourtAsked, "Keep that both sides asked the court"))
@roles(MEDIATION)
def post_confirmation(path: EventPath) -> Response:
    """201 with the dispute; after the thirty days 409 with what remains possible."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.CourtAsked)
        papers = (said.paper_applicant, said.paper_respondent)
        disputes_papers.ask_court(done.session, path.event_id, said.court, papers, **done.told)
        return shown(done, path.event_id)


@blueprint.put("/disputes/<uuid:event_id>/confirmation", **told(forms.CourtAnswer, "Write down the court's answer"))
@roles(MEDIATION)
def put_confirmation(path: EventPath) -> Response:
    """200 with the dispute."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.CourtAnswer)
        answered = {"on": said.on, "number": said.number, "reason": said.reason}
        disputes_papers.court_answered(done.session, path.event_id, said.result, **answered, **done.told)
        return shown(done, path.event_id, 200)


@blueprint.post("/disputes/<uuid:event_id>/referrals", **told(forms.ReferralSent, "Keep a referral to or from another body"))
@roles(MEDIATION)
def post_referral(path: EventPath) -> Response:
    """201 with the dispute."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.ReferralSent)
        values = {"name": said.name, "reference": said.reference, "note": said.note}
        disputes_papers.refer(done.session, path.event_id, said.direction, said.body, values, **done.told)
        return shown(done, path.event_id)


@blueprint.put(
    "/disputes/<uuid:event_id>/referrals/<int:referral_id>", **told(forms.ReferralEnded, "Say what a referral came to")
)
@roles(MEDIATION)
def put_referral(path: ReferralPath) -> Response:
    """200 with the dispute."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.ReferralEnded)
        disputes_papers.referral_ended(done.session, path.event_id, path.referral_id, said.outcome, note=said.note, **done.told)
        return shown(done, path.event_id, 200)


# -- the library ------------------------------------------------------------------------------------------------------


@blueprint.get("/guiding-cases", tags=[DISPUTES], summary="The library of guiding cases")
@roles(MEDIATION)
def get_cases() -> Response:
    """Return every case, the newest first; only approved ones are shown beside disputes, for reference."""
    with reading() as session:
        return answer({"cases": [case_body(case) for case in stored_cases.every(session)]})


@blueprint.post("/guiding-cases", **told(forms.CaseSent, "Propose a case for the library"))
@roles(MEDIATION)
def post_case() -> Response:
    """201 with the case; one that holds numbers of people: 422."""
    said, here = forms.sent(forms.CaseSent), installation()
    with session_scope(here.engine) as session:
        by = By(current_actor(), request.remote_addr or "")
        made = disputes_cases.propose(session, said.model_dump(), by=by, now=here.now(), district=here.district)
    return answer(case_body(made), 201)


@blueprint.put("/guiding-cases/<int:case_id>", **told(forms.CaseDecided, "Approve or retire a case"))
@roles(APPROVERS)
def put_case(path: CasePath) -> Response:
    """200 with the case; nobody approves what he proposed: 403."""
    said, here = forms.sent(forms.CaseDecided), installation()
    with session_scope(here.engine) as session:
        by = By(current_actor(), request.remote_addr or "")
        made = disputes_cases.decide(session, path.case_id, said.state, reason=said.reason, by=by, now=here.now())
    return answer(case_body(made))
