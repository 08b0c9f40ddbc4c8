"""Tiny files of every kind, made where a test needs them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

SQUARE = [[126.5, 45.9], [126.6, 45.9], [126.6, 46.0], [126.5, 46.0], [126.5, 45.9]]
EAST = [[126.6, 45.9], [126.7, 45.9], [126.7, 46.0], [126.6, 46.0], [126.6, 45.9]]


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def point(lon: Any, lat: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def geojson(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps(collection(*features), ensure_ascii=False), encoding="utf-8")
    return path


def grids_frame() -> gpd.GeoDataFrame:
    shapes = [shapely.Polygon(SQUARE), shapely.Polygon(EAST)]
    return gpd.GeoDataFrame(
        {"code": ["999901001001001", "999901001001002"], "name": ["幸福社区网格", "胜利村网格"]}, geometry=shapes, crs="EPSG:4490"
    )


def shapefile_zip(path: Path, frame: gpd.GeoDataFrame, *, encoding: str = "UTF-8", without: tuple[str, ...] = ()) -> Path:
    """Pack ``frame`` as a Shapefile, leaving out the parts with the endings ``without``."""
    folder = path.parent / f"{path.stem}_parts"
    folder.mkdir()
    frame.to_file(folder / "wangge.shp", encoding=encoding, engine="pyogrio")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            if part.suffix not in without:
                archive.write(part, f"data/{part.name}")
    return path


def zip_of(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path
