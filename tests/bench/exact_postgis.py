"""PostGIS as a witness for millions of points: a portion at a time, in binary, by the position of polygons and stations."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.space import crs
from geogrid.store.cluster import cluster_url, create_database, start_cluster, stop_cluster
from geogrid.store.session import engine_of

Array = np.ndarray
SETUP = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE TABLE e_grids (i int, geom geometry(Geometry, 4490));
CREATE TABLE e_departments (i int, geom geometry(Geometry, 4490));
CREATE TABLE e_stations (i int, geom geometry(Geometry, 4490));
CREATE TABLE e_points (i int, geom geometry(Point, 4490));
CREATE INDEX ON e_stations USING gist ((geom::geography));
SET work_mem = '256MB';
"""
COVERING = """
SELECT p.i, a.i FROM {areas} a CROSS JOIN LATERAL (
  SELECT p.i FROM e_points p WHERE p.geom && a.geom AND ST_Covers(a.geom, p.geom) OFFSET 0) p
"""
LOWEST = "SELECT p, min(a) FROM ({covering}) AS found (p, a) GROUP BY p"
NEAREST = """
SELECT p.i, s.i, s.metres FROM e_points p CROSS JOIN LATERAL (
  SELECT i, metres FROM (
    SELECT i, metres, min(metres) OVER () AS least FROM (
      SELECT i, ST_Distance(geom::geography, p.geom::geography) AS metres
      FROM e_stations ORDER BY geom::geography <-> p.geom::geography LIMIT 12) c) c
  WHERE metres <= least + 1e-6 ORDER BY i LIMIT 1) s
"""
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("i_bytes", ">i4"),
        ("i", ">i4"),
        ("geom_bytes", ">i4"),
        ("order", "u1"),
        ("kind", "<u4"),
        ("srid", "<u4"),
        ("lon", "<f8"),
        ("lat", "<f8"),
    ]
)
POINT_WITH_SRID = 0x20000001


@dataclass(frozen=True)
class Witness:
    """A cluster of its own that holds the polygons and stations; asked about a portion of points at a time."""

    connection: Any

    def hold(self, lonlat: Array) -> None:
        """Take the points (n, 2) in the place of those held before."""
        cursor = self.connection.cursor()
        cursor.execute("TRUNCATE e_points; DROP INDEX IF EXISTS e_points_index")
        rows = np.zeros(len(lonlat), dtype=ROW)
        rows["fields"], rows["i_bytes"], rows["i"] = 2, 4, np.arange(len(lonlat))
        rows["geom_bytes"], rows["order"], rows["kind"], rows["srid"] = 25, 1, POINT_WITH_SRID, crs.SRID_STORED
        rows["lon"], rows["lat"] = lonlat.T
        with cursor.copy("COPY e_points FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(SIGNATURE + rows.tobytes() + b"\xff\xff")
        cursor.execute("CREATE INDEX e_points_index ON e_points USING gist (geom); ANALYZE e_points")

    def grids(self, points: int) -> Array:
        """Return the position of the first grid that covers each point held, -1 for none."""
        found = np.full(points, -1, dtype=np.int64)
        rows = self._rows(LOWEST.format(covering=COVERING.format(areas="e_grids")), 2)
        found[rows[:, 0]] = rows[:, 1]
        return found

    def departments(self) -> Array:
        """Return (point, department) wherever one covers the other, ascending."""
        rows = self._rows(COVERING.format(areas="e_departments"), 2)
        return rows[np.lexsort((rows[:, 1], rows[:, 0]))]

    def stations(self) -> tuple[Array, Array]:
        """Return the position of the nearest station of each point, ties to the first, and the geodesic metres."""
        cursor = self.connection.cursor(binary=True)
        rows = np.array(cursor.execute(NEAREST).fetchall(), dtype=float)
        rows = rows[np.argsort(rows[:, 0])]
        return rows[:, 1].astype(np.int64), rows[:, 2]

    def _rows(self, query: str, columns: int) -> Array:
        cursor = self.connection.cursor(binary=True)
        return np.array(cursor.execute(query).fetchall(), dtype=np.int64).reshape(-1, columns)


@contextmanager
def witness(grids: Array, departments: Array, stations_lonlat: Array) -> Iterator[Witness]:
    """Start a private cluster with the polygons and stations in the given orders; stop it in the end."""
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as name:
        folder = Path(name)
        start_cluster(folder, durable=False)
        try:
            create_database(folder, "bench")
            engine = engine_of(cluster_url(folder, "bench"))
            raw = engine.raw_connection()
            try:
                connection = raw.driver_connection
                connection.execute(SETUP)
                things = {"e_grids": grids, "e_departments": departments, "e_stations": shapely.points(stations_lonlat)}
                for table, shapes in things.items():
                    _copy_in(connection.cursor(), table, shapes)
                connection.execute("ANALYZE e_grids; ANALYZE e_departments; ANALYZE e_stations")
                connection.commit()
                yield Witness(connection)
            finally:
                raw.close()
                engine.dispose()
        finally:
            stop_cluster(folder)


def _copy_in(cursor: Any, table: str, shapes: Array) -> None:
    known = shapely.set_srid(np.asarray(shapes, dtype=object), crs.SRID_STORED)
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in enumerate(shapely.to_wkb(known, hex=True, include_srid=True)):
            copy.write_row(row)
