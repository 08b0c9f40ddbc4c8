"""``geogrid twin``: write the made-up district's files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

SIZE_NAMES = ("hulan", "small")
MOST_IN_GEOPACKAGE = 250_000  # more events stand in their GeoParquet file only


@click.command()
@click.option("--profile", "profile_code", default="999901", show_default=True, help="The district: a file of data/profiles.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="The same seed gives the same district.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder to write to.")
@click.option(
    "--events",
    default=None,
    type=click.IntRange(1, 10_000_000),
    help="How many events instead of the size's; over 250,000: in GeoParquet only.",
)
@click.option("--size", "size_name", default="hulan", show_default=True, type=click.Choice(SIZE_NAMES), help="How large.")
@click.option("--year", default=2025, show_default=True, type=click.IntRange(2000, 2100), help="The year of the events.")
def twin(profile_code: str, seed: int, out: Path, events: int | None, size_name: str, year: int) -> None:
    """Make up a district of a real one's size, marked as simulated in every row, and write its files."""
    from etl.synthesise import SIZES, build_world, write_parts
    from etl.synthesise.duty_lists import write_lists
    from etl.synthesise.enterprises import write_enterprises
    from geogrid.actions.district import read_profile
    from geogrid.actions.programmes import shipped_programmes
    from geogrid.errors import ProfileNotSynthetic
    from geogrid.settings import read_settings

    settings = read_settings(os.environ)
    profile = read_profile(replace(settings, profile=profile_code))
    if not profile.synthetic:
        raise ProfileNotSynthetic(profile=profile_code)
    size = SIZES[size_name]
    count = events or size.events
    world = build_world(profile, seed, size)
    write_parts(world.frames, world.events(year, count), out, events_in_geopackage=count <= MOST_IN_GEOPACKAGE)
    firms = write_enterprises(out, world.ground, world.frames["households"], size.grids, year)
    programme = shipped_programmes(profile.programme, settings.data_dir).default
    listed = write_lists(out, world.frames, programme, world.ground.rng("lists"), year)
    counts = {**{name: len(table) for name, table in world.frames.items()}, "events": count, **firms, **listed}
    click.echo(f"{out}: " + ", ".join(f"{name} {number}" for name, number in counts.items()))
