"""``geogrid unreached``: who reaches no station by road, and what is in the way."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from geogrid.domain.stations import StationLevel, TravelMode


@click.command("unreached")
@click.option("--stations", required=True, type=click.Path(), help="Points with code, level, industries, hours, capacity.")
@click.option("--roads", required=True, type=click.Path(), help="Roads as for load, or an OpenStreetMap PBF.")
@click.option("--places", type=click.Path(), help="Points to ask about, such as households; without: crossings and road ends.")
@click.option("--grids", type=click.Path(), help="Areas with a code: says where they are.")
@click.option("--closures", type=click.Path(), help="Closed roads as for load closures; needs --on.")
@click.option("--mode", type=click.Choice(TravelMode.codes()), default=TravelMode.WALK.value, show_default=True)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day: its closures and, with --profile, its season.")
@click.option("--open-at", help="Only stations open at this time, such as 2025-06-18T15:00:00+08:00.")
@click.option("--level", multiple=True, type=click.Choice(StationLevel.codes()), help="Only stations of these levels.")
@click.option("--industry", help="Only stations that take this kind of dispute.")
@click.option("--profile", help="Speeds and winter of a district's profile.")
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where a file does not say it.")
@click.option("--out", type=click.Path(path_type=Path), help="CSV, GeoJSON, GeoPackage, GeoParquet or XLSX, by its ending.")
def unreached(stations: str, roads: str, out: Path | None, **options: Any) -> None:
    """List who reaches none of STATIONS over ROADS, with the reason: no road near, a closure, a barrier, one-ways, cut off."""
    from etl.errors import OptionInvalid
    from etl.export import write
    from etl.unreached import Asked, find, words
    from geogrid.cli import command_language

    if options["closures"] and options["on"] is None:
        raise OptionInvalid(option="--closures", reason="it needs --on, the day")
    need, speeds = _need_and_speeds(options)
    day = None if options["on"] is None else options["on"].date()
    asked = Asked(TravelMode(options["mode"]), need, day, speeds, options["datum"])
    found = find(stations, roads, options["places"], options["grids"], options["closures"], asked)
    if out is not None:
        write(found.rows, out)
    for line in words(found, command_language(os.environ)):
        click.echo(line)


def _need_and_speeds(options: dict[str, Any]) -> Any:
    from geogrid.actions.district import read_profile
    from geogrid.domain.opening import LEVELS, Need
    from geogrid.domain.speeds import USUAL_SPEEDS
    from geogrid.settings import read_settings

    levels = frozenset(StationLevel(level) for level in options["level"]) or LEVELS
    need = Need(levels=levels, industry=options["industry"], at=_instant(options["open_at"]))
    if not options["profile"]:
        return need, USUAL_SPEEDS
    profile = read_profile(replace(read_settings(os.environ), profile=options["profile"]))
    return replace(need, timezone=profile.timezone), profile.speeds


def _instant(text: str | None) -> datetime | None:
    from etl.errors import OptionInvalid
    from geogrid.errors.family import Reason

    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise OptionInvalid(option="--open-at", reason=str(error)) from error
    if found.tzinfo is None:
        raise OptionInvalid(option="--open-at", reason=Reason("{text!r} has no offset, such as +08:00", text=text))
    return found
