"""The second witness: PostGIS answers the same questions by the same rules, in SQL of its own."""

from __future__ import annotations

import numpy as np
import shapely

METRES = 1e-5  # two computations of a geodesic agree far better than this

SETUP = """
CREATE TEMP TABLE w_grids (code text COLLATE "C", geom geometry(Geometry, 4490), metric geometry);
CREATE TEMP TABLE w_departments (code text COLLATE "C", geom geometry(Geometry, 4490));
CREATE TEMP TABLE w_stations (code text COLLATE "C", geom geometry(Geometry, 4490));
CREATE TEMP TABLE w_district (code text COLLATE "C", geom geometry(Geometry, 4490));
CREATE TEMP TABLE w_points (i int PRIMARY KEY, geom geometry(Point, 4490));
"""

INDEXES = """
UPDATE w_grids SET metric = ST_Transform(ST_Segmentize(geom, 0.001), :srid);
CREATE INDEX ON w_grids USING gist (metric);
CREATE INDEX ON w_points USING gist (geom);
CREATE INDEX ON w_stations USING gist ((geom::geography));
ANALYZE w_grids; ANALYZE w_departments; ANALYZE w_stations; ANALYZE w_points;
"""

ANSWER = """
WITH hits AS (
  SELECT p.i, g.code, p.interior
  FROM w_grids g CROSS JOIN LATERAL (
    SELECT p.i, ST_Contains(g.geom, p.geom) AS interior
    FROM w_points p WHERE p.geom && g.geom AND ST_Covers(g.geom, p.geom) OFFSET 0) p
), base AS (
  SELECT i, min(code) AS code, count(*) AS covering, bool_or(interior) AS interior FROM hits GROUP BY i
), departments AS (
  SELECT p.i, string_agg(d.code, ';' ORDER BY d.code) AS codes
  FROM w_departments d CROSS JOIN LATERAL (
    SELECT p.i FROM w_points p WHERE p.geom && d.geom AND ST_Covers(d.geom, p.geom) OFFSET 0) p
  GROUP BY p.i
)
SELECT p.i,
  CASE WHEN b.i IS NOT NULL THEN b.code WHEN ST_Covers(w.geom, p.geom) AND n.metres <= :tolerance_m THEN n.code END,
  CASE WHEN b.i IS NULL THEN CASE WHEN ST_Covers(w.geom, p.geom) THEN 'gap' ELSE 'outside' END
       WHEN NOT b.interior THEN 'border' WHEN b.covering = 1 THEN 'inside' ELSE 'overlap' END,
  coalesce(d.codes, ''),
  s.code, s.metres, n.code
FROM w_points p
CROSS JOIN w_district w
LEFT JOIN base b ON b.i = p.i
LEFT JOIN departments d ON d.i = p.i
LEFT JOIN LATERAL (
  SELECT c.code, c.metres FROM (
    SELECT code, metres, min(metres) OVER () AS least FROM (
      SELECT code, ST_Distance(geom::geography, p.geom::geography) AS metres
      FROM w_stations ORDER BY geom::geography <-> p.geom::geography LIMIT 12) c) c
  WHERE metres <= least + 1e-6 ORDER BY code LIMIT 1) s ON true
LEFT JOIN LATERAL (
  SELECT c.code, ST_Distance(ST_Transform(ST_ClosestPoint(c.metric, ST_Transform(p.geom, :srid)), 4490)::geography,
                             p.geom::geography) AS metres FROM (
    SELECT code, metric, metres, min(metres) OVER () AS least FROM (
      SELECT code, metric, ST_Distance(metric, ST_Transform(p.geom, :srid)) AS metres
      FROM w_grids ORDER BY metric <-> ST_Transform(p.geom, :srid) LIMIT 12) c) c
  WHERE metres <= least + 1e-6 ORDER BY code LIMIT 1) n ON b.i IS NULL
ORDER BY p.i
"""


def copy_in(cursor, table, columns, rows):
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def wkb(shapes):
    return shapely.to_wkb(shapely.set_srid(np.asarray(shapes, dtype=object), 4490), hex=True, include_srid=True)


def ask(engine, *, grids, stations, departments, district, lonlat, srid, gap_tolerance_m):
    """Return for each point (grid code, rule, department codes joined by ``;``, station code, metres, nearest grid)."""
    named = {":srid": str(srid), ":tolerance_m": str(gap_tolerance_m)}
    answer, indexes = ANSWER, INDEXES
    for name, value in named.items():
        answer, indexes = answer.replace(name, value), indexes.replace(name, value)
    raw = engine.raw_connection()
    try:
        cursor = raw.driver_connection.cursor()
        cursor.execute(SETUP)
        for table, frame in (("w_grids", grids), ("w_departments", departments), ("w_stations", stations)):
            copy_in(cursor, table, "code, geom", zip(frame["code"], wkb(frame.geometry.values), strict=True))
        copy_in(cursor, "w_district", "code, geom", [("district", wkb([district])[0])])
        copy_in(cursor, "w_points", "i, geom", enumerate(wkb(shapely.points(lonlat))))
        cursor.execute(indexes)
        return [row[1:] for row in cursor.execute(answer).fetchall()]
    finally:
        raw.driver_connection.rollback()
        raw.close()


def differences(found, told):
    """Return (point, what, index's answer, PostGIS' answer) wherever the two witnesses disagree."""
    wrong = []
    for i, (grid, rule, departments, station, metres, nearest) in enumerate(told):
        ours = (found.grid_code[i], found.rule[i], ";".join(found.department_codes[i]), found.station_code[i])
        if ours != (grid, rule, departments, station):
            wrong.append((i, "answer", ours, (grid, rule, departments, station)))
        if abs(found.distance_m[i] - float(metres)) > METRES:
            wrong.append((i, "distance_m", found.distance_m[i], metres))
        if found.nearest_grid_code[i] != nearest:
            wrong.append((i, "nearest grid", found.nearest_grid_code[i], nearest))
    return wrong
