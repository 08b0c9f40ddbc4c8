"""``/tiles/<set>/<z>/<x>/<y>.mvt``: vector tiles of 1024 pixels, several layers in one.

``z`` is the zoom of the map, not of the pyramid: the tile is four web tiles wide, so the web tile two zooms up. VectorGrid
ignores ``zoomOffset``, and a map that relies on it stays blank while every event of loading fires.
"""

from __future__ import annotations

import gzip
from dataclasses import replace

from flask import Blueprint, Response, current_app, request
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geogrid.domain.circles import choice_of
from geogrid.domain.doors import WallView
from geogrid.domain.grids import Department
from geogrid.errors import NotFoundError, RequestInvalid
from geogrid.errors.family import Reason
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.space.tiles import tile_bounds_lonlat, tile_exists
from geogrid.store.tables.editions import editions
from geogrid.store.tables.events import steps
from layers.analysis import ANALYSES, analysis_version
from layers.catalog import layers_of
from layers.formats import mvt
from layers.view import View
from webmap.installation import installation
from webmap.reading import current_scope, reading
from webmap.roles import READERS, roles
from webmap.tile_cache import EVENT_SETS, Key, Made, TileCache
from webmap.tile_listener import start_listener

blueprint = Blueprint("tiles", __name__)

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
FIRST_ZOOM, LAST_ZOOM = 7, 19
FORM = 1  # of the tiles themselves: part of the version, raised when layers or properties change
TIMEOUT_MS = 2000
CIRCLE_SETS, CIRCLE_NAMES = ("service_circles", "uncovered"), ("travel", "minutes", "level")


@blueprint.get("/tiles/<set_name>/<int:z>/<int:x>/<int:y>.mvt")
@roles(READERS, wall=WallView.MAP)
def tile(set_name: str, z: int, x: int, y: int) -> Response:
    """Send one tile; 304 where the caller has this version; 404 outside the world or the zooms of the map."""
    layers_of(set_name)
    if not FIRST_ZOOM <= z <= LAST_ZOOM or not tile_exists(z, x, y):
        raise NotFoundError(what=f"{z}/{x}/{y}", where={"path": request.path})
    seen = current_scope()
    scope_key = seen.key if set_name in EVENT_SETS else EVERYTHING.key
    key = Key(set_name, _department(set_name) or _circles(set_name), (z, x, y), scope_key)
    made = tile_cache().get(key, _since(), lambda: make(key, seen))
    return _answer(made)


def _department(set_name: str) -> str:
    asked = request.args.get("department", "")
    if set_name != "department_grids" or not asked:
        return ""
    if asked not in Department.codes():
        raise RequestInvalid(name="department", reason=Reason("one of {expected}", expected=", ".join(Department.codes())))
    return asked


def _circles(set_name: str) -> str:
    """Return the choice of circles asked for, as the query of a tile: what is not asked for takes its default."""
    if set_name not in CIRCLE_SETS:
        return ""
    asked = [request.args.get(name, "") for name in CIRCLE_NAMES]
    try:
        return choice_of(*asked).key
    except ValueError:
        reason = "no such way of travelling, minutes or level; see the legend of the layer"
        raise RequestInvalid(name="/".join(CIRCLE_NAMES), reason=reason) from None


def _since() -> int | None:
    asked = request.args.get("since", "")
    if not asked:
        return None
    if not asked.isdecimal() or len(asked) > 18:
        raise RequestInvalid(name="since", reason="the number of a step is needed")
    return int(asked)


def _answer(made: Made) -> Response:
    zipped = "gzip" in request.accept_encodings
    response = Response(made.body if zipped else gzip.decompress(made.body), mimetype=MEDIA_TYPE)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(made.etag)
    return response.make_conditional(request)


def tile_cache() -> TileCache:
    """Return the application's cache; the first call starts its listener, in the process that serves."""
    extensions = current_app.extensions
    if "geogrid_tiles" not in extensions:
        cache = extensions.setdefault("geogrid_tiles", TileCache())
        start_listener(installation().engine, cache)
    found: TileCache = extensions["geogrid_tiles"]
    return found


def make(key: Key, seen: Scope) -> Made:
    """Make the tile of ``key``. ``all`` is joined of its two halves, so that a new event costs the quick half alone."""
    if key.set_name != "all":
        return read(key, seen)
    base_key = replace(key, set_name="base", scope=EVERYTHING.key)
    base = tile_cache().get(base_key, None, lambda: read(base_key, seen))
    events = read(replace(key, set_name="events"), seen)
    body = gzip.decompress(base.body) + gzip.decompress(events.body)  # a tile is a row of layers
    return Made(gzip.compress(body, 6, mtime=0), f"{base.etag}-{events.etag}")


def read(key: Key, seen: Scope) -> Made:
    """Read the tile of ``key`` in one short read-only transaction, as ``seen`` leaves it."""
    with reading() as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        session.execute(text(f"SET LOCAL statement_timeout = {TIMEOUT_MS}"))
        version = data_version(session, with_events=key.set_name in EVENT_SETS)
        if key.set_name in EVENT_SETS and not seen.whole:
            version += f"-{seen.key}"
        if key.set_name in ANALYSES:
            version += f"-{analysis_version(session, key.set_name)}"
        filters = {"department": key.choice} if key.choice else {}
        if key.set_name in CIRCLE_SETS:
            filters = dict(zip(CIRCLE_NAMES, key.choice.split("-"), strict=True))
        view = View(tile_bounds_lonlat(*key.tile), key.tile[0], filters=filters, scope=seen)
        body = mvt(session, layers_of(key.set_name), view, key.tile)
    return Made(gzip.compress(body, 6, mtime=0), version)


def data_version(session: Session, *, with_events: bool) -> str:
    """Return the version of what tiles show: the edition activated last and the last step, read before the tile itself.

    A tile may thus be newer than its version says, never older. Rides the primary keys.
    """
    activated = (
        select(editions.c.id).where(editions.c.activated_at.is_not(None)).order_by(editions.c.activated_at.desc()).limit(1)
    )
    edition = session.scalar(activated) or 0
    step = (session.scalar(select(func.max(steps.c.id))) or 0) if with_events else 0
    return f"{FORM}-{edition}-{step}"
