"""Where the rows are: geometry or coordinate columns, in a stated datum, brought to the datum of record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.cells import to_degrees
from etl.errors import ColumnMissing, CoordText, DatumNotStated, GeometryMissing, LocationMissing, OptionInvalid
from etl.sources.table import Note, Table, is_empty
from geogrid.domain.places import Datum
from geogrid.errors import DatumUnknown, GeogridError
from geogrid.errors.family import Reason
from geogrid.space.crs import parse_datum, snap_geometries, to_record_exactly, transformer_to_record

if TYPE_CHECKING:
    from pyproj import CRS

WORLD_DATUMS = {"World Geodetic System 1984": Datum.WGS84, "World Geodetic System 1984 ensemble": Datum.WGS84}
SHIFT_UNKNOWN = (
    "No shift between {datum} and CGCS2000 is published for this area: places may be off by 100 m and more. "
    "Convert the file with the parameters of the surveying authority first"
)
CONTRADICTED = (
    "Warning: in {count} rows the column datum states another coordinate system than --datum {datum}; "
    "there the column counts, and --datum where the column is empty"
)
SAME = {Datum.WGS84, Datum.CGCS2000}  # they coincide at the accuracy of these data
STATED_DATUMS = {**WORLD_DATUMS, "China 2000": Datum.CGCS2000}


@dataclass(frozen=True)
class Located:
    """The places of a table's rows.

    Attributes
    ----------
    geometry : object array on the datum of record (EPSG:4490, lon/lat, on the store's grid), None where there is none
    stated : object array of the same geometries as the file has them
    datum : object array of the Datum of ``stated``; None where it was a projected or other system, converted to record
    exact : object array of ``geometry`` before it was rounded to the grid, which can make a ring cross itself
    faults : position -> why there is no usable place
    notes : what was converted
    """

    geometry: np.ndarray
    stated: np.ndarray
    datum: np.ndarray
    exact: np.ndarray
    faults: Mapping[int, GeogridError]
    notes: tuple[Note, ...] = ()


def locate(table: Table, *, datum: str | None, lon: str = "lon", lat: str = "lat", datum_column: str | None = "datum") -> Located:
    """Place every row of ``table``.

    Parameters
    ----------
    datum : what the user states, a datum's name or ``EPSG:n``; it overrules what the file says of itself, not what a row says
    lon, lat : columns of degrees (or metres east and north with ``EPSG:n``), used where a row has no geometry
    datum_column : a column that states the datum row by row, where the file has it; ``datum`` counts where a cell is empty

    Raises
    ------
    DatumNotStated, DatumUnknown, OptionInvalid
        where neither user nor file states the coordinate system, or a statement is not known
    ColumnMissing
        where there is neither a geometry nor the columns of coordinates
    """
    stated, faults = _stated(table, lon, lat)
    present = np.array([shape is not None for shape in stated], bool)
    names = table.frame[datum_column].tolist() if datum_column is not None and datum_column in table.frame else None
    if names is not None and (datum is None or any(map(_is_datum, names))):
        by_row = _by_row(stated, faults, names, rest=datum is None)
        return by_row if datum is None else _with_rest(by_row, stated, names, datum, table.crs)
    if datum is not None or not present.any():
        return _as_stated(stated, faults, datum, table.crs) if present.any() else _nowhere(faults, len(table))
    own = present if table.geometry is None or table.crs is None else present & np.equal(table.geometry, None)
    not_stated = DatumNotStated(name=table.path.name, known=", ".join(Datum.codes()), where={"path": str(table.path)})
    if (own == present).all():
        raise not_stated
    stated[own] = None  # what a file says of its geometry says nothing of its columns
    return _as_stated(stated, faults | dict.fromkeys(np.flatnonzero(own).tolist(), not_stated), None, table.crs)


def _nowhere(faults: Mapping[int, GeogridError], size: int) -> Located:
    nothing = np.full(size, None, object)
    return Located(nothing, nothing, nothing, nothing, faults)


def _stated(table: Table, lon: str, lat: str) -> tuple[np.ndarray, dict[int, GeogridError]]:
    """Return the geometries as they stand in the file and the faults of rows without one."""
    import shapely

    size = len(table)
    stated = np.full(size, None, object) if table.geometry is None else table.geometry.copy()
    faults = dict(table.faults)
    empty = shapely.is_empty(stated)
    stated[empty] = None
    if lon not in table.frame or lat not in table.frame:
        if table.geometry is None:
            missing_name = lon if lon not in table.frame else lat
            found = ", ".join(map(str, table.frame.columns[:40]))
            raise ColumnMissing(name=table.path.name, wanted=f"{lon}, {lat}", first=missing_name, found=found)
        missing = [i for i in range(size) if stated[i] is None and i not in faults]
        return stated, faults | {i: GeometryMissing() for i in missing}
    lons, lats = table.frame[lon].tolist(), table.frame[lat].tolist()
    for i in range(size):
        if stated[i] is not None or (i in faults and not isinstance(faults[i], GeometryMissing)):
            continue
        faults.pop(i, None)
        try:
            stated[i] = _point(lons[i], lats[i], lon, lat)
        except GeogridError as error:
            faults[i] = error
    return stated, faults


def _point(east: Any, north: Any, lon: str, lat: str) -> Any:
    import shapely

    if is_empty(east) and is_empty(north):
        raise LocationMissing
    for value, column in ((east, lon), (north, lat)):
        if is_empty(value):
            raise CoordText(column=column, value="")
    return shapely.Point(to_degrees(east, lon), to_degrees(north, lat))


def _is_datum(name: Any) -> bool:
    try:
        parse_datum(name)
    except DatumUnknown:
        return False
    return True


def _by_row(stated: np.ndarray, faults: dict[int, GeogridError], names: list[Any], *, rest: bool) -> Located:
    """Place the rows by the datum that each names; ``rest``: those that name none too, which is their fault."""
    datums = np.full(len(stated), None, object)
    for i, name in enumerate(names):
        if stated[i] is None or (not rest and is_empty(name)):
            continue
        try:
            datums[i] = parse_datum(None if is_empty(name) else name)
        except DatumUnknown as error:
            faults[i] = error
    exact = np.full(len(stated), None, object)
    for datum in Datum:
        rows = np.array([value is datum for value in datums], bool)
        exact[rows] = to_record_shapes(stated[rows], datum)
    return Located(snap_geometries(exact), stated, datums, exact, faults)


def _with_rest(by_row: Located, stated: np.ndarray, names: list[Any], datum: str, crs: str | None) -> Located:
    """Return ``by_row`` with the rows that name no datum placed by ``datum``, and say where the two contradict each other."""
    empty = np.array([is_empty(name) for name in names], bool)
    rest = np.where(empty, stated, None)
    found = _as_stated(rest, {}, datum, crs)
    system, _ = system_of(datum, crs)
    same = SAME if system in SAME else {system}
    against = sum(one is not None and one not in same for one in by_row.datum.tolist())
    notes = found.notes if any(shape is not None for shape in rest) else ()
    if against:
        notes = (*notes, Note(CONTRADICTED, {"count": against, "datum": datum}, warning=True))
    merged = (np.where(empty, getattr(found, name), getattr(by_row, name)) for name in ("geometry", "datum", "exact"))
    geometry, datums, exact = merged
    return Located(geometry, stated, datums, exact, by_row.faults, notes)


def _as_stated(stated: np.ndarray, faults: dict[int, GeogridError], datum: str | None, crs: str | None) -> Located:
    system, name = system_of(datum, crs)
    if isinstance(system, Datum):
        datums = np.array([system] * len(stated), object)
        notes: tuple[Note, ...] = ()
        if datum is not None and crs is not None and system_of(None, crs)[0] is not system:
            notes = (Note("The file says {crs}; --datum {datum} counts", {"crs": system_of(None, crs)[1], "datum": datum}),)
        if system in {Datum.GCJ02, Datum.BD09}:
            notes = (*notes, Note("Coordinates were converted from {datum} to CGCS2000", {"datum": system.label}))
        exact = to_record_shapes(stated, system)
        return Located(snap_geometries(exact), stated, datums, exact, faults, notes)
    exact, known = _transformed(stated, system)
    notes = (Note("Coordinates were converted from {datum} to CGCS2000", {"datum": name}),)
    if not known:
        notes = (*notes, Note(SHIFT_UNKNOWN, {"datum": system.datum.name if system.datum else name}))
    return Located(snap_geometries(exact), stated, np.full(len(stated), None, object), exact, faults, notes)


def system_of(datum: str | None, crs: str | None) -> tuple[Datum | CRS, str]:
    """Return the Datum (degrees) or other coordinate system that is stated, and its name; ``datum`` counts before ``crs``."""
    if datum is None:
        return _known_system(str(crs))
    try:
        return parse_datum(datum), datum
    except DatumUnknown:
        if not datum.upper().startswith("EPSG:"):
            raise
        return _known_system(datum)


@lru_cache(maxsize=32)
def _known_system(text: str) -> tuple[Datum | CRS, str]:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise OptionInvalid(
            option="--datum", reason=Reason("the coordinate system {text!r} is unknown", text=text[:80])
        ) from error
    named = STATED_DATUMS.get(crs.datum.name) if crs.is_geographic and crs.datum else None
    return (named or crs), crs.name


def to_record_shapes(shapes: np.ndarray, datum: Datum) -> np.ndarray:
    """Return the geometries (degrees in ``datum``) on the datum of record, not rounded."""
    import shapely

    flat = np.asarray(shapely.force_2d(shapes), object)
    if datum in {Datum.CGCS2000, Datum.WGS84}:
        return flat
    moved = shapely.transform(flat, lambda xy: np.column_stack(to_record_exactly(xy[:, 0], xy[:, 1], datum)))
    return np.asarray(moved, object)


def _transformed(shapes: np.ndarray, crs: CRS) -> tuple[np.ndarray, bool]:
    """Return the geometries on the datum of record, and whether the shift from theirs is known."""
    import shapely

    shapes = shapely.force_2d(shapes)
    forward, known = transformer_to_record(crs.to_wkt(), *shapely.get_coordinates(shapes).T)

    def move(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(forward.transform(xy[:, 0], xy[:, 1]))

    return shapely.transform(shapes, move), known
