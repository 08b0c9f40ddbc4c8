"""Teams: found, made, closed, and who is in them; a membership is a post held with the team."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from geogrid.domain.lists import Duty
from geogrid.domain.people import Force, Team, WorkerRole
from geogrid.store.tables.concerns import concerns
from geogrid.store.tables.events import events
from geogrid.store.tables.lists import duties
from geogrid.store.tables.matters import matters
from geogrid.store.tables.people import people, posts, teams


@dataclass(frozen=True)
class Member:
    """Somebody in a team: who, and the role of the post held there."""

    person_id: UUID
    login: str
    role: str


def find(session: Session, code: str, *, lock: bool = False) -> Team | None:
    """Return the team of a code that is not closed, its row held until the transaction ends where ``lock``."""
    query = select(teams).where(teams.c.code == code, teams.c.closed_at.is_(None))
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    return Team(row.code, row.name, Force(row.force), row.unit, row.department, row.synthetic) if row else None


def was_there(session: Session, code: str) -> bool:
    """Return whether a team has or had this code."""
    return session.scalar(select(func.count()).select_from(teams).where(teams.c.code == code)) != 0


def add(session: Session, team: Team) -> None:
    """Insert a team without members."""
    place = {"unit": team.unit, "department": team.department, "synthetic": team.synthetic}
    session.execute(insert(teams).values(id=uuid4(), code=team.code, name=team.name, force=team.force.value, **place))


def close(session: Session, code: str, *, now: datetime) -> int:
    """Close a team and end its memberships; return how many ended. One given at this very instant keeps a microsecond."""
    until = func.greatest(now, func.lower(posts.c.valid) + func.make_interval(0, 0, 0, 0, 0, 0, 0.000001))
    team = select(teams.c.id).where(teams.c.code == code).scalar_subquery()
    held = (posts.c.team_id == team, posts.c.valid.op("@>")(now))
    ended = session.execute(update(posts).where(*held).values(valid=func.tstzrange(func.lower(posts.c.valid), until)))
    session.execute(update(teams).where(teams.c.code == code).values(closed_at=now))
    return int(ended.rowcount)  # type: ignore[attr-defined]


def members(session: Session, code: str, *, now: datetime) -> list[Member]:
    """Return who is in a team at ``now``, by login."""
    columns = (people.c.id, people.c.login, posts.c.role)
    query = select(*columns).join(posts, posts.c.person_id == people.c.id).join(teams, teams.c.id == posts.c.team_id)
    rows = session.execute(query.where(teams.c.code == code, posts.c.valid.op("@>")(now)).order_by(people.c.login))
    return [Member(*row) for row in rows]


def duties_by_person(session: Session, ids: Sequence[UUID], *, now: datetime) -> dict[UUID, list[Duty]]:
    """Return the duties that people hold at ``now``, by person; nothing for who holds none. Rides ``ex_duties_once``."""
    columns = (duties.c.person_id, duties.c.grid, duties.c.force, duties.c.role)
    query = select(*columns).where(duties.c.person_id == func.any(list(ids)), duties.c.valid.op("@>")(now))
    found = defaultdict[UUID, list[Duty]](list)
    for row in session.execute(query.order_by(duties.c.grid)):
        found[row.person_id].append(Duty(row.person_id, row.grid, Force(row.force), WorkerRole(row.role)))
    return dict(found)


def open_matters(session: Session, code: str) -> int:
    """Return how many open matters a team owns or was given. Rides ``ix_matters_owner_state`` and ``ix_concerns_party``."""
    party = f"team:{code}"
    mine = select(matters.c.event_id).where(matters.c.owner == party)
    given = select(concerns.c.event_id).where(concerns.c.party == party, concerns.c.is_open)
    both = mine.union(given).subquery()
    query = select(func.count()).select_from(both.join(events, events.c.id == both.c.event_id)).where(events.c.is_open)
    return session.scalar(query) or 0
