"""``/follow``: a matter's progress for who raised it, by number and code: the public's colours and words, nothing else."""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import segno
from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for

from geogrid.actions.follow import Looked, count_try, give_code, look, take_as_citizen
from geogrid.domain.clocks import Light
from geogrid.domain.programmes import StepRule
from geogrid.errors import AccessForbidden, EvidenceInvalid, FieldValue, GeogridError, TooManyRequests
from geogrid.rules.follow import citizens_steps, handles, public_light, public_way, read_number, written
from geogrid.store import events
from geogrid.store.matter_views import MatterView
from geogrid.store.session import session_scope
from webmap.errors import error_body, status_of
from webmap.installation import installation
from webmap.language import current_language, say
from webmap.login import current_actor, keep_mark, real_now
from webmap.matter_rows import SHAPES
from webmap.reading import must_see
from webmap.roles import CLERKS, PUBLIC, REPORTERS, roles

blueprint = Blueprint("follow", __name__)

LONGEST = {"number": 40, "code": 40, "reason": 2_000, "key": 80}
PUBLIC_WORDS = {Light.GREEN: "Done in time", Light.AMBER: "In progress", Light.RED: "Overdue", Light.GREY: "Paused"}


@blueprint.get("/follow")
@roles(PUBLIC)
def ask() -> Response:
    """Send the form; the number may stand in the address (of a receipt's QR code), the code never does."""
    return _page(number=_field("number", request.args))


@blueprint.get("/follow/qr.svg")
@roles(PUBLIC)
def qr() -> Response:
    """Send the QR code of the form with the number that is asked for, for a receipt; it says nothing of the matter."""
    number = read_number(_field("number", request.args))
    if number and not (number.isascii() and number.isdecimal()):
        raise FieldValue(field="number", value=number, known="0-9", where={"path": "number"})
    drawn = BytesIO()
    segno.make(follow_address(number), error="m").save(drawn, kind="svg", scale=4, border=2)
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


def follow_address(number: str) -> str:
    """Return the address of the form, with the number of a matter where there is one; the code is never in it."""
    return request.host_url.rstrip("/") + url_for("follow.ask", **({"number": number} if number else {}))


def follow_qr(number: str) -> str:
    """Return the QR code of ``follow_address`` as the source of an image."""
    return str(segno.make(follow_address(number), error="m").svg_data_uri(scale=4, border=2))


@blueprint.post("/follow")
@roles(PUBLIC)
def show() -> Response:
    """Show the progress, or take a step of the citizen first; 403, the same for a wrong number and a wrong code."""
    here, number, code = installation(), _field("number"), _field("code")
    told: dict[str, Any] = {"now": here.now(), "district": here.district, "address": request.remote_addr or ""}
    error: GeogridError | None = None
    try:
        _count(number)
        with session_scope(here.engine) as session:
            seen = look(session, number, code, **told)
    except GeogridError as refused:
        return _page(number=number, error=refused)
    step = request.form.get("do", "")
    if step:
        try:
            with session_scope(here.engine) as session:
                taken = take_as_citizen(session, number, code, step, _details(step), key=_field("key"), **told)
                seen = look(session, number, code, **{**told, "now": max(here.now(), taken.event.steps[-1].at)})
        except GeogridError as refused:
            error = refused
    return _page(number=number, code=code, seen=seen, error=error, done=step if not error else "")


def _count(number: str) -> None:
    """Count a try before anything is looked at, for all processes together; a try that cannot be counted looks at nothing."""
    here = installation()
    with session_scope(here.engine) as session:
        asked = {"address": request.remote_addr or "", "secret": here.factor_key}
        wait_s = count_try(session, number, at=real_now(), **asked)
    if wait_s:
        raise TooManyRequests(wait_s=max(1, math.ceil(wait_s)))


def _field(name: str, given: Any = None) -> str:
    return str((request.form if given is None else given).get(name, ""))[: LONGEST[name]].strip()


def _details(step: str) -> dict[str, Any]:
    """Return what a citizen's form says: a reason or a note in words, a rating from 1 to 5."""
    found: dict[str, Any] = {name: _field("reason") for name in ("reason", "note") if _field("reason")}
    rating = request.form.get("rating", "")
    if rating:
        if rating not in {"1", "2", "3", "4", "5"}:
            raise EvidenceInvalid(name="rating", reason="a whole number from 1 to 5")
        found["rating"] = int(rating)
    return found


def _page(
    *, number: str, code: str = "", seen: Looked | None = None, error: GeogridError | None = None, done: str = ""
) -> Response:
    shown = {} if seen is None else _shown(seen)
    body = render_template(
        "follow.html",
        synthetic=installation().district.profile.synthetic,
        number=number,
        code=code,
        key=uuid4().hex,
        done=done,
        error=error and error_body(error, current_language()),
        **shown,
    )
    response = make_response(body, 200 if error is None else status_of(error))
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.values["wait_s"])
    return keep_mark(response)


def _shown(seen: Looked) -> dict[str, Any]:
    """Return what the public is told: the way, where the matter stands on it, the colour, and what may be done by this code.

    The clocks of what was merged into another stand still for good: told is how the matter goes on with which it is handled.
    """
    view, given_by = seen.view, seen.given_by
    language, programme = current_language(), view.programme
    steps = citizens_steps(programme, view.matter, given_by=given_by)
    return {
        **_progress(seen.leading or view),
        "merged": seen.leading is not None,
        "steps": [_step(step) for step in steps],
        "kept_back": [step.title.text(language) for step in citizens_steps(programme, view.matter) if step not in steps],
        "rating": view.matter.rating,
    }


def _progress(view: MatterView) -> dict[str, Any]:
    language, programme = current_language(), view.programme
    light = public_light([(clock.run.is_running, dict(clock.lights)) for clock in view.clocks])
    zone = ZoneInfo(installation().district.profile.timezone)
    way = [
        {
            "title": stage.title.text(language),
            "day": stage.reached_at.astimezone(zone).strftime("%Y-%m-%d") if stage.reached_at else "",
            "is_here": stage.is_here,
        }
        for stage in public_way(programme, view.matter)
    ]
    return {
        "progress": programme.state(view.matter.state).title.text(language),
        "light": {"code": light.value, "shape": SHAPES[light], "word": say(PUBLIC_WORDS[light])},
        "way": way,
    }


def _step(rule: StepRule) -> dict[str, Any]:
    needs = set(rule.requires)
    words = "reason" if needs & {"reason", "note"} else "optional"
    return {"code": rule.code, "title": rule.title.text(current_language()), "rates": "rate" in rule.does, "words": words}


def gives_code(reporter: str, view: MatterView | None = None) -> bool:
    """Whether the caller gives codes for what ``reporter`` ("person:<uuid>", "key:<name>") reported, as the matter stands."""
    actor = current_actor()
    if view is not None and handles(view.programme, view.matter, actor.id):
        return False
    return bool(actor.roles() & CLERKS) or reporter == actor.id


@blueprint.post("/events/<uuid:event_id>/follow-code")
@roles(REPORTERS)
def new_code(event_id: UUID) -> Response:
    """Make a new code for who raised the matter, shown this once; the one before is not valid any more.

    403 to all but clerks and who reported it, and to them where they handle it: nobody makes himself the citizen who rates him.
    """
    here = installation()
    with session_scope(here.engine) as session:
        event = events.find(session, event_id)
        if not gives_code(event.steps[0].actor if event else ""):  # said to whom an event is hidden as well
            raise AccessForbidden(where={"path": "follow-code"})
        must_see(session, event_id)
        doing: dict[str, Any] = {"actor": current_actor(), "now": here.now(), "district": here.district}
        code = give_code(session, event_id, **doing, address=request.remote_addr or "")
    response = jsonify({"code": written(code)})
    response.headers["Cache-Control"] = "no-store"
    return response
