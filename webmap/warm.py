"""What a worker does before it takes requests: what the first reader would wait for, each step by itself.

A step that fails is logged and leaves the others; a worker never stops for it, and after ``MOST_S`` it takes requests all the
same while the rest goes on beside them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from geogrid.space.tiles import TILE_STEPS, cell_of
from geogrid.store import editions, names
from geogrid.store.session import session_scope
from layers.extent import Box, district_extent
from webmap.installation import EXTENSION, Installation
from webmap.tile_listener import wait_until_listening
from webmap.tiles import FIRST_ZOOM, LAST_ZOOM, tile_cache
from webmap.tls import scheme

WARMTH = "geogrid_warmth"
MOST_S = 20.0  # of a start; a machine that needs longer serves cold rather than not at all
MOST_FIRST_TILES = 9
FIRST_PAGES = ("/", "/desk", "/api/v1/desk/queue")

log = logging.getLogger(__name__)


def warm(app: Flask) -> list[str]:
    """Take every step of ``STEPS`` and return the names of those that failed.

    Where there is no edition yet, there is nothing to prepare.
    """
    failed = []
    for name, step in STEPS:
        began = time.monotonic()
        try:
            step(app)
        except Exception as error:  # whatever it is: a worker that is cold is better than none
            log.warning("not warmed: %s: %s", name, type(error).__name__)
            failed.append(name)
        else:
            log.info("warmed: %s in %.1f s", name, time.monotonic() - began)
    return failed


def begin_to_warm(app: Flask) -> threading.Event:
    """Warm in a thread of its own, and return what is set when it is through; ``is_warm`` tells of it."""
    through: threading.Event = app.extensions.setdefault(WARMTH, threading.Event())

    def run() -> None:
        try:
            warm(app)
        finally:
            through.set()

    threading.Thread(target=run, name="warm", daemon=True).start()
    return through


def is_warm(app: Flask) -> bool:
    """Return whether nothing is being prepared any more."""
    through: threading.Event | None = app.extensions.get(WARMTH)
    return through is None or through.is_set()


# -- steps ------------------------------------------------------------------------------------------------------------


def _here(app: Flask) -> Installation:
    found: Installation = app.extensions[EXTENSION]
    return found


def _edition(app: Flask) -> int | None:
    with session_scope(_here(app).engine) as session:
        found = editions.find_in_force(session)
    return found.id if found else None


def _grids(app: Flask) -> None:
    """The edition's index and roads, and the machine code that answers for a point."""
    edition = _edition(app)
    if edition is not None:
        here = _here(app)
        here.district.geography_for(edition)
        lon, lat = here.district.profile.centre_lonlat
        _get(app, f"/api/v1/grids?lon={lon}&lat={lat}")


def _first_view(app: Flask) -> None:
    """The map's page and the tiles that a first view of the district can ask for."""
    if _edition(app) is None:
        return
    here = _here(app)
    with session_scope(here.engine) as session:
        extent = district_extent(session, here.district.profile.centre_lonlat)
    with app.app_context():
        wait_until_listening(tile_cache())  # before it listens it keeps nothing
    _get(app, *(f"/tiles/all/{z}/{x}/{y}.mvt" for z, x, y in first_tiles(extent)))


def _pages(app: Flask) -> None:
    """Templates and statements of the pages that somebody looks at all day."""
    if _edition(app) is not None:
        _get(app, *FIRST_PAGES)


def _places(app: Flask) -> None:
    """What finds a place for words."""
    edition, here = _edition(app), _here(app)
    if edition is not None:
        with session_scope(here.engine) as session:
            version = names.version(session)
        here.district.gazetteer_for(edition, version)


Step = tuple[str, Callable[[Flask], None]]
# The quick ones first, so that a start that is cut short has most.
STEPS: tuple[Step, ...] = (("grids", _grids), ("pages", _pages), ("first view", _first_view), ("places", _places))


def first_tiles(extent: Box) -> list[tuple[int, int, int]]:
    """Return the tiles (map zoom, x, y) that a first view of ``extent`` can ask for: whole at the zooms where few cover it."""
    found: list[tuple[int, int, int]] = []
    for zoom in range(FIRST_ZOOM, LAST_ZOOM + 1):
        (west, east), (north, south) = cell_of([extent[0], extent[2]], [extent[3], extent[1]], zoom - TILE_STEPS)
        covering = [(zoom, int(x), int(y)) for x in range(west, east + 1) for y in range(north, south + 1)]
        if len(covering) > MOST_FIRST_TILES:
            break
        found += covering
    return found


def _get(app: Flask, *paths: str) -> None:
    client = _client(app)
    for path in paths:
        answer = client.get(path)
        if answer.status_code >= 500:
            log.warning("not warmed: %s answered %s", path, answer.status_code)


def _client(app: Flask) -> FlaskClient:
    here, client = _here(app), app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {here.token}"
    client.environ_base["wsgi.url_scheme"] = scheme(here.settings)
    return client
