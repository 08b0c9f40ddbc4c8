"""Reading codes, shapes and numbers out of a frame, with clear errors: the gate in front of index, roads and coverage checks.

A frame is a GeoDataFrame on the datum of record (EPSG:4490; 4326 coincides); geopandas itself is not imported here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geogrid.errors import FrameInvalid, FrameWithoutCrs, GeometryEmpty, GeometryType
from geogrid.space.crs import SRID_STORED, SRID_WGS84
from geogrid.space.validity import check_rings

Objects = NDArray[np.object_]

POLYGONAL = frozenset({"Polygon", "MultiPolygon"})
PUNCTUAL = frozenset({"Point"})
LINEAR = frozenset({"LineString"})


def require_rows(frame: Any, what: str) -> None:
    """Raise FrameInvalid where the frame has no row or no geometry; FrameWithoutCrs, FrameInvalid where it is not lon/lat."""
    if len(frame) == 0:
        raise FrameInvalid(what=what, reason="there is no row")
    if frame.crs is None:
        raise FrameWithoutCrs(what=what)
    if frame.crs.to_epsg() not in {SRID_STORED, SRID_WGS84}:
        raise FrameInvalid(what=what, reason=f"its coordinate system is {frame.crs.to_string()}, not EPSG:{SRID_STORED}")


def codes_of(frame: Any, what: str, column: str = "code") -> Objects:
    """Return the codes of the frame's rows as text; raises FrameInvalid for a missing column, an empty or a repeated code."""
    codes = texts_of(frame, column)
    if codes is None:
        raise FrameInvalid(what=what, reason=f"the column {column!r} is missing; there are {', '.join(map(str, frame.columns))}")
    for row, code in enumerate(codes):
        if not code:
            raise FrameInvalid(what=what, reason=f"row {row} has no {column}", where={"row": row})
    values, counts = np.unique(codes.astype(str), return_counts=True)
    if counts.max() > 1:
        repeated = ", ".join(values[counts > 1][:5])
        raise FrameInvalid(what=what, reason=f"the same {column} comes more than once: {repeated}")
    return codes


def texts_of(frame: Any, column: str) -> Objects | None:
    """Return a column as text (whole numbers without a point, missing values as ""), or None where there is no such column."""
    if column not in frame.columns:
        return None
    series = frame[column]
    if pd.api.types.is_float_dtype(series.dtype) and (series.dropna() % 1 == 0).all():
        series = series.astype("Int64")
    return np.array(["" if pd.isna(value) else str(value).strip() for value in series], dtype=object)


def flags_of(frame: Any, what: str, column: str, *, default: bool) -> NDArray[np.bool_]:
    """Return a column of yes and no (also 1 and 0), ``default`` where it or a cell is missing; raises FrameInvalid for others."""
    if column not in frame.columns:
        return np.full(len(frame), default)
    if frame[column].dtype == bool:
        return np.asarray(frame[column], dtype=bool)
    flags = np.full(len(frame), default)
    for row, value in enumerate(frame[column]):
        if pd.isna(value):
            continue
        if value not in (True, False):  # a text such as "no" would be true
            raise FrameInvalid(what=what, reason=f"row {row} has {value!r} for {column}, neither yes nor no", where={"row": row})
        flags[row] = bool(value)
    return flags


def numbers_of(frame: Any, what: str, column: str, *, least: float = -np.inf) -> NDArray[np.float64]:
    """Return a column of finite numbers from ``least`` up; raises FrameInvalid for a missing column or any other cell."""
    if column not in frame.columns:
        raise FrameInvalid(what=what, reason=f"the column {column!r} is missing; there are {', '.join(map(str, frame.columns))}")
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(numbers) & (numbers >= least))
    if wrong.any():
        row = int(np.argmax(wrong))
        reason = f"row {row} has {frame[column].iloc[row]!r} for {column}, no number from {least:g}"
        raise FrameInvalid(what=what, reason=reason, where={"row": row})
    return numbers


def shapes_of(frame: Any, codes: Objects, wanted: frozenset[str]) -> Objects:
    """Return the geometries of the frame's rows.

    Raises GeometryEmpty for a missing or empty one, GeometryType for a kind that is not ``wanted``, and for polygons what
    :func:`geogrid.space.validity.check_rings` raises; each names the code.
    """
    shapes = np.asarray(frame.geometry.values, dtype=object)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        first = int(np.argmax(empty))
        raise GeometryEmpty(code=codes[first], where={"row": first})
    for row, shape in enumerate(shapes):
        if shape.geom_type not in wanted:
            raise GeometryType(code=codes[row], got=shape.geom_type, wanted=" or ".join(sorted(wanted)), where={"row": row})
    if wanted is POLYGONAL:
        for wrong in np.flatnonzero(~shapely.is_valid(shapes) | (shapely.area(shapes) == 0.0)):
            check_rings(shapes[wrong], str(codes[wrong]))
    return shapes
