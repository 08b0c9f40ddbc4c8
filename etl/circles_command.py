"""``geogrid circles``: service circles of files, without a database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.domain.stations import TravelMode

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from geogrid.space.circles import HouseholdsServed


@click.command("circles")
@click.option("--stations", "stations_file", required=True, type=click.Path(), help="Points with a column code.")
@click.option("--roads", "roads_file", required=True, type=click.Path(), help="Roads as for load, or an OpenStreetMap PBF.")
@click.option("--households", "households_file", type=click.Path(), help="Points to count; without: circles only.")
@click.option("--minutes", type=click.FloatRange(min=0.0, min_open=True, max=240.0), default=10.0, show_default=True)
@click.option("--mode", type=click.Choice(TravelMode.codes()), default=TravelMode.WALK.value, show_default=True)
@click.option("--each", is_flag=True, help="One area a station, instead of one of all together.")
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where a file does not say it.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="GeoJSON, GeoPackage or GeoParquet, by its ending.")
def circles(
    stations_file: str,
    roads_file: str,
    households_file: str | None,
    minutes: float,
    mode: str,
    each: bool,
    datum: str | None,
    out: Path,
) -> None:
    """Draw from where STATIONS are reached over ROADS within MINUTES, and count the households that reach one.

    Areas are for showing; households are counted by their own way along the roads.
    """
    from etl.circles import draw, read_roads, read_rows
    from etl.export import write
    from geogrid.cli import command_language

    stations = read_rows(stations_file, ("code",), datum)
    homes = None if households_file is None else read_rows(households_file, (), datum)
    areas, served = draw(stations, read_roads(roads_file, datum), homes, minutes, TravelMode(mode), each=each)
    write(areas, out)
    click.echo(_said(areas, served, command_language(os.environ)))


def _said(areas: GeoDataFrame, served: HouseholdsServed | None, language: str) -> str:
    from geogrid.texts import translate
    from layers.analysis import percent

    mode = translate(TravelMode(areas["mode"].iloc[0]).label, language, "TravelMode")
    if served is None:
        return f"{mode}: {len(areas)}"
    template = translate("Households within {minutes} minutes: {reached} of {households} ({percent} %)", language)
    reached, households = int(served.reached.sum()), len(served.station)
    share = percent(reached, households)
    counted = {"reached": f"{reached:,}", "households": f"{households:,}", "percent": share}
    return f"{mode}. " + template.format(minutes=f"{served.minutes:g}", **counted)
