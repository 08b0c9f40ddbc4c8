"""What stands beside geography in a folder or GeoPackage whose names are kinds: people, teams, lists, enterprises, visits.

It belongs to no edition, and is loaded after the geography that it lies in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.recipe import Recipe

ENTERPRISES, VISITS = "enterprises", "enterprise_visits"
WORKERS, LISTS, TEAMS = "workers", "lists", "teams"
PEOPLE = (WORKERS, TEAMS, LISTS)  # in the order of loading: members of teams are workers
BESIDE = (ENTERPRISES, VISITS, *PEOPLE)


@dataclass(frozen=True)
class Part:
    """A file, or one layer of a GeoPackage: how it is read."""

    path: Path
    recipe: Recipe


def names_in(path: Path) -> dict[str, Part]:
    """Return what a folder holds by file name without its ending, or a GeoPackage by layer; raises FilePathRefused."""
    from etl.sources.geopackage import layers
    from etl.sources.sniff import ENDINGS, local_file

    if path.is_dir():
        files = [entry for entry in sorted(path.iterdir()) if entry.suffix.lower() in ENDINGS]
        return {entry.stem: Part(entry, Recipe()) for entry in files}
    return {name: Part(path, Recipe(layer=name)) for name in layers(local_file(path))}


def beside(path: Path) -> Mapping[str, Part]:
    """Return the parts of ``path`` that are no geography, by kind; raises FilePathRefused."""
    found = names_in(path)
    return {kind: found[kind] for kind in BESIDE if kind in found}
