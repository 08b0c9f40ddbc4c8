"""``/events/<number>``: the whole of one event on a page and on paper: clocks as a time line, history, what comes next."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.actions.photos import photo_path
from geogrid.domain.clocks import Light
from geogrid.domain.events import StepKind
from geogrid.domain.outside import OrderState
from geogrid.errors import NotFoundError
from geogrid.rules.effects import PARKED
from geogrid.store import audit
from geogrid.store import events as stored_events
from geogrid.store.matter_views import of_event
from geogrid.store.scope import visible
from geogrid.store.session import session_scope
from geogrid.store.tables.events import events
from layers.event_map import BAR_M, SmallMap, small_map
from layers.synthetic import holds_synthetic
from layers.timeline import Timeline, draw
from webmap.api.desk_event import event_page
from webmap.api.desk_orders import orders_about
from webmap.cards import distance_text
from webmap.follow import gives_code
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor, mark
from webmap.map_frame import district_name
from webmap.matter_rows import SHAPES
from webmap.photo_pixels import as_shown
from webmap.reading import current_scope, reading
from webmap.roles import MEDIATION, READERS, REPORTERS, roles

blueprint = Blueprint("event_page", __name__)

STYLE = Path(__file__).parent / "static" / "css" / "event_print.css"
# The tokens of the house as they stand in a drawing, which no style sheet reaches on paper.
LIGHTS = {"green": "#009e73", "amber": "#e69f00", "red": "#d55e00", "grey": "#7a858f"}


@dataclass(frozen=True)
class Told:
    """All that a page says of an event: ``event`` is the desk's body of it; time line, map, reasons of pauses by code, orders."""

    event: dict[str, Any]
    timeline: Timeline | None
    map: SmallMap | None
    synthetic: bool
    now: datetime
    pauses: dict[str, str]
    gives_code: bool
    orders: list[dict[str, Any]]


@blueprint.get("/events/<int:number>")
@roles(READERS)
def page(number: int) -> str:
    """Send the page of an event by its number; 404 to whom it is hidden."""
    return _rendered(_told(str(number)), "event.html")


@blueprint.get("/events/<int:number>.pdf")
@roles(READERS)
def pdf(number: int) -> Response:
    """Send the same on paper, A4; it is made of what stands in it alone: nothing is fetched."""
    told, here = _told(str(number)), installation()
    with session_scope(here.engine) as session:
        taken: dict[str, Any] = {**audit.event(UUID(told.event["id"])), "address": request.remote_addr or ""}
        audit.write(session, actor=current_actor().id, action="export.event", now=here.now(), **taken)
    response = Response(_printed(told), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(number: str) -> Told:
    here = installation()
    with reading() as session:
        event_id = _by_number(session, number)
        body = event_page(session, event_id)
        event = stored_events.find(session, event_id)
        now = max(here.now(), event.steps[-1].at) if event else here.now()
        view = of_event(session, event_id, now=now, district=here.district)
        zone, language = here.district.profile.timezone, current_language()
        steps = event.steps if event else ()
        line = draw(view.clocks, steps, now=now, timezone=zone, language=language) if view else None
        point = body["point_lonlat"]
        around = small_map(session, (point[0], point[1])) if point else None
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
        orders = orders_about(session, event_id)
    kin = {one["number"] for one in (*body["children"], body["parent"] or {}) if one}
    body["related"] = [one for one in body["related"] if one["number"] not in kin]
    if body["hotline"]:
        body["hotline"]["state_title"] = label(OrderState(body["hotline"]["state"]))
    pauses = {rule.code: rule.title.text(language) for rule in view.programme.pauses} if view else {}
    may_give = gives_code(steps[0].actor if steps else "", view)
    return Told(body, line, around, synthetic, now, pauses | {PARKED: say("parked")}, may_give, orders)


def _acted(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return who took the steps after the report, the first one first: what each did and when last; nobody for files."""
    found: dict[str, dict[str, Any]] = {}
    for step in history[1:]:
        if step["from_file"] or step["kind"] == StepKind.ASSIGN.value:
            continue
        one = found.setdefault(step["actor"], {"actor": step["actor"], "steps": []})
        one["at"] = step["at"]
        if step["title"] not in one["steps"]:
            one["steps"].append(step["title"])
    return list(found.values())


def _by_number(session: Session, number: str) -> UUID:
    """Return the id of the event that the reader may see under this number. Rides ``uq_events_number``."""
    found = session.scalar(select(events.c.id).where(events.c.number == number, visible(current_scope())))
    if found is None:
        raise NotFoundError(what=number[:20], where={"path": request.path})
    return UUID(str(found))


def _rendered(told: Told, template: str, **more: Any) -> str:
    here, held = installation(), current_actor().roles()
    return render_template(
        template,
        told=told,
        event=told.event,
        timeline=told.timeline,
        map=told.map,
        bar=distance_text(BAR_M),
        synthetic=told.synthetic,
        local=_local,
        light_of=_light,
        pauses=told.pauses,
        orders=told.orders,
        acted=_acted(told.event["history"]),
        who=current_actor().name or current_actor().id,
        printed_at=_local(told.now.isoformat()),
        district=district_name(here.district.profile, current_language()),
        may_write=bool(held & REPORTERS),
        mediates=bool(held & MEDIATION),
        gives_code=bool(held & REPORTERS) and told.gives_code,
        config={"id": told.event["id"], "mark": mark(), "language": current_language(), "words": _words()},
        **more,
    )


def _words() -> dict[str, str]:
    return {
        "purpose": say("For what are the words needed? It is kept with your name."),
        "offline": say("No connection. Nothing was lost: what you typed stays here; send again when there is one."),
        "code": say("New code: {code}. It is shown this once; the one before is not valid any more."),
    }


def _light(code: str) -> dict[str, str]:
    """Return a light as shape, word and colour."""
    light = Light(code)
    return {"code": code, "shape": SHAPES[light], "word": label(light), "colour": LIGHTS[code]}


def _local(at: str | datetime | None) -> str:
    """Return an instant in the district's time to the minute; "" for none."""
    if not at:
        return ""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(ZoneInfo(installation().district.profile.timezone)).strftime("%Y-%m-%d %H:%M")


# -- on paper ---------------------------------------------------------------------------------------------------------


def _printed(told: Told) -> bytes:
    from weasyprint import CSS, HTML
    from weasyprint.urls import URLFetcher

    of_the_page = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)  # anything else would be a fault of ours
    photos = [_as_data(photo["sha256"]) for photo in told.event["photos"] if photo["state"] == "received"]
    markup = _rendered(told, "event_print.html", pictures=photos)
    styles = [CSS(string=STYLE.read_text("utf-8"), url_fetcher=of_the_page)]
    done: bytes = HTML(string=markup, url_fetcher=of_the_page).write_pdf(stylesheets=styles)
    return done


def _as_data(sha256: str) -> str:
    """Return a photo as it is shown to readers, inline: without position, device or thumbnail."""
    drawn = as_shown(photo_path(installation().settings.var_dir, sha256))
    return f"data:image/jpeg;base64,{base64.b64encode(drawn).decode()}"
