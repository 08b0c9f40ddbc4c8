"""``geogrid circles``: service circles of files, without a database."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.domain.stations import TravelMode

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from etl.circles import Served


class Number(click.FloatRange):
    """A number within bounds; never NaN, which is within every range."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        return self.fail(f"{value} is no number.", param, ctx) if math.isnan(number) else number


COUNTED = {
    "households": "{mode}, {minutes} minutes: {reached} of {households} households ({percent} %)",
    "events": "{mode}, {minutes} minutes: {reached} of {events} events ({percent} %)",
}
MINUTES = Number(min=0.0, min_open=True, max=240.0)


@click.command("circles")
@click.option("--stations", "stations_file", required=True, type=click.Path(), help="Points with a column code.")
@click.option("--roads", "roads_file", required=True, type=click.Path(), help="Roads as for load, or an OpenStreetMap PBF.")
@click.option("--households", "households_file", type=click.Path(), help="Points to count; without: circles only.")
@click.option("--events", "events_file", type=click.Path(), help="Points to count too, such as events.")
@click.option("--minutes", type=MINUTES, default=10.0, show_default=True)
@click.option("--mode", type=click.Choice(TravelMode.codes()), default=TravelMode.WALK.value, show_default=True)
@click.option("--each", is_flag=True, help="One area a station, instead of one of all together.")
@click.option("--water", "water_file", type=click.Path(), help="Areas that are nobody's home: left out of the circles.")
@click.option("--grids", "grids_file", type=click.Path(), help="Areas with a code, for --uncovered.")
@click.option(
    "--uncovered",
    "uncovered_file",
    type=click.Path(path_type=Path),
    help="Also list who reaches no station in time: households, or grids with --grids.",
)
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where a file does not say it.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="GeoJSON, GeoPackage or GeoParquet, by its ending.")
def circles(
    stations_file: str,
    roads_file: str,
    households_file: str | None,
    events_file: str | None,
    minutes: float,
    mode: str,
    each: bool,
    water_file: str | None,
    grids_file: str | None,
    uncovered_file: Path | None,
    datum: str | None,
    out: Path,
) -> None:
    """Draw from where STATIONS are reached over ROADS within MINUTES, and count the households and events that reach one.

    Areas are for showing; households and events are counted by their own way along the roads, with --each at the station that
    they reach first.
    """
    from etl.circles import draw, read_roads, read_rows, read_stations, uncovered
    from etl.event_points import places_to_count
    from etl.export import write
    from etl.kinds import AREA
    from geogrid.cli import command_language

    if uncovered_file is not None and households_file is None:
        raise click.UsageError("--uncovered needs --households")
    stations = read_stations(stations_file, datum)
    homes = None if households_file is None else read_rows(households_file, (), datum)
    water = None if water_file is None else read_rows(water_file, (), datum, AREA)
    roads = read_roads(roads_file, datum)
    language = command_language(os.environ)
    events = None
    if events_file is not None:
        events = places_to_count(events_file, datum, lambda note: click.echo(note.words(language), err=True))
    areas, served = draw(stations, roads, homes, minutes, TravelMode(mode), each=each, water=water, events_lonlat=events)
    write(areas, out)
    if uncovered_file is not None and homes is not None:
        write(
            uncovered(homes, served["households"], None if grids_file is None else read_rows(grids_file, ("code",), datum, AREA)),
            uncovered_file,
        )
    for line in _said(areas, served, language):
        click.echo(line)


def _said(areas: GeoDataFrame, served: Served, language: str) -> Iterator[str]:
    from geogrid.texts import translate
    from layers.analysis import percent

    mode = translate(TravelMode(areas["mode"].iloc[0]).label, language, "TravelMode")
    asked = {"mode": mode, "minutes": f"{float(areas['minutes'].iloc[0]):g}"}
    if not served:
        yield translate("{mode}, {minutes} minutes: areas: {areas}", language).format(**asked, areas=f"{len(areas):,}")
    for name, one in served.items():
        reached, number = int(one.reached.sum()), len(one.station)
        counted = {"reached": f"{reached:,}", name: f"{number:,}", "percent": percent(reached, number)}
        yield translate(COUNTED[name], language).format(**asked, **counted)
