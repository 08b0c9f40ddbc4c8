"""Teams over HTTP: who is in each, and what is wrong with it; made, filled, emptied and closed by who keeps them."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi import RequestBody
from pydantic import BaseModel, ConfigDict, Field

from geogrid.actions.matter_lists import above
from geogrid.actions.teams import KEEPERS, add_member, close_team, make_team, remove_member
from geogrid.domain.people import Force, Role, Team
from geogrid.errors import ListUnknown
from geogrid.store.session import session_scope
from layers.forces import read_teams
from webmap.api.base import JSON, Query, Refusal, blueprint
from webmap.api.events import answer
from webmap.api.sent_texts import sent_texts
from webmap.api.tags import DIRECTORY
from webmap.installation import installation
from webmap.login import current_actor
from webmap.navigation import TEAM_READERS
from webmap.reading import current_scope, reading
from webmap.roles import roles

REFUSED = {"401": Refusal, "403": Refusal, "404": Refusal, "409": Refusal}


class TeamBody(BaseModel):
    """A team to be made."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="capital letters, digits, _ and -")
    name: str
    force: str = Field(description="base, professional or joint")
    unit: str = Field(description="its place: 12 digits of the district, a township or a village")
    department: str = ""


class MemberBody(BaseModel):
    """Who joins a team."""

    model_config = ConfigDict(extra="forbid")

    login: str


class TeamPath(BaseModel):
    """The code of a team."""

    code: str


class MemberPath(TeamPath):
    """The code of a team and the login of a member."""

    login: str


class TeamsQuery(Query):
    """Which teams."""

    unit: str = Field("", max_length=12, description="those of this township and its villages: 12 digits")


@blueprint.get("/teams", tags=[DIRECTORY], summary="List teams", responses={"401": Refusal, "403": Refusal})
@roles(TEAM_READERS)
def list_teams(query: TeamsQuery) -> Response:
    """Return the teams by code with the ids and roles of their members; a reader of a part is told of those of that part."""
    with reading() as session:
        found = read_teams(session, now=installation().now())
    scope, administers = current_scope(), Role.ADMINISTRATOR in current_actor().roles()
    own = {above(unit) for unit in scope.units}
    kept = [team for team in found if scope.whole or administers or above(team["unit"]) in own]
    return answer({"teams": [_body(team) for team in kept if not query.unit or above(team["unit"]) == above(query.unit)]})


@blueprint.post(
    "/teams",
    tags=[DIRECTORY],
    summary="Make a team",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": TeamBody.model_json_schema()}}, required=True),
    responses={**REFUSED, "415": Refusal},
)
@roles(KEEPERS)
def post_team() -> Response:
    """201 with the team, which has nobody yet; a code that a team has or had: 409."""
    here, sent = installation(), sent_texts(TeamBody)
    if sent["force"] not in Force.codes():
        raise ListUnknown(field="force", value=sent["force"], known=", ".join(Force.codes()), where={"path": "force"})
    team = Team(sent["code"], sent["name"].strip(), Force(sent["force"]), sent["unit"], sent["department"])
    with session_scope(here.engine) as session:
        make_team(session, team, actor=current_actor(), now=here.now())
    return _answer(team.code, 201)


@blueprint.post(
    "/teams/<code>/members",
    tags=[DIRECTORY],
    summary="Let somebody join a team",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": MemberBody.model_json_schema()}}, required=True),
    responses={**REFUSED, "415": Refusal},
)
@roles(KEEPERS)
def post_member(path: TeamPath) -> Response:
    """201 with the team; who is in it already or holds no duty of its force: 409."""
    here, sent = installation(), sent_texts(MemberBody)
    with session_scope(here.engine) as session:
        add_member(session, path.code, sent["login"], actor=current_actor(), now=here.now())
    return _answer(path.code, 201)


@blueprint.delete(
    "/teams/<code>/members/<login>",
    tags=[DIRECTORY],
    summary="Let somebody leave a team",
    security=[{"token": []}],
    responses=REFUSED,
)
@roles(KEEPERS)
def delete_member(path: MemberPath) -> Response:
    """200 with the team; who is not in it: 409."""
    here = installation()
    with session_scope(here.engine) as session:
        remove_member(session, path.code, path.login, actor=current_actor(), now=here.now())
    return _answer(path.code)


@blueprint.delete("/teams/<code>", tags=[DIRECTORY], summary="Close a team", security=[{"token": []}], responses=REFUSED)
@roles(KEEPERS)
def delete_team(path: TeamPath) -> Response:
    """204; a team that answers for open matters: 409. Its memberships end, its code is not given again."""
    here = installation()
    with session_scope(here.engine) as session:
        close_team(session, path.code, actor=current_actor(), now=here.now())
    return Response(status=204)


def _answer(code: str, status: int = 200) -> Response:
    with reading() as session:
        found = next(team for team in read_teams(session, now=installation().now()) if team["code"] == code)
    return answer(_body(found), status)


def _body(team: dict[str, Any]) -> dict[str, Any]:
    told = {name: team[name] for name in ("code", "name", "force", "unit", "department", "synthetic")}
    members = [{"person": str(one["id"]), "role": one["role"]} for one in team["members"]]
    return {**told, "members": members, "faults": [fault.value for fault in team["faults"]]}
