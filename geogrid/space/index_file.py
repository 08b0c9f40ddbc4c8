"""An assignment index as bytes: the layout of the index files, and an index that reads straight from them.

A file is a fixed head (what it is, its size, the SHA-256 of all that follows), a description in JSON, and the arrays, each
on a multiple of 64 bytes. Numbers are used where they lie; polygons and trees for the plain way are made when they are
first asked for. No file is opened here: ``store.index_files`` does that.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from scipy.spatial import cKDTree

from geogrid.space import cover
from geogrid.space.aligned import ALIGNMENT, Array, flatten, object_array, restore
from geogrid.space.answers import Tables
from geogrid.space.index import AssignmentIndex
from geogrid.space.nearest import StationIndex, earth_centred

MAGIC = b"geogrid index\n\0\0"
FORMAT = 1
HEAD = struct.Struct("<16sII32sQQ")  # what it is, format, 0, SHA-256 of the rest, bytes of the description, bytes in all
BESIDE = "beside."
LATER = {"grids", "departments", "district"}  # parts of the plain way: geometries


class NotThisIndex(ValueError):
    """The bytes are not the index that was asked for; the message says why."""


@cache
def program_mark() -> str:
    """Return a hash of what decides how an index is built and laid out: this room's sources, the libraries, the machine."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    compiles = importlib.util.find_spec("numba") is not None
    versions = (FORMAT, np.__version__, shapely.__version__, shapely.geos_version_string, pyproj.proj_version_str)
    digest.update(repr((versions, compiles, sys.byteorder)).encode())
    return digest.hexdigest()


class MappedIndex(AssignmentIndex):
    """An index whose parts for the plain way are made on first use; equal to the one that was written, answer for answer."""

    _parts: Mapping[str, Any]
    _arrays: Sequence[Array]

    def __init__(self, parts: Mapping[str, Any], arrays: Sequence[Array]) -> None:
        part = {name: restore(tree, arrays) for name, tree in parts.items() if name not in LATER}
        codes, lonlat = part["station_codes"], part["station_lonlat"]
        tree = cKDTree(earth_centred(*lonlat.T)) if len(codes) else None
        known = {
            "stations": StationIndex(codes, lonlat[:, 0], lonlat[:, 1], tree, part["home_of"]),
            "tables": Tables.of(part["grid_codes"], part["home_stations"], codes),
            "gap_tolerance_m": part["gap_tolerance_m"],
            "accuracy_share": part["accuracy_share"],
            "fast": part["fast"],
            "_parts": parts,
            "_arrays": arrays,
        }
        for name, value in known.items():
            object.__setattr__(self, name, value)

    @cached_property
    def grids(self) -> cover.Polygons:
        """The base grids."""
        return cover.Polygons.of(self._part("grid_codes"), self._part("grids"))

    @cached_property
    def metric(self) -> cover.MetricPolygons:
        """The base grids in metres."""
        return cover.MetricPolygons.of(self.grids, self._part("metric_srid"))

    @cached_property
    def departments(self) -> cover.Polygons | None:
        """The department grids, None where there are none."""
        codes = self._part("department_codes")
        return None if codes is None else cover.Polygons.of(codes, self._part("departments"))

    @cached_property
    def district(self) -> Any:
        """The outline of the district, prepared."""
        (outline,) = self._part("district")
        shapely.prepare(outline)
        shapely.covers(outline, shapely.point_on_surface(outline))
        return outline

    def _part(self, name: str) -> Any:
        return restore(self._parts[name], self._arrays)


def told(index: AssignmentIndex, beside: Mapping[str, Any], key: str) -> list[bytes | memoryview]:
    """Return the bytes of a file, in order.

    Parameters
    ----------
    beside : what else the file holds: arrays, dataclasses of arrays and what JSON can tell, by name
    key : of what the index was made from; :func:`read` wants the same

    Raises
    ------
    TypeError : something in it cannot be told
    """
    stations, areas = index.stations, index.departments
    parts = {
        "grid_codes": index.grids.codes,
        "grids": index.grids.shapes,
        "metric_srid": index.metric.srid,
        "department_codes": None if areas is None else areas.codes,
        "departments": None if areas is None else areas.shapes,
        "station_codes": stations.codes,
        "station_lonlat": np.column_stack([stations.lon, stations.lat]),
        "home_of": stations.home_of,
        "home_stations": index.tables.home_stations[:-1],
        "district": object_array([index.district]),
        "gap_tolerance_m": index.gap_tolerance_m,
        "accuracy_share": index.accuracy_share,
        "fast": index.fast,
        **{BESIDE + name: value for name, value in beside.items()},
    }
    return _laid_out(*flatten(parts), key)


def read(buffer: Any, key: str) -> tuple[AssignmentIndex, dict[str, Any]]:
    """Return the index in ``buffer`` (whole, one that outlives the index by reference) and what was written beside it.

    Raises
    ------
    NotThisIndex : cut short, damaged, foreign, of another format or made from something else
    """
    parts, arrays = _checked(memoryview(buffer), key)
    own = {name: tree for name, tree in parts.items() if not name.startswith(BESIDE)}
    try:
        beside = {name.removeprefix(BESIDE): restore(parts[name], arrays) for name in parts.keys() - own.keys()}
        return MappedIndex(own, arrays), beside
    except (ImportError, RuntimeError) as error:
        raise NotThisIndex(f"it cannot be used here ({error})") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise NotThisIndex(f"its description is not understood ({error})") from error


def _laid_out(parts: dict[str, Any], arrays: list[Array], key: str) -> list[bytes | memoryview]:
    chunks: list[bytes | memoryview] = []
    places, at = [], 0
    for array in map(np.ascontiguousarray, arrays):
        places.append([np.lib.format.dtype_to_descr(array.dtype), array.shape, at])
        padding = -array.nbytes % ALIGNMENT
        chunks += [array.reshape(-1).view(np.uint8).data, bytes(padding)]
        at += array.nbytes + padding
    described = json.dumps({"key": key, "parts": parts, "arrays": places}, ensure_ascii=False).encode()
    described += b" " * (-(HEAD.size + len(described)) % ALIGNMENT)
    digest = hashlib.sha256(described)
    for chunk in chunks:
        digest.update(chunk)
    head = HEAD.pack(MAGIC, FORMAT, 0, digest.digest(), len(described), HEAD.size + len(described) + at)
    return [head, described, *chunks]


def _checked(whole: memoryview, key: str) -> tuple[dict[str, Any], list[Array]]:
    """Return the description's parts and the arrays of a file that is whole, and is the one that ``key`` asks for."""
    if len(whole) < HEAD.size:
        raise NotThisIndex("it is cut short")
    magic, written_as, _, digest, described, size = HEAD.unpack_from(whole)
    if magic != MAGIC:
        raise NotThisIndex("it is no index file")
    if written_as != FORMAT:
        raise NotThisIndex(f"it is of format {written_as}, not {FORMAT}")
    if size != len(whole):
        raise NotThisIndex(f"it has {len(whole)} of {size} bytes")
    if hashlib.sha256(whole[HEAD.size :]).digest() != digest:
        raise NotThisIndex("it is damaged: its checksum differs")
    description = json.loads(bytes(whole[HEAD.size : HEAD.size + described]))
    if description["key"] != key:
        raise NotThisIndex("it was made from something else")
    return description["parts"], list(_arrays(whole[HEAD.size + described :], description["arrays"]))


def _arrays(data: memoryview, places: Iterable[tuple[Any, list[int], int]]) -> Iterable[Array]:
    for descr, shape, at in places:
        dtype = np.lib.format.descr_to_dtype(_descr(descr))
        count = int(np.prod(shape, dtype=np.int64))
        yield np.frombuffer(data, dtype=dtype, count=count, offset=at).reshape(shape)


def _descr(told_by_json: Any) -> Any:
    """Return a description of a dtype as numpy wants it: fields are tuples there, and JSON knows only lists."""
    return told_by_json if isinstance(told_by_json, str) else [tuple(field) for field in told_by_json]
