"""``geogrid assign`` from Parquet to Parquet: read, assigned and written at the same time, a batch in each hand.

Memory holds a few batches, whatever the size of the file. Every column and row is kept as it was, in order.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.assign_batch import WKB_POINT, Places, Plan, places_of, plan_of
from etl.assign_columns import NAMES, NUMBERS, answer_columns
from etl.assign_places import FarPlaces
from etl.export import whole
from etl.recipe import Recipe, parse_columns
from etl.sources.sandbox import Stream, stream_from_child
from etl.sources.sniff import identify, local_file
from etl.sources.table import Note, ReadOptions
from geogrid.domain.profiles import Profile
from geogrid.space.answers import RULES
from geogrid.space.crs import SRID_STORED
from geogrid.space.index import AssignmentIndex

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 500_000
PARQUET = {".parquet", ".geoparquet"}
OUTSIDE = RULES.index("outside")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Geography:
    """What the events are assigned to."""

    index: AssignmentIndex
    far: FarPlaces


def is_streamed(events: Path, out: Path) -> bool:
    """Whether both files are Parquet; raises the errors of a file that cannot be opened."""
    return out.suffix.lower() in PARQUET and identify(local_file(events)) == "geoparquet"


def assign_stream(
    wanted: Any, profile: Profile, geography: Callable[[], Geography], tell: Callable[[Note], None], progress: Progress
) -> Counter[str] | None:
    """Assign the events of ``wanted`` (an ``etl.assign_files.Wanted``); return how many rows have which rule.

    None where the file has to be read as a whole: nothing was written then. ``progress`` is told the rows done and all rows.
    """
    recipe = Recipe(parse_columns((), wanted.lon, wanted.lat))
    with stream_from_child(local_file(wanted.events), ReadOptions(), ROWS_AT_ONCE) as stream:
        plan = plan_of(stream.schema, stream.said, wanted.events, recipe, profile, wanted.datum)
        if plan is None:
            return None
        counts, notes = Counter[str](), dict[str, Note]()
        with whole(wanted.out) as draft, _writing(draft, stream, plan) as write:
            for batch, places in _ahead(stream, plan):
                columns = _answers(geography(), places, len(batch))
                write(batch, columns, places)
                _count(counts, columns["rule"])
                _gather(notes, places.notes)
                progress(counts.total(), stream.said["rows"])
    for note in notes.values():
        tell(note)
    return counts


def _ahead(stream: Stream, plan: Plan) -> Iterator[tuple[pa.RecordBatch, Places]]:
    """Give the batches and where their rows are; the next is read in a thread while one is worked on."""

    def following() -> tuple[pa.RecordBatch, Places] | None:
        nonlocal first
        batch = next(stream.batches, None)
        if batch is None:
            return None
        places = places_of(batch, plan, first)
        first += len(batch)
        return batch, places

    first = 0
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(following)
        while (found := coming.result()) is not None:
            coming = reader.submit(following)
            yield found


def _answers(geography: Geography, places: Places, count: int) -> dict[str, Any]:
    at = places.asked
    every = len(at) == count
    lon, lat = (places.lon, places.lat) if every else (places.lon[at], places.lat[at])
    accuracy_m = places.accuracy_m if places.accuracy_m is None or every else places.accuracy_m[at]
    found = geography.index.assign(lon, lat, accuracy_m)
    outside = np.flatnonzero(found.numbers.rule == OUTSIDE)
    far = geography.far.errors(lon[outside], lat[outside])
    faults = places.faults | {int(at[outside[i]]): error for i, error in far.items()}
    return answer_columns(found, at, faults, count)


# -- what goes out ----------------------------------------------------------------------------------------------------


@contextmanager
def _writing(draft: Path, stream: Stream, plan: Plan) -> Iterator[Callable[[Any, dict[str, Any], Places], None]]:
    """Yield what writes a batch with its answers, each a row group, in a thread of its own: one is written while one is made."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = [i for i, name in enumerate(stream.schema.names) if name != plan.geometry]
    schema = out_schema(stream.schema, kept, plan.geometry)
    waiting: list[Future[None]] = []

    def write(batch: pa.RecordBatch, columns: dict[str, Any], places: Places) -> None:
        shapes = batch.column(plan.geometry) if plan.geometry else points_wkb(places.lon, places.lat)
        table = pa.Table.from_arrays([*(batch.column(i) for i in kept), *columns.values(), shapes], schema=schema)
        if waiting:
            waiting.pop().result()
        waiting.append(thread.submit(writer.write_table, table, len(table)))

    with pq.ParquetWriter(draft, schema, **options_of(schema)) as writer, ThreadPoolExecutor(1) as thread:
        writer.add_key_value_metadata(schema.metadata)
        yield write
        for future in waiting:
            future.result()


def out_schema(schema: pa.Schema, kept: list[int], geometry: str | None) -> pa.Schema:
    """Return the columns kept, the answers and the geometry; texts of answers are dictionaries here, plain to readers."""
    import pyarrow as pa

    def answers(text: pa.DataType) -> list[pa.Field]:
        return [pa.field(name, pa.float64() if name in NUMBERS else text) for name in NAMES]

    names = free_names([schema.names[i] for i in kept])
    own = [schema.field(i).with_name(name) for i, name in zip(kept, names, strict=True)]
    shape = [schema.field(geometry) if geometry else pa.field("geometry", pa.binary())]
    seen = pa.schema([*own, *answers(pa.string()), *shape])
    metadata = dict(schema.metadata or {})
    if not geometry:
        metadata[b"geo"] = json.dumps(_geo()).encode()
    # readers that go by Arrow's schema take what is said of the file, such as its geometry, from there alone
    metadata[b"ARROW:schema"] = base64.b64encode(seen.with_metadata(metadata).serialize().to_pybytes())
    return pa.schema([*own, *answers(pa.dictionary(pa.int32(), pa.string())), *shape], metadata)


def free_names(names: list[str]) -> list[str]:
    """Return the names with ``_before`` after those that an answer or the geometry bears."""
    taken, found = {*NAMES, "geometry"}, []
    for name in names:
        free = name
        while free in taken or (free != name and free in names):
            free += "_before"
        taken.add(free)
        found.append(free)
    return found


def _geo() -> dict[str, Any]:
    from pyproj import CRS

    column = {"encoding": "WKB", "geometry_types": ["Point"], "crs": CRS.from_epsg(SRID_STORED).to_json_dict()}
    return {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}


def options_of(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are packed: texts by dictionary; numbers and shapes, which hardly repeat, as they are.

    Least and greatest values are kept of numbers and times alone: of texts in no order they say little and cost most.
    """
    import pyarrow as pa

    def repeats(kind: pa.DataType) -> bool:
        return pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)

    def ordered(kind: pa.DataType) -> bool:
        return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)

    texts = [field.name for field in schema if repeats(field.type)]
    numbers = [field.name for field in schema if ordered(field.type)]
    return {"store_schema": False, "use_dictionary": texts or False, "write_statistics": numbers or False}


def points_wkb(lon: np.ndarray, lat: np.ndarray) -> pa.Array:
    """Return points (degrees) as well-known bytes, null where a coordinate is NaN."""
    import pyarrow as pa

    there = ~(np.isnan(lon) | np.isnan(lat))
    points = np.empty(int(there.sum()), WKB_POINT)
    points["order"], points["kind"], points["lon"], points["lat"] = 1, 1, lon[there], lat[there]
    ends = np.concatenate([[0], np.cumsum(there) * WKB_POINT.itemsize]).astype(np.int32)
    bits = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    buffers = [bits, pa.py_buffer(ends), pa.py_buffer(points.view(np.uint8))]
    return pa.Array.from_buffers(pa.binary(), len(lon), buffers)


# -- what is told -----------------------------------------------------------------------------------------------------


def _count(counts: Counter[str], rule: pa.DictionaryArray) -> None:
    words = rule.dictionary.to_pylist()
    numbers = rule.indices.to_numpy(zero_copy_only=False)
    for number, times in enumerate(np.bincount(numbers, minlength=len(words)).tolist()):
        if times:
            counts[words[number]] += times


def _gather(notes: dict[str, Note], told: tuple[Note, ...]) -> None:
    """Keep each remark once, with its count over all batches."""
    for note in told:
        before = notes.get(note.message)
        counts = [one.values["count"] for one in (before, note) if one is not None and "count" in one.values]
        values = {**note.values, "count": sum(map(int, counts))} if counts else note.values  # type: ignore[call-overload]
        notes[note.message] = Note(note.message, values, note.warning)
