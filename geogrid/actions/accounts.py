"""Accounts: made, changed, disabled, unlocked; the administrator of the first run; the key of the set-up.

``now`` is the platform's time, in which posts are held; ``at`` the real time, by which passwords age.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.actions.passwords import check_password, hash_password, made_password
from geogrid.domain.people import SECOND_FACTOR_ROLES, Actor, Post, Role
from geogrid.domain.profiles import Profile
from geogrid.errors import AccountInvalid, LoginTaken, NotFoundError
from geogrid.store import keys, logins, people

DISTRICT_ZEROS = "000000"
LOGIN = re.compile(r"[a-z0-9\u4e00-\u9fff][a-z0-9._@\u4e00-\u9fff-]{1,59}")
LONGEST_NAME, LONGEST_CONTACT = 60, 120
UNIT = re.compile(r"\d{12}")
OF_A_DEPARTMENT = frozenset({Role.DEPARTMENT})
SETUP_LOGIN, SETUP_KEY = "set-up-key", "set-up"
FIRST_LOGIN = "admin"
NO_FACTOR = "this post asks for a second factor; a program has none"
FIRST_RUN_LOCK = 4_052_001  # an advisory lock: two processes that start at once make one administrator


@dataclass(frozen=True)
class NewAccount:
    """What an account is made from; without a ``password`` one is made."""

    login: str
    name: str
    posts: tuple[Post, ...] = ()
    email: str = ""
    phone: str = ""
    synthetic: bool = False
    password: str = ""
    must_change: bool = True


@dataclass(frozen=True)
class Created:
    """An account just made, with its password in clear: to be shown once and kept nowhere."""

    id: UUID
    login: str
    name: str
    posts: tuple[Post, ...]
    password: str


def district_unit(profile: Profile) -> str:
    """Return the code of the district itself, 12 digits."""
    return profile.code + DISTRICT_ZEROS


# -- made -------------------------------------------------------------------------------------------------------------


def create(
    session: Session,
    new: NewAccount,
    *,
    now: datetime,
    at: datetime,
    by: str,
    policy: str = "asvs",
    since: datetime | None = None,
) -> Created:
    """Make an account with its posts, held from ``since`` on (None: ever since); return it with its password.

    Raises
    ------
    AccountInvalid
        for a login, name or post that cannot be kept.
    LoginTaken
        where another has the login.
    PasswordWeak
        where the policy refuses the password given.
    """
    login = new.login.strip().lower()
    check_login(login, new.name, {"email": new.email, "phone": new.phone})
    check_posts(new.posts)
    if people.by_login(session, login, now=now) is not None:
        raise LoginTaken(login=login)
    if new.password:
        check_password(new.password, policy=policy, login=login, name=new.name)
    password, person_id = new.password or made_password(), uuid4()
    row = {"id": person_id, "login": login, "name": new.name.strip(), "email": new.email, "phone": new.phone}
    secret = {"password_hash": hash_password(password), "password_set_at": at, "must_change": new.must_change}
    people.add(session, {**row, **secret, "synthetic": new.synthetic, "created_at": at})
    people.give_posts(session, person_id, new.posts, since=since, given_by=by)
    return Created(person_id, login, new.name, new.posts, password)


def create_all(session: Session, new: Iterable[NewAccount], *, now: datetime, at: datetime, by: str) -> list[Created]:
    """Make those of ``new`` whose login is free, with a password each; return them: the only time that passwords are seen."""
    missing = [one for one in new if people.by_login(session, one.login, now=now) is None]
    return [create(session, one, now=now, at=at, by=by) for one in missing]


def first_administrator(session: Session, *, now: datetime, at: datetime, profile: Profile) -> Created | None:
    """Make the administrator where nobody holds that post, and return it with its password; None where there is one."""
    session.execute(select(func.pg_advisory_xact_lock(FIRST_RUN_LOCK)))
    if people.count_administrators(session, now=now):
        return None
    login, number = FIRST_LOGIN, 1
    while people.by_login(session, login, now=now) is not None:
        number += 1
        login = f"{FIRST_LOGIN}{number}"
    post = Post(Role.ADMINISTRATOR, unit=district_unit(profile))
    return create(session, NewAccount(login, "管理员", (post,)), now=now, at=at, by="system:first_run")


def setup_key_actor(session: Session, secret: str, *, at: datetime, profile: Profile) -> Actor:
    """Register the key that set-up made as that of an integration account (officer and dispatcher of the district).

    It is registered when it is first shown; once an administrator has revoked it, it stays revoked.
    """
    unit = district_unit(profile)
    held = (Post(Role.OFFICER, unit=unit), Post(Role.DISPATCHER, unit=unit))
    session.execute(select(func.pg_advisory_xact_lock(FIRST_RUN_LOCK)))
    found = people.by_login(session, SETUP_LOGIN, now=at)
    if found is None:
        person_id = uuid4()
        row = {"id": person_id, "login": SETUP_LOGIN, "name": SETUP_KEY, "integration": True, "created_at": at}
        people.add(session, row)
        people.give_posts(session, person_id, held, since=None, given_by="system:set_up")
    keys.keep_key(session, secret, found.id if found else person_id, name=SETUP_KEY, at=at)
    return Actor(f"key:{SETUP_KEY}", SETUP_KEY, held)


def check_login(login: str, name: str, contacts: dict[str, str] | None = None) -> None:
    """Raise AccountInvalid for a login, a name or contacts that cannot be kept."""
    if not LOGIN.fullmatch(login):
        reason = "2 to 60 letters, digits and . _ - @, a letter or digit first"
        raise AccountInvalid(field="login", reason=reason, where={"path": "login"})
    if not name.strip() or len(name) > LONGEST_NAME or any(ord(char) < 32 for char in name):
        raise AccountInvalid(field="name", reason="1 to 60 characters", where={"path": "name"})
    for field, text in (contacts or {}).items():
        if len(text) > LONGEST_CONTACT or any(ord(char) < 32 for char in text):
            raise AccountInvalid(field=field, reason="at most 120 characters", where={"path": field})


def check_posts(given: Sequence[Post]) -> None:
    """Raise AccountInvalid for a post that no person can hold, or one without territory, department or station."""
    for post in given:
        if post.role in {Role.CITIZEN, Role.SYSTEM}:
            raise AccountInvalid(field="role", reason="this role is no post", where={"path": "role"})
        if post.unit and not UNIT.fullmatch(post.unit):
            raise AccountInvalid(field="unit", reason="a unit's code has 12 digits", where={"path": "unit"})
        if post.role in OF_A_DEPARTMENT and not post.department:
            raise AccountInvalid(field="department", reason="this role is held for a department", where={"path": "department"})
        if not (post.unit or post.department or post.station):
            raise AccountInvalid(field="unit", reason="a post is held for a place or a department", where={"path": "unit"})


# -- changed ----------------------------------------------------------------------------------------------------------


def person_of(session: Session, login: str, *, now: datetime) -> people.Person:
    """Return the person of a login name; raises NotFoundError."""
    found = people.by_login(session, login, now=now)
    if found is None:
        raise NotFoundError(what=login[:60])
    return found


def disable(session: Session, person: people.Person, *, at: datetime) -> None:
    """Close an account: its sessions end at once and its keys open nothing."""
    people.change(session, person.id, {"disabled_at": at})
    logins.end_sessions(session, person.id, at=at)


def enable(session: Session, person: people.Person) -> None:
    """Open a closed account again."""
    people.change(session, person.id, {"disabled_at": None})


def reset_password(session: Session, person: people.Person, *, at: datetime) -> str:
    """Give a new password that must be changed at the next login; sessions end. Returns it: to be shown once."""
    if person.integration:
        raise AccountInvalid(field="login", reason="a program has a key and no password")
    made = made_password()
    values = {"password_hash": hash_password(made), "password_set_at": at, "must_change": True}
    people.change(session, person.id, values)
    logins.end_sessions(session, person.id, at=at)
    return made


def change_password(session: Session, person: people.Person, fresh: str, *, at: datetime, policy: str, but: bytes) -> None:
    """Take a person's own new password; every other session ends. Raises PasswordWeak."""
    check_password(fresh, policy=policy, login=person.login, name=person.name)
    values = {"password_hash": hash_password(fresh), "password_set_at": at, "must_change": False}
    people.change(session, person.id, values)
    logins.end_sessions(session, person.id, at=at, but=but)


def set_posts(
    session: Session, person: people.Person, wanted: Sequence[Post], *, now: datetime, by: str
) -> tuple[list[Post], list[Post]]:
    """Give and end posts until ``wanted`` are held; return (given, ended). Sessions see it with their next request."""
    check_posts(wanted)
    if person.integration and {post.role for post in wanted} & SECOND_FACTOR_ROLES:
        raise AccountInvalid(field="role", reason=NO_FACTOR, where={"path": "role"})
    given = [post for post in wanted if post not in person.posts]
    ended = [post for post in person.posts if post not in wanted]
    for post in ended:
        people.end_post(session, person.id, post, now=now)
    people.give_posts(session, person.id, given, since=now, given_by=by)
    return given, ended
