"""How much of a stranger's file is read at all: the one table of limits."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Upper bounds; sizes in bytes, unpacked for archives.

    Attributes
    ----------
    geojson_bytes, csv_bytes, packed_bytes, archive_bytes : one file of that kind; ``packed`` are GeoPackage and GeoParquet,
        ``archive`` is what a zip (also an .xlsx) unpacks to
    archive_entries, archive_ratio : entries of a zip; unpacked over packed size of it
    rows, columns, field_chars : of a table
    vertices : of one feature
    json_depth : brackets within brackets
    child_seconds, child_bytes : time and memory of the process that reads binary formats
    """

    geojson_bytes: int = 40 * MB
    csv_bytes: int = 400 * MB
    packed_bytes: int = 4000 * MB
    archive_bytes: int = 800 * MB
    archive_entries: int = 2000
    archive_ratio: float = 200.0
    rows: int = 12_000_000
    sheet_rows: int = 1_048_576
    columns: int = 1000
    field_chars: int = 131_072
    vertices: int = 20_000
    json_depth: int = 40
    child_seconds: int = 300
    child_bytes: int = 6000 * MB


LIMITS = Limits()
