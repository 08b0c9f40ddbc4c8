"""``/mediator``: the counter of a station. The queue beside one dispute with all that belongs to it; forms speak to the API.

The page is drawn here, with every name masked; its script sends what a form holds and draws the page anew, so that what was
typed is lost to no refusal.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request

from geogrid.actions import disputes_people, disputes_sessions
from geogrid.actions.disputes_view import WholeDispute, whole
from geogrid.domain import disputes as domain
from geogrid.domain.programmes import StepRule
from geogrid.errors import RequestInvalid
from geogrid.errors.family import Reason
from geogrid.rules.filter_history import MOVES, ends_at
from geogrid.rules.mediator_choice import SESSION
from geogrid.rules.workflow import possible
from geogrid.store import disputes_cases
from geogrid.store import disputes_people as stored_people
from layers.synthetic import holds_synthetic
from webmap.api.disputes_bodies import (
    case_body,
    circuit_body,
    others_body,
    proposal_body,
    ranked_body,
    remains_words,
    whole_body_of,
)
from webmap.api.disputes_papers import APPROVERS
from webmap.api.disputes_queue import queue_rows
from webmap.api.disputes_sessions import numbers_of
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor, mark
from webmap.officer import MAP_CSS, MAP_JS, TILES, TILES_JS
from webmap.reading import reading
from webmap.roles import MEDIATION, roles
from webmap.static_files import FOLDER

blueprint = Blueprint("mediator", __name__)

MOST_HOURS, MOST_LISTED = 8, 60
# What the page's script says.
WORDS = {
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "offline": "No connection. Whether it arrived is not known; what you typed is kept. Press again to see how the page stands.",
    "unsure": "The page stands as it does now. Look whether what you sent is there already; if not, send it again.",
    "over": "Your session is over. Log in again in another tab, then send: what you typed is kept.",
    "somebody_else": "Somebody else has logged in here meanwhile. Nothing was sent. Copy what you typed and load the page again.",
    "sending": "Sending …",
    "done": "Done",
    "changed": "Somebody changed this dispute meanwhile. The page shows it as it stands now; what you typed is kept below.",
    "shown": "Shown until you leave this dispute; the look is in the audit.",
}
# Steps that a form of this page takes by itself; the others are offered as they are.
OWN_STEPS = frozenset({"mediate", "settle", "escalate", "send_down", "withdraw"})
AFTERWARDS = frozenset({"verify", "rate", "revisit"})  # they stand beside the outcome
TYPED = frozenset({"note", "reason", "rating"})  # what a line of text can say; who, what and until when are chosen on the desk


@blueprint.get("/mediator")
@roles(MEDIATION)
def counter() -> str:
    """Send the queue, and beside it how to begin."""
    return _page(None)


@blueprint.get("/mediator/<uuid:event_id>")
@roles(MEDIATION)
def one(event_id: UUID) -> str:
    """Send the queue and one dispute."""
    return _page(event_id)


def _page(event_id: UUID | None) -> str:
    here = installation()
    mine, closed = request.args.get("mine") == "1", request.args.get("closed") == "1"
    with reading() as session:
        rows = queue_rows(session, mine=mine, is_open=not closed, limit=MOST_LISTED)
        found = whole(session, event_id, now=here.now(), district=here.district) if event_id else None
        proposed = _proposed(session, found) if found else {}
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    return render_template(
        "mediator.html",
        synthetic=synthetic,
        rows=rows,
        shown_id=str(event_id or ""),
        dispute=whole_body_of(found) if found else None,
        danger=here.district.danger.sentence.text(current_language()),
        remains=remains_words(),
        mine=mine,
        closed=closed,
        most=MOST_LISTED,
        enums=domain,
        kinds=[(kind.code, kind.title.text(current_language())) for kind in here.district.mediation.kinds],
        court=here.district.mediation.court.text(current_language()),
        today=_today().isoformat(),
        at=_at,
        day_of=lambda text: _at(text, "%Y-%m-%d"),
        yuan=_yuan,
        **proposed,
        **_frame(),
    )


def _frame() -> dict[str, Any]:
    words = {name: say(message) for name, message in WORDS.items()}
    profile = installation().district.profile
    offset = installation().now().astimezone(ZoneInfo(profile.timezone)).isoformat()[-6:]
    told = {
        "language": current_language(),
        "mark": mark(),
        "me": current_actor().id,
        "words": words,
        "centre": profile.centre_lonlat,
        "tiles": TILES,
    }
    has_map = (FOLDER / MAP_JS).is_file()
    tiles_js = TILES_JS if (FOLDER / TILES_JS).is_file() else ""
    return {"config": told | {"offset": offset}, "has_map": has_map, "map_js": MAP_JS, "map_css": MAP_CSS, "tiles_js": tiles_js}


def _proposed(session: Any, found: WholeDispute) -> dict[str, Any]:
    """Return what is proposed for a dispute that is open: station, mediator, free hours, steps of the programme."""
    at = {"now": installation().now(), "district": installation().district}
    stations = disputes_people.propose_station(session, found.event, found.view.matter, found.dispute, **at)
    mediators = disputes_people.propose_mediators(session, found.event, found.dispute, **at)
    row = stored_people.mediator(session, found.dispute.mediator) if found.dispute.mediator else None
    hours = disputes_people.free_hours(session, [row], most=MOST_HOURS, **at).get(row.person_id, []) if row else []
    return {
        "stations": proposal_body(stations),
        "mediators": ranked_body(mediators),
        "others": [] if found.dispute.outcome else others_body(disputes_people.to_pick_from(session, found.event, found.dispute)),
        "hours": [(at_.isoformat(), (at_ + SESSION).isoformat()) for at_ in hours],
        **_steps_body(_steps(found)),
        "levels": _moves(found),
    }


def _moves(found: WholeDispute) -> set[str]:
    """Return the kinds of steps that the reader may take now; of those up and down the filter, where there is a level."""
    programme, matter = found.view.programme, found.view.matter
    kinds = {step.kind for step in possible(programme, matter, current_actor())}
    return {kind.value for kind in kinds if kind not in MOVES or not ends_at(programme, matter.level, kind)}


def _steps(found: WholeDispute) -> list[StepRule]:
    """Return the steps of the programme that the reader may take now and that no form of this page takes.

    What somebody wrote down whom the programme does not let take the step of withdrawal is left to who may.
    """
    mine = possible(found.view.programme, found.view.matter, current_actor())
    left = OWN_STEPS - {"withdraw"} if found.dispute.outcome is domain.DisputeOutcome.WITHDRAWN else OWN_STEPS
    return [step for step in mine if step.kind.value not in left]


def _steps_body(steps: list[StepRule]) -> dict[str, Any]:
    """Return the steps that a form of this page can take, rating and revisiting apart, and how many only the desk can."""
    here = [step for step in steps if set(step.requires) <= TYPED and not step.form]
    told = {"afterwards": [], "steps": []}
    for step in here:
        told["afterwards" if step.kind.value in AFTERWARDS else "steps"].append(_step_body(step))
    return {**told, "elsewhere": len(steps) - len(here)}


def _step_body(step: StepRule) -> dict[str, Any]:
    needs = [{"name": name, "kind": "number" if name == "rating" else "text"} for name in step.requires]
    return {"code": step.code, "title": step.title.text(current_language()), "needs": needs}


def _at(text: str | None, form: str = "") -> str:
    """Return an instant (ISO 8601 with offset) in the district's own time, "" for none; of another year than this one with it."""
    if not text:
        return ""
    moment = datetime.fromisoformat(text).astimezone(ZoneInfo(installation().district.profile.timezone))
    return moment.strftime(form or ("%m-%d %H:%M" if moment.year == _today().year else "%Y-%m-%d %H:%M"))


def _yuan(amount: float | None) -> str:
    return "" if amount is None else f"¥ {amount:,.2f}"


def _today() -> date:
    here = installation()
    return here.now().astimezone(ZoneInfo(here.district.profile.timezone)).date()


# -- a day's visits ---------------------------------------------------------------------------------------------------


@blueprint.get("/mediator/circuit")
@roles(MEDIATION)
def circuit() -> str:
    """Send the visits of a mediator on a day: the list in the shortest order and the map."""
    day = _asked_day(request.args.get("day"))
    person = _asked_person(request.args.get("mediator"))
    here = installation()
    with reading() as session:
        found = disputes_sessions.circuit(session, person, day, district=here.district) if person else None
        names = stored_people.names_of(session, [person]) if person else {}
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
        numbers = numbers_of(session, found) if found else {}
        later = disputes_sessions.next_visits(session, person, day, district=here.district) if found and person else None
    body = circuit_body(found, names, numbers) if found else None
    days = [(day + timedelta(days=step)).isoformat() for step in (-1, 1)]
    frame = _frame()
    frame["config"]["circuit"] = body
    told = {"circuit": body, "day": day.isoformat(), "days": days, "person": str(person or ""), "name": names.get(person, "")}
    told["later"] = later.isoformat() if later else ""
    return render_template("mediator_circuit.html", synthetic=synthetic, at=_at, **told, **frame)


def _asked_day(text: str | None) -> date:
    try:
        day = date.fromisoformat(text) if text else _today()
    except ValueError as error:
        raise RequestInvalid(name="day", reason="it cannot be read", where={"path": "day"}) from error
    if not disputes_sessions.FIRST_YEAR <= day.year <= disputes_sessions.LAST_YEAR:
        first, last = disputes_sessions.FIRST_YEAR, disputes_sessions.LAST_YEAR
        raise RequestInvalid(name="day", reason=Reason("from {first} to {last}", first=first, last=last), where={"path": "day"})
    return day


def _asked_person(text: str | None) -> UUID | None:
    try:
        return UUID(text or current_actor().id.removeprefix("person:"))
    except ValueError:
        return None


# -- the library ------------------------------------------------------------------------------------------------------


@blueprint.get("/mediator/cases")
@roles(MEDIATION)
def cases() -> str:
    """Send the library of guiding cases: what is approved, what waits, the form to propose one."""
    here = installation()
    with reading() as session:
        found = [case_body(case) for case in disputes_cases.every(session)]
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    kinds = [(kind.code, kind.title.text(current_language())) for kind in here.district.mediation.kinds]
    may_decide = bool(current_actor().roles() & APPROVERS)
    told = {"cases": found, "kinds": kinds, "may_decide": may_decide, "states": {s.value: label(s) for s in domain.CaseState}}
    return render_template("mediator_cases.html", synthetic=synthetic, at=_at, **told, **_frame())
