"""``geogrid load``: files into the platform."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from etl.beside import BESIDE, ENTERPRISES, PEOPLE, VISITS, beside, names_in
from etl.circles_command import Number
from etl.load_people import load_people, load_people_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from etl.load import Order, Source
    from etl.recipe import Recipe
    from etl.sources.table import Note
    from geogrid.domain.profiles import Profile
    from geogrid.settings import Settings

NAMES = "names"  # former names: no geography, of no edition
CLOSURES = "closures"  # closed roads, by date: of no edition either
NOT_LOADED = {"district", "truth"}  # of a made-up district: all kinds in one file, and what only tests may know


@click.command("load")
@click.argument("kind")
@click.argument("file", type=click.Path())
@click.option("--layer", help="Layer of a GeoPackage, Shapefile of an archive, sheet of a workbook.")
@click.option("--edition", help="The edition that takes the rows; a new name makes a new one. Without: named like the import.")
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where the file does not say it.")
@click.option("--lon", help="Column of longitudes, where it is not called lon.")
@click.option("--lat", help="Column of latitudes, where it is not called lat.")
@click.option("--map", "columns", multiple=True, metavar="COLUMN=NAME", help="Read COLUMN of the file as NAME. Repeatable.")
@click.option(
    "--set", "constants", multiple=True, metavar="NAME=VALUE", help="Fill NAME with VALUE where it is empty. Repeatable."
)
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="NAME:THEIRS=OURS",
    help="Read THEIRS in NAME as OURS; * is any other. Repeatable.",
)
@click.option("--time-format", help="Form of times, as in strptime, or epoch_s, epoch_ms, excel. Without: ISO 8601.")
@click.option("--tz", help="IANA zone of times without offset. Without: the profile's.")
@click.option("--encoding", help="Encoding of text. Without: found out and said.")
@click.option("--profile", help="The district: a file of data/profiles. Without: the setting GEOGRID_PROFILE.")
@click.option("--as-of", help="Take this as the present time (ISO 8601 with offset); what happened later is left out.")
@click.option("--activate", is_flag=True, help="Put the edition in force at once.")
@click.option("--accept-moved", is_flag=True, help="Activate although areas share nothing with their old selves.")
@click.option("--accept-faults", is_flag=True, help="Activate although grids overlap or leave gaps.")
@click.option("--add", is_flag=True, help="Add the rows to those there are, instead of replacing all of the kind.")
@click.option("--strict", is_flag=True, help="Load nothing when any row is refused.")
@click.option(
    "--locate-above",
    type=Number(0.0, 1.0),
    metavar="CONFIDENCE",
    help="Place events without a location by their address where it is so sure, such as 0.9. Without: they are refused.",
)
@click.option(
    "--locate",
    is_flag=True,
    help="The same at the profile's confidence; events whose words are less sure are kept, to be placed by a person.",
)
@click.option("--by", default="", metavar="LOGIN", help="Who proposes the matters of a file of lists. Without: the operator.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; store nothing.")
def load(kind: str, file: str, **options: Any) -> None:
    """Load FILE as KIND: grids, departments, units, stations, roads, households, places, events, names, closures or all.

    Rows that cannot be taken are put aside with reason and place, to be mended and loaded again; after an error nothing is
    half loaded. With KIND all, FILE is a folder of files or a GeoPackage whose names are kinds. KIND names takes former names
    (kind, old_name, code or name, from_date, to_date, source), closures takes closed roads (code, from_date, to_date, road_code
    or a line, modes, reason), workers takes people of the grids (code, name, phone, role, unit_code, grid_code, force),
    enterprises takes organisations with their places (code, name, class, address), enterprise_visits what was done for them
    (code, date, kind, body, visitors, seen, event, concern, handling), teams takes teams (code, name, force, unit, department,
    members by login), lists takes matters for the lists of departments (programme, category, unit, department, part, note), which
    become proposals: they belong to no edition. KIND all takes those of the folder or GeoPackage after its geography.
    """
    from etl.load import Order
    from etl.load import load as load_sources
    from etl.report_text import show
    from geogrid.actions.district import read_profile
    from geogrid.cli import command_language
    from geogrid.settings import read_settings

    settings = read_settings(os.environ)
    settings = replace(settings, profile=options["profile"] or settings.profile)
    as_of = _as_of(options["as_of"])
    order = Order(
        edition=options["edition"],
        now=as_of or settings.now(),
        cut=as_of is not None or settings.as_of is not None,
        locate_above=options["locate_above"],
        locate=options["locate"],
        data_dir=settings.data_dir,
        index_dir=None if options["dry_run"] else settings.var_dir / "index",
        **{name: options[name] for name in ("dry_run", "activate", "accept_moved", "accept_faults", "add", "strict")},
    )
    if kind == NAMES:
        _load_names(file, _recipe(options), settings, order)
        return
    if kind == CLOSURES:
        _load_closures(file, _recipe(options), settings, order)
        return
    if kind in PEOPLE:
        with _database(settings, dry_run=order.dry_run) as engine:
            load_people(kind, Path(file), _recipe(options), settings, engine, order, _tell, by=options["by"])
        return
    if kind in {ENTERPRISES, VISITS}:
        _load_enterprises(kind, file, _recipe(options), settings, order)
        return
    sources = _sources(kind, file, _recipe(options))
    profile, imports = read_profile(settings), settings.var_dir / "imports"
    with _database(settings, dry_run=order.dry_run) as engine:
        report, folder = load_sources(sources, order, profile, engine, imports, _tell)
        show(report, folder, command_language(os.environ))
        if kind == "all":
            _load_beside(Path(file), profile, engine, settings, order)


def _load_names(file: str, recipe: Recipe, settings: Settings, order: Order) -> None:
    from etl.former_names import load_names
    from etl.sources.table import Note

    with _database(settings, dry_run=order.dry_run) as engine:
        found = load_names(Path(file), recipe, engine, now=order.now, dry_run=order.dry_run)
    if found.known is None:
        _tell(Note("{count} former names can be loaded; nothing was stored", {"count": found.read}))
    else:
        _tell(Note("{count} former names loaded; {known} are known now", {"count": found.read, "known": found.known}))


def _load_closures(file: str, recipe: Recipe, settings: Settings, order: Order) -> None:
    from etl.closures import load_closures
    from etl.sources.table import Note

    with _database(settings, dry_run=order.dry_run) as engine:
        found = load_closures(Path(file), recipe, engine, now=order.now, dry_run=order.dry_run)
    if found.known is None:
        _tell(Note("{count} closures can be loaded; nothing was stored", {"count": found.read}))
    else:
        _tell(Note("{count} closures loaded; {known} are known now", {"count": found.read, "known": found.known}))


def _load_enterprises(kind: str, file: str, recipe: Recipe, settings: Settings, order: Order) -> None:
    from zoneinfo import ZoneInfo

    from etl.enterprises import load_enterprises, read_visits, store_visits
    from etl.report_text import show
    from geogrid.actions.district import open_district, read_profile
    from geogrid.actions.enterprises import read_rules
    from geogrid.cli import command_language
    from geogrid.store.session import session_scope

    with _database(settings, dry_run=order.dry_run) as engine:
        if kind == ENTERPRISES and engine is not None:
            told = {"rules": read_rules(settings.data_dir), "now": order.now, "imports": settings.var_dir / "imports"}
            district = open_district(settings, engine)
            report, folder = load_enterprises(Path(file), recipe, district, engine, **told, dry_run=order.dry_run)
            show(report, folder, command_language(os.environ))
            return
        rows, profile = read_visits(Path(file), recipe), read_profile(settings)
        if order.dry_run or engine is None:
            _tell(_note("{count} visits can be loaded; nothing was stored", count=len(rows)))
            return
        today = order.now.astimezone(ZoneInfo(profile.timezone)).date()
        with session_scope(engine) as session:
            found = store_visits(session, rows, profile, now=order.now, today=today)
    _tell(_note("{rows} visits: {made} new, {joined} events joined, {later} later than the clock", **vars(found)))


def _load_beside(path: Path, profile: Profile, engine: Engine | None, settings: Settings, order: Order) -> None:
    """Load, or only check, what stands beside the geography of a folder or GeoPackage: enterprises, their visits, people."""
    from etl.enterprises import load_enterprises_of
    from geogrid.actions.enterprises import read_rules

    parts, kept = beside(path), None if order.dry_run else engine
    found = load_enterprises_of(parts, profile, kept, read_rules(settings.data_dir), now=order.now)
    if found is not None:
        says = "{taken} enterprises taken" if found.visits else "{taken} enterprises can be loaded; nothing was stored"
        _tell(_note(says, taken=found.taken))
        if found.refused:
            told = "{refused} enterprises were refused: geogrid load enterprises names each with its reason"
            _tell(_note(told, refused=found.refused))
        if found.visits:
            _tell(_note("{rows} visits: {made} new, {joined} events joined, {later} later than the clock", **vars(found.visits)))
        else:
            _tell(_note("{count} visits can be loaded; nothing was stored", count=found.read))
    load_people_of(parts, settings, engine, order, _tell)


def _note(message: str, **values: Any) -> Note:
    from etl.sources.table import Note

    return Note(message, values)


def _tell(note: Note) -> None:
    from geogrid.cli import command_language

    click.echo(note.words(command_language(os.environ)), err=True)


def _as_of(text: str | None) -> datetime | None:
    from etl.errors import OptionInvalid

    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise OptionInvalid(option="--as-of", reason=str(error)) from error
    if found.tzinfo is None:
        raise OptionInvalid(option="--as-of", reason=f"{text!r} has no offset, such as +08:00")
    return found


def _recipe(options: dict[str, Any]) -> Recipe:
    from etl.recipe import Recipe, parse_columns, parse_constants, parse_values

    return Recipe(
        columns=parse_columns(options["columns"], options["lon"], options["lat"]),
        constants=parse_constants(options["constants"]),
        values=parse_values(options["values"]),
        **{name: options[name] for name in ("datum", "time_format", "tz", "layer", "encoding")},
    )


def _sources(kind: str, file: str, recipe: Recipe) -> list[Source]:
    from etl.kinds import kind_named
    from etl.load import Source

    if kind == "all":
        return _all_sources(Path(file), recipe)
    return [Source(kind_named(kind), Path(file), recipe)]


def _all_sources(path: Path, recipe: Recipe) -> list[Source]:
    """Return a source for each kind that the folder or GeoPackage ``path`` holds, in the order of loading."""
    from etl.errors import FilePathRefused
    from etl.kinds import KINDS, LOAD_ORDER
    from etl.load import Source
    from etl.sources.table import Note

    there = names_in(path)
    parts = [(name, there[name]) for name in LOAD_ORDER if name in there]
    found = [Source(KINDS[name], part.path, replace(recipe, layer=part.recipe.layer or recipe.layer)) for name, part in parts]
    for name in sorted(set(there) - set(LOAD_ORDER) - NOT_LOADED - set(BESIDE)):
        _tell(Note("{kind}: not loaded, such rows have no place in the platform yet", {"kind": name}))
    missing = [name for name in LOAD_ORDER if name not in there]
    if found and missing:
        _tell(Note("{file} holds no {kinds}", {"file": path.name, "kinds": ", ".join(missing)}))
    if not found:
        raise FilePathRefused(name=str(path), where={"path": str(path)})
    return found


@contextmanager
def _database(settings: Settings, *, dry_run: bool) -> Iterator[Engine | None]:
    """Give the engine of the database; None where a dry run finds none, so that files can be checked before there is one."""
    from sqlalchemy.exc import OperationalError

    from geogrid.store.session import make_engine

    engine = make_engine(settings)
    try:
        if dry_run:
            try:
                engine.connect().close()
            except OperationalError:
                yield None
                return
        yield engine
    finally:
        engine.dispose()
