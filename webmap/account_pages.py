"""``/account``: the own posts, sessions, password and second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import segno
from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions import accounts, second_factor
from geogrid.errors import AccessError, AccountInvalid, FactorWrong, GeogridError, LoginFailed, TooManyRequests
from geogrid.rules.one_time import address_of, base32
from geogrid.store import audit, logins, people
from geogrid.store.session import session_scope
from layers.unit_names import unit_names
from webmap.browser_words import browser_words
from webmap.errors import error_body, status_of
from webmap.installation import installation
from webmap.language import current_language
from webmap.login import begin_session, current_actor, current_caller, real_now, same_site_path
from webmap.login_pages import attempt_code, attempt_login
from webmap.roles import LOGGED_IN, roles
from webmap.signed_in import post_text

blueprint = Blueprint("account", __name__)

LONGEST_PASSWORD = 200
ISSUER = "geogrid"


@blueprint.get("/account")
@roles(LOGGED_IN)
def account() -> str:
    """Show the own posts and sessions."""
    found, here = _login(), installation()
    with session_scope(here.engine) as session:
        open_sessions = [_session_row(row, found.id_hash) for row in logins.sessions_of(session, found.person_id, at=real_now())]
        names = unit_names(session)
    posts = [post_text(post, names) for post in found.posts]
    return _render(
        "account.html", login=found.login, name=found.name, posts=posts, sessions=open_sessions, has_factor=found.has_factor
    )


def _session_row(row: Any, own: bytes) -> dict[str, Any]:
    return {
        "began": shown_time(row.began_at),
        "seen": shown_time(row.seen_at),
        "address": row.address,
        "browser": browser_words(row.browser),
        "line": row.browser,
        "is_own": bytes(row.id_hash) == own,
    }


def shown_time(at: datetime) -> str:
    """Return an instant in the district's time, to the minute."""
    return at.astimezone(ZoneInfo(installation().district.profile.timezone)).strftime("%Y-%m-%d %H:%M")


@blueprint.post("/account/sessions")
@roles(LOGGED_IN)
def end_others() -> BaseResponse:
    """End all other sessions of the person."""
    found, here = _login(), installation()
    with session_scope(here.engine) as session:
        ended = logins.end_sessions(session, found.person_id, at=real_now(), but=found.id_hash)
        write_audit(session, "session.end_others", str(found.person_id), {"ended": ended})
    return redirect("/account", 303)


# -- password ---------------------------------------------------------------------------------------------------------


@blueprint.get("/account/password")
@roles(LOGGED_IN)
def password() -> str:
    """Ask for a new password."""
    return _password_page()


def _password_page(error: dict[str, Any] | None = None) -> str:
    found = _login()
    then = same_site_path(request.values.get("next", "/account"))
    policy = installation().settings.passwords
    return _render("password.html", login=found.login, must=bool(current_caller().owed), then=then, policy=policy, error=error)


@blueprint.post("/account/password")
@roles(LOGGED_IN)
def change_password() -> BaseResponse:
    """Change the own password: the old one is asked for, all other sessions end, this one goes on under a fresh secret."""
    found, at = _login(), real_now()
    old, fresh = (request.form.get(name, "")[:LONGEST_PASSWORD] for name in ("old", "fresh"))
    try:
        _check_typed(fresh, old)
        attempt_login(found.login, old, action="password.confirm")
        _change(found, fresh, at)
    except (GeogridError, TooManyRequests) as error:
        response = make_response(_password_page(error_body(error, current_language())))
        response.status_code = 401 if isinstance(error, LoginFailed) else status_of(error)
        return response
    response = redirect(same_site_path(request.form.get("next", "/account")), 303)
    begin_session(response, found.person_id, factor_at=found.factor_at)
    return response


def _check_typed(fresh: str, old: str) -> None:
    if fresh != request.form.get("again", "")[:LONGEST_PASSWORD]:
        raise AccountInvalid(field="again", reason="the two new passwords differ", where={"path": "again"})
    if fresh == old:
        raise AccountInvalid(field="fresh", reason="it is the old password", where={"path": "fresh"})


def _change(found: logins.LogIn, fresh: str, at: datetime) -> None:
    here = installation()
    with session_scope(here.engine) as session:
        person = people.find(session, found.person_id, now=here.now())
        if person is None:
            raise AccessError(where={"path": request.path})
        accounts.change_password(session, person, fresh, at=at, policy=here.settings.passwords, but=found.id_hash)
        write_audit(session, "password.change", str(person.id))


# -- second factor ----------------------------------------------------------------------------------------------------


@blueprint.get("/account/second-factor")
@roles(LOGGED_IN)
def factor() -> str:
    """Show the QR code of a new second factor, or that one is set up."""
    return _factor_page()


def _factor_page(error: dict[str, Any] | None = None) -> str:
    found, here = _login(), installation()
    then = same_site_path(request.values.get("next", "/account"))
    if found.has_factor:
        return _render("second_factor.html", has_factor=True, then=then, error=error)
    with session_scope(here.engine) as session:
        secret = second_factor.propose(session, found.person_id, key=here.factor_key)
    address = address_of(secret, login=found.login, issuer=ISSUER)
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=3)
    must = bool(current_caller().owed)
    return _render(
        "second_factor.html", has_factor=False, must=must, picture=picture, secret=base32(secret), then=then, error=error
    )


@blueprint.post("/account/second-factor")
@roles(LOGGED_IN)
def set_factor() -> BaseResponse:
    """Confirm a new second factor by its first code, and show the recovery codes once; or take the old one away."""
    found, here, at = _login(), installation(), real_now()
    code = request.form.get("code", "")[:LONGEST_PASSWORD]
    try:
        if found.has_factor:
            return _remove_factor(found, code, at)
        with session_scope(here.engine) as session:
            enrolled = second_factor.confirm(session, found.person_id, code, key=here.factor_key, at=at)
            write_audit(session, "second_factor.set_up", str(found.person_id))
    except (FactorWrong, TooManyRequests) as error:
        response = make_response(_factor_page(error_body(error, current_language())))
        response.status_code = status_of(error)
        return response
    then = same_site_path(request.form.get("next", "/account"))
    response = make_response(_render("recovery_codes.html", codes=enrolled.recovery_codes, then=then))
    begin_session(response, found.person_id, factor_at=at)
    return response


def _remove_factor(found: logins.LogIn, code: str, at: datetime) -> BaseResponse:
    attempt_code(found.person_id, code, at=at)
    with session_scope(installation().engine) as session:
        second_factor.remove(session, found.person_id)
        write_audit(session, "second_factor.remove", str(found.person_id))
    return redirect("/account/second-factor", 303)


# -- shared by the pages of accounts ----------------------------------------------------------------------------------


def write_audit(session: Session, action: str, person_id: str, details: dict[str, Any] | None = None) -> None:
    """Write what was done to a person's account, in the transaction of what was done."""
    now, address = installation().now(), request.remote_addr or ""
    told = {"object_kind": "person", "object_id": person_id, "details": details, "address": address}
    audit.write(session, actor=current_actor().id, action=action, now=now, **told)


def _login() -> logins.LogIn:
    found = current_caller().login
    if found is None:  # a key has no account page
        raise AccessError(where={"path": request.path})
    return found


def _render(template: str, **values: Any) -> str:
    return render_template(template, **{"synthetic": installation().district.profile.synthetic, **values})


def page_of(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page of accounts."""
    response = make_response(_render(template, **values))
    response.status_code = status
    return response
