"""Who may use which route. Every route names its roles; one that names none is refused and fails a repository test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from geogrid.domain.doors import WallView
from geogrid.domain.people import STAFF, Role
from geogrid.errors import AccessError, AccessForbidden, BodyTooLarge, RequestInvalid
from webmap.login import SAFE, Caller, current_caller, current_path, guard_against_forgery, login_page, with_next
from webmap.pages import wants_page

__all__ = [
    "CLERKS",
    "KB",
    "LOGGED_IN",
    "MEDIATION",
    "OPERATORS",
    "PLACERS",
    "PUBLIC",
    "READERS",
    "REPORTERS",
    "STAFF",
    "VISITORS",
    "Role",
    "roles",
    "roles_of",
    "whole_body",
]

View = TypeVar("View", bound=Callable)

KB = 1024
MOST_BODY_BYTES = 64 * KB

PUBLIC: Final = "public"  # anybody: static files, health, the login itself
LOG_OUT: Final = "/logout"
LOGGED_IN: Final = "logged_in"  # whoever is logged in, with whatever posts: the own account, log-out
# Named sets. What of the district each reader sees is decided by the clause of ``store.scope``, not here.
READERS = STAFF
REPORTERS = STAFF - {Role.AUDITOR, Role.ADMINISTRATOR, Role.PLANNER}
OPERATORS = frozenset({Role.HOTLINE_OPERATOR, Role.DISPATCHER, Role.COMMANDER})
VISITORS = REPORTERS - {Role.MEDIATOR, Role.HOTLINE_OPERATOR, Role.VERIFIER}  # who visits enterprises
PLACERS = frozenset(
    {Role.DISPATCHER, Role.WINDOW_CLERK, Role.HOTLINE_OPERATOR, Role.GRID_LEADER, Role.TOWNSHIP_LEADER, Role.COMMANDER}
)
# Who sits at a window or takes a call: what they take down is placed at once where they confirm a place.
CLERKS = frozenset({Role.WINDOW_CLERK, Role.HOTLINE_OPERATOR, Role.DISPATCHER, Role.COMMANDER})
# Who mediates, sits at the counter of a station, sorts, confirms, revisits, or answers for the place.
MEDIATION = frozenset({Role.MEDIATOR, Role.WINDOW_CLERK, Role.DISPATCHER, Role.VERIFIER, Role.TOWNSHIP_LEADER, Role.COMMANDER})

Named = frozenset[Role] | str


def roles(
    *who: Role | Iterable[Role] | str, most_body_bytes: int = MOST_BODY_BYTES, wall: WallView | None = None
) -> Callable[[View], View]:
    """Return a decorator that names who may use a view: roles, sets of roles, PUBLIC or LOGGED_IN; and the largest body it takes.

    ``wall`` names the view of screens on a wall to which a route belongs: their tokens read it, and no route that names none.
    It stands next to the function, under the line of the route. An administrator has no more rights than are named.
    """
    named = _named(who)

    def name(view: View) -> View:
        view.roles = named  # type: ignore[attr-defined]
        view.most_body_bytes = most_body_bytes  # type: ignore[attr-defined]
        view.wall = wall  # type: ignore[attr-defined]
        return view

    return name


def _named(who: tuple[Role | Iterable[Role] | str, ...]) -> Named:
    if who in {(PUBLIC,), (LOGGED_IN,)}:
        return str(who[0])
    found = [[one] if isinstance(one, Role) else list(one) for one in who]
    flat = frozenset(role for group in found for role in group)
    if not flat or not all(isinstance(role, Role) for role in flat):
        raise TypeError(f"name roles, sets of roles, PUBLIC or LOGGED_IN, not {who!r}")
    return flat  # type: ignore[return-value]


def whole_body() -> bytes:
    """Return the body of the current request; raises BodyTooLarge.

    A body sent in chunks, without a length, is read up to the limit and would be cut there without a word.
    """
    data = request.get_data()
    most = request.max_content_length or MOST_BODY_BYTES
    if request.content_length is None and len(data) >= most:
        raise BodyTooLarge(most_kb=most // KB)
    return data


def roles_of(app: Flask, endpoint: str) -> Named | None:
    """Return who may use the route ``endpoint`` of ``app``, None where it says nothing."""
    found: Named | None = getattr(app.view_functions.get(endpoint), "roles", None)
    return found


def install_roles(app: Flask) -> None:
    """Check path, size of the body, login, role and the mark against forgery before every request."""

    @app.before_request
    def check() -> Response | None:
        if "\x00" in request.path or "%00" in request.query_string.decode("latin-1"):
            raise RequestInvalid(name="U+0000", reason="not storable", where={"path": "U+0000"})
        if request.endpoint is None:
            return None
        view = app.view_functions[request.endpoint]
        most = getattr(view, "most_body_bytes", MOST_BODY_BYTES)
        request.max_content_length = most
        if (request.content_length or 0) > most:
            raise BodyTooLarge(most_kb=most // KB)
        return _admit(roles_of(app, request.endpoint), getattr(view, "wall", None))


def _admit(named: Named | None, wall: WallView | None) -> Response | None:
    """Let the request through (None), or answer where to log in; raises AccessError, AccessForbidden or ForgeryGuard."""
    if named is None:
        raise AccessError(where={"path": request.path})
    if request.method not in SAFE:
        guard_against_forgery(is_public=named == PUBLIC)
    if named == PUBLIC:
        return None
    caller = current_caller()
    if not caller.is_known:
        return _to_login()
    if caller.wall:
        if request.method not in {"GET", "HEAD"} or wall is None or caller.wall != wall.value:
            raise AccessForbidden(where={"path": request.path})
        return None
    if caller.owed and request.path not in {caller.owed, LOG_OUT}:
        return _to_what_is_owed(caller)
    if named != LOGGED_IN and not caller.actor.roles() & frozenset(named):
        raise AccessForbidden(where={"path": request.path})
    return None


def _to_login() -> Response:
    if request.method in {"GET", "HEAD"} and wants_page():
        return redirect(login_page(current_path()), 303)
    raise AccessError(where={"path": request.path})


def _to_what_is_owed(caller: Caller) -> Response:
    """A session that still owes a password or a second factor reaches the page where it is given, and nothing else."""
    if request.method in {"GET", "HEAD"} and wants_page():
        return redirect(with_next(caller.owed, current_path()), 303)
    raise AccessForbidden(where={"path": caller.owed})
