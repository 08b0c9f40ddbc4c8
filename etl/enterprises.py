"""``geogrid load enterprises`` and ``visits``: files of enterprises with their places, and of visits to them.

Enterprises are checked like every table with places (datum, axes, sheets); rows that cannot be taken are put aside. The same file
again changes nothing. Of visits, a row that cannot be taken is named and stops the whole file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from etl.beside import ENTERPRISES, VISITS, Part
from etl.cells import convert
from etl.check import Checked, Refusal, check_table
from etl.errors import CodeDuplicate, ColumnMissing
from etl.event_rows import event_id
from etl.kinds import CODE, POINT, SYNTHETIC, TEXT, YES_NO, Column, Kind
from etl.quarantine import write_quarantine
from etl.recipe import Recipe, in_our_names
from etl.report import ImportReport, new_id, part_of, write_report
from etl.sources import open_table
from etl.sources.table import Note, is_empty
from geogrid.domain.enterprises import ConcernKind, EnterpriseRow, EnterpriseRules, Handling, Visit, VisitKind
from geogrid.errors import EnterpriseValue, GeogridError, NotFoundError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from geogrid.actions.district import District
    from geogrid.domain.profiles import Profile

KIND = Kind(
    "enterprises",
    (
        Column("code", CODE, required=True),
        Column("name", TEXT, required=True),
        Column("class", CODE, required=True),
        Column("address", TEXT, default=""),
        SYNTHETIC,
    ),
    POINT,
)
VISIT_COLUMNS = (
    Column("code", CODE, required=True),
    Column("date", TEXT, required=True),
    Column("kind", VisitKind, default=VisitKind.VISIT.value),
    Column("body", CODE, required=True),
    Column("visitors", TEXT, default=""),
    Column("seen", TEXT, default=""),
    Column("event", CODE, default=""),
    Column("concern", ConcernKind, default=ConcernKind.PROBLEM.value),
    Column("handling", Handling),
    Column("synthetic", YES_NO, default=False),
)
BY = "load"
DAY = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)", re.ASCII)


@dataclass(frozen=True)
class VisitRow:
    """A row of a file of visits: its number, the enterprise by its code, and the event that came of it, as the file says."""

    number: int
    code: str
    visit: Visit
    event: str
    concern: ConcernKind
    handling: Handling | None


# -- enterprises ------------------------------------------------------------------------------------------------------


def check_enterprises(
    path: Path, recipe: Recipe, profile: Profile, rules: EnterpriseRules
) -> tuple[Checked, list[EnterpriseRow]]:
    """Return the checked table and its good rows; the codes' check characters and the classes are checked as well."""
    from geogrid.actions.enterprises import check_row

    checked = check_table(open_table(path, recipe.read_options), KIND, profile, recipe, latest=None)
    good, bad, taken, first = [], [], [], dict[str, int]()
    positions = {int(row): i for i, row in enumerate(checked.table.rows)}
    for row in checked.frame.to_dict("records"):
        place = (float(row["geometry"].x), float(row["geometry"].y))
        one = EnterpriseRow(
            str(row["code"]).upper(), row["name"], row["class"], row["address"] or "", place, bool(row["synthetic"])
        )
        try:
            check_row(one, rules)
            if first.setdefault(one.code, int(row["source_row"])) != int(row["source_row"]):  # small letters are the same code
                raise CodeDuplicate(value=one.code, first=first[one.code])
        except GeogridError as error:
            bad.append(Refusal(positions[int(row["source_row"])], int(row["source_row"]), error, place))
            continue
        good.append(one)
        taken.append(row["source_row"])
    refused = tuple(sorted((*checked.refused, *bad), key=lambda refusal: refusal.row))
    frame = checked.frame[checked.frame["source_row"].isin(taken)]
    return replace(checked, frame=frame, refused=refused), good


def load_enterprises(
    path: Path,
    recipe: Recipe,
    district: District,
    engine: Engine | None,
    *,
    rules: EnterpriseRules,
    now: datetime,
    imports: Path,
    dry_run: bool = False,
) -> tuple[ImportReport, Path]:
    """Load a file of enterprises, place them, and return the report with its folder below ``imports``."""
    from geogrid.actions.enterprises import keep
    from geogrid.store.session import session_scope

    checked, rows = check_enterprises(path, recipe, district.profile, rules)
    notes = checked.notes
    state = "dry_run"
    if not dry_run and engine is not None:
        with session_scope(engine) as session:
            kept = keep(session, rows, now=now, district=district, rules=rules)
        told = {"made": kept.made, "changed": kept.changed, "placed": kept.placed}
        notes, state = (*notes, Note("{made} new, {changed} changed, {placed} placed in grids", told)), "loaded"
        if kept.outside:
            notes = (*notes, Note("{count} lie outside every grid: check their places", {"count": kept.outside}))
    report = ImportReport(new_id(now), now, district.profile.code, None, state, (part_of(checked, notes=notes),))
    folder = imports / report.id
    write_quarantine(report, {KIND.name: recipe}, folder)
    write_report(report, folder)
    return report, folder


# -- visits -----------------------------------------------------------------------------------------------------------


def read_visits(path: Path, recipe: Recipe | None = None) -> list[VisitRow]:
    """Return the visits of a file; raises the file errors of ``etl.errors`` or that of the first bad row, with its place."""
    recipe = recipe or Recipe()
    table = in_our_names(open_table(path, recipe.read_options), recipe, [column.name for column in VISIT_COLUMNS])
    for column in VISIT_COLUMNS:
        if column.required and column.name not in table.frame:
            found = ", ".join(map(str, table.frame.columns))
            raise ColumnMissing(name=path.name, wanted=column.name, found=found, first=column.name)
    found = []
    known = {column.name for column in VISIT_COLUMNS}
    for position, record in enumerate(table.frame[[n for n in table.frame.columns if n in known]].to_dict("records")):
        try:
            found.append(_visit(int(table.rows[position]), {str(name): cell for name, cell in record.items()}))
        except GeogridError as error:
            error.where = {"path": str(path), "row": int(table.rows[position]), **error.where}
            raise
    return found


def _visit(number: int, cells: dict[str, Any]) -> VisitRow:
    values = {c.name: c.default if is_empty(cells.get(c.name)) else convert(cells[c.name], c) for c in VISIT_COLUMNS}
    for column in VISIT_COLUMNS:
        if column.required and not values[column.name]:
            raise EnterpriseValue(field=column.name, value="", known=column.name)
    code, on_date = str(values["code"]).upper(), _day(str(values["date"]))
    kind = VisitKind(values["kind"])
    body, visitors, seen = (str(values[name] or "") for name in ("body", "visitors", "seen"))
    told = "\x1f".join((code, on_date.isoformat(), kind.value, body, visitors, seen))
    key = f"load:{hashlib.sha256(told.encode()).hexdigest()[:32]}"  # the same row again is the same visit
    visit = Visit(UUID(int=0), kind, on_date, body, visitors, seen, key, bool(values["synthetic"]))
    handling = Handling(values["handling"]) if values["handling"] else None
    return VisitRow(number, code, visit, str(values["event"] or ""), ConcernKind(values["concern"]), handling)


def _day(text: str) -> date:
    """Return a day: year, month and day, as cells hold it or as spreadsheets write it into a CSV (2025/6/18)."""
    found = DAY.match(text)
    try:
        return date(int(found[1]), int(found[3]), int(found[4])) if found else date.fromisoformat(text)
    except ValueError as error:
        raise EnterpriseValue(field="date", value=text, known="2025-06-18") from error


@dataclass(frozen=True)
class VisitsLoaded:
    """What became of a file of visits: rows, visits that are new, events joined, and rows that were later than the clock."""

    rows: int
    made: int
    joined: int
    later: int


def store_visits(session: Session, rows: list[VisitRow], profile: Profile, *, now: datetime, today: date) -> VisitsLoaded:
    """Store visits and join the events that came of them; what happened after ``today`` is left out.

    Raises
    ------
    NotFoundError
        for an enterprise that is not known
    errors of ``actions.enterprises.check_visit`` and ``check_bodies``
        each with the row
    """
    from geogrid.actions.enterprises import check_bodies, check_visit
    from geogrid.store import enterprises
    from geogrid.store import events as stored_events
    from geogrid.store.enterprises import Joined

    ids = enterprises.ids_of(session, [row.code for row in rows])
    unknown = next((row for row in rows if row.code not in ids), None)
    if unknown is not None:
        raise NotFoundError(what=unknown.code, where={"row": unknown.number, "path": "code"})
    in_time = [row for row in rows if row.visit.on_date <= today]
    visits = [replace(row.visit, enterprise_id=ids[row.code]) for row in in_time]
    bodies: set[str] = set()
    for row, visit in zip(in_time, visits, strict=True):
        try:
            check_visit(visit, today=today)
            check_bodies(session, [] if visit.body in bodies else [visit])
        except GeogridError as error:
            error.where = {"row": row.number, **error.where}
            raise
        bodies.add(visit.body)
    made = enterprises.add_visits(session, visits, by=BY, now=now)
    wanted = {row.event: event_id(row.event, profile) for row in in_time if row.event}
    there = stored_events.known_hashes(session, list(wanted.values()))
    joined = [
        Joined(ids[row.code], wanted[row.event], row.concern, row.handling, made.get(row.visit.key))
        for row in in_time
        if row.event and wanted[row.event] in there
    ]
    return VisitsLoaded(len(rows), len(made), enterprises.join(session, joined, by=BY, now=now), len(rows) - len(in_time))


@dataclass(frozen=True)
class EnterprisesLoaded:
    """What became of enterprises beside geography: how many were taken, how many refused; of ``read`` visits, what became.

    ``visits`` is None where nothing was stored.
    """

    taken: int
    refused: int
    read: int
    visits: VisitsLoaded | None


def load_enterprises_of(
    parts: Mapping[str, Part], profile: Profile, engine: Engine | None, rules: EnterpriseRules, *, now: datetime
) -> EnterprisesLoaded | None:
    """Load the enterprises, and the visits to them, that stand beside geography; None where there is neither.

    They are placed when somebody looks at them first: the geography is compiled then in any case. Visits to an enterprise that
    was refused are refused as those of one that nobody knows. Without an ``engine`` they are checked, and nothing is stored.
    """
    from zoneinfo import ZoneInfo

    from geogrid.actions.enterprises import enterprise_id
    from geogrid.store import enterprises
    from geogrid.store.session import session_scope

    firms, seen = parts.get(ENTERPRISES), parts.get(VISITS)
    if firms is None and seen is None:
        return None
    checked, rows = check_enterprises(firms.path, firms.recipe, profile, rules) if firms else (None, [])
    refused = len(checked.refused) if checked else 0
    visits = read_visits(seen.path, seen.recipe) if seen else []
    if engine is None:
        return EnterprisesLoaded(len(rows), refused, len(visits), None)
    with session_scope(engine) as session:
        enterprises.put(session, {enterprise_id(profile.code, one.code): one for one in rows}, now=now)
        found = store_visits(session, visits, profile, now=now, today=now.astimezone(ZoneInfo(profile.timezone)).date())
    return EnterprisesLoaded(len(rows), refused, len(visits), found)
