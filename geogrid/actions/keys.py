"""Keys of other systems and tokens of screens on a wall: made once and shown once, listed without their secret, revoked.

``at`` is the real time, by which keys and tokens end.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Row
from sqlalchemy.orm import Session

from geogrid.actions.accounts import LONGEST_NAME, NO_FACTOR, SETUP_KEY, UNIT, check_login, check_posts
from geogrid.domain.doors import WallView
from geogrid.domain.people import SECOND_FACTOR_ROLES, Post
from geogrid.errors import AccountInvalid, LoginTaken, NotFoundError
from geogrid.store import keys, people

SECRET_BYTES = 32
# What stands before the random part: a scanner for secrets that were published by mistake finds it.
KEY_MARK, TOKEN_MARK = "ggk_", "ggw_"
DEFAULT_DAYS, LONGEST_DAYS = 365, 1096


@dataclass(frozen=True)
class Made:
    """A key or token just made, its ``secret`` in clear: to be shown once and kept nowhere."""

    name: str
    secret: str = field(repr=False)
    expires_at: datetime


def add_program(
    session: Session, login: str, name: str, posts: tuple[Post, ...], *, now: datetime, at: datetime, by: str
) -> UUID:
    """Make the account of another system: no password, no second factor, reached by keys alone; return its id.

    Raises
    ------
    AccountInvalid
        for a login, name or post that cannot be kept, and for posts that ask for a second factor
    LoginTaken
        where another has the login
    """
    login = login.strip().lower()
    check_login(login, name)
    check_posts(posts)
    _check_roles(posts)
    if people.by_login(session, login, now=now) is not None:
        raise LoginTaken(login=login)
    person_id = uuid4()
    people.add(session, {"id": person_id, "login": login, "name": name.strip(), "integration": True, "created_at": at})
    people.give_posts(session, person_id, posts, since=None, given_by=by)
    return person_id


def make_key(session: Session, person: people.Person, *, name: str, days: int = DEFAULT_DAYS, at: datetime, by: str) -> Made:
    """Make a key of another system that ends after ``days`` (1 to 1096).

    Raises
    ------
    AccountInvalid
        for an account with a password, for posts that ask for a second factor, a name that is, or was, another key's
    """
    if not person.integration:
        raise AccountInvalid(field="login", reason="a person logs in; keys are for programs", where={"path": "login"})
    _check_roles(person.posts)
    expires_at = at + _length(days)
    made = Made(_name(name), KEY_MARK + secrets.token_urlsafe(SECRET_BYTES), expires_at)
    taken = made.name == SETUP_KEY
    if taken or not keys.add_key(session, made.secret, person.id, name=made.name, at=at, expires_at=expires_at, by=by):
        raise AccountInvalid(field="name", reason="a key has, or had, this name; choose another", where={"path": "name"})
    return made


def revoke_key(session: Session, name: str, *, at: datetime, person_id: UUID | None = None) -> UUID:
    """Revoke a key with its next request (where given, only one of this person); return whose it was; raises NotFoundError."""
    whose = keys.revoke_key(session, name, at=at, person_id=person_id)
    if whose is None:
        raise NotFoundError(what=name[:LONGEST_NAME])
    return whose


def state_of(row: Row, *, at: datetime) -> str:
    """Return the state of a listed key or token in a word: in use, revoked, ended, disabled."""
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= at:
        return "ended"
    return "disabled" if getattr(row, "disabled_at", None) is not None else "in use"


# -- tokens of screens on a wall --------------------------------------------------------------------------------------


def make_token(
    session: Session,
    *,
    name: str,
    unit: str,
    view: WallView = WallView.MAP,
    network: str = "",
    days: int = DEFAULT_DAYS,
    at: datetime,
    by: str,
) -> Made:
    """Make the token of a screen that shows one ``view`` of ``unit`` (12 digits), asked for from ``network`` alone ("": any).

    Raises
    ------
    AccountInvalid
        for a name that is, or was, another token's, for what is no unit, no address and no network
    """
    if not UNIT.fullmatch(unit):
        raise AccountInvalid(field="unit", reason="a unit's code has 12 digits", where={"path": "unit"})
    made = Made(_name(name), TOKEN_MARK + secrets.token_urlsafe(SECRET_BYTES), at + _length(days))
    row = {"name": made.name, "view": view.value, "unit": unit, "network": _network(network)}
    if not keys.add_token(session, made.secret, {**row, "made_by": by, "made_at": at, "expires_at": made.expires_at}):
        raise AccountInvalid(field="name", reason="a token has, or had, this name; choose another", where={"path": "name"})
    return made


def revoke_token(session: Session, name: str, *, at: datetime) -> None:
    """Revoke a token with its next request; raises NotFoundError."""
    if not keys.revoke_token(session, name, at=at):
        raise NotFoundError(what=name[:LONGEST_NAME])


def may_ask_from(network: str, address: str) -> bool:
    """Whether a token bound to ``network`` ("": to none) may be shown from ``address``; what is no address may not."""
    if not network:
        return True
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(asked, "ipv4_mapped", None)
    return (mapped or asked) in ipaddress.ip_network(network)


# -- what is checked --------------------------------------------------------------------------------------------------


def _check_roles(posts: tuple[Post, ...]) -> None:
    if {post.role for post in posts} & SECOND_FACTOR_ROLES:
        raise AccountInvalid(field="role", reason=NO_FACTOR, where={"path": "role"})


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or any(ord(char) < 33 for char in name):
        raise AccountInvalid(field="name", reason="1 to 60 characters without spaces", where={"path": "name"})
    return name


def _length(days: int) -> timedelta:
    if not 1 <= days <= LONGEST_DAYS:
        raise AccountInvalid(field="days", reason="1 to 1096 days", where={"path": "days"})
    return timedelta(days=days)


def _network(typed: str) -> str:
    try:
        return str(ipaddress.ip_network(typed.strip(), strict=False)) if typed.strip() else ""
    except ValueError:
        reason = "neither an address nor a network, as in 10.1.2.0/24"
        raise AccountInvalid(field="network", reason=reason, where={"path": "network"}) from None
