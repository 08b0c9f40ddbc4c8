"""``geogrid map``: save the map as one page."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command("map")
@click.option("--out", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The page to write.")
@click.option("--lang", "language", default="", help="Language of the page. Without: the profile's.")
def save_map(path: Path, language: str) -> None:
    """Save the map of what is in force as one self-contained page, which opens from a file without a network."""
    from geogrid.actions.district import read_profile
    from geogrid.settings import read_settings
    from geogrid.store.session import make_engine, session_scope
    from geogrid.texts import languages
    from webmap.saved_map import saved_map

    settings = read_settings(os.environ)
    profile = read_profile(settings)
    chosen = language or settings.language or profile.language
    if chosen not in languages():
        raise click.BadParameter(f"{chosen}: one of {', '.join(languages())}", param_hint="--lang")
    with session_scope(make_engine(settings)) as session:
        page = saved_map(session, profile, chosen, now=settings.now())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    click.echo(f"{path}  {len(page.encode()) / 1e6:.1f} MB")
