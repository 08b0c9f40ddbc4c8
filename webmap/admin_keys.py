"""``/admin/people/<id>/keys``: the keys of another system, made and shown once, revoked; the account's page lists them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions import keys
from geogrid.domain.people import Role
from geogrid.errors import AccountInvalid, NotFoundError
from geogrid.store import people
from geogrid.store.session import session_scope
from webmap.account_pages import page_of, shown_time, write_audit
from webmap.admin_people import person_page
from webmap.errors import error_body, status_of
from webmap.installation import installation
from webmap.language import current_language
from webmap.login import current_actor, real_now
from webmap.roles import roles

blueprint = Blueprint("admin_keys", __name__)


@blueprint.post("/admin/people/<uuid:person_id>/keys")
@roles(Role.ADMINISTRATOR)
def act(person_id: UUID) -> BaseResponse:
    """Make a key and show it this once, or revoke one."""
    asked, name = request.form.get("do", ""), request.form.get("name", "").strip()
    try:
        if asked == "make":
            return _make(person_id, name)
        if asked != "revoke":
            raise AccountInvalid(field="do", reason="choose one", where={"path": "do"})
        with session_scope(installation().engine) as session:
            keys.revoke_key(session, name, at=real_now(), person_id=person_id)
            write_audit(session, "key.revoke", str(person_id), {"key": name})
    except AccountInvalid as error:
        _find(person_id)  # who is not there has no page either
        return person_page(person_id, error_body(error, current_language()), status_of(error))
    return redirect(f"/admin/people/{person_id}#keys", 303)


def _make(person_id: UUID, name: str) -> BaseResponse:
    person = _find(person_id)
    with session_scope(installation().engine) as session:
        made = keys.make_key(session, person, name=name, days=_days(), at=real_now(), by=current_actor().id)
        told = {"key": made.name, "expires_at": made.expires_at.isoformat(timespec="seconds")}
        write_audit(session, "key.make", str(person.id), told)
    return page_of("key_once.html", 201, person=person, name=made.name, secret=made.secret, ends=shown_time(made.expires_at))


def _find(person_id: UUID) -> people.Person:
    with session_scope(installation().engine) as session:
        person = people.find(session, person_id, now=installation().now())
    if person is None:
        raise NotFoundError(what=str(person_id), where={"path": request.path})
    return person


def _days() -> int:
    typed = request.form.get("days", "")
    return int(typed) if typed.isdecimal() and len(typed) < 6 else 0
