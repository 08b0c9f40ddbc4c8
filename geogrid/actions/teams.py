"""Teams made, filled, emptied and closed by commanders and administrators.

Who joins a team is on duty with its force, and gains nothing but the team's matters: the post that goes with the duty is held
with the team as well, for the same place.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geogrid.actions.accounts import person_of
from geogrid.domain.grids import Department
from geogrid.domain.people import POST_OF, Actor, Force, Post, Role, Team
from geogrid.errors import AccessForbidden, NotFoundError, TeamBusy, TeamInvalid, TeamMember, TeamThere
from geogrid.rules.duties import team_duty
from geogrid.store import audit, people, teams, unit_names
from geogrid.store.people import Person

KEEPERS = frozenset({Role.COMMANDER, Role.ADMINISTRATOR})
CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,39}")
LONGEST_NAME = 60
NO_DUTY = {
    Force.BASE: "no duty of the base force is held",
    Force.PROFESSIONAL: "no duty of the professional force is held",
    Force.JOINT: "no duty of the joint force is held in a grid of the team's members",
}


def make_team(session: Session, team: Team, *, actor: Actor, now: datetime) -> None:
    """Make a team without members.

    Raises
    ------
    AccessForbidden
        for who is no commander of its place and no administrator.
    TeamInvalid, TeamThere
        for a code, name, place or department that cannot be; for a code that a team has or had.
    """
    _may(actor, team.unit)
    _check(session, team)
    if teams.was_there(session, team.code):
        raise TeamThere(team=team.code, where={"path": "code"})
    teams.add(session, team)
    _told(session, "team.add", team, actor, now, force=team.force.value, unit=team.unit)


def add_member(session: Session, code: str, login: str, *, actor: Actor, now: datetime) -> None:
    """Let somebody join a team from now on.

    Raises
    ------
    AccessForbidden, NotFoundError
        as above; without such a team or login.
    TeamMember
        for who is in it already, holds no duty of its force, or no post that goes with the duty.
    """
    team = _found(session, code, actor)
    person = person_of(session, login, now=now)
    post = _post(session, team, person, now)
    people.give_posts(session, person.id, [post], since=now, given_by=actor.id)
    _told(session, "team.member.add", team, actor, now, person=str(person.id))


def remove_member(session: Session, code: str, login: str, *, actor: Actor, now: datetime) -> None:
    """Let somebody leave a team now; raises AccessForbidden, NotFoundError, and TeamMember for who is not in it."""
    team = _found(session, code, actor)
    person = person_of(session, login, now=now)
    held = [post for post in person.posts if post.team == team.code]
    if not held:
        raise TeamMember(person=person.login, team=team.code, reason="not a member", where={"path": "login"})
    for post in held:
        people.end_post(session, person.id, post, now=now)
    _told(session, "team.member.remove", team, actor, now, person=str(person.id))


def close_team(session: Session, code: str, *, actor: Actor, now: datetime) -> None:
    """Close a team, which ends its memberships; raises AccessForbidden, NotFoundError, TeamBusy while it has open matters."""
    team = _found(session, code, actor)
    count = teams.open_matters(session, team.code)
    if count:
        raise TeamBusy(team=team.code, count=count)
    ended = teams.close(session, team.code, now=now)
    _told(session, "team.close", team, actor, now, members=ended)


def keeps(actor: Actor, unit: str) -> bool:
    """Return whether ``actor`` makes and changes teams of a unit (12 digits): a commander of it, or an administrator."""
    covering = set(people.covering_units(unit))
    held = [post for post in actor.posts if post.role in KEEPERS]
    return any(post.role is Role.ADMINISTRATOR or not post.unit or post.unit in covering for post in held)


def _may(actor: Actor, unit: str) -> None:
    if not keeps(actor, unit):
        raise AccessForbidden(where={"path": "unit"})


def _found(session: Session, code: str, actor: Actor) -> Team:
    found = teams.find(session, code, lock=True)
    if found is None:
        raise NotFoundError(what=code[:LONGEST_NAME])
    _may(actor, found.unit)
    return found


def _check(session: Session, team: Team) -> None:
    if not CODE.fullmatch(team.code):
        raise TeamInvalid(field="code", reason="2 to 40 capital letters, digits, _ or -", where={"path": "code"})
    if not team.name.strip() or len(team.name) > LONGEST_NAME or any(ord(char) < 32 for char in team.name):
        raise TeamInvalid(field="name", reason="1 to 60 characters", where={"path": "name"})
    if not unit_names.names_of(session, [team.unit]):
        raise TeamInvalid(field="unit", reason="no unit in force has this code", where={"path": "unit"})
    if team.department and team.department not in Department.codes():
        raise TeamInvalid(field="department", reason="there is no such department", where={"path": "department"})


def _post(session: Session, team: Team, person: Person, now: datetime) -> Post:
    """Return the post by which a person joins: that of the duty, held with the team as well; raises TeamMember."""
    told: dict[str, Any] = {"person": person.login, "team": team.code, "where": {"path": "login"}}
    if person.disabled_at is not None:
        raise TeamMember(reason="the account is closed", **told)
    if any(post.team == team.code for post in person.posts):
        raise TeamMember(reason="a member already", **told)
    inside = [one.person_id for one in teams.members(session, team.code, now=now)]
    held = teams.duties_by_person(session, [person.id, *inside], now=now)
    duty = team_duty(held.get(person.id, ()), team.force, {one: held.get(one, []) for one in inside})
    if duty is None:
        raise TeamMember(reason=NO_DUTY[team.force], **told)
    own = next((post for post in person.posts if post.role is POST_OF[duty.role] and not post.team), None)
    if own is None:
        raise TeamMember(reason="no post goes with the duty; give one in Accounts", **told)
    return replace(own, team=team.code)


def _told(session: Session, action: str, team: Team, actor: Actor, now: datetime, **details: object) -> None:
    told: dict[str, Any] = {"object_kind": "team", "object_id": team.code, "details": details}
    audit.write(session, actor=actor.id, action=action, now=now, **told)
