"""The log of a desk's shifts over HTTP: lines, hand-overs, and who accepted them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response
from flask_openapi import RequestBody
from pydantic import BaseModel, Field

from geogrid.actions.matters import DISTRICT_ZEROS
from geogrid.actions.shift_log import WRITERS, accept, add_line, desk_of, hand_over
from geogrid.domain.masking import mask_text
from geogrid.domain.people import Role
from geogrid.store import desk
from geogrid.store.session import session_scope
from layers.desk_names import Names, names_for, numbers_of
from webmap.api.base import JSON, Query, Refusal, blueprint
from webmap.api.bodies import instant
from webmap.api.desk_bodies import moment, party_body
from webmap.api.desk_sent import Sent, sent
from webmap.api.events import answer
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import current_scope, must_see, reading
from webmap.roles import roles

AT_DESKS = WRITERS | {Role.AUDITOR}
REFUSED = {"401": Refusal, "403": Refusal, "409": Refusal, "415": Refusal}
LONGEST_PARTY = 80


class LineBody(Sent):
    """What happened, and about which event."""

    text: str
    event_id: UUID | None = None


class HandoverBody(Sent):
    """To whom the shift goes, what he has to know, and about which event."""

    to: str = Field(max_length=LONGEST_PARTY, description="person:<id>")
    text: str
    event_id: UUID | None = None


class LogQuery(Query):
    """From which line backwards."""

    before: int | None = Field(None, description="number of the line before which the page ends", le=2**62)
    limit: int = Field(100, ge=1, le=200)


class HandoverPath(BaseModel):
    """The number of a hand-over."""

    handover_id: int = Field(le=2**62)


@blueprint.get("/desk/shift-log", tags=[DESK], summary="The log of the shifts of one's desk")
@roles(AT_DESKS)
def get_shift_log(query: LogQuery) -> Response:
    """Return the lines of one's desk, the latest first; who sees the whole district sees all desks."""
    with reading() as session:
        return answer(_log(session, query.before, query.limit))


@blueprint.post(
    "/desk/shift-log",
    tags=[DESK],
    summary="Write a line into the log",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": LineBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(WRITERS)
def post_shift_line() -> Response:
    """201 with the log; a line that was written stays."""
    here, body, actor = installation(), sent(LineBody), current_actor()
    with session_scope(here.engine) as session:
        if body.event_id is not None:
            must_see(session, body.event_id)
        add_line(session, body.text, desk_code=_desk(), actor=actor, now=here.now(), event_id=body.event_id)
    return _answered()


@blueprint.post(
    "/desk/shift-log/handover",
    tags=[DESK],
    summary="Hand the shift over",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": HandoverBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(WRITERS)
def post_handover() -> Response:
    """201 with the log; the one named accepts it."""
    here, body = installation(), sent(HandoverBody)
    with session_scope(here.engine) as session:
        if body.event_id is not None:
            must_see(session, body.event_id)
        told = {"actor": current_actor(), "now": here.now(), "event_id": body.event_id}
        hand_over(session, body.to, body.text, desk_code=_desk(), **told)
    return _answered()


@blueprint.post(
    "/desk/shift-log/handover/<int:handover_id>/accept",
    tags=[DESK],
    summary="Accept a shift",
    security=[{"token": []}],
    responses=REFUSED,
)
@roles(WRITERS)
def post_handover_accepted(path: HandoverPath) -> Response:
    """201 with the log; for whom it was handed to alone, and once."""
    here = installation()
    with session_scope(here.engine) as session:
        accept(session, path.handover_id, actor=current_actor(), now=here.now())
    return _answered()


def _desk() -> str:
    return desk_of(current_actor(), installation().district.profile.code + DISTRICT_ZEROS)


def _answered() -> Response:
    with reading() as session:
        return answer(_log(session, None, 100), 201)


def _log(session: Any, before: int | None, most: int) -> dict[str, Any]:
    scope = current_scope()
    rows = desk.lines_of(session, None if scope.whole else [_desk()], before=before, most=most)
    said = {row[name] for row in rows for name in ("by", "handed_to", "accepted_by") if row[name]}
    names = names_for(session, said, {row["desk"] for row in rows})
    numbers = numbers_of(session, {row["event_id"] for row in rows if row["event_id"]}, scope)
    more = len(rows) == most
    return {"desk": _desk(), "lines": [_line(row, names, numbers) for row in rows], "before": rows[-1]["id"] if more else None}


def _line(row: Mapping[str, Any], names: Names, numbers: Mapping[str, str]) -> dict[str, Any]:
    handed = None
    if row["handed_to"]:
        told = {"to": party_body(row["handed_to"], names), "accepted_at": moment(row["accepted_at"])}
        handed = {**told, "mine": row["handed_to"] == current_actor().id}
    return {
        "id": row["id"],
        "desk": {"code": row["desk"], "title": names.of(row["desk"])},
        "at": instant(row["at"]),
        "by": party_body(row["by"], names),
        "text": mask_text(row["words"]),
        "event_id": str(row["event_id"]) if row["event_id"] else None,
        "event_number": numbers.get(str(row["event_id"])),
        "handover": handed,
    }
