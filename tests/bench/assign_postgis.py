"""The base grid by PostGIS, in its best plan for many points: polygons outer, each asking the index of the points."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geogrid.space import crs
from geogrid.store.cluster import cluster_url, create_database, start_cluster, stop_cluster
from geogrid.store.session import engine_of

SETUP = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE TABLE b_grids (code text COLLATE "C", geom geometry(Geometry, {srid}));
CREATE TABLE b_points (i int, geom geometry(Point, {srid}));
"""
INDEX = "CREATE INDEX ON b_points USING gist (geom); ANALYZE b_grids; ANALYZE b_points"
ANSWER = """
SELECT p.i, min(g.code) FROM b_grids g CROSS JOIN LATERAL (
  SELECT p.i FROM b_points p WHERE p.geom && g.geom AND ST_Covers(g.geom, p.geom) OFFSET 0) p
GROUP BY p.i
"""


@dataclass(frozen=True)
class Told:
    """The median of the seconds, and the codes it named (None where nothing covers)."""

    seconds: float
    codes: np.ndarray


def measure(folder: Path, grids: gpd.GeoDataFrame, lon: np.ndarray, lat: np.ndarray, runs: int) -> Told:
    """Start a private cluster under ``folder``, ask it ``runs`` times, and stop it."""
    start_cluster(folder, durable=False)
    try:
        create_database(folder, "bench")
        engine = engine_of(cluster_url(folder, "bench"))
        raw = engine.raw_connection()
        try:
            return ask(raw.driver_connection, grids, lon, lat, runs)
        finally:
            raw.close()
            engine.dispose()
    finally:
        stop_cluster(folder)


def ask(connection, grids: gpd.GeoDataFrame, lon: np.ndarray, lat: np.ndarray, runs: int) -> Told:
    cursor = connection.cursor()
    cursor.execute(SETUP.format(srid=crs.SRID_STORED))
    copy_in(cursor, "b_grids (code, geom)", zip(grids["code"], wkb(grids.geometry.values), strict=True))
    copy_in(cursor, "b_points (i, geom)", enumerate(wkb(shapely.points(lon, lat))))
    cursor.execute(INDEX)
    taken, rows = [], []
    for _ in range(runs + 1):
        start = time.perf_counter()
        cursor.execute(f"CREATE TEMP TABLE b_found ON COMMIT DROP AS {ANSWER}")
        taken.append(time.perf_counter() - start)
        rows = cursor.execute("SELECT * FROM b_found").fetchall()
        cursor.execute("DROP TABLE b_found")
    codes = np.full(len(lon), None, dtype=object)
    for i, code in rows:
        codes[i] = code
    connection.rollback()
    return Told(statistics.median(taken[1:]), codes)


def wkb(shapes: np.ndarray) -> np.ndarray:
    return shapely.to_wkb(shapely.set_srid(np.asarray(shapes, dtype=object), crs.SRID_STORED), hex=True, include_srid=True)


def copy_in(cursor, table: str, rows) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
