"""What ``geogrid load`` does with people: workers, lists of matters, teams; by themselves, or beside geography."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from etl.beside import PEOPLE, TEAMS, WORKERS, Part
from etl.recipe import Recipe
from etl.sources.table import Note

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from etl.load import Order
    from geogrid.settings import Settings

Tell = Callable[[Note], None]


def load_people(
    kind: str, path: Path, recipe: Recipe, settings: Settings, engine: Engine | None, order: Order, tell: Tell, *, by: str = ""
) -> None:
    """Load one file of people and say what became of it; ``by``: the login of who proposes a file of lists."""
    if kind == WORKERS:
        _workers(path, recipe, settings, engine, order, tell)
    elif kind == TEAMS:
        _teams(path, recipe, engine, order, tell)
    else:
        _lists(path, recipe, settings, engine, order, tell, by)


def load_people_of(parts: Mapping[str, Part], settings: Settings, engine: Engine | None, order: Order, tell: Tell) -> None:
    """Load what stands beside geography of people, in its order; teams and lists wait until their places are in force.

    A dry run reads their files alone: the places that they name would be loaded just before.
    """
    in_force = (order.dry_run and order.activate) or (engine is not None and _in_force(engine))
    engine = None if order.dry_run else engine
    for kind in PEOPLE:
        if (part := parts.get(kind)) is None:
            continue
        if kind != WORKERS and not in_force:
            tell(Note("{file} waits: load it once an edition is in force", {"file": part.recipe.layer or part.path.name}))
            continue
        load_people(kind, part.path, part.recipe, settings, engine, order, tell)


def _in_force(engine: Engine) -> bool:
    from geogrid.errors import EditionNotInForce
    from geogrid.store import editions
    from geogrid.store.session import session_scope

    try:
        with session_scope(engine) as session:
            editions.in_force(session)
    except EditionNotInForce:
        return False
    return True


def _workers(path: Path, recipe: Recipe, settings: Settings, engine: Engine | None, order: Order, tell: Tell) -> None:
    from etl.workers import load_workers
    from geogrid.actions.district import read_profile

    found = load_workers(path, recipe, read_profile(settings), engine, now=order.now, dry_run=order.dry_run)
    if found.made is None:
        says = "{count} workers in {rows} rows can be loaded; nothing was stored"
        tell(Note(says, {"count": found.people, "rows": found.rows}))
        return
    says = "{count} workers: {made} new, {changed} changed; duties: {given} given, {ended} ended"
    tell(Note(says, {"count": found.people, **{name: getattr(found, name) for name in ("made", "changed", "given", "ended")}}))


def _teams(path: Path, recipe: Recipe, engine: Engine | None, order: Order, tell: Tell) -> None:
    from etl.teams import load_teams

    found = load_teams(path, recipe, engine, now=order.now, dry_run=order.dry_run)
    if found.made is None:
        tell(Note("{count} teams can be loaded; nothing was stored", {"count": found.teams}))
    else:
        tell(Note("{teams} teams: {made} new; members: {joined} joined, {left} left", vars(found)))


def _lists(path: Path, recipe: Recipe, settings: Settings, engine: Engine | None, order: Order, tell: Tell, by: str) -> None:
    from etl.matter_lists import load_lists
    from geogrid.actions.district import read_profile
    from geogrid.actions.programmes import read_programmes

    profile = read_profile(settings)
    programmes = read_programmes(settings.data_dir, profile.programme)
    found = load_lists(path, recipe, profile, programmes, engine, now=order.now, login=by, dry_run=order.dry_run)
    if found.there is None:
        tell(Note("{rows} matters can be put on lists; nothing was stored", {"rows": found.rows}))
    else:
        says = "{rows} matters of lists: {proposed} proposed, {admitted} admitted, {there} there already"
        tell(Note(says, vars(found)))
