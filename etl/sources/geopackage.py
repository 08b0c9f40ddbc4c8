"""GeoPackage: one layer of it, read in the child process."""

from __future__ import annotations

from pathlib import Path

from etl.sources.binary import table_of
from etl.sources.sandbox import layers_of, read_in_child
from etl.sources.table import ReadOptions, Table


def read(path: Path, options: ReadOptions) -> Table:
    """Read the layer ``options.layer`` (needed where there are several); raises the file errors of ``etl.errors``."""
    with read_in_child(path, "gdal", options, driver_prefix="GPKG:") as (frame, said):
        return table_of(path, "geopackage", frame, said, options)


def layers(path: Path) -> list[str]:
    """Return the names of the layers."""
    return layers_of(path, ReadOptions())
