"""What opens a door: sessions (keys: ``store.keys``), and the failures to log in. Only hashes are stored of what is shown.

``at`` is the real time: a password ages and a session ends by it, whatever the clock of a demo says. ``now`` is the
platform's time, in which posts are held.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from geogrid.domain.people import Post
from geogrid.store.people import held_posts, posts_of
from geogrid.store.tables.people import login_failures, people, posts, sessions

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # a session's last request is written down at most so often


@dataclass(frozen=True)
class LogIn:
    """A session that is open, with its person and the posts held; no secret in it."""

    person_id: UUID
    login: str
    name: str
    posts: tuple[Post, ...]
    must_change: bool
    password_set_at: datetime | None
    has_factor: bool
    factor_at: datetime | None
    seen_at: datetime
    id_hash: bytes


def hash_of(secret: str) -> bytes:
    """Return what is stored of a random secret of at least 128 bits: its SHA-256."""
    return hashlib.sha256(secret.encode()).digest()


# -- sessions ---------------------------------------------------------------------------------------------------------

# The conditions of an open session: ``webmap.stream_door`` asks the same in SQL of its own.
_OPEN = (sessions.c.ended_at.is_(None), people.c.disabled_at.is_(None))


def open_session(session: Session, secret: str, person_id: UUID, *, at: datetime, address: str, browser: str) -> None:
    """Begin a session of at most 12 hours whose bearer shows ``secret``."""
    began = {"began_at": at, "seen_at": at, "ends_at": at + LONGEST}
    row = {"id_hash": hash_of(secret), "person_id": person_id, **began, "address": address[:60], "browser": browser[:200]}
    session.execute(insert(sessions).values(**row))


def find_session(session: Session, secret: str, *, at: datetime, now: datetime) -> LogIn | None:
    """Return the open session of ``secret``, None where it ended, idled or its person is disabled. Rides the primary key."""
    told = (people.c.login, people.c.name, people.c.must_change, people.c.password_set_at, people.c.factor_confirmed_at)
    query = (
        select(sessions, *told, held_posts(now).label("held"))
        .join(people, people.c.id == sessions.c.person_id)
        .where(sessions.c.id_hash == hash_of(secret), *_OPEN, sessions.c.ends_at > at, sessions.c.seen_at > at - IDLE)
    )
    row = session.execute(query).one_or_none()
    return _login(row) if row else None


def _login(row: Row) -> LogIn:
    has_factor = row.factor_confirmed_at is not None
    who = (row.person_id, row.login, row.name, posts_of(row.held), row.must_change, row.password_set_at)
    return LogIn(*who, has_factor, row.factor_at, row.seen_at, bytes(row.id_hash))


def see(session: Session, found: LogIn, *, at: datetime) -> None:
    """Write down that a session asked something."""
    session.execute(update(sessions).where(sessions.c.id_hash == found.id_hash).values(seen_at=at))


def second_factor_shown(session: Session, id_hash: bytes, *, at: datetime) -> None:
    """Write down that the bearer of a session showed the second factor."""
    session.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(factor_at=at))


def end_session(session: Session, id_hash: bytes, *, at: datetime) -> None:
    """End one session."""
    session.execute(update(sessions).where(sessions.c.id_hash == id_hash, sessions.c.ended_at.is_(None)).values(ended_at=at))


def end_sessions(session: Session, person_id: UUID, *, at: datetime, but: bytes = b"") -> int:
    """End all sessions of a person, but the one that asks; return how many ended."""
    theirs = (sessions.c.person_id == person_id, sessions.c.ended_at.is_(None), sessions.c.id_hash != but)
    return session.execute(update(sessions).where(*theirs).values(ended_at=at)).rowcount  # type: ignore[attr-defined]


def sessions_of(session: Session, person_id: UUID, *, at: datetime) -> list[Row]:
    """Return a person's open sessions, the newest first."""
    is_open = (sessions.c.person_id == person_id, sessions.c.ended_at.is_(None))
    alive = (sessions.c.ends_at > at, sessions.c.seen_at > at - IDLE)
    return list(session.execute(select(sessions).where(*is_open, *alive).order_by(sessions.c.began_at.desc())))


# -- failures ---------------------------------------------------------------------------------------------------------


def failures(session: Session, who: str, *, since: datetime) -> tuple[int, datetime | None]:
    """Return how many failures of ``who`` there were after ``since``, and when the last was. Rides (who, at)."""
    theirs = (login_failures.c.who == who, login_failures.c.at > since)
    count, last = session.execute(select(func.count(), func.max(login_failures.c.at)).where(*theirs)).one()
    return count, last


def add_failure(session: Session, who: str, *, at: datetime) -> int:
    """Write down a failure, and forget whatever is older than a day (a scan: locks keep the table small); return its id."""
    session.execute(delete(login_failures).where(login_failures.c.at < at - timedelta(days=1)))
    added = session.execute(insert(login_failures).values(who=who, at=at).returning(login_failures.c.id))
    return int(added.scalar_one())


def take_back_failure(session: Session, failure_id: int) -> None:
    """Take back a failure that was counted in advance and was none."""
    session.execute(delete(login_failures).where(login_failures.c.id == failure_id))


def forget_failures(session: Session, who: str) -> int:
    """Forget the failures of ``who``: it logged in, or an administrator unlocks it."""
    return session.execute(delete(login_failures).where(login_failures.c.who == who)).rowcount  # type: ignore[attr-defined]


def forget_made_up(session: Session, login: str) -> None:
    """Delete a made-up account with its posts and sessions; one that is not made up stays."""
    ids = select(people.c.id).where(people.c.login == login, people.c.synthetic)
    for table in (sessions, posts):
        session.execute(delete(table).where(table.c.person_id.in_(ids)))
    session.execute(delete(people).where(people.c.login == login, people.c.synthetic))
