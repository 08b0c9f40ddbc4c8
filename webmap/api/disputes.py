"""Disputes over HTTP: the queue, one dispute, its parties and consents, station and mediator, beginning and end of mediation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from geogrid.actions import disputes as mediation
from geogrid.actions import disputes_papers, disputes_people
from geogrid.actions.disputes import By
from geogrid.actions.disputes_view import whole
from geogrid.domain.disputes import MediatorWay
from geogrid.domain.events import StepKind
from geogrid.errors import AccessError, RevealLimit
from geogrid.store.session import session_scope
from webmap.api import disputes_forms as forms
from webmap.api.base import JSON, Query, Refusal, blueprint
from webmap.api.disputes_bodies import party_body, proposal_body, ranked_body, whole_body_of
from webmap.api.disputes_queue import MOST, queue_rows
from webmap.api.events import EventPath, answer
from webmap.api.tags import DISPUTES
from webmap.installation import Installation, installation
from webmap.login import current_actor
from webmap.reading import must_see, reading
from webmap.roles import MEDIATION, roles

REFUSED = {str(status): Refusal for status in (401, 403, 409, 415)}


def told(form: type[BaseModel], summary: str) -> dict[str, Any]:
    """Return what the description of the API says of a deed."""
    body = RequestBody(content={JSON: {"schema": form.model_json_schema()}}, required=True)
    return {"tags": [DISPUTES], "summary": summary, "security": [{"token": []}], "request_body": body, "responses": REFUSED}


@dataclass(frozen=True)
class Deed:
    """A transaction in which something is done for a dispute: its session, and who, when, where as use cases take it."""

    session: Session
    here: Installation
    told: dict[str, Any]


@contextmanager
def deed(event_id: UUID) -> Iterator[Deed]:
    """Yield a transaction on a dispute that the caller sees; raises NotFoundError where he does not."""
    here = installation()
    with session_scope(here.engine) as session:
        must_see(session, event_id)
        by = By(current_actor(), request.remote_addr or "")
        yield Deed(session, here, {"by": by, "now": here.now(), "district": here.district})


def shown(done: Deed, event_id: UUID, status: int = 201) -> Response:
    """Return the dispute as it stands after a deed."""
    return answer(whole_body_of(whole(done.session, event_id, now=done.here.now(), district=done.here.district)), status)


class ListQuery(Query):
    """Which disputes."""

    mine: bool = Field(False, description="only those that the caller mediates")
    open: bool = Field(True, description="open matters; false: closed ones, the latest first")
    limit: int = Field(60, ge=1, le=MOST)


class PartyPath(EventPath):
    """A party of a dispute."""

    party_id: int


@blueprint.get("/disputes", tags=[DISPUTES], summary="Disputes by light and due time")
@roles(MEDIATION)
def list_disputes(query: ListQuery) -> Response:
    """Return disputes that the caller sees, the most urgent first, with station, mediator and parties' consent."""
    with reading() as session:
        rows = queue_rows(session, mine=query.mine, is_open=query.open, limit=query.limit)
    return answer({"rows": rows, "as_of": installation().now().isoformat()})


@blueprint.get("/disputes/<uuid:event_id>", tags=[DISPUTES], summary="One dispute with all that is kept of it")
@roles(MEDIATION)
def get_dispute(path: EventPath) -> Response:
    """Return a dispute; names, telephones and addresses of its parties are masked."""
    here = installation()
    with reading() as session:
        return answer(whole_body_of(whole(session, path.event_id, now=here.now(), district=here.district)))


@blueprint.put("/disputes/<uuid:event_id>", **told(forms.Described, "Say what a dispute is about"))
@roles(MEDIATION)
def put_dispute(path: EventPath) -> Response:
    """200 with the dispute; a field that is not sent stays as it is."""
    with deed(path.event_id) as done:
        changes = forms.sent(forms.Described).model_dump(exclude_unset=True)
        changes = {name: "" if name == "kind" and value is None else value for name, value in changes.items()}
        mediation.describe(done.session, path.event_id, changes, **done.told)
        return shown(done, path.event_id, 200)


# -- parties ----------------------------------------------------------------------------------------------------------


@blueprint.post("/disputes/<uuid:event_id>/parties", **told(forms.PartySent, "Add a party"))
@roles(MEDIATION)
def post_party(path: EventPath) -> Response:
    """201 with the dispute."""
    with deed(path.event_id) as done:
        mediation.put_party(done.session, path.event_id, forms.sent(forms.PartySent).model_dump(), **done.told)
        return shown(done, path.event_id)


@blueprint.put("/disputes/<uuid:event_id>/parties/<int:party_id>", **told(forms.PartySent, "Correct what is known of a party"))
@roles(MEDIATION)
def put_party(path: PartyPath) -> Response:
    """200 with the dispute; a field that is not sent stays as it is."""
    with deed(path.event_id) as done:
        values = forms.sent(forms.PartySent).model_dump(exclude_unset=True)
        mediation.put_party(done.session, path.event_id, values, party_id=path.party_id, **done.told)
        return shown(done, path.event_id, 200)


@blueprint.post(
    "/disputes/<uuid:event_id>/parties/<int:party_id>/consents",
    **told(forms.ConsentSent, "Write down what a party says to mediation"),
)
@roles(MEDIATION)
def post_consent(path: PartyPath) -> Response:
    """201 with the dispute; who withdraws ends mediation, at any time."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.ConsentSent)
        mediation.answer_for_party(done.session, path.event_id, path.party_id, said.consent, paper=said.paper, **done.told)
        return shown(done, path.event_id)


@blueprint.post("/disputes/<uuid:event_id>/reveal", **told(forms.PurposeSent, "Read the parties of a dispute unmasked"))
@roles(MEDIATION)
def post_reveal_parties(path: EventPath) -> Response:
    """200 with the parties as they are, for who handles the dispute; every look and every refusal is in the audit."""
    purpose = ""
    try:
        with deed(path.event_id) as done:
            purpose = forms.sent(forms.PurposeSent).purpose
            found = disputes_papers.reveal_parties(done.session, path.event_id, purpose, **done.told)
    except (AccessError, RevealLimit) as error:
        refuse_look(path.event_id, purpose, error.code)
        raise
    return answer({"parties": [party_body(one, masked=False) for one in found]})


def refuse_look(event_id: UUID, purpose: str, code: str) -> None:
    """Write that a look at names was refused, in a transaction of its own."""
    here, by = installation(), By(current_actor(), request.remote_addr or "")
    with session_scope(here.engine) as session:
        disputes_papers.reveal_refused(session, event_id, purpose, by=by, now=here.now(), code=code)


# -- station and mediator ---------------------------------------------------------------------------------------------


def _proposing(event_id: UUID, propose: Callable[..., Any]) -> Any:
    here = installation()
    with reading() as session:
        found = whole(session, event_id, now=here.now(), district=here.district)
        return propose(session, found, now=here.now(), district=here.district)


@blueprint.get("/disputes/<uuid:event_id>/stations", tags=[DISPUTES], summary="Which station should mediate, and why")
@roles(MEDIATION)
def get_stations(path: EventPath) -> Response:
    """Return the station proposed by the programme's rule, in words, and how every other stands."""

    def propose(session: Session, found: Any, **at: Any) -> Any:
        return disputes_people.propose_station(session, found.event, found.view.matter, found.dispute, **at)

    return answer(proposal_body(_proposing(path.event_id, propose)))


@blueprint.put("/disputes/<uuid:event_id>/station", **told(forms.StationSent, "Give a dispute to a station"))
@roles(MEDIATION)
def put_station(path: EventPath) -> Response:
    """200 with the dispute; the programme's step of dispatch or transfer is taken."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.StationSent)
        disputes_people.give_station(done.session, path.event_id, said.station, reason=said.reason, **done.told)
        return shown(done, path.event_id, 200)


@blueprint.get("/disputes/<uuid:event_id>/mediators", tags=[DISPUTES], summary="Who should mediate, and why")
@roles(MEDIATION)
def get_mediators(path: EventPath) -> Response:
    """Return the mediators of the dispute's station in order; a party, or who stepped back, is never among them."""

    def propose(session: Session, found: Any, **at: Any) -> Any:
        return disputes_people.propose_mediators(session, found.event, found.dispute, **at)

    return answer({"mediators": ranked_body(_proposing(path.event_id, propose))})


@blueprint.put("/disputes/<uuid:event_id>/mediator", **told(forms.MediatorSent, "Appoint who mediates"))
@roles(MEDIATION)
def put_mediator(path: EventPath) -> Response:
    """200 with the dispute; where the parties picked him, the programme's step for it is taken."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.MediatorSent)
        way = MediatorWay.CITIZEN if said.picked else MediatorWay.APPOINTED
        disputes_people.appoint(done.session, path.event_id, said.person_id, way=way, reason=said.reason, **done.told)
        return shown(done, path.event_id, 200)


@blueprint.post("/disputes/<uuid:event_id>/recusals", **told(forms.RecusalSent, "Keep that somebody does not mediate"))
@roles(MEDIATION)
def post_recusal(path: EventPath) -> Response:
    """201 with the dispute; his planned sessions are cancelled."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.RecusalSent)
        disputes_people.recuse(done.session, path.event_id, said.person_id, reason=said.reason, **done.told)
        return shown(done, path.event_id)


# -- beginning, end, levels -------------------------------------------------------------------------------------------


@blueprint.post("/disputes/<uuid:event_id>/beginning", tags=[DISPUTES], summary="Begin mediation", responses=REFUSED)
@roles(MEDIATION)
def post_beginning(path: EventPath) -> Response:
    """201 with the dispute; 409 without the consent of both sides."""
    with deed(path.event_id) as done:
        mediation.begin(done.session, path.event_id, **done.told)
        return shown(done, path.event_id)


@blueprint.post("/disputes/<uuid:event_id>/end", **told(forms.Ended, "End mediation without an agreement"))
@roles(MEDIATION)
def post_end(path: EventPath) -> Response:
    """201 with the dispute: failed, withdrawn or gone to court."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.Ended)
        mediation.end(done.session, path.event_id, said.outcome, note=said.note, step=said.step, **done.told)
        return shown(done, path.event_id)


@blueprint.post("/disputes/<uuid:event_id>/level", **told(forms.LevelMoved, "Send a dispute a level up or down"))
@roles(MEDIATION)
def post_level(path: EventPath) -> Response:
    """201 with the dispute; station and mediator are chosen anew there, its history stays."""
    with deed(path.event_id) as done:
        said = forms.sent(forms.LevelMoved)
        kind = StepKind.ESCALATE if said.direction == "up" else StepKind.SEND_DOWN
        mediation.move_level(done.session, path.event_id, kind, reason=said.reason, **done.told)
        return shown(done, path.event_id)
