"""Somebody for the minute in which a made-up district asks its own pages; nothing of the account stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.domain.people import Post, Role
from geogrid.store import logins, people

ROLES = (Role.COMMANDER, Role.ADMINISTRATOR)  # one of whom every page of the bar is for


def begin_probe(session: Session, login: str, person_id: UUID, secret: str, *, unit: str, at: datetime) -> None:
    """Make an account of the whole made-up district, logged in with a second factor by ``secret``; it has no password."""
    end_probe(session, login)
    people.add(
        session,
        {"id": person_id, "login": login, "name": "模拟巡检", "synthetic": True, "created_at": at, "factor_confirmed_at": at},
    )
    people.give_posts(session, person_id, [Post(role, unit) for role in ROLES], since=None, given_by="system:probe")
    logins.open_session(session, secret, person_id, at=at, address="", browser="probe")
    logins.second_factor_shown(session, logins.hash_of(secret), at=at)


def end_probe(session: Session, login: str) -> None:
    """Take the account away, its posts and sessions with it; nothing else of the database names it."""
    logins.forget_made_up(session, login)
