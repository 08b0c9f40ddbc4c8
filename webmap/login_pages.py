"""``/login``, ``/login/code``, ``/logout``: pages that work without scripts. A failure says the same whoever was meant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions import log_in, second_factor
from geogrid.actions.passwords import is_password
from geogrid.errors import AccessError, FactorWrong, GeogridError, LoginFailed, LoginLocked, TooManyRequests
from geogrid.store import audit, logins
from geogrid.store.session import session_scope
from webmap.errors import error_body, error_response, status_of
from webmap.installation import installation
from webmap.language import current_language
from webmap.login import (
    begin_session,
    current_actor,
    current_caller,
    end_session,
    keep_mark,
    login_page,
    mark,
    real_now,
    same_site_path,
)
from webmap.pages import wants_page
from webmap.roles import LOGGED_IN, PUBLIC, roles

blueprint = Blueprint("login", __name__)

LONGEST_FIELD = 200


@blueprint.get("/login")
@roles(PUBLIC)
def page() -> BaseResponse:
    """Send the login page; who is logged in already goes on."""
    then = same_site_path(request.args.get("next", "/"))
    if current_caller().login is not None:
        return redirect(then, 303)
    return keep_mark(_page("login.html", then))


@blueprint.post("/login")
@roles(PUBLIC)
def enter() -> BaseResponse:
    """Open a session and go on; 401 where login or password is wrong, 429 where one of them is locked."""
    then = same_site_path(request.form.get("next", "/"))
    login, password = _field("login"), _field("password")
    try:
        person_id = attempt_login(login, password, action="login")
    except (LoginFailed, TooManyRequests) as error:
        return keep_mark(_refused("login.html", error, then, login=login))
    response = redirect(then, 303)
    begin_session(response, person_id)
    return response


def attempt_login(login: str, password: str, *, action: str) -> UUID:
    """Return whose login and password these are; raises LoginFailed, LoginLocked or TooManyRequests. Each attempt is audited."""
    here, at, address = installation(), real_now(), request.remote_addr or ""
    limits = log_in.Limits(here.settings.login_failures, here.settings.address_failures)
    try:
        with session_scope(here.engine) as session:
            attempt = log_in.begin(session, login, address=address, at=at, limits=limits)
    except LoginLocked:
        _write(action, login=login, locked=True)
        raise
    try:
        right = is_password(attempt.password_hash, password)
    except TooManyRequests:
        with session_scope(here.engine) as session:
            log_in.withdraw(session, attempt)
        raise
    with session_scope(here.engine) as session:
        person_id = log_in.finish(session, attempt, right=right, at=at)
    _write(action, login=login, person_id=person_id)
    if person_id is None:
        raise LoginFailed(where={"path": "login"})
    return person_id


def _write(action: str, *, login: str = "", person_id: UUID | None = None, right: bool = True, locked: bool = False) -> None:
    """Write an attempt to the audit. What was typed for a login may be a password: it is kept as its hash."""
    here = installation()
    actor = f"person:{person_id}" if person_id else "guest"
    told = ({"counted": log_in.counted_login(login)} if login else {}) | ({"locked": True} if locked else {})
    result = audit.OK if person_id and right else audit.REFUSED
    with session_scope(here.engine) as session:
        audit.write(
            session, actor=actor, action=action, now=here.now(), object_kind="person", object_id=str(person_id or ""),
            result=result, details=told, address=request.remote_addr or "",
        )  # fmt: skip


@blueprint.get("/login/code")
@roles(LOGGED_IN)
def code_page() -> BaseResponse:
    """Ask for the code of the second factor."""
    then = same_site_path(request.args.get("next", "/"))
    if not _owes_code():
        return redirect(then, 303)
    return _page("login_code.html", then)


@blueprint.post("/login/code")
@roles(LOGGED_IN)
def take_code() -> BaseResponse:
    """Take the code and go on in a session of a fresh secret; each code counts once."""
    then, found, at = same_site_path(request.form.get("next", "/")), current_caller().login, real_now()
    if found is None:
        raise AccessError(where={"path": request.path})
    if not _owes_code():
        return redirect(then, 303)
    try:
        attempt_code(found.person_id, _field("code"), at=at)
    except (FactorWrong, LoginLocked) as error:
        return _refused("login_code.html", error, then)
    response = redirect(then, 303)
    begin_session(response, found.person_id, factor_at=at)
    return response


def attempt_code(person_id: UUID, code: str, *, at: datetime) -> None:
    """Take a person's code; raises FactorWrong, or LoginLocked after five wrong ones."""
    here = installation()
    limits = log_in.Limits(here.settings.login_failures, here.settings.address_failures)
    with session_scope(here.engine) as session:
        log_in.begin_factor(session, person_id, at=at, limits=limits)
    with session_scope(here.engine) as session:
        right = second_factor.is_code(session, person_id, code, key=here.factor_key, at=at)
        if right:
            logins.forget_failures(session, log_in.counted_factor(person_id))
    _write("login.second_factor", person_id=person_id, right=right)
    if not right:
        raise FactorWrong(where={"path": "code"})


def _owes_code() -> bool:
    found = current_caller().login
    return found is not None and found.has_factor and found.factor_at is None


@blueprint.get("/login/mark")
@roles(LOGGED_IN)
def fresh_mark() -> Response:
    """Send the mark of the session and whose it is: for a page that was opened under one that has ended."""
    return jsonify({"mark": mark(), "me": current_actor().id})


@blueprint.post("/logout")
@roles(LOGGED_IN)
def leave() -> BaseResponse:
    """End the session."""
    found = current_caller().login
    response = redirect(login_page("/"), 303)
    end_session(response)
    if found is not None:
        _write("logout", person_id=found.person_id)
    return response


def _field(name: str) -> str:
    return request.form.get(name, "")[:LONGEST_FIELD]


def _page(template: str, then: str, **values: object) -> Response:
    profile = installation().district.profile
    name = profile.name if current_language() == "zh" else profile.name_en
    return make_response(render_template(template, then=then, district=name, synthetic=profile.synthetic, **values))


def _refused(template: str, error: GeogridError, then: str, **values: object) -> Response:
    if not wants_page():
        return error_response(error)
    response = _page(template, then, error=error_body(error, current_language()), **values)
    response.status_code = status_of(error)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.values["wait_s"])
    return response
