"""Who stands where: people on duty in grids, teams, the named people of either side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from geogrid.domain.lists import Duty
from geogrid.domain.people import Force, WorkerRole
from geogrid.rules.duties import team_faults
from geogrid.store.tables.geography import base_grids, department_grids
from geogrid.store.tables.lists import duties, tiers
from geogrid.store.tables.people import people, posts, teams
from geogrid.store.teams import duties_by_person
from layers.shapes import in_force


@dataclass(frozen=True)
class OnDuty:
    """A duty that is held now, and by whom; names and numbers are whole here: a page masks them."""

    duty: Duty
    name: str
    phone: str
    login: str
    is_closed: bool


def on_duty(session: Session, *, now: datetime) -> list[OnDuty]:
    """Return the duties held at ``now`` by grid (a scan of a few thousand rows)."""
    columns = (duties.c.person_id, duties.c.grid, duties.c.force, duties.c.role)
    of_person = (people.c.name, people.c.phone, people.c.login, people.c.disabled_at)
    query = select(*columns, *of_person).join(people, people.c.id == duties.c.person_id).where(duties.c.valid.op("@>")(now))
    return [_on_duty(row) for row in session.execute(query.order_by(duties.c.grid, duties.c.role, people.c.login))]


def _on_duty(row: Row) -> OnDuty:
    duty = Duty(row.person_id, row.grid, Force(row.force), WorkerRole(row.role))
    return OnDuty(duty, row.name, row.phone, row.login, row.disabled_at is not None)


def grids_of_townships(session: Session) -> list[Row]:
    """Return code, name and village_code of the base grids in force, by code."""
    columns = (base_grids.c.code, base_grids.c.name, base_grids.c.village_code)
    return list(session.execute(select(*columns).where(in_force(base_grids)).order_by(base_grids.c.code)))


def codes_of_department_grids(session: Session) -> set[str]:
    """Return the codes of the grids of departments in force."""
    return set(session.scalars(select(department_grids.c.code).where(in_force(department_grids))))


def read_teams(session: Session, *, now: datetime) -> list[dict[str, Any]]:
    """Return the teams that are not closed by code, each with its members at ``now`` (id, login, name, role) and its faults."""
    rows = session.execute(select(teams).where(teams.c.closed_at.is_(None)).order_by(teams.c.code)).mappings()
    found = {row["id"]: {**row, "members": []} for row in rows}
    columns = (posts.c.team_id, posts.c.role, people.c.id, people.c.login, people.c.name)
    held = select(*columns).join(people, people.c.id == posts.c.person_id)
    held = held.where(posts.c.team_id.in_(found), posts.c.valid.op("@>")(now), people.c.disabled_at.is_(None))
    for row in session.execute(held.order_by(people.c.login)):
        found[row.team_id]["members"].append({"id": row.id, "login": row.login, "name": row.name, "role": row.role})
    ids = sorted({one["id"] for team in found.values() for one in team["members"]})
    standing = duties_by_person(session, ids, now=now)
    for team in found.values():
        members = {one["id"]: standing.get(one["id"], []) for one in team["members"]}
        team["faults"] = team_faults(Force(team["force"]), members)
    return list(found.values())


def named_people(session: Session, *, now: datetime) -> dict[tuple[str, str], tuple[UUID, str, bool]]:
    """Return who is named at ``now``: id, name, and whether the account is closed, by party ("unit:...") and tier."""
    columns = (tiers.c.party, tiers.c.tier, people.c.id, people.c.name, people.c.disabled_at)
    query = select(*columns).join(people, people.c.id == tiers.c.person_id).where(tiers.c.valid.op("@>")(now))
    rows = session.execute(query)
    return {(row.party, row.tier): (row.id, row.name, row.disabled_at is not None) for row in rows}
