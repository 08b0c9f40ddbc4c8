"""``geogrid twin``: write the made-up district's files."""

from __future__ import annotations

import os
from pathlib import Path

import click

SIZE_NAMES = ("hulan", "small")


@click.command()
@click.option("--profile", "profile_code", default="999901", show_default=True, help="The district: a file of data/profiles.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="The same seed gives the same district.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder to write to.")
@click.option("--events", default=None, type=click.IntRange(1, 10_000_000), help="How many events instead of the size's.")
@click.option("--size", "size_name", default="hulan", show_default=True, type=click.Choice(SIZE_NAMES), help="How large.")
@click.option("--year", default=2025, show_default=True, type=click.IntRange(2000, 2100), help="The year of the events.")
def twin(profile_code: str, seed: int, out: Path, events: int | None, size_name: str, year: int) -> None:
    """Make up a district of a real one's size, marked as simulated in every row, and write its files."""
    from etl.synthesise import SIZES, build_world, write_parts
    from geogrid.domain.profiles import parse_profile
    from geogrid.errors import SetupError
    from geogrid.settings import read_settings

    path = read_settings(os.environ).data_dir / "profiles" / f"{profile_code}.toml"
    if not path.is_file():
        raise SetupError(reason=f"{path} is missing", mend="Name a profile of data/profiles.")
    profile = parse_profile(path.read_text(encoding="utf-8"), path.name)
    if not profile.synthetic:
        raise SetupError(reason=f"{path.name} is a real district's profile", mend="Name a synthetic one, such as 999901.")
    world = build_world(profile, seed, SIZES[size_name])
    write_parts(world.frames, world.events(year, events), out)
    counts = ", ".join(f"{name} {len(table)}" for name, table in world.frames.items())
    click.echo(f"{out}: {counts}, events {events or world.size.events}")
