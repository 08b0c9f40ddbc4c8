"""Who asks: the session of a browser, or the key of a program; and the mark that keeps other sites from asking in its name.

Sessions and passwords live by the real time; posts are held in the platform's time, which a demo may have set.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Response, g, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from geogrid.actions.accounts import setup_key_actor
from geogrid.actions.keys import may_ask_from, state_of
from geogrid.domain.people import GUEST, SECOND_FACTOR_ROLES, Actor
from geogrid.errors import ForgeryGuard
from geogrid.rules.passwords import LIFETIMES
from geogrid.store import keys, logins
from geogrid.store.people import posts_of
from geogrid.store.session import session_scope
from webmap.installation import installation
from webmap.token import carries_token

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIE, COOKIE_TLS = "geogrid", "__Host-geogrid"
BEFORE_COOKIE, BEFORE_COOKIE_TLS = "geogrid-before", "__Host-geogrid-before"
WALL_COOKIE, WALL_COOKIE_TLS = "geogrid-wall", "__Host-geogrid-wall"
MARK_FIELD, MARK_HEADER = "csrf", "X-CSRF-Token"
SECRET_BYTES = 32
LONGEST_NEXT = 300
PASSWORD_PAGE, FACTOR_PAGE, FACTOR_ENROL_PAGE = "/account/password", "/login/code", "/account/second-factor"


@dataclass(frozen=True)
class Caller:
    """Who asks. ``login`` is the session of a person, None for keys and guests; ``owed``: the page that comes first.

    ``wall`` is the one view that a screen on a wall may read, of the territory ``unit`` (12 digits); such a caller has no post.
    """

    actor: Actor
    login: logins.LogIn | None = None
    owed: str = ""
    wall: str = ""
    unit: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the caller showed a session or a key."""
        return self.actor is not GUEST

    @property
    def has_key(self) -> bool:
        """Whether a key was shown: what carries one was not sent by another site in somebody's name."""
        return self.is_known and self.login is None and not self.wall


def current_actor() -> Actor:
    """Return who acts in the current request, with the posts held now; ``GUEST`` without session and key."""
    return current_caller().actor


def current_caller() -> Caller:
    """Return who asks, looked up once a request."""
    if "caller" not in g:
        g.caller = _look_up()
    found: Caller = g.caller
    return found


def caller_if_reachable() -> None:
    """Look the caller up on a page for everybody; while the database is away the page is shown as to a guest."""
    with contextlib.suppress(DBAPIError, PoolTimeout):
        current_caller()


def real_now() -> datetime:
    """Return the real time, by which sessions end and codes change."""
    return datetime.now(UTC)


def _look_up() -> Caller:
    authorization = request.headers.get("Authorization", "")
    if authorization:
        return _by_key(authorization)
    secret, token = request.cookies.get(cookie_name(), ""), request.cookies.get(wall_cookie_name(), "")
    found = _by_session(secret) if secret else Caller(GUEST)
    return _by_wall_token(token) if token and not found.is_known else found


def _by_wall_token(secret: str) -> Caller:
    with session_scope(installation().engine) as session:
        found = wall_token(session, secret)
    return Caller(Actor(f"wall:{found.name}", found.name, ()), wall=found.view, unit=found.unit) if found else Caller(GUEST)


def wall_token(session: Session, secret: str) -> Any | None:
    """Return the row of a token that is good now and from where the request comes; None where it is not. Notes its use."""
    at = real_now()
    found = keys.find_token(session, secret, at=at)
    if found is None or not may_ask_from(found.network, request.remote_addr or ""):
        return None
    if found.used_at is None or at - found.used_at >= keys.USED_EVERY:
        keys.use_token(session, secret, at=at)
    return found


def _by_session(secret: str) -> Caller:
    here, at = installation(), real_now()
    with session_scope(here.engine) as session:
        found = logins.find_session(session, secret, at=at, now=here.now())
        if found is None:
            return Caller(GUEST)
        if at - found.seen_at >= logins.SEEN_EVERY:
            logins.see(session, found, at=at)
    actor = Actor(f"person:{found.person_id}", found.name, found.posts, found.id_hash.hex()[:16])
    return Caller(actor, found, _owed(found, at))


def _owed(found: logins.LogIn, at: datetime) -> str:
    """Return the page that must come first: the code of the second factor, a new password, enrolment of a second factor."""
    needs_factor = bool(SECOND_FACTOR_ROLES & {post.role for post in found.posts})
    if found.has_factor and found.factor_at is None:
        return FACTOR_PAGE
    lifetime_days = LIFETIMES[installation().settings.passwords]
    set_at = found.password_set_at
    aged = lifetime_days is not None and set_at is not None and at - set_at > timedelta(days=lifetime_days)
    if found.must_change or aged:
        return PASSWORD_PAGE
    return FACTOR_ENROL_PAGE if needs_factor and not found.has_factor else ""


def _by_key(authorization: str) -> Caller:
    scheme, _, secret = authorization.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        return Caller(GUEST)
    here, at = installation(), real_now()
    with session_scope(here.engine) as session:
        found = keys.find_key(session, secret, now=here.now())
        if found is None:
            if not carries_token(authorization, here.token):
                return Caller(GUEST)
            return Caller(setup_key_actor(session, here.token, at=at, profile=here.district.profile))
        if state_of(found, at=at) != "in use":
            return Caller(GUEST)
        if found.used_at is None or at - found.used_at >= keys.USED_EVERY:
            keys.use_key(session, secret, at=at)
    return Caller(Actor(f"key:{found.name}", found.name, posts_of(found.held)))


# -- the cookie -------------------------------------------------------------------------------------------------------


def cookie_name() -> str:
    """Return the name of the session's cookie: bound to this host where the connection is encrypted."""
    return COOKIE_TLS if request.is_secure else COOKIE


def wall_cookie_name() -> str:
    """Return the name of the cookie of a screen on a wall."""
    return WALL_COOKIE_TLS if request.is_secure else WALL_COOKIE


def _before_name() -> str:
    return BEFORE_COOKIE_TLS if request.is_secure else BEFORE_COOKIE


def _set(response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=request.is_secure, path="/")


def begin_session(response: Response, person_id: Any, *, factor_at: datetime | None = None) -> None:
    """Open a session with a secret nobody has seen and put it in the answer's cookie; the one before it ends.

    ``factor_at``: when the second factor was shown in this browser, None where it still has to be.
    """
    here, at, secret = installation(), real_now(), secrets.token_urlsafe(SECRET_BYTES)
    before = current_caller().login
    with session_scope(here.engine) as session:
        if before is not None:
            logins.end_session(session, before.id_hash, at=at)
        told = {"address": request.remote_addr or "", "browser": request.user_agent.string}
        logins.open_session(session, secret, person_id, at=at, **told)
        if factor_at is not None:
            logins.second_factor_shown(session, logins.hash_of(secret), at=factor_at)
    _set(response, cookie_name(), secret)
    response.delete_cookie(_before_name(), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def end_session(response: Response) -> None:
    """End the caller's session and take the cookie back."""
    found = current_caller().login
    if found is not None:
        with session_scope(installation().engine) as session:
            logins.end_session(session, found.id_hash, at=real_now())
    response.delete_cookie(cookie_name(), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


# -- forgery ----------------------------------------------------------------------------------------------------------


def mark() -> str:
    """Return the mark that forms carry as ``csrf`` and scripts as ``X-CSRF-Token``: made from the session's secret, one way.

    Before a login it is made from a cookie of its own, which ``keep_mark`` sets: nobody can log another person in unseen.
    """
    secret = request.cookies.get(cookie_name(), "") if current_caller().login else _before()
    return mark_of(secret)


def mark_of(secret: str) -> str:
    """Return the mark of a session's secret."""
    return hmac.new(secret.encode(), b"geogrid csrf", hashlib.sha256).hexdigest()


def _before() -> str:
    if "before" not in g:
        g.before = request.cookies.get(_before_name()) or secrets.token_urlsafe(SECRET_BYTES)
    return str(g.before)


def keep_mark(response: Response) -> Response:
    """Set the cookie behind the mark of a page that is shown before a login."""
    if current_caller().login is None:
        _set(response, _before_name(), _before())
    return response


def guard_against_forgery(*, is_public: bool) -> None:
    """Raise ForgeryGuard where an unsafe request of a browser does not carry its page's mark.

    Requests with a key are exempt: no browser adds a key by itself. Who is not known is refused later, unless all are welcome.
    """
    caller = current_caller()
    if caller.has_key or (not caller.is_known and not is_public):
        return
    sent = request.headers.get(MARK_HEADER, "")
    if not sent and request.mimetype in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        sent = request.form.get(MARK_FIELD, "")
    had_cookie = bool(caller.login) or _before_name() in request.cookies
    foreign = request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
    if foreign or not had_cookie or not hmac.compare_digest(sent.encode(), mark().encode()):
        raise ForgeryGuard(where={"path": request.path})


# -- where to go ------------------------------------------------------------------------------------------------------


def login_page(then: str) -> str:
    """Return the address of the login page that leads to ``then`` afterwards."""
    return with_next("/login", then)


def with_next(page: str, then: str) -> str:
    """Return the address of a page that leads to the path ``then`` afterwards."""
    return page if then in {"", "/"} else f"{page}?next={quote(then, safe='')}"


def current_path() -> str:
    """Return path and query of the current request."""
    return request.full_path.rstrip("?")[:LONGEST_NEXT]


def same_site_path(asked: str) -> str:
    """Return ``asked`` where it is a path of this site, else ``/``: a login never leads elsewhere."""
    odd = "\\" in asked or any(ord(char) <= 32 or ord(char) == 127 for char in asked)
    if odd or not asked.startswith("/") or asked.startswith("//") or len(asked) > LONGEST_NEXT:
        return "/"
    try:
        parts = urlsplit(asked)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else asked
