"""``/window``: the clerk's short form at a service window, its receipt, its queue of numbers, and the screen in the hall."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from sqlalchemy.orm import Session

from geogrid.actions import window as hall
from geogrid.actions.window import TakenDown, Windows, read_windows
from geogrid.channels import parse
from geogrid.domain.events import Channel, Event, EventKind
from geogrid.domain.places import ConfirmedPlace, PlacePrecision
from geogrid.domain.windows import TicketState, Window
from geogrid.errors import FieldMissing, GeogridError, NotFoundError, RequestInvalid
from geogrid.errors.family import Reason
from geogrid.rules.follow import written
from geogrid.store import events, window_tickets
from geogrid.store.session import session_scope
from layers.names import names_of
from layers.synthetic import holds_synthetic
from webmap.api.place import confirmed_place
from webmap.api.strict_json import parse_object
from webmap.errors import error_body, status_of
from webmap.follow import follow_address, follow_qr
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor, mark
from webmap.officer import MAP_CSS, MAP_JS, TILES, TILES_JS
from webmap.reading import reading
from webmap.roles import CLERKS, KB, PUBLIC, roles
from webmap.static_files import FOLDER
from webmap.window_queue import queue_body, screen_body, shown_ticket

blueprint = Blueprint("window", __name__)

MOST_REPORT_BYTES = 64 * KB
MOST_CANDIDATES = 5
PAPERS = ("r80", "r58", "a5")
WORDS = {
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "finding": "Looking for the places that the words could mean …",
    "none": "The words name no place that is known here. It will be placed later, or say it in other words.",
    "not_found": "The places could not be looked up.",
    "again": "Try again",
    "candidate": "{precision}, within {metres} m · {percent} % sure",
    "below": "below {percent} %: please check",
    "confirm": "Confirm",
    "comma": ", ",
    "chosen": "Place: {name}",
    "not_chosen": "No place chosen yet: it will wait to be placed.",
    "offline": "No connection. What you typed stays in this form; send again when there is one.",
    "sending": "Sending …",
    "waiting_min": "{n} min",
    "nobody": "Nobody waits.",
    "slip": "Print the slip of {label}",
    "session_over": "Your session is over. Log in again in another tab, then send: what you typed stays here.",
    "somebody_else": "Somebody else has logged in here meanwhile. Nothing was sent. Copy what you typed and load the page again.",
}


@lru_cache(maxsize=4)
def _windows(data_dir: Path) -> Windows:
    return read_windows(data_dir)


def windows() -> Windows:
    """Return the windows of the hall, by the installation's own file; read once a process."""
    return _windows(installation().settings.data_dir)


@blueprint.get("/window")
@roles(CLERKS)
def page() -> Response:
    """Send the clerk's form for the window asked for, with its queue."""
    return _form({})


def _form(values: dict[str, str], error: GeogridError | None = None) -> Response:
    here, every = installation(), windows()
    asked = request.form.get("window") or request.args.get("window") or every.every[0].code
    window = every.of(asked)
    with reading() as session:
        queue = queue_body(session, window, every)
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    danger = here.district.danger
    body = render_template(
        "window.html",
        window=window,
        windows=every.every,
        kinds=[*window.kinds, *(kind for kind in EventKind if kind not in window.kinds)],
        values={"id": str(uuid4()), **values},
        queue=queue,
        synthetic=synthetic,
        error=error and error_body(error, current_language()),
        danger=danger.sentence.text(current_language()),
        config=_config(window, danger.words),
        has_map=(FOLDER / MAP_JS).is_file(),
        map_js=MAP_JS,
        map_css=MAP_CSS,
        tiles_js=TILES_JS if (FOLDER / TILES_JS).is_file() else "",
    )
    return make_response(body, 200 if error is None else status_of(error))


def _config(window: Window, danger: tuple[str, ...]) -> dict[str, Any]:
    profile = installation().district.profile
    return {
        "language": current_language(),
        "mark": mark(),
        "me": current_actor().id,
        "window": window.code,
        "words": {name: say(message) for name, message in WORDS.items()},
        "most": MOST_CANDIDATES,
        "least": profile.words_confidence,
        "centre": profile.centre_lonlat,
        "tiles": TILES,
        "precisions": {one.value: label(one) for one in PlacePrecision},
        "danger": list(danger),
    }


# -- a report ---------------------------------------------------------------------------------------------------------


@blueprint.post("/window/reports")
@roles(CLERKS, most_body_bytes=MOST_REPORT_BYTES)
def report() -> Response:
    """Take a report down and send its receipt, with the code shown this once; what cannot be accepted is said in the form."""
    given = request.form
    values = {name: given.get(name, "") for name in ("id", "kind", "text", "address", "place", "ticket", "paper")}
    try:
        window, taken = _taken_down(values)
    except GeogridError as error:
        return _form(values, error)
    return _receipt(window, taken, values["paper"])


def _taken_down(values: dict[str, str]) -> tuple[Window, TakenDown]:
    here, now = installation(), installation().now()
    window = windows().of(request.form.get("window", ""))
    payload = {
        "id": values["id"],
        "channel": Channel.WINDOW.value,
        "kind": values["kind"],
        "text": values["text"],
        "address": values["address"] or None,
    }
    ticket = int(values["ticket"]) if values["ticket"].isdecimal() and len(values["ticket"]) < 19 else None
    doing: dict[str, Any] = {"actor": current_actor(), "now": now, "district": here.district, "place": _place(values["place"])}
    with session_scope(here.engine) as session:
        told = {name: value for name, value in payload.items() if value} | {"observed_at": _observed(session, values["id"], now)}
        found = parse(Channel.WINDOW.value, told, now=now, profile=here.district.profile)
        return window, hall.take_down(session, found, window, **doing, ticket=ticket, address=request.remote_addr or "")


def _observed(session: Session, report_id: str, now: datetime) -> str:
    """Return when it was said: now, or, where the same form comes a second time, what the first one was given."""
    with contextlib.suppress(ValueError):
        before = events.find(session, UUID(report_id))
        now = before.report.observed_at if before else now
    return now.astimezone(UTC).isoformat()


def _place(text: str) -> ConfirmedPlace | None:
    """Return the place that the clerk confirmed, as the page's script put it into the form; None where there is none."""
    return confirmed_place(parse_object(text.encode()), installation()) if text.strip() else None


def _receipt(window: Window, taken: TakenDown, paper: str) -> Response:
    here, event = installation(), taken.event
    body = render_template(
        "receipt.html",
        paper=paper if paper in PAPERS else PAPERS[0],
        papers=PAPERS,
        window=window,
        event=event,
        kind=label(event.report.kind),
        at=_local(event.reported_at),
        grid=_grid(event),
        uncovered=taken.uncovered,
        code=written(taken.code),
        address=follow_address(event.number),
        qr=follow_qr(event.number),
        synthetic=here.district.profile.synthetic,
        district=here.district.profile.name if current_language() == "zh" else here.district.profile.name_en,
    )
    response = make_response(body, 201 if taken.code else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def _grid(event: Event) -> str:
    """Return the grid of an event by name and code, as people and desks know it; "" where it waits to be placed."""
    if event.assignment is None or not event.assignment.grid_code:
        return ""
    code = event.assignment.grid_code
    with session_scope(installation().engine) as session:
        name = names_of(session, event.assignment).get(code)
    return f"{name} ({code})" if name else code


def _local(at: datetime) -> str:
    return at.astimezone(ZoneInfo(installation().district.profile.timezone)).strftime("%Y-%m-%d %H:%M")


# -- numbers ----------------------------------------------------------------------------------------------------------


@blueprint.get("/window/queue")
@roles(CLERKS)
def queue() -> Response:
    """Send who waits at a window, who was called, and how many wait at each of the others and how long."""
    window = windows().of(request.args.get("window", ""))
    with reading() as session:
        return jsonify(queue_body(session, window, windows()))


@blueprint.post("/window/tickets")
@roles(CLERKS)
def change() -> Response:
    """Draw, call, call again, end or move a number; answer with the queue as it stands then, and the number in hand."""
    here, every, given = installation(), windows(), request.form
    window, do = every.of(given.get("window", "")), given.get("do", "")
    doing: dict[str, Any] = {"actor": current_actor(), "now": here.now()}
    with session_scope(here.engine) as session:
        if do == "draw":
            ticket = hall.draw(session, window, every, **doing, district=here.district)
        elif do == "call":
            ticket = hall.call_next(session, window, every, **doing, district=here.district)
        elif do == "again":
            ticket = hall.call_again(session, _ticket_id(), every, **doing)
        elif do in {TicketState.DONE.value, TicketState.ABSENT.value}:
            ticket = hall.end(session, _ticket_id(), TicketState(do), every, **doing)
        elif do == "move":
            ticket = hall.move(session, _ticket_id(), every.of(given.get("to", "")), every, **doing)
        else:
            raise RequestInvalid(
                name="do",
                reason=Reason("one of {expected}", expected="draw, call, again, done, absent, move"),
                where={"path": "do"},
            )
        return jsonify(queue_body(session, window, every) | {"ticket": shown_ticket(ticket)})


def _ticket_id() -> int:
    text = request.form.get("ticket", "")
    if not text.isdecimal() or len(text) > 18:
        raise FieldMissing(field="ticket", where={"path": "ticket"})
    return int(text)


@blueprint.get("/window/tickets/<int:ticket_id>")
@roles(CLERKS)
def slip(ticket_id: int) -> str:
    """Send the slip of a number, for the printer: the number, the window, how many wait before."""
    every = windows()
    with reading() as session:
        found = window_tickets.find(session, ticket_id, every.letters) if ticket_id < 2**63 else None
        if found is None:
            raise NotFoundError(what=str(ticket_id)[:40], where={"path": request.path})
        before = window_tickets.of_day(session, found.day, every.letters, [found.window])
    ahead = sum(one.state is TicketState.WAITING and one.taken_at < found.taken_at for one in before)
    return render_template(
        "receipt_ticket.html",
        ticket=found,
        window=every.of(found.window),
        at=_local(found.taken_at),
        ahead=ahead,
        synthetic=installation().district.profile.synthetic,
    )


# -- the hall ---------------------------------------------------------------------------------------------------------


@blueprint.get("/window/display")
@roles(PUBLIC)
def display() -> str:
    """Send the hall's screen: numbers and windows, nothing of any person or matter."""
    with session_scope(installation().engine) as session:
        shown = screen_body(session, windows())
    return render_template("window_display.html", shown=shown, synthetic=installation().district.profile.synthetic)


@blueprint.get("/window/display.json")
@roles(PUBLIC)
def display_data() -> Response:
    """Send what the hall's screen shows, for its script."""
    with session_scope(installation().engine) as session:
        return jsonify(screen_body(session, windows()))
