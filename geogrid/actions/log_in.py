"""Logging in: the attempt is counted before the password is looked at, the same for logins that nobody has.

An attempt is in three parts, because the hash takes a fifth of a second and must hold no connection meanwhile:
``begin`` (a transaction: locked? counted), ``passwords.is_password``, ``finish`` (a transaction: the outcome).
``at`` is the real time.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.errors import LoginLocked
from geogrid.store import logins
from geogrid.store.tables.people import people

LOCKED_FOR = timedelta(minutes=15)
FAILURES_BEFORE_LOCK = 5
LONGEST_TYPED = 200


@dataclass(frozen=True)
class Limits:
    """How many failures within 15 minutes lock an account, and an address."""

    account: int = FAILURES_BEFORE_LOCK
    address: int = FAILURES_BEFORE_LOCK


@dataclass(frozen=True)
class Attempt:
    """An attempt under way: whose it would be (None: nobody's), what is compared with, and under what it is counted."""

    person_id: UUID | None
    password_hash: str | None
    who: str
    address: str
    counted: int


def counted_login(login: str) -> str:
    """Return under what failures of a login name are counted, whether or not somebody has it."""
    return "login:" + hashlib.sha256(login.strip().lower()[:LONGEST_TYPED].encode()).hexdigest()[:32]


def counted_address(address: str) -> str:
    """Return under what failures from an address are counted."""
    return f"address:{address}"


def begin(session: Session, login: str, *, address: str, at: datetime, limits: Limits) -> Attempt:
    """Count an attempt for the login name and return what it is compared with; raises LoginLocked.

    Counted before it is known to be wrong: of a hundred attempts at once five are looked at.
    """
    who, place = counted_login(login), counted_address(address)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(who, 0))))
    _raise_if_locked(session, who, limits.account, at)
    _raise_if_locked(session, place, limits.address, at)
    counted = logins.add_failure(session, who, at=at)
    columns = (people.c.id, people.c.password_hash, people.c.disabled_at)
    row = session.execute(select(*columns).where(people.c.login == login.strip().lower())).one_or_none()
    if row is None or row.disabled_at is not None:
        return Attempt(None, None, who, place, counted)
    return Attempt(row.id, row.password_hash, who, place, counted)


def finish(session: Session, attempt: Attempt, *, right: bool, at: datetime) -> UUID | None:
    """Keep the outcome; return the person who logged in, None where the password is wrong or there is nobody."""
    if not right or attempt.person_id is None:
        logins.add_failure(session, attempt.address, at=at)
        return None
    logins.forget_failures(session, attempt.who)
    logins.forget_failures(session, attempt.address)
    return attempt.person_id


def withdraw(session: Session, attempt: Attempt) -> None:
    """Take an attempt back that was not looked at: too many were waiting."""
    logins.take_back_failure(session, attempt.counted)


def unlock(session: Session, login: str) -> None:
    """Forget the failures of a login name and of its second factor."""
    logins.forget_failures(session, counted_login(login))
    person_id = session.scalar(select(people.c.id).where(people.c.login == login.strip().lower()))
    if person_id is not None:
        logins.forget_failures(session, counted_factor(person_id))


def unlock_address(session: Session, address: str) -> None:
    """Forget the failures from an address."""
    logins.forget_failures(session, counted_address(address))


def is_locked(session: Session, login: str, *, at: datetime, limits: Limits) -> bool:
    """Whether a login name is locked at ``at``."""
    return bool(_wait(session, counted_login(login), limits.account, at))


def counted_factor(person_id: UUID) -> str:
    """Return under what wrong codes of a second factor are counted."""
    return f"factor:{person_id}"


def begin_factor(session: Session, person_id: UUID, *, at: datetime, limits: Limits) -> None:
    """Count an attempt at a second factor; raises LoginLocked. ``logins.forget_failures`` takes it back when it is right."""
    who = counted_factor(person_id)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(who, 0))))
    _raise_if_locked(session, who, limits.account, at)
    logins.add_failure(session, who, at=at)


def _raise_if_locked(session: Session, who: str, most: int, at: datetime) -> None:
    wait = _wait(session, who, most, at)
    if wait:
        minutes = math.ceil(wait.total_seconds() / 60)
        raise LoginLocked(wait_min=minutes, wait_s=math.ceil(wait.total_seconds()))


def _wait(session: Session, who: str, most: int, at: datetime) -> timedelta:
    count, last = logins.failures(session, who, since=at - LOCKED_FOR)
    return max(last + LOCKED_FOR - at, timedelta(0)) if count >= most and last else timedelta(0)
