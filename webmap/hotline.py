"""``/hotline``: orders of outside channels in and out, where each stands, what waits to be told, what they refused and why."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions.hotline import callback_of, resend
from geogrid.actions.reveal import refused
from geogrid.domain.clocks import Audience
from geogrid.domain.events import EventKind
from geogrid.domain.masking import mask_text
from geogrid.domain.notices import DeliveryState
from geogrid.domain.outside import Arrival, OrderState, Verdict
from geogrid.errors import AccessError, GeogridError, NotFoundError, RevealLimit
from geogrid.store import hotline as stored
from geogrid.store.matter_views import ClockView, MatterView, of_event
from geogrid.store.session import session_scope
from layers.hotline import Came, ListedOrder, OrderFilter, Told, counts, listed, messages, seen
from layers.synthetic import holds_synthetic
from webmap.account_pages import page_of, shown_time
from webmap.actor_words import actor_words
from webmap.errors import error_body, status_of
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor
from webmap.matter_rows import SHAPES, clock_words, party_words
from webmap.reading import current_scope, must_see, reading
from webmap.roles import OPERATORS, roles

blueprint = Blueprint("hotline", __name__)

LONGEST_TEXT, LONGEST_PURPOSE, LONGEST_ID = 60, 200, 18
ASKED = ("channel", "state", "q", "only", "order")
# Why something did not get through, as ``channels.outside.heard`` and the carrier say it, and what the reader is told.
NOT_THROUGH = (
    (re.compile(r"it answered (?P<status>\d{3})"), "it answered {status}"),
    (re.compile(r"it answered (?P<status>\d{3}), and not what was agreed"), "it answered {status}, and not what was agreed"),
    (re.compile(r"no secret (?P<name>\S+)"), "the secret {name} is not on this machine"),
    (re.compile(r".*the channel has no address to send to.*"), "the channel has no address to send to"),
    (re.compile(r".*the district is made up.*"), "the district is made up: nobody real is told"),
    (re.compile(r"(?P<host>\S+): (TimeoutError|timeout): .*"), "{host} did not answer in time"),
    (re.compile(r"(?P<host>\S+): (?P<kind>[A-Za-z]+): .*", re.DOTALL), "{host} cannot be reached ({kind})"),
)
# How far something told has come: a shape and a word each; colours are the style sheet's.
HOW_FAR = {
    "waits": ("△", "Waiting to be sent"),
    "tried": ("△", "Tried, waiting for the next try"),
    "taken": ("●", "Taken by them"),
    "known": ("●", "Known to them already"),
    "file": ("○", "Written to a file"),
    "refused": ("■", "Refused by them"),
    "given_up": ("■", "Given up"),
    "not_sent": ("■", "Not sent"),
    "unseen": ("○", "Told"),
}


@blueprint.get("/hotline")
@roles(OPERATORS)
def page() -> BaseResponse:
    """Send the orders; ``?order=`` opens one, ``?q=`` searches by their number, ``?only=attention`` what waits for a person."""
    return _page(_asked(request.args))


@blueprint.post("/hotline/messages/<int:message_id>/resend")
@roles(OPERATORS)
def send_again(message_id: int) -> BaseResponse:
    """Tell them once more what was refused or given up, and lead back to its order."""
    asked, here = _asked(request.form), installation()
    try:
        _must_see_order_of(message_id)
        with session_scope(here.engine) as session:
            order = resend(session, message_id, actor=current_actor(), now=here.now())
    except GeogridError as error:
        return _page(asked, error_body(error, current_language()), status_of(error))
    return redirect(f"{_address({**asked, 'order': str(order.id)})}#order", 303)


@blueprint.post("/hotline/orders/<int:order_id>/callback")
@roles(OPERATORS)
def callback(order_id: int) -> BaseResponse:
    """Show the caller's own number once, for a purpose; refusals are written as well."""
    asked, here = {**_asked(request.form), "order": str(order_id)}, installation()
    purpose = request.form.get("purpose", "")[:LONGEST_PURPOSE]
    told = {"actor": current_actor(), "now": here.now(), "address": request.remote_addr or ""}
    with reading() as session:
        found = seen(session, order_id, scope=current_scope())
    if found is None:
        raise NotFoundError(what=str(order_id), where={"path": request.path})
    try:
        with session_scope(here.engine) as session:
            number = callback_of(session, order_id, purpose, district=here.district, **told)
    except GeogridError as error:
        if isinstance(error, AccessError | RevealLimit):
            with session_scope(here.engine) as session:
                refused(session, found.event_id, purpose, code=error.code, **told)
        return _page(asked, error_body(error, current_language()), status_of(error))
    response = _page(asked, number=number or say("none was given"))
    response.headers["Cache-Control"] = "no-store"
    return response


def _must_see_order_of(message_id: int) -> None:
    with reading() as session:
        message = stored.outgoing(session, message_id)
        order = stored.by_id(session, message.order_id) if message else None
        if order is None:
            raise NotFoundError(what=str(message_id), where={"path": request.path})
        must_see(session, order.event_id)


# -- what is asked ----------------------------------------------------------------------------------------------------


def _asked(values: Any) -> dict[str, str]:
    return {name: values.get(name, "").strip()[:LONGEST_TEXT] for name in ASKED}


def _address(asked: dict[str, str]) -> str:
    told = urlencode({name: value for name, value in asked.items() if value})
    return f"/hotline?{told}" if told else "/hotline"


def _filter(asked: dict[str, str]) -> OrderFilter:
    state = OrderState(asked["state"]) if asked["state"] in OrderState.codes() else None
    return OrderFilter(asked["channel"], state, asked["q"], asked["only"] == "waits", asked["only"] == "attention")


# -- what is shown ----------------------------------------------------------------------------------------------------


def _page(asked: dict[str, str], error: dict[str, Any] | None = None, status: int = 200, *, number: str = "") -> BaseResponse:
    here, scope = installation(), current_scope()
    with reading() as session:
        rows = listed(session, _filter(asked), scope=scope)
        found = counts(session, scope=scope)
        opened = _opened(session, asked, number)
        shown = [_row(session, row, asked) for row in rows]
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    channels = [(code, one.title.text(current_language())) for code, one in here.district.outside.by_code.items()]
    total = sum(found[state.value] for state in OrderState)
    return page_of(
        "hotline.html", status, rows=shown, counts=found, total=total, opened=opened, asked=asked, error=error,
        channels=channels, states=list(OrderState), synthetic=synthetic, address=_address, full=len(rows),
    )  # fmt: skip


def _title(code: str) -> str:
    channel = installation().district.outside.by_code.get(code)
    return channel.title.text(current_language()) if channel else code


def _row(session: Session, row: ListedOrder, asked: dict[str, str]) -> dict[str, Any]:
    here = installation()
    view = of_event(session, row.event_id, now=here.now(), district=here.district)
    urgent = view.urgent() if view else None
    return {
        "id": row.id,
        "href": _address({**asked, "order": str(row.id)}) + "#order",
        "is_open": asked["order"] == str(row.id),
        "channel": _title(row.channel),
        "number": row.number,
        "event": row.event_number,
        "event_id": row.event_id,
        "kind": _sorted_as(view) or label(EventKind(row.kind)),
        "words": mask_text(row.words),
        "state": row.state,
        "round": row.round,
        "received": shown_time(row.received_at),
        "danger": here.district.danger.found(
            row.words, view.programme.code if view else "", view.matter.category if view else ""
        ),
        "clock": _clock(urgent) if urgent else None,
        "told": _told(row.told) if row.told else None,
    }


def _clock(clock: ClockView) -> dict[str, str]:
    """Return the light of a clock as shape and colour, and in words whose limit it is and when it ends."""
    light = clock.lights[Audience.STAFF]
    words = clock_words(clock, installation().district.profile.timezone).removeprefix(SHAPES[light]).strip()
    return {"light": light.value, "shape": SHAPES[light], "words": words}


def _sorted_as(view: MatterView | None) -> str:
    """Return the title of a matter's category, "" where it has none."""
    if view is None:
        return ""
    found = next((one for one in view.programme.categories if one.code == view.matter.category), None)
    return found.title.text(current_language()) if found else ""


def _opened(session: Session, asked: dict[str, str], number: str) -> dict[str, Any] | None:
    """Return the order that is open, with everything about it and its clocks; None where none is, or none the reader sees."""
    if not asked["order"].isascii() or not asked["order"].isdigit() or len(asked["order"]) > LONGEST_ID:
        return None
    row = seen(session, int(asked["order"]), scope=current_scope())
    order = stored.by_id(session, row.id) if row else None
    if row is None or order is None:
        return None
    here = installation()
    view = of_event(session, row.event_id, now=here.now(), district=here.district)
    running = [_clock(clock) for clock in view.clocks if clock.run.is_running] if view else []
    return {
        **_row(session, row, asked),
        "close": _address({**asked, "order": ""}),
        "danger_sentence": here.district.danger.sentence.text(current_language()),
        "place": mask_text(row.address),
        "progress": view.programme.state(view.matter.state).title.text(current_language()) if view else "",
        "owner": party_words(view.matter.owner, _names(session)) if view else "",
        "clocks": running,
        "has_callback": bool(order.callback),
        "callback": number or mask_text(order.callback),
        "is_revealed": bool(number),
        "messages": [_message(session, one) for one in messages(session, row.id)],
    }


def _names(session: Session) -> dict[str, str]:
    from layers.unit_names import unit_names

    return unit_names(session)


def _message(session: Session, one: Came | Told) -> dict[str, Any]:
    at, words = shown_time(one.at), mask_text(one.words)
    if isinstance(one, Came):
        title = label(Arrival(one.what))
        return {"way": "in", "title": title, "at": at, "round": one.round, "words": words, "mark": one.mark}
    return {
        "way": "out", "id": one.id, "title": label(OrderState(one.what)), "at": at, "round": one.round, "words": words,
        "who": actor_words(session, [one.actor], now=installation().now()).get(one.actor, ""), **_told(one),
    }  # fmt: skip


def _told(one: Told) -> dict[str, Any]:
    """Return how far something told has come, in shape and words, and what to do where a person must."""
    how = _how_far(one)
    shape, words = HOW_FAR[how]
    return {
        "id": one.id,
        "what": label(OrderState(one.what)),
        "how": how,
        "shape": shape,
        "far": say(words),
        "reason": _reason(one.reason or (one.last_error if how in {"tried", "given_up", "not_sent"} else "")),
        "tries": one.tries,
        "next": shown_time(one.next_try_at) if one.next_try_at else "",
        "attention": one.needs_attention,
    }


def _reason(text: str) -> str:
    """Return why something was not taken: their own words, masked; what the platform found, in the reader's language."""
    for form, message in NOT_THROUGH:
        if found := form.fullmatch(text):
            return say(message, **found.groupdict())
    return mask_text(text)


def _how_far(one: Told) -> str:
    if one.is_on_the_way:
        return "tried" if one.tries else "waits"
    if one.verdict is Verdict.REFUSED:
        return "refused"
    if one.verdict is not None:
        return "known" if one.verdict is Verdict.DUPLICATE else "taken"
    ended = {DeliveryState.SENT: "file", DeliveryState.FAILED: "given_up", DeliveryState.REFUSED: "not_sent"}
    return ended.get(one.delivery, "unseen") if one.delivery else "unseen"
