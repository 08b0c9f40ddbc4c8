"""One batch of a streamed file: where its rows are. Plain points are read from the bytes; the few odd rows go the way of all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.assign_places import ACCURACY, accuracy_of, usable_points
from etl.located import locate, system_of
from etl.recipe import Recipe, in_our_names, sources_of
from etl.sources.binary import table_of
from etl.sources.table import Note, ReadOptions, Table, is_empty
from etl.sources.wkt import NAMES as NAMES_OF_TEXT
from geogrid.domain.places import Datum
from geogrid.domain.profiles import Profile
from geogrid.errors import DatumUnknown, GeogridError
from geogrid.space.crs import parse_datum, to_record

if TYPE_CHECKING:
    import pyarrow as pa

WKB_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("lon", "<f8"), ("lat", "<f8")])  # two dimensions, little endian
LITTLE_ENDIAN, POINT = 1, 1


@dataclass(frozen=True)
class Plan:
    """How to read every batch of a file.

    ``geometry``, ``lon``, ``lat``, ``datum_column``: names of columns or None. ``system``: the datum of all rows, None where
    each row names its own; ``datum``: what the user stated.
    """

    path: Path
    said: dict[str, Any]
    recipe: Recipe
    profile: Profile
    geometry: str | None
    lon: str | None
    lat: str | None
    datum_column: str | None
    system: Datum | None
    datum: str | None
    accuracy: bool


@dataclass(frozen=True)
class Places:
    """The places of a batch: record degrees and accuracies row by row, NaN for none; which can be asked; why not the others."""

    lon: np.ndarray
    lat: np.ndarray
    accuracy_m: np.ndarray | None
    asked: np.ndarray
    faults: dict[int, GeogridError]
    notes: tuple[Note, ...]


def plan_of(
    schema: pa.Schema, said: dict[str, Any], path: Path, recipe: Recipe, profile: Profile, datum: str | None
) -> Plan | None:
    """Return how to read the batches; None where the file has to be seen as a whole, or column by column as text."""
    import pyarrow as pa

    geometry = said["geometry"] if said["geometry"] in schema.names else None
    plain = [name for name in schema.names if name != geometry]
    sources = sources_of(plain, recipe)
    lon, lat, datum_column = (sources.get(name) for name in ("lon", "lat", "datum"))
    kind = {name: schema.field(name).type for name in schema.names} if len(set(schema.names)) == len(schema) else {}
    system = None
    if datum_column is None and (datum or said["crs"]):
        system, _ = system_of(datum, said["crs"])
    whole = (
        not kind
        or any(column not in plain for column in recipe.columns.values())
        or (datum_column is not None and (datum is not None or not _is_text(kind[datum_column])))
        or (datum_column is None and not isinstance(system, Datum))
        or (ACCURACY in plain and not _is_number(kind[ACCURACY]))
    )
    if geometry is None:
        whole = whole or any(name.lower() in NAMES_OF_TEXT for name in plain)
        whole = whole or lon not in kind or lat not in kind or not (_is_number(kind[lon]) and _is_number(kind[lat]))
    else:
        whole = whole or not (pa.types.is_binary(kind[geometry]) or pa.types.is_large_binary(kind[geometry]))
    if whole:
        return None
    known = system if isinstance(system, Datum) else None
    return Plan(path, said, recipe, profile, geometry, lon, lat, datum_column, known, datum, ACCURACY in plain)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def places_of(batch: pa.RecordBatch, plan: Plan, first: int) -> Places:
    """Return where the rows of a batch are; ``first`` is the position of its first row in the file."""
    lon, lat = _stated_points(batch, plan)
    lon, lat = _on_record(batch, plan, lon, lat)
    accuracy_m = _numbers(batch.column(ACCURACY)) if plan.accuracy else None
    with np.errstate(invalid="ignore"):
        usual = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0) & ~((lon == 0.0) & (lat == 0.0))
        if accuracy_m is not None:
            usual &= np.isnan(accuracy_m) | ((accuracy_m > 0.0) & (accuracy_m <= plan.profile.most_accuracy_m))
    odd = ~usual
    if first == 0 and len(batch):
        odd[np.argmax(usual)] = True  # one row at least, for the notes
    faults: dict[int, GeogridError] = {}
    notes: tuple[Note, ...] = ()
    at = np.flatnonzero(odd)
    if len(at):
        faults, notes = _odd_rows(batch, plan, at, first, lon, lat, accuracy_m)
    asked = np.setdiff1d(np.arange(len(batch)), np.fromiter(faults, np.int64, len(faults)), assume_unique=True)
    return Places(lon, lat, accuracy_m, asked, faults, notes)


def _stated_points(batch: pa.RecordBatch, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates as they stand in the file; NaN where a row is no plain point."""
    if plan.geometry is not None:
        return wkb_points(batch.column(plan.geometry))
    return _numbers(batch.column(plan.lon)), _numbers(batch.column(plan.lat))


def wkb_points(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of well-known bytes that are points of two dimensions, little endian; NaN for all others."""
    import pyarrow as pa

    width = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    plain = np.flatnonzero((np.diff(ends) == WKB_POINT.itemsize) & column.is_valid().to_numpy(zero_copy_only=False))
    xy = np.full((2, len(column)), np.nan)
    if not len(plain):
        return xy[0], xy[1]
    raw = np.frombuffer(data, np.uint8)
    starts = ends[plain]
    if starts[-1] - starts[0] == (len(plain) - 1) * WKB_POINT.itemsize:
        points = raw[starts[0] : starts[-1] + WKB_POINT.itemsize].view(WKB_POINT)
    else:
        points = np.ascontiguousarray(raw[starts[:, None] + np.arange(WKB_POINT.itemsize)]).view(WKB_POINT)[:, 0]
    known = (points["order"] == LITTLE_ENDIAN) & (points["kind"] == POINT)
    xy[0, plain] = np.where(known, points["lon"], np.nan)
    xy[1, plain] = np.where(known, points["lat"], np.nan)
    return xy[0], xy[1]


def _numbers(column: pa.Array) -> np.ndarray:
    """Return doubles of one's own, NaN where there is none: those of a column without nulls can only be read."""
    return np.array(column.cast("float64").to_numpy(zero_copy_only=False))


def _on_record(batch: pa.RecordBatch, plan: Plan, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates on the datum of record; NaN where a row names no datum that is known."""
    if plan.system is not None:
        return to_record(lon, lat, plan.system)
    names = batch.column(plan.datum_column)
    names = names if hasattr(names, "dictionary") else names.dictionary_encode()
    which = names.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    moved = np.full((2, len(lon)), np.nan)
    for number, name in enumerate(names.dictionary.to_pylist()):
        rows = which == number
        try:
            datum = parse_datum(None if is_empty(name) else name)
        except DatumUnknown:
            continue
        moved[:, rows] = to_record(lon[rows], lat[rows], datum)
    return moved[0], moved[1]


def _odd_rows(
    batch: pa.RecordBatch,
    plan: Plan,
    at: np.ndarray,
    first: int,
    lon: np.ndarray,
    lat: np.ndarray,
    accuracy_m: np.ndarray | None,
) -> tuple[dict[int, GeogridError], tuple[Note, ...]]:
    """Look at the rows ``at`` as at those of any table, write their coordinates and accuracies; return faults and notes."""
    events = _table(batch, plan, at, first)
    located = locate(in_our_names(events, plan.recipe), datum=plan.datum)
    _, faults = usable_points(events, located, plan.profile)
    for i, position in enumerate(at.tolist()):
        shape = located.geometry[i]
        point = shape is not None and shape.geom_type == "Point"
        lon[position], lat[position] = (shape.x, shape.y) if point else (np.nan, np.nan)
        if accuracy_m is not None and i not in faults:
            accuracy_m[position] = accuracy_of(events.frame[ACCURACY].iloc[i], plan.profile)
    return {int(at[i]): error for i, error in faults.items() if i < len(at)}, located.notes


def _table(batch: pa.RecordBatch, plan: Plan, at: np.ndarray, first: int) -> Table:
    """Return the rows ``at`` as a table. Where there is a geometry, one more row follows that surely has a place.

    For what is said of rows without a geometry depends on whether any row of the file has one.
    """
    import pyarrow as pa
    import shapely

    more = plan.geometry is not None
    frame = batch.take(pa.array([*at, *([at[-1]] * more)])).to_pandas(integer_object_nulls=True)
    table = table_of(plan.path, "geoparquet", frame, plan.said, ReadOptions())
    rows = np.array([*(at + first + 1), *([0] * more)])
    faults = {i: error for i, error in table.faults.items() if i < len(at)}
    if more and table.geometry is not None:
        table.geometry[-1] = shapely.Point(1.0, 1.0)
    return replace(table, rows=rows, faults=faults)
