"""``geogrid assign``: the assignment on files, without a database."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from etl.sources.table import Note

FILE = click.Path(path_type=Path)
SHORT_S = 2.0  # work that ends sooner needs no bar


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    """Yield what is told (rows done, all rows) and shows a bar on a terminal, for work that takes a while."""
    begun, bar = time.monotonic(), click.progressbar(length=1, file=sys.stderr)
    shown = False

    def progress(done: int, rows: int) -> None:
        nonlocal shown
        if not shown and sys.stderr.isatty() and done < rows and time.monotonic() - begun > SHORT_S:
            bar.length, shown = rows, True
            bar.render_progress()
        if shown:
            bar.update(done - bar.pos)

    try:
        yield progress
    finally:
        if shown:
            bar.render_finish()


@click.command("assign")
@click.option("--grids", type=FILE, required=True, help="Polygons with codes.")
@click.option("--stations", type=FILE, help="Points with codes; without them the columns of stations stay empty.")
@click.option("--events", type=FILE, required=True, help="Points to assign: every row is kept, in order.")
@click.option("--departments", type=FILE, help="Department grids.")
@click.option("--roads", type=FILE, help="Roads (also OpenStreetMap PBF): adds the travel time to a station.")
@click.option("--profile", help="A file of data/profiles. Without: the local UTM zone.")
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where the events do not say it.")
@click.option("--lon", help="Column of longitudes, where it is not called lon.")
@click.option("--lat", help="Column of latitudes, where it is not called lat.")
@click.option("--grid-code", help="Column of grid codes, where it is not called code.")
@click.option("--station-code", help="Column of station codes.")
@click.option("--department-code", help="Column of department grid codes.")
@click.option("--layer", help="Layer or sheet of the events.")
@click.option("--encoding", help="Encoding of the events' text. Without: found out and said.")
@click.option(
    "--mode", type=click.Choice(["walk", "ebike", "car"]), help="How people travel. Without: as the profile says, or e-bike."
)
@click.option("--out", type=FILE, required=True, help="CSV, XLSX, GeoPackage, GeoParquet or GeoJSON, by its ending.")
def assign(profile: str | None, **options: Any) -> None:
    """Assign events to grids, department grids and stations: files in, a file out, no database.

    Adds grid_code, department_codes, station_code, distance_m, minutes (with roads), rule, confidence, candidates.
    """
    from etl.assign_files import Wanted, assign_files, rule_words
    from geogrid.actions.district import read_profile
    from geogrid.cli import command_language
    from geogrid.settings import read_settings

    def tell(note: Note) -> None:
        click.echo(note.words(command_language(os.environ)), err=True)

    chosen = read_profile(replace(read_settings(os.environ), profile=profile)) if profile else None
    with progress_bar() as progress:
        summary = rule_words(assign_files(Wanted(**options), chosen, tell, progress))
    click.echo(summary.words(command_language(os.environ)))
