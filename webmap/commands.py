"""The commands that webmap adds to ``geogrid``."""

from __future__ import annotations

import os
import sys

import click

from webmap.assets import assets
from webmap.demo import demo, stop, up
from webmap.map_command import save_map
from webmap.tls import TLS_HELP, use_tls


@click.command("serve")
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1, 64), default=16, show_default=True, help="Threads of each process.")
@click.option("--tls", is_flag=True, help=TLS_HELP)
@click.option("--tls-name", "names", multiple=True, help="A host name or address that the certificate made here is for.")
def serve(workers: int, threads: int, tls: bool, names: tuple[str, ...]) -> None:
    """Serve pages, map and API until stopped; requests under way are finished."""
    from geogrid.settings import read_settings
    from webmap.serve import serve as run

    settings = read_settings(os.environ)
    run(use_tls(os.environ, settings, names) if tls else settings, workers=workers, threads=threads)


@click.command("stream")
def stream() -> None:
    """Serve the live stream until stopped: a small process of its own."""
    # A fresh interpreter, because gevent's patches must come before everything else. It keeps this process's id.
    os.execv(sys.executable, [sys.executable, "-m", "webmap.stream"])


COMMANDS: tuple[click.Command, ...] = (serve, stream, demo, up, stop, assets, save_map)
