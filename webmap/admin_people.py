"""``/admin/people``: accounts found, made, given posts, disabled, unlocked, given a new password."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions import accounts, keys, log_in, second_factor
from geogrid.domain.grids import Department
from geogrid.domain.people import SECOND_FACTOR_ROLES, STAFF, Post, Role
from geogrid.errors import AccountInvalid, GeogridError, NotFoundError
from geogrid.store import keys as stored_keys
from geogrid.store import people
from geogrid.store.session import session_scope
from layers.unit_names import unit_names
from webmap.account_pages import page_of, shown_time, write_audit
from webmap.errors import error_body, status_of
from webmap.installation import installation
from webmap.language import current_language
from webmap.login import current_actor, real_now
from webmap.roles import roles
from webmap.signed_in import post_text

blueprint = Blueprint("admin_people", __name__)

TYPED = ("login", "name", "email", "phone", "role", "unit", "department", "station", "program")  # kept when it is refused

LONGEST_QUERY = 60
AUDIT_ENDPOINT = "audit.page"


@blueprint.get("/admin/people")
@roles(Role.ADMINISTRATOR)
def every() -> BaseResponse:
    """List accounts; ``?q=`` searches login and name, ``?role=`` filters."""
    return _list_page()


def _list_page(error: dict[str, Any] | None = None, status: int = 200, **typed: str) -> BaseResponse:
    here, asked = installation(), request.args.get("q", "").strip()[:LONGEST_QUERY]
    role = Role(request.args["role"]) if request.args.get("role") in Role.codes() else None
    with session_scope(here.engine) as session:
        found = people.search(session, asked, now=here.now(), role=role)
        names = unit_names(session)
    rows = [{"person": one, "posts": [post_text(post, names) for post in one.posts]} for one in found]
    told = {"rows": rows, "asked": asked, "role": role, "most": people.MOST_LISTED, "error": error, "typed": typed}
    return page_of("admin_people.html", status, **told, **_choices(names))


def _choices(names: dict[str, str]) -> dict[str, Any]:
    return {"roles": [one for one in Role if one in STAFF], "departments": list(Department), "units": names}


@blueprint.post("/admin/people")
@roles(Role.ADMINISTRATOR)
def add() -> BaseResponse:
    """Make an account with one post and show its password once."""
    here = installation()
    typed = {field: request.form.get(field, "").strip() for field in TYPED}
    login, name, email, phone = (typed[field] for field in ("login", "name", "email", "phone"))
    try:
        if request.form.get("program"):
            return _add_program(login, name)
        with session_scope(here.engine) as session:
            new = accounts.NewAccount(login, name, (_post(session),), email=email, phone=phone)
            told = {"now": here.now(), "at": real_now(), "by": current_actor().id, "since": here.now()}
            made = accounts.create(session, new, **told)
            write_audit(
                session, "person.add", str(made.id), {"login": made.login, "posts": [_written(one) for one in made.posts]}
            )
    except GeogridError as error:
        return _list_page(error_body(error, current_language()), status_of(error), **typed)
    return page_of("password_once.html", 201, login=made.login, name=made.name, password=made.password, person_id=made.id)


def _add_program(login: str, name: str) -> BaseResponse:
    """Make the account of another system and show its page, where it gets a key."""
    here = installation()
    with session_scope(here.engine) as session:
        post, told = _post(session), {"now": here.now(), "at": real_now(), "by": current_actor().id}
        person_id = keys.add_program(session, login, name, (post,), **told)
        write_audit(session, "person.add", str(person_id), {"login": login.lower(), "posts": [_written(post)], "program": True})
    return redirect(f"/admin/people/{person_id}", 303)


def _post(session: Session) -> Post:
    """Return the post of a form; its unit may be typed as a code or as a name that only one unit has."""
    role = request.form.get("role", "")
    if role not in Role.codes():
        raise AccountInvalid(field="role", reason="choose one", where={"path": "role"})
    typed = request.form.get("unit", "").strip()
    department, station = (request.form.get(field, "").strip()[:60] for field in ("department", "station"))
    if department and department not in Department.codes():
        raise AccountInvalid(field="department", reason="choose one", where={"path": "department"})
    return Post(Role(role), _unit(session, typed) if typed else "", department, station)


def _unit(session: Session, typed: str) -> str:
    names = unit_names(session)
    if typed in names or accounts.UNIT.fullmatch(typed):
        return typed
    found = [code for code, name in names.items() if name == typed]
    if len(found) != 1:
        raise AccountInvalid(field="unit", reason="no unit, or several, of this name; type its code", where={"path": "unit"})
    return found[0]


# -- one person -------------------------------------------------------------------------------------------------------


@blueprint.get("/admin/people/<uuid:person_id>")
@roles(Role.ADMINISTRATOR)
def one(person_id: UUID) -> BaseResponse:
    """Show one account."""
    return person_page(person_id)


def person_page(person_id: UUID, error: dict[str, Any] | None = None, status: int = 200) -> BaseResponse:
    """Return the page of one account."""
    here, at = installation(), real_now()
    limits = log_in.Limits(here.settings.login_failures, here.settings.address_failures)
    with session_scope(here.engine) as session:
        person = _found(session, person_id)
        names = unit_names(session)
        locked = log_in.is_locked(session, person.login, at=at, limits=limits)
        held = [_key_row(row, at) for row in stored_keys.list_keys(session, person_id)]
    posts = [{"text": post_text(post, names), "value": _written(post)} for post in person.posts]
    audit = (
        f"/admin/audit?object=person:{person_id}" if "/admin/audit" in {r.rule for r in current_app.url_map.iter_rules()} else ""
    )
    told = {"person": person, "posts": posts, "locked": locked, "created": shown_time(person.created_at), "audit": audit}
    told |= {"keys": held, "default_days": keys.DEFAULT_DAYS, "most_days": keys.LONGEST_DAYS}
    needs_factor = bool(person.roles() & SECOND_FACTOR_ROLES)
    return page_of("admin_person.html", status, **told, needs_factor=needs_factor, error=error, **_choices(names))


def _key_row(row: Any, at: datetime) -> dict[str, str]:
    times = {name: shown_time(value) if value else "" for name, value in
             (("made", row.made_at), ("ends", row.expires_at), ("used", row.used_at))}  # fmt: skip
    return {"name": row.name, "state": keys.state_of(row, at=at), **times}


def _found(session: Session, person_id: UUID) -> people.Person:
    person = people.find(session, person_id, now=installation().now())
    if person is None:
        raise NotFoundError(what=str(person_id), where={"path": request.path})
    return person


@blueprint.post("/admin/people/<uuid:person_id>")
@roles(Role.ADMINISTRATOR)
def act(person_id: UUID) -> BaseResponse:
    """Do what the button ``do`` says to an account."""
    asked = request.form.get("do", "")
    try:
        with session_scope(installation().engine) as session:
            person = _found(session, person_id)
            if asked not in DEEDS:
                raise AccountInvalid(field="do", reason="choose one", where={"path": "do"})
            shown = DEEDS[asked](session, person)
            _keep_an_administrator(session)
    except AccountInvalid as error:
        return person_page(person_id, error_body(error, current_language()), status_of(error))
    if shown:
        return page_of("password_once.html", login=person.login, name=person.name, password=shown, person_id=person.id)
    return redirect(f"/admin/people/{person_id}", 303)


def _keep_an_administrator(session: Session) -> None:
    if not people.count_administrators(session, now=installation().now()):
        raise AccountInvalid(field="do", reason="somebody must remain administrator", where={"path": "do"})


def _disable(session: Session, person: people.Person) -> str:
    accounts.disable(session, person, at=real_now())
    write_audit(session, "person.disable", str(person.id))
    return ""


def _enable(session: Session, person: people.Person) -> str:
    accounts.enable(session, person)
    write_audit(session, "person.enable", str(person.id))
    return ""


def _unlock(session: Session, person: people.Person) -> str:
    log_in.unlock(session, person.login)
    write_audit(session, "person.unlock", str(person.id))
    return ""


def _reset_password(session: Session, person: people.Person) -> str:
    made = accounts.reset_password(session, person, at=real_now())
    log_in.unlock(session, person.login)
    write_audit(session, "password.reset", str(person.id))
    return made


def _reset_factor(session: Session, person: people.Person) -> str:
    second_factor.remove(session, person.id)
    write_audit(session, "second_factor.reset", str(person.id))
    return ""


def _give(session: Session, person: people.Person) -> str:
    post = _post(session)
    wanted = [*person.posts, *([] if post in person.posts else [post])]
    return _set_posts(session, person, wanted)


def _end(session: Session, person: people.Person) -> str:
    gone = request.form.get("post", "")
    return _set_posts(session, person, [post for post in person.posts if _written(post) != gone])


def _set_posts(session: Session, person: people.Person, wanted: list[Post]) -> str:
    given, ended = accounts.set_posts(session, person, wanted, now=installation().now(), by=current_actor().id)
    told = {"given": [_written(post) for post in given], "ended": [_written(post) for post in ended]}
    write_audit(session, "person.posts", str(person.id), told)
    return ""


def _written(post: Post) -> str:
    return "/".join((post.role.value, post.unit, post.department, post.station, post.team))


DEEDS = {
    "disable": _disable,
    "enable": _enable,
    "unlock": _unlock,
    "reset_password": _reset_password,
    "reset_factor": _reset_factor,
    "give": _give,
    "end": _end,
}
