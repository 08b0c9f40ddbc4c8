"""GeoParquet (and plain Parquet), read in the child process."""

from __future__ import annotations

from pathlib import Path

from etl.sources.binary import table_of
from etl.sources.sandbox import read_in_child
from etl.sources.table import ReadOptions, Table


def read(path: Path, options: ReadOptions) -> Table:
    """Read the file; raises the file errors of ``etl.errors``."""
    with read_in_child(path, "parquet", options) as (frame, said):
        return table_of(path, "geoparquet", frame, said, options)
