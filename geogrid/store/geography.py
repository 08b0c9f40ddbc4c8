"""Geography in and out by the frame: COPY in, GeoDataFrames out, by edition."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, Table, and_, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session

from geogrid.domain.grids import EditionState, GeographyKind
from geogrid.domain.places import Level
from geogrid.space.crs import SRID_STORED
from geogrid.store.copying import copy_rows
from geogrid.store.editions import Edition, by_id
from geogrid.store.tables import metadata

NOT_IN_FILES = {"id", "edition_id", "valid", "geom"}
AREAS = {GeographyKind.UNITS, GeographyKind.BASE_GRIDS, GeographyKind.DEPARTMENT_GRIDS}


@dataclass(frozen=True)
class EditionFrames:
    """The geography of one edition, in EPSG:4490; ``district`` is its outline, None where no such unit is loaded."""

    grids: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    departments: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    district: shapely.Geometry | None
    roads: gpd.GeoDataFrame | None = None


# -- in ---------------------------------------------------------------------------------------------------------------


def copy_in(session: Session, kind: GeographyKind, frame: gpd.GeoDataFrame, edition_id: int) -> int:
    """Copy ``frame`` (EPSG:4490; columns as the table's) into an edition; return the count.

    Missing columns and cells take the table's defaults; a missing cell of a column without one fails the copy. Lists may
    come joined by ``;``. Polygons become multipolygons, because the tables hold those. Nothing is mended here: a geometry
    that the CHECKs refuse fails the whole copy.
    """
    table = metadata.tables[kind]
    columns = [c for c in table.columns if c.name not in NOT_IN_FILES and c.name in frame.columns]
    values = [_cells(frame[column.name], column) for column in columns]
    geometries = np.asarray(frame.geometry.array)
    if kind in AREAS:
        geometries = _as_multi(geometries)
    rows = zip([edition_id] * len(frame), *values, ewkb(geometries), strict=True)
    return copy_rows(session, table.name, ["edition_id", *(c.name for c in columns), "geom"], rows)


def _cells(series: pd.Series, column: Any) -> Iterator[Any]:
    python_type = column.type.python_type
    default = None if column.nullable else _default(column, python_type)
    for value in series.tolist():
        missing = value is None or (not isinstance(value, list | tuple | np.ndarray) and pd.isna(value))
        if missing:
            yield default
        elif python_type is list:
            yield [part for part in value.split(";") if part] if isinstance(value, str) else list(value)
        else:
            yield value if python_type is bool else python_type(value)


def _default(column: Any, python_type: type) -> Any:
    """Return the table's own default of a column as COPY takes it, None where the column must be given."""
    if column.server_default is None:
        return None
    stated = column.server_default.arg
    words = stated if isinstance(stated, str) else stated.text
    return [] if python_type is list else words  # COPY reads false, 0 and the empty text as they stand


def _as_multi(geometries: np.ndarray) -> np.ndarray:
    single = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
    out = geometries.copy()
    out[single] = [shapely.multipolygons([polygon]) for polygon in geometries[single]]
    return out


def ewkb(geometries: np.ndarray, srid: int = SRID_STORED) -> Sequence[str]:
    """Return hexadecimal EWKB of two-dimensional copies of ``geometries``, as COPY takes it."""
    flat = shapely.set_srid(shapely.force_2d(geometries), srid)
    return shapely.to_wkb(flat, hex=True, include_srid=True).tolist()


def content_hash(frame: gpd.GeoDataFrame) -> str:
    """Return the SHA-256 of codes and geometries in the order of codes: the same content, the same hash."""
    order = np.argsort(frame["code"].astype(str).to_numpy(), kind="stable")
    digest = hashlib.sha256()
    for code, wkb in zip(frame["code"].to_numpy()[order], shapely.to_wkb(frame.geometry.array)[order], strict=True):
        digest.update(str(code).encode() + b"\0" + wkb)
    return digest.hexdigest()


def delete_rows(session: Session, kind: GeographyKind, edition_id: int) -> None:
    """Delete the rows that an edition not yet in force brought for ``kind``."""
    table = metadata.tables[kind]
    session.execute(table.delete().where(table.c.edition_id == edition_id, func.isempty(table.c.valid)))


# -- out --------------------------------------------------------------------------------------------------------------


def rows_of(table: Table, edition: Edition) -> ColumnElement[bool]:
    """Return the clause for the rows that make up ``edition``.

    Of an edition that is or was in force: rows whose ``valid`` holds its first instant. Of one only loaded: its own rows,
    and the rows now in force of the kinds that it does not replace.
    """
    if edition.valid_from is not None:
        return table.c.valid.op("@>")(literal(edition.valid_from, TIMESTAMP(timezone=True)))
    own = table.c.edition_id == edition.id
    if table.name in edition.replaces or edition.state is EditionState.WITHDRAWN:
        return own
    return or_(own, and_(text("NOT isempty(valid)"), func.upper_inf(table.c.valid)))


def frame_of(session: Session, kind: GeographyKind, edition: Edition) -> gpd.GeoDataFrame:
    """Return the rows of ``kind`` that make up ``edition``, by code, in EPSG:4490, columns as the table's."""
    table = metadata.tables[kind]
    columns = [c for c in table.columns if c.name not in {"id", "valid", "geom"}]
    query = select(*columns, func.ST_AsBinary(table.c.geom, type_=None).label("wkb")).where(rows_of(table, edition))
    rows = session.execute(query.order_by(table.c.code)).all()
    names = [column.name for column in columns]
    values = {name: _column([row[i] for row in rows]) for i, name in enumerate(names)}
    geometries = shapely.from_wkb(np.array([bytes(row.wkb) for row in rows], dtype=object))
    return gpd.GeoDataFrame(values, geometry=gpd.GeoSeries(geometries, crs=SRID_STORED), crs=SRID_STORED)


def _column(values: list[Any]) -> pd.Series:
    """A column in which what is missing stays None: pandas would make it a NaN, which is true and no text."""
    return pd.Series(values, dtype=object if any(value is None for value in values) else None)


def frames_of(session: Session, edition_id: int, *, roads: bool = False) -> EditionFrames:
    """Return grids, stations, department grids and units of an edition, and, if asked, its ``roads``."""
    edition = by_id(session, edition_id)
    units = frame_of(session, GeographyKind.UNITS, edition)
    outline = units.loc[units["level"] == Level.DISTRICT, "geometry"]
    lines = frame_of(session, GeographyKind.ROADS, edition) if roads else None
    return EditionFrames(
        grids=frame_of(session, GeographyKind.BASE_GRIDS, edition),
        stations=frame_of(session, GeographyKind.STATIONS, edition),
        departments=frame_of(session, GeographyKind.DEPARTMENT_GRIDS, edition),
        units=units,
        district=None if outline.empty else outline.iloc[0],
        roads=None if lines is None or lines.empty else lines,
    )
