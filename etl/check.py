"""Rows of a stranger's table: accepted, mended (and said so), or refused with code, reason and place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.by_words import Words, place_by_words, with_coordinates
from etl.cells import convert, from_sheet, to_accuracy
from etl.columns import Columns, columns_of
from etl.errors import CodeDuplicate, CodeMissing, CodePattern, ColumnMissing, TimeStandIn, ValueMissing
from etl.kinds import ACCURACY, TIME, Column, Kind
from etl.located import Located, locate
from etl.mending import Mending
from etl.recipe import Recipe, in_our_names, sources_of
from etl.sources.table import Note, Table, is_empty
from etl.times import time_reader, zone_named
from geogrid.domain.places import Datum
from geogrid.domain.profiles import Profile
from geogrid.errors import CoordNullIsland, GeogridError
from geogrid.space.crs import SRID_STORED
from geogrid.space.validity import check_coordinates, check_geometry

if TYPE_CHECKING:
    import geopandas as gpd


LIKELY_DEGREES = 3.0  # how far from the district's centre a place may lie before exchanged axes are suspected
KEY = {"events": "id"}


@dataclass(frozen=True)
class Refusal:
    """A row that was not taken: its position in the table, its row number, the error, its place where it has one (lon, lat)."""

    position: int
    row: int
    error: GeogridError
    lonlat: tuple[float, float] | None


@dataclass(frozen=True)
class Checked:
    """The result: ``frame`` (EPSG:4490) holds the accepted rows with their ``source_row``, converted, in the order of the file.

    For events it also has ``stated_lon``, ``stated_lat`` and ``stated_datum``: the point as the stranger stated it.
    """

    kind: Kind
    table: Table
    frame: gpd.GeoDataFrame
    refused: tuple[Refusal, ...]
    mended: tuple[Mending, ...]
    notes: tuple[Note, ...]
    columns: Columns = field(default_factory=Columns)


def check_table(
    table: Table, kind: Kind, profile: Profile, recipe: Recipe, *, latest: datetime | None, words: Words | None = None
) -> Checked:
    """Check every row of ``table`` as a row of ``kind``.

    Parameters
    ----------
    latest : times after it are refused; None: none are
    words : places rows without a location by their words; None: such rows are refused

    Raises
    ------
    ColumnMissing, DatumNotStated, OptionInvalid
        where the whole table cannot be read so; what concerns one row is in ``refused`` instead
    """
    ours = in_our_names(table, recipe, kind.names)
    _require_columns(ours, kind)
    ours, located, mended = _located(ours, kind, recipe, words)
    faults: dict[int, GeogridError] = dict(located.faults)
    shapes = _checked_shapes(located, kind, profile, table.rows, faults, mended)
    values = _values(ours, kind, _readers(kind, profile, recipe, latest), faults, mended)
    _check_keys(values, kind, profile, table.rows, faults)
    refused = tuple(
        Refusal(position, int(table.rows[position]), error, _place(error, located.geometry[position]))
        for position, error in sorted(faults.items())
    )
    frame = _accepted(values, shapes, located, kind, table, faults)
    kept = set(frame["source_row"])
    theirs = [str(column) for column in table.frame.columns]
    columns = columns_of(theirs, sources_of(theirs, recipe, kind.names), kind.names, recipe.constants)
    notes = (*table.notes, *located.notes, *columns.notes())
    return Checked(kind, table, frame, refused, tuple(m for m in mended if m.row in kept), notes, columns)


def _require_columns(table: Table, kind: Kind) -> None:
    missing = [column.name for column in kind.columns if column.required and column.name not in table.frame]
    if missing:
        found = ", ".join(map(str, table.frame.columns[:40]))
        where = {"path": str(table.path)}
        raise ColumnMissing(name=table.path.name, wanted=", ".join(missing), first=missing[0], found=found, where=where)


def _located(table: Table, kind: Kind, recipe: Recipe, words: Words | None) -> tuple[Table, Located, list[Mending]]:
    if kind.name != "events":
        return table, locate(table, datum=recipe.datum, datum_column=None), []
    if words is None:
        return table, locate(table, datum=recipe.datum), []
    table = with_coordinates(table)
    return place_by_words(table, locate(table, datum=recipe.datum), words)


# -- places -----------------------------------------------------------------------------------------------------------


def _checked_shapes(
    located: Located, kind: Kind, profile: Profile, rows: np.ndarray, faults: dict[int, GeogridError], mended: list[Mending]
) -> np.ndarray:
    """Return the geometries fit for the store; faults and mendings are added to the collections given."""
    lon, lat = profile.centre_lonlat
    likely = (lon - LIKELY_DEGREES, lat - LIKELY_DEGREES, lon + LIKELY_DEGREES, lat + LIKELY_DEGREES)
    shapes = located.geometry.copy()
    for position in _suspects(shapes, kind, likely):
        if position in faults or shapes[position] is None:  # without a place and yet no fault: a person will place it
            continue
        try:
            checked = check_geometry(
                located.exact[position], row_name(rows[position]), wanted=kind.geometry, likely_lonlat=likely
            )
            refuse_null_island(checked.shape)
        except GeogridError as error:
            faults[position] = error
        else:
            shapes[position] = checked.shape
            mended.extend(Mending(int(rows[position]), code, count) for code, count in checked.notes if code != "snapped")
    return shapes


def row_name(row: int) -> Note:
    """Return what to call a row in a message: its code may be missing or somebody else's."""
    return Note("row {row}", {"row": int(row)})


def _suspects(shapes: np.ndarray, kind: Kind, likely: tuple[float, float, float, float]) -> range | list[int]:
    """Return the positions to look at one by one: all, but of points only those that a quick look does not clear."""
    import shapely

    if kind.geometry != {"Point"}:
        return range(len(shapes))
    west, south, east, north = likely
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    clear = (x >= west) & (x <= east) & (y >= south) & (y <= north) & ((x != 0) | (y != 0))
    return np.flatnonzero(~clear).tolist()


def refuse_null_island(shape: Any) -> None:
    """Raise CoordNullIsland for the point 0, 0, which a device sends that knows no position."""
    if shape.geom_type == "Point" and shape.x == 0 and shape.y == 0:
        raise CoordNullIsland(where={"lonlat": [0.0, 0.0]})


def _place(error: GeogridError, shape: Any) -> tuple[float, float] | None:
    """Return where on the map a refused row can be shown: where the fault is, else a point of its geometry; else None."""
    import shapely

    if "lonlat" in error.where:
        lonlat = np.array([error.where["lonlat"][:2]], float)
    elif shape is None or shape.is_empty:
        return None
    else:
        lonlat = shapely.get_coordinates(shape)[:1]
    try:
        check_coordinates(lonlat)
    except GeogridError:
        return None
    return float(lonlat[0, 0]), float(lonlat[0, 1])


# -- values -----------------------------------------------------------------------------------------------------------


def _readers(kind: Kind, profile: Profile, recipe: Recipe, latest: datetime | None) -> Mapping[str, Callable[[Any], Any]]:
    zone = zone_named(recipe.tz or profile.timezone)
    read_time = time_reader(recipe.time_format, zone, latest=latest)

    def reader(column: Column) -> Callable[[Any], Any]:
        by_rule = {TIME: read_time, ACCURACY: lambda cell: to_accuracy(cell, profile.most_accuracy_m)}
        return by_rule.get(column.type, lambda cell: convert(cell, column))

    return {column.name: reader(column) for column in kind.columns}


def _values(
    table: Table,
    kind: Kind,
    readers: Mapping[str, Callable[[Any], Any]],
    faults: dict[int, GeogridError],
    mended: list[Mending],
) -> dict[str, list[Any]]:
    """Return the converted cells by column; the first fault of a row is added to ``faults``."""
    values: dict[str, list[Any]] = {}
    for column in kind.columns:
        cells = table.frame[column.name].tolist() if column.name in table.frame else [None] * len(table)
        cells = [from_sheet(cell) for cell in cells] if table.format == "xlsx" else cells
        out = []
        for position, cell in enumerate(cells):
            value = column.default
            try:
                if not is_empty(cell):
                    value = readers[column.name](cell)
                elif column.required and column.name in table.frame:
                    raise CodeMissing if column.name == "code" else ValueMissing(column=column.name)
            except GeogridError as error:
                if isinstance(error, TimeStandIn) and not column.required:
                    mended.append(Mending(int(table.rows[position]), "time_dropped"))
                else:
                    faults.setdefault(position, error)
            out.append(value)
        values[column.name] = out
    return values


def _check_keys(
    values: dict[str, list[Any]], kind: Kind, profile: Profile, rows: np.ndarray, faults: dict[int, GeogridError]
) -> None:
    """Refuse keys that do not fit the profile's pattern, and the second and later rows of one key."""
    pattern = kind.code_pattern(profile)
    whole = re.compile(pattern) if pattern else None
    first: dict[str, int] = {}
    for position, key in enumerate(values[KEY.get(kind.name, "code")]):
        if not key:
            continue
        if whole is not None and not whole.fullmatch(key):
            faults.setdefault(position, CodePattern(value=key, pattern=pattern))
        elif key in first:
            faults.setdefault(position, CodeDuplicate(value=key, first=first[key]))
        else:
            first[key] = int(rows[position])


def _accepted(
    values: dict[str, list[Any]], shapes: np.ndarray, located: Located, kind: Kind, table: Table, faults: Mapping[int, Any]
) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pandas as pd
    import shapely

    keep = np.array([position for position in range(len(table)) if position not in faults], int)
    data = {name: pd.Series([cells[i] for i in keep], dtype=object) for name, cells in values.items()}
    data["source_row"] = pd.Series(table.rows[keep])
    if kind.name == "events":
        plain = np.array([datum is None for datum in located.datum[keep]], bool)
        stated = np.where(plain, located.geometry[keep], located.stated[keep])
        data["stated_lon"], data["stated_lat"] = pd.Series(shapely.get_x(stated)), pd.Series(shapely.get_y(stated))
        data["stated_datum"] = pd.Series([(datum or Datum.CGCS2000).value for datum in located.datum[keep]], dtype=object)
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes[keep], crs=SRID_STORED), crs=SRID_STORED)
