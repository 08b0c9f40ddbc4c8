"""What a worker does before it takes requests: what the first reader would wait for, each step by itself.

A step that fails is logged and leaves the others; a worker never stops for it, and after ``MOST_S`` it takes requests all the
same while the rest goes on beside them. Later it does beside its requests what another edition or other names ask for.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import SQLAlchemyError

from etl.memory import give_back
from geogrid.actions import passwords
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
Known = tuple[int | None, str]  # the edition in force, the version of former names
FIRST_PAGES = ("/", "/desk", "/api/v1/desk/queue")

log = logging.getLogger(__name__)


def warm(app: Flask, steps: Sequence[Step] | None = None) -> list[str]:
    """Take every one of the ``steps`` (all of ``STEPS``) and return the names of those that failed.

    Where there is no edition yet, there is nothing to prepare.
    """
    failed = []
    for name, step in STEPS if steps is None else steps:
        began = time.monotonic()
        try:
            step(app)
        except Exception as error:  # whatever it is: a worker that is cold is better than none
            log.warning("not warmed: %s: %s", name, type(error).__name__)
            failed.append(name)
        else:
            log.info("warmed: %s in %.1f s", name, time.monotonic() - began)
    give_back()
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


def keep_warm(app: Flask) -> threading.Thread:
    """Start the thread that, once ``begin_to_warm`` is through, prepares another edition or other names when they are told.

    To be called before it, since what is in force now is prepared there. A request meanwhile waits for what is being made and
    makes nothing of its own; none is answered by what was before. The thread ends when nobody holds ``app`` any more.
    """
    with app.app_context():
        cleared = tile_cache().cleared  # set whenever the listener heard that everything may be different
    through: threading.Event = app.extensions.setdefault(WARMTH, threading.Event())
    known, used = _known(app), weakref.ref(app)
    weakref.finalize(app, cleared.set).atexit = False

    def run() -> None:
        nonlocal known
        through.wait()
        while cleared.wait() and used() is not None:
            cleared.clear()
            known = _prepared(used(), known)

    thread = threading.Thread(target=run, name="keep-warm", daemon=True)
    thread.start()
    return thread


def _prepared(app: Flask | None, known: Known | None) -> Known | None:
    """Prepare what is in force where it is not what was ``known``, and return what is known now."""
    now = _known(app)
    return known if app is None or now in {known, None} or warm(app, AGAIN) else now


def _known(app: Flask | None) -> Known | None:
    """Return what ``_in_force`` does, None while the database is away: its listener says so, and clears when it is back."""
    with suppress(SQLAlchemyError):
        return None if app is None else _in_force(app)
    return None


# -- steps ------------------------------------------------------------------------------------------------------------


def _here(app: Flask) -> Installation:
    found: Installation = app.extensions[EXTENSION]
    return found


def _edition(app: Flask) -> int | None:
    return _in_force(app)[0]


def _in_force(app: Flask) -> Known:
    """Return what decides how words are read and points are answered for: the edition, and the version of former names."""
    with session_scope(_here(app).engine) as session:
        found = editions.find_in_force(session)
        return (found.id if found else None), names.version(session)


def _grids(app: Flask) -> None:
    """The edition's index and roads, the times by road in every way people travel, the machine code that answers for a point."""
    edition = _edition(app)
    if edition is not None:
        here = _here(app)
        geography = here.district.geography_for(edition)
        if geography.network is not None and len(geography.station_codes):
            for mode in set(geography.mode_of.values()):
                geography.flood(mode)
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
    edition, version = _in_force(app)
    if edition is not None:
        _here(app).district.gazetteer_for(edition, version)


def _before(app: Flask) -> None:
    """What was compiled of editions and names gone by is let go: a recast that asks for it has it made again."""
    edition, version = _in_force(app)
    if edition is not None:
        _here(app).district.let_go(edition, version)


def _passwords(_: Flask) -> None:
    """The hash that an unknown login is compared with: its first attempt must take no longer than one with a wrong password."""
    passwords.is_password(None, "")


Step = tuple[str, Callable[[Flask], None]]
# The quick ones first, so that a start that is cut short has most.
STEPS: tuple[Step, ...] = (
    ("grids", _grids),
    ("pages", _pages),
    ("passwords", _passwords),
    ("first view", _first_view),
    ("places", _places),
)
# What another edition, or other names, make old.
AGAIN: tuple[Step, ...] = (("grids", _grids), ("places", _places), ("first view", _first_view), ("before", _before))


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
