"""Load files into the platform: read, check, compare, store, all in one transaction, and say what became of every row."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.check import Checked, Refusal, check_table
from etl.compare import AREAS, coverage_faults, difference
from etl.errors import EditionTakesNoRows, MovedNotLoaded, NothingAccepted, OptionInvalid, RowsRefused
from etl.event_rows import reports_of
from etl.kinds import Kind
from etl.quarantine import is_quarantine, layer_names, write_quarantine
from etl.recipe import GEOMETRY, Recipe
from etl.report import ImportReport, Part, new_id, part_of, write_report
from etl.sources import open_table
from etl.sources.table import Note
from geogrid.domain.grids import GeographyKind
from geogrid.domain.places import Level
from geogrid.domain.profiles import Profile
from geogrid.errors import EditionState, EditionSuspicious, GeogridError
from geogrid.settings import ROOT

if TYPE_CHECKING:
    import geopandas as gpd
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from etl.by_words import Words

CLOCK_SKEW = timedelta(days=1)
Tell = Callable[[Note], None]


@dataclass(frozen=True)
class Source:
    """One file (or layer of one) to load as one kind of rows, and how to read it."""

    kind: Kind
    path: Path
    recipe: Recipe


@dataclass(frozen=True)
class Order:
    """What is wanted of an import.

    Attributes
    ----------
    edition : the edition that takes the geography; None: a new one, named like the import
    now : the clock; with ``cut``, what happened later is left out instead of refused
    dry_run : check and compare, store nothing
    activate : put the edition in force at once; ``accept_moved``, ``accept_faults`` as in ``geogrid edition activate``
    add : keep the rows that the edition (else the one in force) has of other codes, instead of replacing all of the kind
    strict : store nothing when any row is refused
    locate_above : events without a location are placed by their words where these are at least so sure (0 to 1); None: never
    locate : the same at the profile's ``words_confidence``, and those less sure are kept for a person to place
    data_dir : the folder of programmes and calendars
    index_dir : the folder of index files, so that an edition put in force here is compiled once; None: nothing is kept
    """

    edition: str | None
    now: datetime
    cut: bool = False
    dry_run: bool = False
    activate: bool = False
    accept_moved: bool = False
    accept_faults: bool = False
    add: bool = False
    strict: bool = False
    locate_above: float | None = None
    locate: bool = False
    data_dir: Path = ROOT / "data"
    index_dir: Path | None = None


class _RolledBack(Exception):
    """Leaves the transaction without keeping anything of it; caught where it was opened."""


def load(
    sources: Sequence[Source], order: Order, profile: Profile, engine: Engine | None, imports: Path, tell: Tell
) -> tuple[ImportReport, Path]:
    """Load ``sources`` and return the report and its folder below ``imports``.

    Parameters
    ----------
    engine : the database; None only for a dry run without comparison
    tell : is told what is being done

    Raises
    ------
    GeogridError
        where nothing could be loaded; the report of what was found until then is written all the same
    """
    report = ImportReport(new_id(order.now), order.now, profile.code, order.edition, "failed", ())
    folder = imports / report.id
    recipes = {source.kind.name: source.recipe for source in sources}
    try:
        words = _words(sources, order, profile, engine)
        parts = [_checked_part(source, order, profile, folder, words, tell) for source in sources]
        report = report.but(parts=tuple(parts))
        report = _stored(report, order, profile, engine, tell)
    except GeogridError as error:
        report = report.but(error=error)
        raise
    finally:
        if report.parts or report.error:
            write_quarantine(report, recipes, folder)
            write_report(report, folder)
        if report.state == "failed":  # the error goes on to the user, who must know where the rows are named
            tell(Note("Report: {folder}", {"folder": folder}))
    return report, folder


def _words(sources: Sequence[Source], order: Order, profile: Profile, engine: Engine | None) -> Words | None:
    """Return what places events by their words: the gazetteer of the edition in force; None where it was not asked for."""
    from etl.by_words import Words
    from geogrid.actions.district import read_gazetteer
    from geogrid.store import editions
    from geogrid.store.session import session_scope

    if order.locate_above is None and not order.locate:
        return None
    option = "--locate" if order.locate else "--locate-above"
    if all(source.kind.name != "events" for source in sources):
        raise OptionInvalid(option=option, reason="only events are placed by their words")
    if engine is None:
        raise OptionInvalid(option=option, reason="it needs the database and an edition in force")
    with session_scope(engine) as session:
        gazetteer = read_gazetteer(session, editions.in_force(session).id, profile)
    least = profile.words_confidence if order.locate_above is None else order.locate_above
    return Words(gazetteer, least, profile.most_accuracy_m, keep=order.locate)


def _checked_part(source: Source, order: Order, profile: Profile, folder: Path, words: Words | None, tell: Tell) -> Part:
    tell(Note("{kind}: reading {file}", {"kind": source.kind.label, "file": source.path.name}))
    table = open_table(source.path, replace(source.recipe.read_options, usual=source.kind.name))
    latest = None if order.cut else order.now + CLOCK_SKEW
    checked = check_table(table, source.kind, profile, source.recipe, latest=latest, words=words)
    return part_of(checked, layer=source.recipe.layer, again=_again(source, order, profile, folder, layer_names(table)))


def _again(source: Source, order: Order, profile: Profile, folder: Path, names: Mapping[str, str]) -> str:
    """Return the command that loads the refused rows once they are mended; what is in force is added to by a new edition.

    ``names`` are the columns of the file and what they are called among the refused.
    """
    if order.dry_run:
        return ""
    recipe = source.recipe
    words = ["geogrid", "load", source.kind.name, str(folder / "refused.gpkg"), "--layer", source.kind.name]
    words += ["--profile", profile.code]
    if source.kind.name != "events":
        words += ["--activate"] if order.activate else ["--edition", order.edition or folder.name]
    else:
        words += ["--locate"] if order.locate else []
    if source.kind.name == "events" and order.locate_above is not None:
        words += ["--locate-above", f"{order.locate_above:g}"]
    for name in ("datum", "time_format", "tz"):
        value = getattr(recipe, name)
        words += [f"--{name.replace('_', '-')}", value] if value else []
    mapped = {name: names.get(column, column) for name, column in recipe.columns.items() if name != GEOMETRY}
    renamed = {old: new for old, new in names.items() if new != old and old not in recipe.columns.values()}
    for name, column in {**renamed, **mapped}.items():
        words += ["--map", f"{column}={name}"]
    for name, value in recipe.constants.items():
        words += ["--set", f"{name}={value}"]
    for name, pairs in recipe.values.items():
        for theirs, ours in pairs.items():
            words += ["--value", f"{name}:{theirs}={ours}"]
    return shlex.join(words)


# -- the one transaction ----------------------------------------------------------------------------------------------


def _stored(report: ImportReport, order: Order, profile: Profile, engine: Engine | None, tell: Tell) -> ImportReport:
    if engine is None:
        _refuse_nothing(report)
        parts = [_with_coverage(part, part.checked.frame, report.parts, None, profile) for part in report.parts]
        return report.but(parts=tuple(parts), state="dry_run")
    with _transaction(engine, keep=not order.dry_run) as session:
        report, frames = _compared(report, order, profile, session, tell)
        _refuse_nothing(report)
        if order.strict and report.refused_rows:
            raise RowsRefused(count=report.refused_rows)
        if not order.dry_run and frames:
            report = _store_geography(report, frames, order, profile, session, tell)
        report = _store_events(report, order, profile, session, tell)
        _refuse_nothing(report)
        if order.strict and report.refused_rows:
            raise RowsRefused(count=report.refused_rows)
    return report.but(state="dry_run" if order.dry_run else "loaded")


def _refuse_nothing(report: ImportReport) -> None:
    """Raise NothingAccepted where all rows of a kind are refused: they would leave it empty and look like a success."""
    for part in report.parts:
        if part.refused and not part.accepted + part.known + part.later:
            table, counts = part.checked.table, Counter(refusal.error.code for refusal in part.refused).most_common(5)
            codes = ", ".join(f"{code} {rows}" for code, rows in counts)
            raise NothingAccepted(name=table.path.name, count=len(part.refused), codes=codes, where={"path": str(table.path)})


@contextmanager
def _transaction(engine: Engine, *, keep: bool) -> Iterator[Session]:
    from geogrid.store.session import session_scope

    try:
        with session_scope(engine) as session:
            yield session
            if not keep:
                raise _RolledBack
    except _RolledBack:
        return


def _compared(
    report: ImportReport, order: Order, profile: Profile, session: Session, tell: Tell
) -> tuple[ImportReport, dict[GeographyKind, gpd.GeoDataFrame]]:
    """Return the report with coverage faults and differences, and the frames to load, completed where rows are added."""
    from geogrid.store import editions, geography

    base = editions.find_in_force(session)
    frames: dict[GeographyKind, gpd.GeoDataFrame] = {}
    parts = []
    for part in report.parts:
        if part.kind == "events":
            parts.append(part)
            continue
        kind = GeographyKind(part.kind)
        tell(Note("{kind}: comparing with what is in force", {"kind": kind}))
        adding = order.add or is_quarantine(part.checked.table)
        frame = _added(session, kind, part.checked.frame, order.edition) if adding else part.checked.frame
        frames[kind] = frame
        units = None if base is None else geography.frame_of(session, GeographyKind.UNITS, base)
        compared = _with_coverage(part, frame, report.parts, units, profile)
        if base is not None:
            old = geography.frame_of(session, kind, base)
            found = difference(part.kind, old, frame, base.name)
            compared = replace(compared, difference=found, notes=(*compared.notes, *found.notes()))
        parts.append(compared)
    return report.but(parts=tuple(parts)), frames


def _added(session: Session, kind: GeographyKind, frame: gpd.GeoDataFrame, name: str | None) -> gpd.GeoDataFrame:
    """Return ``frame`` with the rows of other codes that the edition ``name`` (else the one in force) already has."""
    import pandas as pd

    from geogrid.store import editions, geography

    found = [edition for edition in editions.every(session) if edition.name == name]
    edition = found[0] if found else editions.find_in_force(session)
    if edition is None:
        return frame
    old = geography.frame_of(session, kind, edition)
    kept = old[~old["code"].isin(set(frame["code"]))]
    if kept.empty:
        return frame
    columns = [column for column in frame.columns if column in kept]
    return pd.concat([kept[columns].astype(object).set_geometry("geometry").set_crs(frame.crs), frame], ignore_index=True)


def _with_coverage(
    part: Part, frame: gpd.GeoDataFrame, parts: Sequence[Part], units_in_force: gpd.GeoDataFrame | None, profile: Profile
) -> Part:
    if part.kind not in AREAS or not len(frame):
        return part
    loading = next((other.checked.frame for other in parts if other.kind == "units"), None)
    units = loading if loading is not None else units_in_force
    territory = villages = None
    if units is not None and len(units):
        outline = units[units["level"] == Level.DISTRICT]
        territory = None if outline.empty else outline.geometry.iloc[0]
        villages = units[units["level"] == Level.VILLAGE]
    faults = coverage_faults(part.kind, frame, profile, territory=territory, villages=villages)
    return replace(part, coverage=tuple(faults))


def _store_geography(
    report: ImportReport,
    frames: dict[GeographyKind, gpd.GeoDataFrame],
    order: Order,
    profile: Profile,
    session: Session,
    tell: Tell,
) -> ImportReport:
    from geogrid.actions import district, editions

    name = order.edition or report.id
    tell(Note("{name}: storing {count} rows", {"name": name, "count": sum(map(len, frames.values()))}))
    here = district.district_of(profile, session, data_dir=order.data_dir, index_dir=order.index_dir)
    source = {"import": report.id, "files": sorted({part.checked.table.path.name for part in report.parts})}
    plain = {kind: frame.drop(columns=["source_row"], errors="ignore") for kind, frame in frames.items()}
    with _in_words_of_a_load():
        editions.load_edition(session, name, plain, now=order.now, district=here, source=source)
        if order.activate:
            tell(Note("{name}: putting it in force", {"name": name}))
            accepted = {"accept_moved": order.accept_moved, "accept_faults": order.accept_faults}
            editions.activate_edition(session, name, now=order.now, district=here, **accepted)
    return report.but(edition=name, activated=order.activate)


@contextmanager
def _in_words_of_a_load() -> Iterator[None]:
    """Say what stops an edition to somebody who loads: nothing is stored then, so that there is nothing to activate again."""
    try:
        yield
    except EditionSuspicious as error:
        raise MovedNotLoaded(where=error.where, **error.values) from error
    except EditionState as error:
        raise EditionTakesNoRows(where=error.where, **error.values) from error


def _store_events(report: ImportReport, order: Order, profile: Profile, session: Session, tell: Tell) -> ImportReport:
    from geogrid.actions import accept_batch, district
    from geogrid.store import editions

    parts = []
    for part in report.parts:
        if part.kind != "events":
            parts.append(part)
            continue
        reports, histories, mended = reports_of(part.checked, profile)
        part = replace(part, mended=(*part.mended, *mended))  # noqa: PLW2901 the same part, more of it known
        if order.dry_run and editions.find_in_force(session) is None:
            note = Note("No edition is in force yet: the places of events were not compared with the district")
            parts.append(replace(part, notes=(*part.notes, note)))
            continue
        doing = "Events: assigning {count}" if order.dry_run else "Events: assigning and storing {count}"
        tell(Note(doing, {"count": len(reports)}))
        here = district.district_of(profile, session, data_dir=order.data_dir, index_dir=order.index_dir)
        batch = accept_batch.accept_batch(session, reports, histories, now=order.now, district=here)
        late = [_late_refusal(part.checked, refused.row, refused.error) for refused in batch.refused]
        refused = tuple(sorted((*part.refused, *late), key=lambda refusal: refusal.row))
        parts.append(replace(part, accepted=batch.accepted, known=batch.known, later=batch.later, refused=refused))
    return report.but(parts=tuple(parts))


def _late_refusal(checked: Checked, index: int, error: GeogridError) -> Refusal:
    row: Any = checked.frame.iloc[index]
    position = int(np.searchsorted(checked.table.rows, row["source_row"]))
    return Refusal(position, int(row["source_row"]), error, (row.geometry.x, row.geometry.y))
