"""``/teams``: who stands in which grid and what the rule of forces lacks there; teams; the three named people of each side.

Names and numbers are masked for everybody. Readers of a part of the district are told of that part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions.accounts import person_of
from geogrid.actions.matter_lists import above, name_person, names_for, townships_of
from geogrid.actions.teams import KEEPERS, add_member, close_team, keeps, make_team, remove_member
from geogrid.domain.grids import Department
from geogrid.domain.lists import Duty, DutyFault, Named, Tier
from geogrid.domain.masking import mask_name, mask_phone
from geogrid.domain.people import Actor, Force, Role, Team, WorkerRole
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import GeogridError, ListUnknown
from geogrid.rules.duties import Faulty, faults, team_duty
from geogrid.store.session import session_scope
from layers.forces import OnDuty, codes_of_department_grids, grids_of_townships, named_people, on_duty, read_teams
from layers.synthetic import holds_synthetic
from webmap.account_pages import page_of
from webmap.errors import error_body, status_of
from webmap.force_rows import TOWNSHIP_DIGITS, Forces
from webmap.installation import installation
from webmap.language import current_language, label
from webmap.login import current_actor
from webmap.navigation import TEAM_READERS
from webmap.reading import current_scope, reading
from webmap.roles import roles

blueprint = Blueprint("teams_page", __name__)

NAMERS = frozenset({Role.COMMANDER, Role.ADMINISTRATOR})
VIEWS = ("duties", "teams", "sides")
MOST_ROWS = 200
LONGEST = 60


@blueprint.get("/teams")
@roles(TEAM_READERS)
def page() -> BaseResponse:
    """Send duties, teams or sides (``?view=``); ``?township=``, ``?q=`` and ``?fault=`` filter the duties."""
    return _page(_asked(request.args))


@blueprint.post("/teams/sides")
@roles(NAMERS)
def name() -> BaseResponse:
    """Name the owner of a login as one of the three people of a side from now on."""
    asked, here = {**_asked(request.form), "view": "sides"}, installation()
    try:
        with session_scope(here.engine) as session:
            side, tier = _side(session, request.form.get("party", "")), request.form.get("tier", "")
            if tier not in Tier.codes():
                raise ListUnknown(field="tier", value=tier[:LONGEST], known=", ".join(Tier.codes()), where={"path": "tier"})
            person = person_of(session, request.form.get("login", "").strip()[:LONGEST], now=here.now())
            name_person(session, Named(side, Tier(tier), person.id), actor=current_actor(), now=here.now())
    except GeogridError as error:
        return _page(asked, error_body(error, current_language()), status_of(error))
    return redirect(url_for("teams_page.page", view="sides"), 303)


@blueprint.post("/teams/made")
@roles(KEEPERS)
def make() -> BaseResponse:
    """Make a team and lead to it."""

    def put(session: Session, actor: Actor, now: datetime) -> str:
        sent = {name: request.form.get(name, "").strip()[:LONGEST] for name in ("code", "name", "force", "unit", "department")}
        if sent["force"] not in Force.codes():
            raise ListUnknown(field="force", value=sent["force"], known=", ".join(Force.codes()), where={"path": "force"})
        code = sent["code"].upper()
        make_team(session, Team(code, sent["name"], Force(sent["force"]), sent["unit"], sent["department"]), actor=actor, now=now)
        return code

    return _changed(put)


@blueprint.post("/teams/<code>/members")
@roles(KEEPERS)
def join(code: str) -> BaseResponse:
    """Let somebody join a team."""

    def put(session: Session, actor: Actor, now: datetime) -> str:
        add_member(session, code, request.form.get("login", "").strip()[:LONGEST], actor=actor, now=now)
        return code

    return _changed(put, code)


@blueprint.post("/teams/<code>/members/gone")
@roles(KEEPERS)
def leave(code: str) -> BaseResponse:
    """Let somebody leave a team."""

    def put(session: Session, actor: Actor, now: datetime) -> str:
        remove_member(session, code, request.form.get("login", "").strip()[:LONGEST], actor=actor, now=now)
        return code

    return _changed(put, code)


@blueprint.post("/teams/<code>/closed")
@roles(KEEPERS)
def close(code: str) -> BaseResponse:
    """Close a team."""

    def put(session: Session, actor: Actor, now: datetime) -> str:
        close_team(session, code, actor=actor, now=now)
        return ""

    return _changed(put, code)


def _changed(put: Callable[[Session, Actor, datetime], str], code: str = "") -> BaseResponse:
    """Change a team in one transaction and lead back to it; what is wrong stands on the page."""
    here = installation()
    try:
        with session_scope(here.engine) as session:
            code = put(session, current_actor(), here.now())
    except GeogridError as error:
        asked = {**_asked(request.form), "view": "teams", "team": code}
        return _page(asked, error_body(error, current_language()), status_of(error))
    return redirect(url_for("teams_page.page", view="teams", team=code or None), 303)


def _side(session: Session, typed: str) -> Party:
    """Return the side that a form names; raises ListUnknown. Whether the caller names its people is the action's to say."""
    kind, _, code = typed[:LONGEST].partition(":")
    if kind == PartyKind.DEPARTMENT.value and code in Department.codes():
        return Party(PartyKind.DEPARTMENT, code)
    if kind == PartyKind.UNIT.value and code in townships_of(session):
        return Party(PartyKind.UNIT, code)
    raise ListUnknown(field="party", value=typed[:LONGEST], known="unit:..., department:...", where={"path": "party"})


def _asked(values: Any) -> dict[str, str]:
    asked = {name: values.get(name, "").strip()[:LONGEST] for name in ("view", "township", "q", "fault", "team")}
    return {**asked, "view": asked["view"] if asked["view"] in VIEWS else VIEWS[0]}


def _allowed(session: Session) -> dict[str, str]:
    """Return the townships that the caller is told of: all, or those of the posts held; administrators keep all accounts."""
    names, scope = townships_of(session), current_scope()
    if scope.whole or Role.ADMINISTRATOR in current_actor().roles():
        return names
    own = {above(unit) for unit in scope.units}
    return {code: name for code, name in names.items() if code in own}


def _page(asked: dict[str, str], error: dict[str, Any] | None = None, status: int = 200) -> BaseResponse:
    with reading() as session:
        allowed = _allowed(session)
        whole = len(allowed) == len(townships_of(session))
        shown = {"duties": _duties, "teams": _teams, "sides": _sides}[asked["view"]](session, asked, allowed, whole)
        synthetic = installation().district.profile.synthetic or holds_synthetic(session)
    told = {"asked": asked, "townships": allowed, "synthetic": synthetic, "error": error, "views": VIEWS}
    may = {"may_open": Role.ADMINISTRATOR in current_actor().roles()}
    return page_of("teams.html", status, **told, **may, **shown)


# -- duties -----------------------------------------------------------------------------------------------------------


def _duties(session: Session, asked: dict[str, str], allowed: dict[str, str], whole: bool) -> dict[str, Any]:
    forces = _forces(session, allowed, whole)
    codes = forces.chosen(township=asked["township"], words=asked["q"], fault=asked["fault"])
    by_fault = Counter(one.fault for one in forces.faults)
    return {
        "counts": [(force, forces.people(force)) for force in Force],
        "faults": [(fault, by_fault[fault]) for fault in DutyFault],
        "fault": next((fault for fault in DutyFault if fault.value == asked["fault"]), None),
        "of_townships": _summary(forces, allowed) if codes is None else None,
        "rows": None if codes is None else [_grid_row(forces, code) for code in codes[:MOST_ROWS]],
        "more": max(0, len(codes or ()) - MOST_ROWS),
    }


def _forces(session: Session, allowed: dict[str, str], whole: bool) -> Forces:
    """Return duties, grids and faults of the townships that the caller is told of."""
    held = on_duty(session, now=installation().now())
    prefixes = {code[:TOWNSHIP_DIGITS] for code in allowed}
    grids = [grid for grid in grids_of_townships(session) if (grid.village_code or grid.code)[:TOWNSHIP_DIGITS] in prefixes]
    if not whole:
        held = [one for one in held if one.duty.grid[:TOWNSHIP_DIGITS] in prefixes]
    closed = {one.duty.person_id for one in held if one.is_closed}
    base = {grid.code for grid in grids}
    found: list[Faulty] = faults([one.duty for one in held], base, codes_of_department_grids(session), closed)
    return Forces.of(grids, held, found)


def _summary(forces: Forces, allowed: dict[str, str]) -> list[dict[str, Any]]:
    return [{"code": code, "name": name, **forces.of_township(code)} for code, name in allowed.items()]


def _grid_row(forces: Forces, code: str) -> dict[str, Any]:
    people = forces.by_grid.get(code, [])
    base = {one.duty.role: one for one in people if one.duty.force is Force.BASE}
    own = [base.get(role) for role in (WorkerRole.GRID_LEADER, WorkerRole.GRID_WORKER)]
    return {
        "code": code,
        "name": forces.names.get(code, ""),
        "own": [person and _person(person) for person in own],
        "others": [_person(one) for one in people if one not in own],
        "faults": list(dict.fromkeys(one.fault for one in forces.faults_of.get(code, ()))),
    }


def _person(one: OnDuty) -> dict[str, Any]:
    told = {"id": one.duty.person_id, "name": mask_name(one.name), "phone": mask_phone(one.phone) if one.phone else ""}
    return {**told, "role": label(one.duty.role), "force": label(one.duty.force), "is_base": one.duty.force is Force.BASE}


# -- teams and sides --------------------------------------------------------------------------------------------------


def _teams(session: Session, asked: dict[str, str], allowed: dict[str, str], whole: bool) -> dict[str, Any]:
    found = [team for team in read_teams(session, now=installation().now()) if whole or above(team["unit"]) in allowed]
    rows = [_team_row(team, allowed) for team in found]
    words = asked["q"]
    kept = [row for row in rows if words in row["code"] or words in row["name"]]
    actor = current_actor()
    opened = next((row for row in rows if row["code"] == asked["team"] and row["may_keep"]), None)
    return {
        "teams": [row for row in kept if not asked["township"] or above(row["unit"]) == asked["township"]],
        "opened": opened,
        "candidates": _candidates(session, opened) if opened else [],
        "makes_in": [(code, name) for code, name in allowed.items() if keeps(actor, code)],
        "forces": list(Force),
        "departments": list(Department),
        "sent": request.form,
    }


def _team_row(team: dict[str, Any], allowed: dict[str, str]) -> dict[str, Any]:
    return {
        **team,
        "kind": Force(team["force"]),
        "force": label(Force(team["force"])),
        "place": allowed.get(team["unit"]) or allowed.get(above(team["unit"])) or team["unit"],
        "department": _department(team["department"]),
        "members": [{**one, "name": mask_name(one["name"]), "role": label(Role(one["role"]))} for one in team["members"]],
        "may_keep": keeps(current_actor(), team["unit"]),
    }


def _candidates(session: Session, team: dict[str, Any]) -> list[tuple[str, str]]:
    """Return login and words (masked name, role, grid) of who could join a team: those on duty with its force in its township."""
    held, inside = on_duty(session, now=installation().now()), {one["id"] for one in team["members"]}
    others = defaultdict[UUID, list[Duty]](list)
    for one in held:
        if one.duty.person_id in inside:
            others[one.duty.person_id].append(one.duty)
    names = {grid.code: grid.name for grid in grids_of_townships(session)}
    prefix = above(team["unit"])[:TOWNSHIP_DIGITS]
    found = {}
    for one in held:
        stands = team_duty([one.duty], team["kind"], others) is not None
        if stands and not one.is_closed and one.duty.person_id not in inside and one.duty.grid.startswith(prefix):
            words = (mask_name(one.name), label(one.duty.role), names.get(one.duty.grid, one.duty.grid), one.login)
            found[one.login] = " · ".join(words)
    return list(found.items())[:MOST_ROWS]


def _department(code: str) -> str:
    return label(Department(code)) if code in Department.codes() else code


def _sides(session: Session, asked: dict[str, str], allowed: dict[str, str], whole: bool) -> dict[str, Any]:
    named = named_people(session, now=installation().now())
    units = [(Party(PartyKind.UNIT, code), name) for code, name in allowed.items()]
    if asked["township"]:
        units = [side for side in units if side[0].code == asked["township"]]
    departments = [(Party(PartyKind.DEPARTMENT, one.value), label(one)) for one in Department]
    sides = [_side_row(party, title, named) for party, title in (*units, *departments) if asked["q"] in title]
    lacking = sum(1 for side in sides for one in side["named"] if one is None or one["is_closed"])
    return {"sides": sides, "tiers": list(Tier), "lacking": lacking}


def _side_row(party: Party, title: str, named: dict[tuple[str, str], Any]) -> dict[str, Any]:
    found = [named.get((str(party), tier.value)) for tier in Tier]
    people = [one and {"id": one[0], "name": mask_name(one[1]), "is_closed": one[2]} for one in found]
    may_name = names_for(current_actor(), party)
    return {"party": str(party), "title": title, "named": people, "may_name": may_name}
