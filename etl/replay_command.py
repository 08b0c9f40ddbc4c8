"""``geogrid replay``: rehearse a programme with a folder's events."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from etl.replay import Replayed
    from geogrid.settings import Settings


@click.command("replay")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Make a database of its own in this folder. Without: the one of the settings, which must hold no events.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Replay the first so many events of the file only.")
@click.pass_context
def replay(context: click.Context, folder: Path, into: Path | None, limit: int | None) -> None:
    """Rehearse a programme: every event of FOLDER is reported and taken through its steps, its clocks are looked at in time.

    FOLDER is what `geogrid load all` takes, with workers. Nothing is sent to anybody. At the end stand how many were closed,
    what ran late, and whether every invariant and the audit hold; a fault ends with code 1.
    """
    from etl.replay_run import rehearse

    with _database(into) as (settings, engine):
        well = rehearse(folder, limit, settings, engine, _progress)
    if not well:
        context.exit(1)


def _progress(done: Replayed) -> None:
    click.echo(f"{done.reported} / {done.steps} / {done.alarms} / {done.failed.total()}", err=True)


@contextmanager
def _database(into: Path | None) -> Iterator[tuple[Settings, Engine]]:
    """Give settings and engine of the database; with ``into`` those of a cluster that runs as long as the block."""
    from geogrid.cli import opened
    from geogrid.settings import read_settings
    from geogrid.store.cluster import start_cluster, stop_cluster
    from geogrid.store.schema import migrate
    from geogrid.store.session import make_engine

    if into is None:
        with opened() as found:
            yield found
        return
    into.mkdir(parents=True, exist_ok=True)
    settings = read_settings({**os.environ, "GEOGRID_VAR": str(into.resolve()), "GEOGRID_DATABASE_URL": ""})
    start_cluster(settings.var_dir, durable=False)
    try:
        engine = make_engine(settings)
        migrate(engine)
        yield settings, engine
        engine.dispose()
    finally:
        stop_cluster(settings.var_dir)
