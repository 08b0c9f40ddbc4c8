"""``/enterprises``: the list with its filters, one enterprise with everything, and the plan of visits on the map."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions.enterprises import raise_problem, record_visit, writes_for
from geogrid.domain.enterprises import Handling, Problem, Visit, VisitKind
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import EnterpriseValue, GeogridError
from geogrid.store.session import session_scope
from geogrid.texts import translate
from layers.enterprises import count, listed, sums, townships_with
from layers.synthetic import holds_synthetic
from webmap.account_pages import page_of
from webmap.api.enterprises import must_see_enterprise, planned, whole
from webmap.enterprise_rows import chosen, listed_body, local_now, placed, rules, unit_names_of
from webmap.errors import error_body, status_of
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor, mark
from webmap.officer import MAP_CSS, MAP_JS, TILES, TILES_JS
from webmap.reading import current_scope, reading
from webmap.roles import READERS, VISITORS, roles
from webmap.static_files import FOLDER

blueprint = Blueprint("enterprises", __name__)

MOST = 100
MOST_DUE = 200
ASKED = ("class", "township", "grid", "q", "only")
LONGEST = 60
WORDS = {
    "offline": "No connection. What you typed stays in this form; send again when there is one.",
    "sending": "Sending …",
    "session_over": "Your session is over. Log in again in another tab, then send: what you typed stays here.",
    "somebody_else": "Somebody else has logged in here meanwhile. Nothing was sent. Copy what you typed and load the page again.",
}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@blueprint.get("/enterprises")
@roles(READERS)
def page() -> BaseResponse:
    """Send the list; the fields of the filter are the query's."""
    placed()
    asked = _asked()
    with reading() as session:
        names, scope = unit_names_of(session), current_scope()
        found = listed(session, chosen({**asked, "after": request.args.get("after", "")}), scope=scope, most=MOST)
        total = count(session, chosen(asked), scope=scope)
        start = local_now().replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
        figures = sums(session, scope=scope, since=start)
        townships = _townships(session, names)
        synthetic = _synthetic(session)
    more = _address({**asked, "after": found[-1].enterprise.code}) if len(found) == MOST else ""
    return page_of(
        "enterprises.html", rows=[listed_body(row, names) for row in found], total=total, sums=figures, year=start.year,
        asked=asked, classes=_classes(), townships=townships, more=more, synthetic=synthetic, plan=_address(asked, "/plan"),
        back=_address(asked) if request.args.get("after") else "",
    )  # fmt: skip


def _townships(session: Any, names: dict[str, str]) -> list[tuple[str, str, int]]:
    found = townships_with(session, scope=current_scope())
    return [(code, names.get(code, code), number) for code, number in sorted(found.items())]


def _synthetic(session: Any) -> bool:
    return installation().district.profile.synthetic or holds_synthetic(session)


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "").strip()[:LONGEST] for name in ASKED}


def _address(asked: dict[str, str], below: str = "") -> str:
    told = urlencode({name: value for name, value in asked.items() if value})
    return f"/enterprises{below}?{told}" if told else f"/enterprises{below}"


def _classes() -> list[tuple[str, str]]:
    return [(one.code, one.title.text(current_language())) for one in rules().classes]


# -- one enterprise ---------------------------------------------------------------------------------------------------


@blueprint.get("/enterprises/<uuid:enterprise_id>")
@roles(READERS)
def one(enterprise_id: UUID) -> BaseResponse:
    """Send one enterprise with its visits, problems, disputes and key-listed matters."""
    return _one(enterprise_id)


def _one(enterprise_id: UUID, error: dict[str, Any] | None = None, status: int = 200) -> BaseResponse:
    placed()
    here = installation()
    found = whole(enterprise_id)
    with reading() as session:
        synthetic, bodies = _synthetic(session), _bodies(unit_names_of(session))
    zone = ZoneInfo(here.district.profile.timezone)
    for event in found["events"]:
        for name in ("reported_at", "closed_at"):
            event[name] = event[name] and datetime.fromisoformat(event[name]).astimezone(zone).strftime("%Y-%m-%d")
    may = bool(current_actor().roles() & VISITORS)
    language, programme = current_language(), here.district.programmes.of(rules().programme)
    categories = [(one.code, one.title.text(language)) for one in programme.categories]
    return page_of(
        "enterprise.html", status, one=found, error=error, may=may, synthetic=synthetic, today=local_now().date().isoformat(),
        kinds=list(VisitKind), handlings=list(Handling), bodies=bodies, categories=categories,
        key=str(uuid4()), typed=request.form,
        config={"mark": mark(), "me": current_actor().id, "words": {name: say(words) for name, words in WORDS.items()}},
    )  # fmt: skip


def _bodies(names: dict[str, str]) -> list[tuple[str, str]]:
    """Return for whom who writes may write a visit down, his own first: departments, and the units of his posts."""
    posts = current_actor().posts
    own = dict.fromkeys(post.unit for post in posts if post.unit in names and not (post.department or post.station))
    departments = sorted(writes_for(current_actor()), key=lambda one: one.value not in {post.department for post in posts})
    units = [(str(Party(PartyKind.UNIT, unit)), names[unit]) for unit in own]
    return [*units, *((str(Party(PartyKind.DEPARTMENT, one.value)), label(one)) for one in departments)]


@blueprint.post("/enterprises/<uuid:enterprise_id>/visits")
@roles(VISITORS)
def add_visit(enterprise_id: UUID) -> BaseResponse:
    """Record a visit and lead back to the enterprise."""
    must_see_enterprise(enterprise_id)
    here, form = installation(), request.form

    def put(session: Any) -> None:
        kind = VisitKind(form["kind"]) if form.get("kind") in VisitKind.codes() else VisitKind.VISIT
        body = form.get("body", "")
        texts = (form.get("visitors", "").strip(), form.get("seen", "").strip(), form.get("key", ""))
        visit = Visit(enterprise_id, kind, _day(form.get("date", "")), body, *texts)
        told = {"now": here.now(), "today": local_now().date(), "again": bool(form.get("again"))}
        record_visit(session, visit, actor=current_actor(), **told)

    return _done(enterprise_id, put)


@blueprint.post("/enterprises/<uuid:enterprise_id>/problems")
@roles(VISITORS)
def add_problem(enterprise_id: UUID) -> BaseResponse:
    """Raise a problem of the enterprise and lead back to it."""
    must_see_enterprise(enterprise_id)
    here, form = installation(), request.form

    def put(session: Any) -> None:
        handling = Handling(form["handling"]) if form.get("handling") in Handling.codes() else None
        problem = Problem(_uuid(form.get("key", "")), enterprise_id, form.get("words", ""), form.get("category", ""), handling)
        told = {"actor": current_actor(), "now": here.now(), "district": here.district, "rules": rules()}
        raise_problem(session, problem, **told)

    return _done(enterprise_id, put)


def _done(enterprise_id: UUID, put: Any) -> BaseResponse:
    try:
        with session_scope(installation().engine) as session:
            put(session)
    except GeogridError as error:
        return _one(enterprise_id, error_body(error, current_language()), status_of(error))
    return redirect(f"/enterprises/{enterprise_id}", 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise EnterpriseValue(field="date", value=text[:20], known="2025-06-18", where={"path": "date"}) from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise EnterpriseValue(field="key", value=text[:40], known="UUID", where={"path": "key"}) from None


# -- the plan ---------------------------------------------------------------------------------------------------------


@blueprint.get("/enterprises/plan")
@roles(READERS)
def plan() -> BaseResponse:
    """Send who is due for a visit on the map, and the round of a day; ``?day=`` looks at one of the working days ahead."""
    asked, here, day = _asked(), installation(), request.args.get("day", "")
    found = planned(asked, _day(day) if day else None)
    with reading() as session:
        townships = _townships(session, unit_names_of(session))
        synthetic = _synthetic(session)
    profile = here.district.profile
    words = {
        "stop": say("stop {n}"),
        "zoom_in": say("Zoom in"),
        "zoom_out": say("Zoom out"),
        "never": say("never visited"),
        "over": say("{n} days over"),
        "start": say("The round begins here"),
    }
    config = {
        "language": current_language(), "centre": profile.centre_lonlat, "tiles": TILES, "due": found["due"],
        "stops": found["stops"], "start": found["start"], "words": words,
    }  # fmt: skip
    return page_of(
        "enterprises_plan.html", found=found, asked=asked, classes=_classes(), townships=townships, synthetic=synthetic,
        config=config, most=MOST_DUE, has_map=(FOLDER / MAP_JS).is_file(), map_js=MAP_JS, map_css=MAP_CSS, back=_address(asked),
        days=_days(asked, found), day=day,
        tiles_js=TILES_JS if (FOLDER / TILES_JS).is_file() else "", by_class=_by_class(found["due"]),
        rules=[(one.title.text(current_language()), one.visit_days) for one in rules().classes], label=label,
    )  # fmt: skip


def _days(asked: dict[str, str], found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the days of the plan with their addresses; today and tomorrow by name, the others by weekday and date."""
    today, days = local_now().date(), []
    for one in found["days"]:
        day = date.fromisoformat(one["day"])
        ahead = (day - today).days
        title = say("today") if ahead == 0 else say("tomorrow") if ahead == 1 else _weekday(day)
        told = {**asked, **({"day": one["day"]} if ahead else {})}
        days.append({**one, "title": title, "href": _address(told, "/plan"), "is_open": one["day"] == found["day"]})
    return days


def _weekday(day: date) -> str:
    return translate(WEEKDAYS[day.weekday()], current_language(), "opening_hours")


def _by_class(due: list[dict[str, Any]]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for one in due:
        found[one["class"]["title"]] = found.get(one["class"]["title"], 0) + 1
    return list(found.items())
