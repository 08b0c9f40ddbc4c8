"""``geogrid load closures``: closed roads from a file, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.cells import convert
from etl.errors import ClosureOfNothing, ColumnMissing, ValueType
from etl.kinds import CODE, MODES, TEXT, YES_NO, Column
from etl.located import locate
from etl.recipe import Recipe, in_our_names
from etl.sources import open_table
from etl.sources.table import Table, is_empty
from geogrid.domain.closures import Closure
from geogrid.domain.stations import TravelMode
from geogrid.errors import GeogridError, GeometryType
from geogrid.space.validity import check_coordinates

if TYPE_CHECKING:
    from sqlalchemy import Engine

COLUMNS = (
    Column("code", CODE, required=True),
    Column("road_code", CODE, default=""),
    Column("modes", MODES, default=""),
    Column("reason", TEXT, default=""),
    Column("synthetic", YES_NO, default=False),
)
DATES = ("from_date", "to_date")
SHAPES = frozenset({"LineString", "MultiLineString", "Polygon", "MultiPolygon"})


@dataclass(frozen=True)
class ClosuresLoaded:
    """How many closures the file held, and how many are known now (None: nothing was stored)."""

    read: int
    known: int | None


def load_closures(path: Path, recipe: Recipe, engine: Engine | None, *, now: datetime, dry_run: bool = False) -> ClosuresLoaded:
    """Load the closures of a file; those known by their code become what the file says.

    Raises
    ------
    GeogridError
        the file errors of ``etl.errors``, or that of the first row that cannot be taken, with its place; nothing is stored
    """
    from geogrid.store import closures
    from geogrid.store.session import session_scope

    read = read_closures(path, recipe)
    if dry_run or engine is None:
        return ClosuresLoaded(len(read), None)
    with session_scope(engine) as session:
        return ClosuresLoaded(len(read), closures.put(session, read, now=now))


def read_closures(path: Path, recipe: Recipe) -> list[Closure]:
    """Return the closures of a file in its order; of one code the last row counts.

    Columns: ``code``, ``from_date`` (first day), ``to_date`` (last day; empty: until further notice), ``road_code`` or a line
    or an area, ``modes`` (empty: all), ``reason``.
    """
    table = in_our_names(open_table(path, recipe.read_options), recipe, [*(column.name for column in COLUMNS), *DATES])
    for name in ("code", "from_date"):
        if name not in table.frame:
            found = ", ".join(map(str, table.frame.columns))
            raise ColumnMissing(name=path.name, wanted=name, found=found, first=name)
    shapes, faults = _shapes(table, recipe.datum)
    closures = {}
    for position in range(len(table)):
        try:
            if position in faults:
                raise faults[position]
            one = _closure(table, position, shapes[position])
        except GeogridError as error:
            error.where = {"path": str(path), "row": int(table.rows[position]), **error.where}
            raise
        closures[one.code] = one
    return list(closures.values())


def _shapes(table: Table, datum: str | None) -> tuple[list[Any], dict[int, GeogridError]]:
    """Return the lines and areas on the datum of record, None for rows that name a road instead."""
    if table.geometry is None:
        return [None] * len(table), {}
    located = locate(table, datum=datum, datum_column=None)
    return list(located.geometry), {row: fault for row, fault in located.faults.items() if table.geometry[row] is not None}


def _closure(table: Table, position: int, shape: Any) -> Closure:
    import shapely

    cells = {name: table.frame[name].iloc[position] for name in table.frame.columns}
    values = {c.name: c.default if is_empty(cells.get(c.name)) else convert(cells[c.name], c) for c in COLUMNS}
    first, last = (_day(cells.get(name), name) for name in DATES)
    backwards = first is not None and last is not None and last < first
    if not values["code"] or first is None or backwards or (shape is None and not values["road_code"]):
        raise ClosureOfNothing()
    if shape is not None:
        if shape.geom_type not in SHAPES:
            raise GeometryType(code=str(values["code"]), got=shape.geom_type, wanted=" or ".join(sorted(SHAPES)))
        check_coordinates(shapely.get_coordinates(shape))
    modes = tuple(TravelMode(mode) for mode in str(values["modes"]).split(";") if mode)
    return Closure(
        code=str(values["code"]),
        from_date=first,
        to_date=last,
        road_code=str(values["road_code"]),
        line_lonlat=shape,
        modes=modes,
        reason=str(values["reason"]),
        synthetic=bool(values["synthetic"]),
    )


def _day(cell: object, column: str) -> date | None:
    if is_empty(cell):
        return None
    if isinstance(cell, datetime | date):
        return cell.date() if isinstance(cell, datetime) else cell
    try:
        return date.fromisoformat(str(cell).strip()[:10])
    except ValueError as error:
        raise ValueType(column=column, value=str(cell)[:30], wanted="a date such as 2025-07-01") from error
