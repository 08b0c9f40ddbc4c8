"""What programs and screens show at the door: keys of programs, tokens of screens on a wall. Only hashes are stored.

``at`` is the real time, by which keys end; ``now`` the platform's, in which posts are held.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geogrid.store.logins import hash_of
from geogrid.store.people import held_posts
from geogrid.store.tables.doors import wall_tokens
from geogrid.store.tables.people import api_keys, people

USED_EVERY = timedelta(minutes=1)  # the last use of a key is written down at most so often

# -- keys of programs -------------------------------------------------------------------------------------------------

_TOLD = (
    api_keys.c.name,
    api_keys.c.person_id,
    api_keys.c.made_at,
    api_keys.c.made_by,
    api_keys.c.expires_at,
    api_keys.c.used_at,
    api_keys.c.revoked_at,
)


def find_key(session: Session, secret: str, *, now: datetime) -> Any | None:
    """Return the key whose bearer shows ``secret`` with ``disabled_at`` and ``held`` of its person, None where there is none.

    Rides the primary key.
    """
    query = (
        select(*_TOLD, people.c.disabled_at, held_posts(now).label("held"))
        .join(people, people.c.id == api_keys.c.person_id)
        .where(api_keys.c.key_hash == hash_of(secret))
    )
    return session.execute(query).one_or_none()


def keep_key(session: Session, secret: str, person_id: UUID, *, name: str, at: datetime) -> None:
    """Keep the set-up's key under its name; a new key of that name takes the place of the old one, which opens nothing more."""
    row = {"key_hash": hash_of(secret), "person_id": person_id, "name": name, "made_at": at}
    fresh = {**row, "revoked_at": None, "used_at": None}
    session.execute(upsert(api_keys).values(**row).on_conflict_do_update(index_elements=["name"], set_=fresh))


def add_key(
    session: Session, secret: str, person_id: UUID, *, name: str, at: datetime, expires_at: datetime | None, by: str
) -> bool:
    """Keep a key of a program under a name nobody had; return False where one has, or had, it."""
    row = {"key_hash": hash_of(secret), "person_id": person_id, "name": name, "made_at": at}
    more = {"expires_at": expires_at, "made_by": by}
    added = upsert(api_keys).values(**row, **more).on_conflict_do_nothing(index_elements=["name"])
    return session.scalar(added.returning(api_keys.c.name)) is not None


def list_keys(session: Session, person_id: UUID | None = None) -> list[Row]:
    """Return the keys of a person, or all, by name with ``login``: whatever can be told of a key but the key itself."""
    query = select(*_TOLD, people.c.login, people.c.disabled_at).join(people, people.c.id == api_keys.c.person_id)
    if person_id is not None:
        query = query.where(api_keys.c.person_id == person_id)
    return list(session.execute(query.order_by(api_keys.c.name)))


def revoke_key(session: Session, name: str, *, at: datetime, person_id: UUID | None = None) -> UUID | None:
    """Revoke the key ``name`` (where given, only of this person); return whose it was, None where there is none to revoke."""
    live = [api_keys.c.name == name, api_keys.c.revoked_at.is_(None)]
    if person_id is not None:
        live.append(api_keys.c.person_id == person_id)
    return session.scalar(update(api_keys).where(*live).values(revoked_at=at).returning(api_keys.c.person_id))


def use_key(session: Session, secret: str, *, at: datetime) -> None:
    """Write down that a key was shown."""
    _use(session, api_keys, "key_hash", secret, at)


# -- tokens of screens on a wall --------------------------------------------------------------------------------------


def find_token(session: Session, secret: str, *, at: datetime) -> Row | None:
    """Return the token whose bearer shows ``secret``, None where there is none or it ended. Rides the primary key."""
    alive = (wall_tokens.c.revoked_at.is_(None), wall_tokens.c.expires_at > at)
    return session.execute(select(wall_tokens).where(wall_tokens.c.token_hash == hash_of(secret), *alive)).one_or_none()


def add_token(session: Session, secret: str, values: dict[str, Any]) -> bool:
    """Keep a token; ``values`` are the columns of the table. Returns False where its name is, or was, another's."""
    added = upsert(wall_tokens).values(token_hash=hash_of(secret), **values).on_conflict_do_nothing(index_elements=["name"])
    return session.scalar(added.returning(wall_tokens.c.name)) is not None


def list_tokens(session: Session) -> list[Row]:
    """Return all tokens by name, without what is stored of their secrets."""
    told = [column for column in wall_tokens.c if column.name != "token_hash"]
    return list(session.execute(select(*told).order_by(wall_tokens.c.name)))


def revoke_token(session: Session, name: str, *, at: datetime) -> bool:
    """Revoke the token ``name``; return whether there was one."""
    live = (wall_tokens.c.name == name, wall_tokens.c.revoked_at.is_(None))
    return bool(session.execute(update(wall_tokens).where(*live).values(revoked_at=at)).rowcount)  # type: ignore[attr-defined]


def use_token(session: Session, secret: str, *, at: datetime) -> None:
    """Write down that a token was shown."""
    _use(session, wall_tokens, "token_hash", secret, at)


def _use(session: Session, table: Table, column: str, secret: str, at: datetime) -> None:
    not_just_now = or_(table.c.used_at.is_(None), table.c.used_at <= at - USED_EVERY)
    session.execute(update(table).where(table.c[column] == hash_of(secret), not_just_now).values(used_at=at))
