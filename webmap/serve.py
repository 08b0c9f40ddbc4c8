"""``geogrid serve``: pages, tiles and API, by gunicorn's threads."""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from sqlalchemy.exc import DBAPIError

from geogrid.errors import GeogridError, PortTaken, SetupError
from geogrid.settings import Settings
from geogrid.space.tiles import TILE_STEPS, cell_of
from geogrid.store.editions import find_in_force
from geogrid.store.session import session_scope
from layers.extent import Box, district_extent
from webmap.installation import EXTENSION, Installation
from webmap.loopback import LOOPBACK
from webmap.tile_listener import wait_until_listening
from webmap.tiles import FIRST_ZOOM, LAST_ZOOM, tile_cache
from webmap.tls import scheme, tls_of

WORKERS = 2
THREADS = 16
GRACE_S = 15
MOST_FIRST_TILES = 9

log = logging.getLogger(__name__)


class _Server(BaseApplication):
    """gunicorn, told by settings instead of its own files and environment."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings, self._options = settings, options
        super().__init__()

    def load_config(self) -> None:
        """Take the options; nothing is read from GUNICORN_CMD_ARGS or a file."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application in each worker after the fork: connections and threads must not cross it."""
        from webmap.app import create_app

        app = create_app(self._settings)
        threading.Thread(target=warm, args=(app,), name="warm", daemon=True).start()
        return app


def warm(app: Flask) -> None:
    """Do before the first reader comes what he would wait for: the edition compiled, the first view's page and tiles made.

    Without a database or an edition there is nothing to prepare.
    """
    here: Installation = app.extensions[EXTENSION]
    try:
        with session_scope(here.engine) as session:
            edition = find_in_force(session)
            extent = district_extent(session, here.district.profile.centre_lonlat)
        if edition is None:
            return
        here.district.geography_for(edition.id)
        with app.app_context():
            wait_until_listening(tile_cache())
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {here.token}"
        client.environ_base["wsgi.url_scheme"] = scheme(here.settings)
        client.get("/")
        for z, x, y in first_tiles(extent):
            client.get(f"/tiles/all/{z}/{x}/{y}.mvt")
    except (DBAPIError, GeogridError) as error:
        log.warning("not warmed: %s", type(error).__name__)


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


def options(settings: Settings, *, workers: int = WORKERS, threads: int = THREADS) -> dict[str, Any]:
    """Return gunicorn's options. It would open a control socket in the home folder by itself: switched off."""
    tls = tls_of(settings)
    encrypted = {"certfile": str(tls.cert), "keyfile": str(tls.key)} if tls else {}
    return {
        **encrypted,
        "bind": f"{settings.host}:{settings.port}",
        "workers": workers,
        "threads": threads,
        "worker_class": "webmap.web_worker.Worker",
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
        "timeout": 120,
        "graceful_timeout": GRACE_S,
        "keepalive": 15,
        "limit_request_line": 4094,
        "limit_request_fields": 60,
        "limit_request_field_size": 8190,
        "control_socket_disable": True,
        "proc_name": "geogrid",
        "loglevel": "warning",
    }


def check_address(settings: Settings) -> None:
    """Raise SetupError for an address other than loopback without encryption, PortTaken for a port in use."""
    if settings.host not in LOOPBACK and tls_of(settings) is None:
        raise SetupError(
            reason=f"{settings.host} is not a loopback address, and the connection would not be encrypted",
            mend="Start with --tls, or unset GEOGRID_HOST.",
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise PortTaken(port=settings.port, variable="GEOGRID_PORT") from error


def serve(settings: Settings, *, workers: int = WORKERS, threads: int = THREADS) -> None:
    """Serve until SIGTERM (requests under way are finished) or SIGINT; raises SetupError or PortTaken before it starts."""
    check_address(settings)
    _Server(settings, options(settings, workers=workers, threads=threads)).run()
