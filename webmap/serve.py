"""``geogrid serve``: pages, tiles and API, by gunicorn's threads."""

from __future__ import annotations

import gc
import os
import socket
from contextlib import suppress
from importlib import import_module
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from geogrid.errors import PortTaken, SetupError
from geogrid.settings import Settings
from webmap.loopback import LOOPBACK
from webmap.tls import tls_of
from webmap.warm import begin_to_warm, keep_warm

WORKERS = 2
THREADS = 16
GRACE_S = 15
# What every worker comes to need: loaded before they are forked, so that its memory is there once and not in each of them.
# Code alone: connections, threads of ours and whatever belongs to the district are made after the fork.
LOADED_FIRST = (
    "webmap.app",
    "geogrid.store.geography",
    "geogrid.store.index_files",
    "geogrid.space.index",
    "geogrid.space.network",
    "geogrid.space.gazetteer",
)
LOADED_WHERE_NUMBA_WORKS = ("geogrid.space.kernels", "geogrid.space.network_grid")


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
        keep_warm(app)
        begin_to_warm(app)  # the worker waits for it before it takes requests
        return app


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


def load_code() -> None:
    """Import what the workers share, and take it out of the collector's rounds: one would touch every page, and so copy it."""
    for name in LOADED_FIRST:
        import_module(name)
    for name in LOADED_WHERE_NUMBA_WORKS:
        with suppress(ImportError, RuntimeError):
            import_module(name)
    gc.collect()
    gc.freeze()


def serve(settings: Settings, *, workers: int = WORKERS, threads: int = THREADS) -> None:
    """Serve until SIGTERM (requests under way are finished) or SIGINT; raises SetupError or PortTaken before it starts."""
    check_address(settings)
    load_code()
    _Server(settings, options(settings, workers=workers, threads=threads)).run()
