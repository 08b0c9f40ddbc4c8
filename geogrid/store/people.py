"""People and the posts they hold: one of them, all of them, and who is to be told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, case, delete, func, insert, or_, select, true, update
from sqlalchemy.dialects.postgresql import Range, aggregate_order_by
from sqlalchemy.orm import Session

from geogrid.domain.people import Post, Recipient, Role
from geogrid.domain.programmes import Party, PartyKind
from geogrid.store.copying import copy_rows
from geogrid.store.tables.people import people, posts, teams

MOST_LISTED = 200
UNIT_DIGITS = 12


@dataclass(frozen=True)
class Person:
    """A person with an account, without any secret."""

    id: UUID
    login: str
    name: str
    email: str
    phone: str
    synthetic: bool
    integration: bool
    must_change: bool
    password_set_at: datetime | None
    has_factor: bool
    disabled_at: datetime | None
    created_at: datetime
    posts: tuple[Post, ...]

    def roles(self) -> frozenset[Role]:
        """Return the roles held anywhere."""
        return frozenset(post.role for post in self.posts)


_POST = func.jsonb_build_object(
    *("role", posts.c.role, "unit", posts.c.unit, "department", posts.c.department, "station", posts.c.station),
    *("team", func.coalesce(teams.c.code, "")),
)
_HELD = func.coalesce(func.jsonb_agg(aggregate_order_by(_POST, posts.c.id)), func.jsonb_build_array())


def held_posts(now: datetime, person_id: Any = None) -> ColumnElement:
    """Return the scalar subquery of the posts of ``person_id`` (people.id) that are held at ``now``: a JSON array."""
    whose = posts.c.person_id == (people.c.id if person_id is None else person_id)
    query = select(_HELD).select_from(posts.outerjoin(teams, teams.c.id == posts.c.team_id))
    return query.where(whose, posts.c.valid.op("@>")(now)).scalar_subquery()


def posts_of(told: Sequence[dict[str, str]]) -> tuple[Post, ...]:
    """Return the posts of what ``held_posts`` selected."""
    return tuple(Post(Role(p["role"]), p["unit"], p["department"], p["station"], p["team"]) for p in told)


def _person(row: Row) -> Person:
    return Person(
        row.id, row.login, row.name, row.email, row.phone, row.synthetic, row.integration, row.must_change, row.password_set_at,
        row.factor_confirmed_at is not None, row.disabled_at, row.created_at, posts_of(row.held),
    )  # fmt: skip


# What a Person is made of, without hashes and factors: a reader's transaction may read no more of a row.
_TOLD = (
    people.c.id, people.c.login, people.c.name, people.c.email, people.c.phone, people.c.synthetic, people.c.integration,
    people.c.must_change, people.c.password_set_at, people.c.factor_confirmed_at, people.c.disabled_at, people.c.created_at,
)  # fmt: skip


def _selected(now: datetime) -> Any:
    return select(*_TOLD, held_posts(now).label("held"))


def find(session: Session, person_id: UUID, *, now: datetime) -> Person | None:
    """Return a person by id, with the posts held at ``now``."""
    row = session.execute(_selected(now).where(people.c.id == person_id)).one_or_none()
    return _person(row) if row else None


def by_login(session: Session, login: str, *, now: datetime) -> Person | None:
    """Return a person by login name, however it was typed."""
    row = session.execute(_selected(now).where(people.c.login == login.strip().lower())).one_or_none()
    return _person(row) if row else None


def search(
    session: Session, text: str = "", *, now: datetime, role: Role | None = None, limit: int = MOST_LISTED
) -> list[Person]:
    """Return people whose login or name holds ``text`` (a scan: accounts are few), by login."""
    wanted = _selected(now).order_by(people.c.login).limit(limit)
    if text:
        wanted = wanted.where(
            or_(people.c.login.contains(text.lower(), autoescape=True), people.c.name.contains(text, autoescape=True))
        )
    if role is not None:
        holding = select(posts.c.person_id).where(posts.c.role == role.value, posts.c.valid.op("@>")(now))
        wanted = wanted.where(people.c.id.in_(holding))
    return [_person(row) for row in session.execute(wanted)]


def read_page(
    session: Session,
    *,
    now: datetime,
    limit: int,
    role: Role | None = None,
    unit: str | None = None,
    department: str | None = None,
    within: Collection[str] | None = None,
    after: UUID | None = None,
) -> list[Person]:
    """Return up to ``limit`` people by id, those after ``after``, with the posts held at ``now``.

    ``role``, ``unit`` and ``department`` are those of one post; ``within`` leaves the people with a post in one of these units.
    """
    wanted = _selected(now).order_by(people.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(people.c.id > after)
    asked = [column == value for column, value in (
        (posts.c.role, role.value if role else None), (posts.c.unit, unit), (posts.c.department, department),
    ) if value is not None]  # fmt: skip
    if within is not None:
        asked.append(posts.c.unit == func.any(list(within)))
    if asked:
        wanted = wanted.where(people.c.id.in_(select(posts.c.person_id).where(posts.c.valid.op("@>")(now), *asked)))
    return [_person(row) for row in session.execute(wanted)]


def add(session: Session, values: dict[str, Any]) -> None:
    """Insert a person; ``values`` are the columns of the table."""
    session.execute(insert(people).values(**values))


def ids_of_logins(session: Session, logins: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of people by login name (small letters); those nobody has are left out."""
    rows = session.execute(select(people.c.login, people.c.id).where(people.c.login == func.any(list(logins))))
    return {row.login: row.id for row in rows}


def contacts_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return name and telephone number of people by id; those nobody knows are left out."""
    rows = session.execute(select(people.c.id, people.c.name, people.c.phone).where(people.c.id == func.any(list(ids))))
    return {row.id: (row.name, row.phone) for row in rows}


def names_and_roles(session: Session, ids: Sequence[UUID], *, now: datetime) -> dict[UUID, tuple[str, list[str]]]:
    """Return the name of people by id, and the codes of the roles held at ``now``; those nobody knows are left out."""
    rows = session.execute(
        select(people.c.id, people.c.name, held_posts(now).label("held")).where(people.c.id == func.any(list(ids)))
    )
    return {row.id: (row.name, [post["role"] for post in row.held]) for row in rows}


def add_all(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert people by COPY, each a row of columns; all rows name the same ones."""
    if rows:
        columns = list(rows[0])
        copy_rows(session, people.name, columns, ([row[name] for name in columns] for row in rows))


def give_all(session: Session, given: Sequence[tuple[UUID, Post]], *, given_by: str) -> None:
    """Give posts (without teams) to people by COPY, held ever since."""
    columns = ("person_id", "role", "unit", "department", "station", "given_by")
    rows = ((person, post.role.value, post.unit, post.department, post.station, given_by) for person, post in given)
    copy_rows(session, posts.name, columns, rows)


def change(session: Session, person_id: UUID, values: dict[str, Any]) -> None:
    """Change columns of a person."""
    session.execute(update(people).where(people.c.id == person_id).values(**values))


def give_posts(session: Session, person_id: UUID, given: Sequence[Post], *, since: datetime | None, given_by: str) -> None:
    """Give posts from ``since`` on (None: ever since)."""
    for post in given:
        team = select(teams.c.id).where(teams.c.code == post.team).scalar_subquery() if post.team else None
        place = {"unit": post.unit, "department": post.department, "station": post.station, "team_id": team}
        values = {"person_id": person_id, "role": post.role.value, "valid": Range(since, None), "given_by": given_by, **place}
        session.execute(insert(posts).values(**values))


def end_post(session: Session, person_id: UUID, post: Post, *, now: datetime) -> bool:
    """End a post that is held at ``now``; return whether it was. One given at this very instant was never held: it is gone.

    The same post held with a team is another one.
    """
    where = (posts.c.unit == post.unit, posts.c.department == post.department, posts.c.station == post.station)
    team = select(teams.c.id).where(teams.c.code == post.team).scalar_subquery() if post.team else None
    place = (*where, posts.c.team_id == team if post.team else posts.c.team_id.is_(None))
    same = and_(posts.c.person_id == person_id, posts.c.role == post.role.value, *place, posts.c.valid.op("@>")(now))
    gone = session.execute(delete(posts).where(same, func.lower(posts.c.valid) == now))
    ended = session.execute(update(posts).where(same).values(valid=func.tstzrange(func.lower(posts.c.valid), now)))
    return bool(gone.rowcount + ended.rowcount)  # type: ignore[attr-defined]


# -- who is to be told ------------------------------------------------------------------------------------------------


def holders(session: Session, role: Role, party: Party | None, *, now: datetime | None = None) -> list[Recipient]:
    """Return who holds ``role`` for ``party``, by login: those of a unit are the nearest that cover it.

    For a unit the holders of the village come first, without any the township's, then the district's: somebody is told
    wherever somebody holds the role. ``party`` None: whoever holds the role anywhere. A person named as the party is told
    whatever the role. ``now`` None: the posts held without end.
    """
    held = func.upper_inf(posts.c.valid) if now is None else posts.c.valid.op("@>")(now)
    wanted = (
        select(people.c.id, people.c.name, people.c.email, people.c.phone, people.c.synthetic, posts.c.unit)
        .join(posts, posts.c.person_id == people.c.id)
        .where(people.c.disabled_at.is_(None), people.c.integration.is_(False), held)
        .order_by(people.c.login)
    )
    if party is not None and party.kind is PartyKind.PERSON:
        found = session.execute(wanted.where(people.c.id == _uuid(party.code))).all()
    else:
        found = session.execute(wanted.where(posts.c.role == role.value, _holds(party))).all()
    if party is not None and party.kind in {PartyKind.UNIT, PartyKind.GRID} and found:
        nearest = max(len(row.unit.rstrip("0")) for row in found)
        found = [row for row in found if len(row.unit.rstrip("0")) == nearest]
    by_id = {row.id: Recipient(row.id, row.name, row.email, row.phone, row.synthetic) for row in found}
    return list(by_id.values())


def _holds(party: Party | None) -> ColumnElement[bool]:
    if party is None:
        return true()
    if party.kind is PartyKind.DEPARTMENT:
        return posts.c.department == party.code
    if party.kind is PartyKind.STATION:
        return posts.c.station == party.code
    if party.kind is PartyKind.TEAM:
        return posts.c.team_id.in_(select(teams.c.id).where(teams.c.code == party.code))
    return posts.c.unit.in_(covering_units(party.code))


def covering_units(code: str) -> list[str]:
    """Return the codes of the units over a unit (12 digits) or a grid (15), itself included: village, township, district."""
    digits = code[:UNIT_DIGITS].ljust(UNIT_DIGITS, "0")
    found = [digits, digits[:9] + "000", digits[:6] + "000000"]
    return list(dict.fromkeys(found))


def _uuid(code: str) -> UUID | None:
    try:
        return UUID(code.removeprefix("person:"))
    except ValueError:
        return None


def count_administrators(session: Session, *, now: datetime) -> int:
    """Return how many people who are not disabled hold the post of administrator at ``now``."""
    role = case((people.c.disabled_at.is_(None), posts.c.person_id))
    query = select(func.count(func.distinct(role))).join(people, people.c.id == posts.c.person_id)
    return session.scalar(query.where(posts.c.role == Role.ADMINISTRATOR.value, posts.c.valid.op("@>")(now))) or 0
