"""``geogrid load names``: former names of units, grids, roads and places from a file, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from etl.cells import convert
from etl.errors import ColumnMissing, DateForm, NameOfNothing, ValueRange
from etl.kinds import CODE, TEXT, Column
from etl.recipe import Recipe, in_our_names
from etl.sources import open_table
from etl.sources.table import Table, is_empty
from geogrid.domain.places import FormerName, NamedKind
from geogrid.errors import GeogridError

if TYPE_CHECKING:
    from sqlalchemy import Engine

COLUMNS = (
    Column("kind", NamedKind, required=True),
    Column("old_name", TEXT, required=True),
    Column("code", CODE),
    Column("name", TEXT),
    Column("source", TEXT),
)
DATES = ("from_date", "to_date")
LONGEST_NAME = 200


@dataclass(frozen=True)
class NamesLoaded:
    """How many names the file held, and how many are known now (None: nothing was stored)."""

    read: int
    known: int | None


def load_names(path: Path, recipe: Recipe, engine: Engine | None, *, now: datetime, dry_run: bool = False) -> NamesLoaded:
    """Load the former names of a file.

    Columns: ``kind`` (unit, grid, road, place), ``old_name``; ``code`` or ``name`` of what is called so no longer;
    ``from_date``, ``to_date`` (ISO 8601, or a year), ``source``.

    Raises
    ------
    GeogridError
        the file errors of ``etl.errors``, or that of the first row that cannot be taken, with its place; nothing is stored
    """
    from geogrid.store import names
    from geogrid.store.session import session_scope

    read = read_names(path, recipe)
    if dry_run or engine is None:
        return NamesLoaded(len(read), None)
    with session_scope(engine) as session:
        return NamesLoaded(len(read), names.add(session, list(dict.fromkeys(read)), now=now))


def read_names(path: Path, recipe: Recipe) -> list[FormerName]:
    """Return the former names of a file in its order; of rows that name the same thing alike, the last counts."""
    table = in_our_names(open_table(path, recipe.read_options), recipe, [*(column.name for column in COLUMNS), *DATES])
    for column in COLUMNS:
        if column.required and column.name not in table.frame:
            found = ", ".join(map(str, table.frame.columns))
            raise ColumnMissing(name=path.name, wanted=column.name, found=found, first=column.name)
    found_names = {}
    for position in range(len(table)):
        try:
            one = _name(table, position)
        except GeogridError as error:
            error.where = {"path": str(path), "row": int(table.rows[position]), **error.where}
            raise
        found_names[one.kind, one.old_name, one.code, one.name] = one
    return list(found_names.values())


def _name(table: Table, position: int) -> FormerName:
    cells = {name: table.frame[name].iloc[position] for name in table.frame.columns}
    values = {
        column.name: None if is_empty(cells.get(column.name)) else convert(cells[column.name], column) for column in COLUMNS
    }
    kind, old = values["kind"], values["old_name"]
    if kind is None or old is None or not (values["code"] or values["name"]):
        raise NameOfNothing()
    for name in ("old_name", "name"):
        if len(str(values[name] or "")) > LONGEST_NAME:
            raise ValueRange(column=name, value=str(values[name])[:30] + "...", least=1, most=LONGEST_NAME)
    since, until = (_date(cells.get(name), name) for name in DATES)
    texts = {name: str(values[name] or "") for name in ("code", "name", "source")}
    return FormerName(NamedKind(str(kind)), str(old), texts["code"], texts["name"], since, until, texts["source"])


def _date(cell: object, column: str) -> date | None:
    """Return a date: of a year alone its first day."""
    if is_empty(cell):
        return None
    if isinstance(cell, datetime | date):
        return cell.date() if isinstance(cell, datetime) else cell
    text = str(cell).strip().removesuffix(".0")
    try:
        return date(int(text), 1, 1) if text.isdigit() and len(text) == 4 else date.fromisoformat(text[:10])
    except ValueError as error:
        raise DateForm(column=column, value=text[:30]) from error
