"""``geogrid find``: which place do these words mean? From files, or from the edition in force."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from geogrid.domain.places import PlaceCandidate

FILE = click.Path()


@click.command("find")
@click.argument("text")
@click.option("--units", type=FILE, help="Areas with code, name, level.")
@click.option("--places", type=FILE, help="Settlements, landmarks, address points: name, kind, address.")
@click.option("--roads", type=FILE, help="Roads with names (also OpenStreetMap PBF).")
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where a file does not say it.")
@click.option("--near", help="lon,lat: decides between places that fit alike.")
@click.option("--most", type=click.IntRange(1, 100), default=5, show_default=True, help="Places shown at most.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def find(
    text: str,
    units: str | None,
    places: str | None,
    roads: str | None,
    datum: str | None,
    near: str | None,
    most: int,
    as_lines: bool,
) -> None:
    """Show the places that TEXT could mean, the likeliest first, each with its precision and why.

    With --units, --places or --roads these files alone are asked, without a database; else the edition in force.
    """
    from etl.find_places import as_json, gazetteer_of, near_of
    from geogrid.cli import command_language

    language, near_lonlat = command_language(os.environ), near_of(near)
    if units or places or roads:
        found = gazetteer_of(units, places, roads, datum).find(text, near_lonlat=near_lonlat, most=most)
    else:
        found = _in_force(text, near_lonlat, most)
    for candidate in found:
        line = json.dumps(as_json(candidate, language), ensure_ascii=False) if as_lines else _said(candidate, language)
        click.echo(line)
    if not found and not as_lines:
        from geogrid.texts import translate

        click.echo(translate("No place is named in these words.", language))


def _in_force(text: str, near_lonlat: tuple[float, float] | None, most: int) -> tuple[PlaceCandidate, ...]:
    from geogrid.actions.district import open_district
    from geogrid.actions.find import find_places
    from geogrid.settings import read_settings
    from geogrid.store.session import make_engine, session_scope

    settings = read_settings(os.environ)
    engine = make_engine(settings)
    try:
        with session_scope(engine) as session:
            return find_places(session, text, district=open_district(settings, engine), near_lonlat=near_lonlat, most=most)
    finally:
        engine.dispose()


def _said(found: PlaceCandidate, language: str) -> str:
    from geogrid.space.place_reasons import reason_words
    from geogrid.texts import translate

    template = translate("{name}: {precision}, within {radius} m, {percent} % sure, at {lon}, {lat}", language)
    lon, lat = found.point_lonlat
    first = template.format(
        name=found.name,
        precision=translate(found.precision.label, language, "PlacePrecision"),
        radius=f"{found.radius_m:.0f}",
        percent=f"{100 * found.confidence:.0f}",
        lon=f"{lon:.6f}",
        lat=f"{lat:.6f}",
    )
    return "\n  ".join((first, *reason_words(found, language)))
