"""GeoJSON (RFC 7946), read strictly: what shapely would quietly mend or take is told instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from etl.errors import FileEmpty, FileTooLarge, GeojsonType, GeometryMissing, GeometryTypeUnknown, RingOpen, RingShort
from etl.sources.encoding import decode
from etl.sources.strict_json import parse
from etl.sources.table import Note, ReadOptions, Table
from geogrid.errors import CoordNotFinite, CoordType, GeogridError, GeometryTooLarge
from geogrid.space.crs import SRID_WGS84

DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
LEAST_POINTS = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}
WANTED = "Point, LineString, Polygon or one of their Multi forms"


def read(path: Path, options: ReadOptions) -> Table:
    """Read a FeatureCollection (or a single Feature); raises the file errors of ``etl.errors``. CRS as stated, else WGS 84."""
    import pandas as pd

    size = path.stat().st_size
    if size > options.limits.geojson_bytes:
        raise FileTooLarge(name=path.name, what="bytes", size=size, most=options.limits.geojson_bytes, where={"path": str(path)})
    text, _ = decode(path.read_bytes(), path.name, options.encoding or "utf-8")
    root = parse(text, path.name, most_depth=options.limits.json_depth)
    features = _features(root, path)
    geometry = np.full(len(features), None, object)
    faults: dict[int, GeogridError] = {}
    dropped_z = 0
    for position, feature in enumerate(features):
        try:
            geometry[position], has_z = shape_of(feature.get("geometry"), options.limits.vertices)
            dropped_z += has_z
        except GeogridError as error:
            error.where = {"feature": position + 1, **error.where}
            faults[position] = error
    frame = pd.DataFrame([_properties(feature) for feature in features], index=range(len(features)), dtype=object)
    notes = [Note("Heights were dropped from {count} geometries", {"count": dropped_z})] if dropped_z else []
    crs = _crs(root, path)
    if crs is None:
        notes.append(Note("The file states no coordinate system; GeoJSON is WGS 84 by its standard (RFC 7946)"))
    rows = np.arange(1, len(features) + 1)
    return Table(path, "geojson", frame, geometry, rows, crs or f"EPSG:{SRID_WGS84}", tuple(notes), faults)


def _features(root: Any, path: Path) -> list[dict[str, Any]]:
    where = {"path": str(path)}
    kind = root.get("type") if isinstance(root, dict) else None
    if kind == "Feature":
        return [root]
    if kind != "FeatureCollection":
        raise GeojsonType(name=path.name, reason=f"its type is {kind!r}" if kind else "it has no type", where=where)
    features = root.get("features")
    if features == []:
        raise FileEmpty(name=path.name, where=where)
    if not isinstance(features, list):
        raise GeojsonType(name=path.name, reason="it has no features", where=where)
    for position, feature in enumerate(features):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise GeojsonType(
                name=path.name, reason=f"item {position + 1} is no Feature", where={**where, "feature": position + 1}
            )
    return features


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    found = dict(properties) if isinstance(properties, dict) else {}
    if "id" in feature and "id" not in found:
        found["id"] = feature["id"]
    return {key: _cell(value) for key, value in found.items() if key != "geometry"}


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _crs(root: Any, path: Path) -> str | None:
    """Return the name in the ``crs`` member of the older GeoJSON (2008); None where there is none."""
    crs = root.get("crs")
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise GeojsonType(name=path.name, reason="its crs member names no coordinate system", where={"path": str(path)})
    return name


def shape_of(geometry: Any, most_vertices: int) -> tuple[Any, bool]:
    """Return the shapely geometry of a GeoJSON geometry object and whether heights were dropped; raises the row's error."""
    import shapely

    if geometry is None:
        raise GeometryMissing
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in DEPTHS:
        raise GeometryTypeUnknown(code="", got=str(kind), wanted=WANTED)
    paths, has_z = _paths(geometry.get("coordinates"), DEPTHS[kind])
    vertices = sum(len(xy) for xy in _leaves(paths))
    if vertices == 0:
        raise GeometryMissing
    if vertices > most_vertices:
        raise GeometryTooLarge(code="", vertices=vertices, most=most_vertices)
    for xy in _leaves(paths):
        _check_path(xy, kind)
    coordinates = paths[0] if kind == "Point" else paths
    return shapely.geometry.shape({"type": kind, "coordinates": coordinates}), has_z


def _paths(coordinates: Any, depth: int) -> tuple[Any, bool]:
    """Turn nested lists into nested lists of (n, 2) float arrays; raises CoordType for anything that is not a number."""
    if not isinstance(coordinates, list):
        raise CoordType(got=type(coordinates).__name__)
    if depth <= 1:
        return _positions(coordinates if depth else [coordinates])
    parts = [_paths(part, depth - 1) for part in coordinates]
    return [path for path, _ in parts], any(z for _, z in parts)


def _positions(positions: list[Any]) -> tuple[np.ndarray, bool]:
    if not positions:
        return np.empty((0, 2)), False
    for position in positions:
        if not isinstance(position, list) or not 2 <= len(position) <= 4:
            raise CoordType(got=f"{position!r:.60}")
        for number in position:
            if type(number) not in {float, int}:
                raise CoordType(got=f"{number!r:.60}")
    try:
        xy = np.array([position[:2] for position in positions], float)
    except OverflowError as error:  # an integer beyond the largest float
        raise CoordNotFinite from error
    if not np.isfinite(xy).all():
        raise CoordNotFinite
    return xy, any(len(position) > 2 for position in positions)


def _leaves(paths: Any) -> list[np.ndarray]:
    return [paths] if isinstance(paths, np.ndarray) else [leaf for part in paths for leaf in _leaves(part)]


def _check_path(xy: np.ndarray, kind: str) -> None:
    if len(xy) < LEAST_POINTS.get(kind, 1):
        where = {"lonlat": xy[0].tolist()} if len(xy) else {}
        raise RingShort(points=len(xy), least=LEAST_POINTS[kind], where=where)
    if kind.endswith("Polygon") and (xy[0] != xy[-1]).any():
        lon, lat = xy[-1].tolist()
        raise RingOpen(lon=lon, lat=lat, where={"lonlat": [lon, lat]})
