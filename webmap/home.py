"""``/``: the map of the district, and what it asks for: search and cards. A Folium page that fetches vector tiles."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, make_response, redirect, request
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from geogrid.domain.doors import WallView
from geogrid.errors import NotFoundError, RequestInvalid
from geogrid.errors.family import Reason
from geogrid.store import events as stored_events
from geogrid.store.editions import find_in_force
from geogrid.store.tables.events import steps
from layers.cards import Card, event_card, grid_card, station_card
from layers.event_pages import count_unplaced
from layers.extent import district_extent
from layers.search import LONGEST_QUERY, search
from layers.synthetic import holds_synthetic
from webmap.bundles import address
from webmap.cards import card_body, type_label
from webmap.folium_map import served_page
from webmap.headers import csp_nonce, stream_origin
from webmap.installation import installation
from webmap.language import current_language
from webmap.login import current_caller
from webmap.map_frame import chrome, described_layers, district_name, map_frame
from webmap.navigation import own_links
from webmap.pages import wants_page
from webmap.reading import reading
from webmap.roles import READERS, roles
from webmap.signed_in import signed_in
from webmap.tiles import TIMEOUT_MS

blueprint = Blueprint("home", __name__)

TILES = "/tiles/{set}/{z}/{x}/{y}.mvt"
LONGEST_CODE = 40
WALL_REFRESH_S = 60


@blueprint.get("/")
@roles(READERS, wall=WallView.MAP)
def home() -> Response:
    """Send the map; ``?event=``, ``?grid=`` or ``?station=`` opens one.

    A screen on a wall is sent it without search and live stream, which its token does not open: it loads the map anew instead.
    """
    here, language, is_wall = installation(), current_language(), bool(current_caller().wall)
    profile = here.district.profile
    with reading() as session:
        _bound(session)
        bounds = district_extent(session, profile.centre_lonlat)
        layers = described_layers(session, language)
        since = session.scalar(select(func.max(steps.c.id))) or 0
        reloads = stored_events.reloads(session)  # before the edition and the tiles, which may be newer
        edition = find_in_force(session)
        synthetic = profile.synthetic or holds_synthetic(session)
        unplaced = count_unplaced(session)
    markup = chrome(
        language,
        name=district_name(profile, language),
        edition=edition.name if edition else "",
        synthetic=synthetic,
        searchable=not is_wall,
        live=not is_wall,
        saved_at=here.now().astimezone(ZoneInfo(profile.timezone)).strftime("%Y-%m-%d %H:%M:%S"),
        unplaced=unplaced,
        links=own_links(),
        signed_in=signed_in(),
    )
    stream = f"{stream_origin(here.settings.stream_port)}/stream"
    config: dict[str, Any] = {"tiles": TILES, "since": since, "reloads": reloads, "asked": _asked()}
    if not is_wall:
        config |= {"search": "/search", "stream": stream}
    frame = map_frame(profile, language, bounds=bounds, markup=markup, layers=layers, config=config)
    page = served_page(
        frame, vendor_js=address("vendor.js"), map_js=address("map.js"), map_css=address("map.css"), nonce=csp_nonce()
    )
    response = make_response(page)
    if is_wall:
        response.headers["Refresh"] = str(WALL_REFRESH_S)
    return response


def _bound(session: Session) -> None:
    session.execute(text("SET TRANSACTION READ ONLY"))
    session.execute(text(f"SET LOCAL statement_timeout = {TIMEOUT_MS}"))


def _asked() -> dict[str, str] | None:
    for type_name in ("event", "grid", "station"):
        code = request.args.get(type_name, "")[:LONGEST_CODE]
        if code:
            return {"type": type_name, "code": code}
    return None


@blueprint.get("/search")
@roles(READERS)
def find() -> Response:
    """Send what fits ``?q=``: codes, numbers and names."""
    asked = request.args.get("q", "")
    if len(asked) > LONGEST_QUERY:
        raise RequestInvalid(name="q", reason=Reason("at most {max_length} characters", max_length=LONGEST_QUERY))
    with reading() as session:
        _bound(session)
        found = search(session, asked)
    shown = [{"type": f.type, "kind": type_label(f.type), "code": f.code, "title": f.title, "bbox": f.bbox} for f in found]
    return jsonify({"found": shown})


@blueprint.get("/grids/<code>")
@roles(READERS)
def grid(code: str) -> BaseResponse:
    """Send the card of a base or department grid; a browser is sent to the map that opens it."""
    return _card("grid", code, lambda session: grid_card(session, code))


@blueprint.get("/stations/<code>")
@roles(READERS)
def station(code: str) -> BaseResponse:
    """Send the card of a station."""
    return _card("station", code, lambda session: station_card(session, code))


@blueprint.get("/events/<uuid:event_id>")
@roles(READERS)
def event(event_id: UUID) -> BaseResponse:
    """Send the card of an event."""
    here = installation()
    return _card("event", str(event_id), lambda session: event_card(session, event_id, now=here.now(), district=here.district))


def _card(type_name: str, code: str, read: Any) -> BaseResponse:
    if wants_page():
        return redirect(f"/?{type_name}={code[:LONGEST_CODE]}")
    with reading() as session:
        _bound(session)
        found: Card | None = read(session)
    if found is None:
        raise NotFoundError(what=code[:LONGEST_CODE], where={"path": request.path})
    return jsonify(card_body(found, type_name))
