"""Foreign formats: one file each, one registry. ``open_table`` tells them apart by content."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from etl.sources.sniff import identify, local_file
from etl.sources.table import Note, ReadOptions, Table

# Format -> the module whose ``read(path, options) -> Table`` opens it; imported on first use.
FORMATS = {
    "geopackage": "etl.sources.geopackage",
    "geojson": "etl.sources.geojson",
    "csv": "etl.sources.csv_text",
    "shapefile_zip": "etl.sources.shapefile_zip",
    "geoparquet": "etl.sources.geoparquet",
    "xlsx": "etl.sources.xlsx",
    "osm": "etl.sources.osm",
}

__all__ = ["FORMATS", "Note", "ReadOptions", "Table", "identify", "open_table"]


def open_table(path: str | Path, options: ReadOptions | None = None) -> Table:
    """Read a stranger's file; raises FilePathRefused, FileFormatRefused and the other file errors of ``etl.errors``."""
    from etl.sources.wkt import with_geometry

    file, options = local_file(path), options or ReadOptions()
    table: Table = import_module(FORMATS[identify(file)]).read(file, options)
    return with_geometry(table, options)
