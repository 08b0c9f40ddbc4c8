"""Geometries as well-known text in a column of a table: how areas and lines stand in CSV and XLSX."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from etl.errors import ColumnMissing, GeometryMissing
from etl.sources.geometries import checked
from etl.sources.table import ReadOptions, Table, is_empty
from geogrid.errors import GeogridError, GeometryError

NAMES = ("geometry", "wkt", "geom", "the_geom")
# No collections: they nest, and a reader that follows them does so on its stack.
TEXT = re.compile(r"\s*(MULTI)?(POINT|LINESTRING|POLYGON)\s*(Z|M|ZM)?\s*(\(|EMPTY)", re.IGNORECASE)


def with_geometry(table: Table, options: ReadOptions) -> Table:
    """Return ``table`` with its column of well-known text as its geometry; as it is where it has one, or no such column.

    The column is ``options.geometry``, else one of a usual name whose first filled cell is well-known text. A cell that is
    not leaves its row with a fault. Raises ColumnMissing where the column named is not there.
    """
    if table.geometry is not None:
        return table
    name = options.geometry or next((name for name in table.frame if str(name).lower() in NAMES and _speaks(table, name)), None)
    if name is None:
        return table
    if name not in table.frame:
        found = ", ".join(map(str, table.frame.columns[:40]))
        where = {"path": str(table.path)}
        raise ColumnMissing(name=table.path.name, wanted=name, first="geometry", found=found, where=where)
    geometry, faults, notes = _read(table.frame[name].tolist(), options)
    frame = table.frame.drop(columns=[name])
    return replace(table, frame=frame, geometry=geometry, faults={**faults, **table.faults}, notes=(*table.notes, *notes))


def _speaks(table: Table, name: Any) -> bool:
    first = next((cell for cell in table.frame[name].tolist() if not is_empty(cell)), None)
    return isinstance(first, str) and TEXT.match(first) is not None


def _read(cells: list[Any], options: ReadOptions) -> tuple[np.ndarray, dict[int, GeogridError], list[Any]]:
    import shapely

    texts = np.array([cell if isinstance(cell, str) and TEXT.match(cell) else None for cell in cells], object)
    geometry = shapely.from_wkt(texts, on_invalid="ignore")
    faults: dict[int, GeogridError] = {}
    for position in np.flatnonzero(shapely.is_missing(geometry)).tolist():
        filled = not is_empty(cells[position])
        reason = "it is no well-known text such as POLYGON ((126.5 45.9, ...)), every ring closed"
        faults[position] = GeometryError(reason=reason) if filled else GeometryMissing()
    return checked(geometry, faults, options.limits)
