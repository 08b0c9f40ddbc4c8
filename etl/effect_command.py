"""``geogrid circles-effect``: what closing, moving or opening stations, winter or opening hours would change, on files."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from etl.circles_command import MINUTES
from geogrid.domain.speeds import Season
from geogrid.domain.stations import TravelMode

if TYPE_CHECKING:
    from geogrid.space.effects import Effect

MOST_LOADS = 10


class LonLat(click.ParamType):
    """``LON,LAT`` in degrees."""

    name = "LON,LAT"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, float]:
        """Return both numbers."""
        try:
            lon, lat = (float(part) for part in str(value).split(","))
        except ValueError:
            self.fail("two numbers with a comma are needed, such as 126.6,45.9", param, ctx)
        return lon, lat


class Move(click.ParamType):
    """``CODE=LON,LAT``."""

    name = "CODE=LON,LAT"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, tuple[float, float]]:
        """Return code and place."""
        code, sign, place = str(value).partition("=")
        if not sign:
            self.fail("a code and a place are needed, such as S12=126.6,45.9", param, ctx)
        return code, LonLat().convert(place, param, ctx)


def _instant(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise click.BadParameter("an instant with its offset is needed, such as 2026-01-05T19:30+08:00", ctx, param)
    return found


@click.command("circles-effect")
@click.option("--stations", "stations_file", required=True, type=click.Path(), help="Points with code (and hours, for --at).")
@click.option("--roads", "roads_file", required=True, type=click.Path(), help="Roads as for load, or an OpenStreetMap PBF.")
@click.option("--households", "households_file", required=True, type=click.Path(), help="Points to count.")
@click.option("--grids", "grids_file", type=click.Path(), help="Areas with a code: --out lists these instead of households.")
@click.option("--minutes", type=MINUTES, default=10.0, show_default=True)
@click.option("--mode", type=click.Choice(TravelMode.codes()), default=TravelMode.WALK.value, show_default=True)
@click.option("--without", "closed", multiple=True, metavar="CODE", help="A station to close; several times for several.")
@click.option("--with", "opened", multiple=True, type=LonLat(), help="A place (CGCS2000) to open a station at.")
@click.option("--move", "moved", multiple=True, type=Move(), help="A station and the place (CGCS2000) to move it to.")
@click.option("--season", type=click.Choice(Season.codes()), help="Roads of this season afterwards, such as winter.")
@click.option("--at", callback=_instant, help="Only stations open at this instant count afterwards.")
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where a file does not say it.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="List of those who gain or lose, by its ending (.csv, .geojson ...)."
)
def circles_effect(**given: Any) -> None:
    """Say who would gain and who would lose: households within MINUTES of a station before and after a change.

    All that is named happens together. Counts are by each household's own way along the roads.
    """
    from etl.circles import read_roads, read_rows
    from etl.effects import Asked, by_grid, changed_homes, effect_on
    from etl.export import write
    from etl.kinds import AREA
    from geogrid.cli import command_language
    from geogrid.domain.stations import StationLevel

    datum = given["datum"]
    needed = ("code", "hours") if given["at"] else ("code",)
    stations = read_rows(given["stations_file"], needed, datum)
    if "level" in stations:
        stations = stations[stations["level"] != StationLevel.CENTRE].reset_index(drop=True)
    homes = read_rows(given["households_file"], (), datum)
    season = Season(given["season"]) if given["season"] else None
    asked = Asked(given["closed"], given["moved"], given["opened"], season, given["at"])
    mode = TravelMode(given["mode"])
    effect, codes = effect_on(stations, read_roads(given["roads_file"], datum), homes, asked, given["minutes"], mode)
    click.echo(told(effect, codes, mode, command_language(os.environ)))
    if given["out"]:
        grids = given["grids_file"] and read_rows(given["grids_file"], ("code",), datum, AREA)
        write(changed_homes(effect, codes, homes) if grids is None else by_grid(effect, grids, homes), given["out"])


def told(effect: Effect, codes: list[str], mode: TravelMode, language: str) -> str:
    """Return the effect in words: households, bands of minutes, and the stations whose load changes most."""
    from geogrid.space.effects import BANDS
    from geogrid.texts import translate
    from layers.analysis import percent

    def say(text: str, **values: Any) -> str:
        return translate(text, language).format(**values)

    (*before, households), (*after, _) = (band.tolist() for band in effect.bands())
    reached = [int(found.within(effect.minutes).sum()) for found in (effect.before, effect.after)]
    lines = [
        say(
            "{mode}, {minutes} minutes: {before} of {households} households ({share_before} %) before, {after} ({share} %) after",
            mode=translate(mode.label, language, "TravelMode"),
            minutes=f"{effect.minutes:g}",
            before=f"{reached[0]:,}",
            after=f"{reached[1]:,}",
            households=f"{households:,}",
            share_before=percent(reached[0], households),
            share=percent(reached[1], households),
        ),
        say("Gained: {gained} households. Lost: {lost}", gained=f"{len(effect.gained):,}", lost=f"{len(effect.lost):,}"),
    ]
    for bound, one, other in zip(BANDS, before, after, strict=True):
        lines.append(
            say("within {minutes} minutes: {before} -> {after}", minutes=f"{bound:g}", before=f"{one:,}", after=f"{other:,}")
        )
    loads = list(zip(codes, *(load.tolist() for load in effect.loads()), strict=True))
    changed = sorted((row for row in loads if row[1] != row[2]), key=lambda row: -abs(row[2] - row[1]))
    for code, one, other in changed[:MOST_LOADS]:
        lines.append(say("station {code}: {before} -> {after} households", code=code, before=f"{one:,}", after=f"{other:,}"))
    return "\n".join(lines)
