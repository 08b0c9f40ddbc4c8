"""The twin's files: GeoParquet each, and all in one GeoPackage; made beside the folder, then put in its place at once."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from geopandas import GeoDataFrame
    from pandas import DataFrame

GEOPACKAGE = "district.gpkg"
WRITTEN_AT = "2025-01-01T00:00:00.000Z"
NOT_IN_GEOPACKAGE = {"truth"}  # the truth of the made world is for tests, never for a loader


def write_twin(frames: Mapping[str, GeoDataFrame], folder: Path) -> None:
    """Write ``frames`` to ``folder``; what stood under their names there is replaced, all at once for each file."""
    write_parts(frames, [], folder)


def write_parts(
    frames: Mapping[str, GeoDataFrame],
    parts: Iterable[tuple[GeoDataFrame, GeoDataFrame]],
    folder: Path,
    *,
    events_in_geopackage: bool = True,
) -> None:
    """Write ``frames``, and ``events`` and ``truth`` from ``parts`` that need not fit in memory together.

    A GeoPackage takes ten times as long as all else: millions of events had better stay out of it.
    """
    import pyogrio

    # A GeoPackage notes when it was written; the same district must be the same file.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN_AT})
    folder.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    try:
        for name, table in frames.items():
            table.to_parquet(making / f"{name}.parquet", index=False)
            if name not in NOT_IN_GEOPACKAGE:
                _append(table, making / GEOPACKAGE, name)
        _write_events(parts, making, events_in_geopackage)
        for path in sorted(making.iterdir()):
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(making, ignore_errors=True)
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_beside(frames: Mapping[str, GeoDataFrame | DataFrame], folder: Path) -> None:
    """Write tables that were made from the written ones beside them, and as layers into the GeoPackage where there is one."""
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN_AT})
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    try:
        if (folder / GEOPACKAGE).is_file():
            shutil.copy(folder / GEOPACKAGE, making / GEOPACKAGE)
        for name, table in frames.items():
            table.to_parquet(making / f"{name}.parquet", index=False)
            if (making / GEOPACKAGE).is_file():
                _append(table, making / GEOPACKAGE, name)
        for path in sorted(making.iterdir()):
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(making, ignore_errors=True)
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _append(table: GeoDataFrame | DataFrame, path: Path, layer: str) -> None:
    """Append to a layer of the GeoPackage; a table without places becomes a layer without geometry."""
    import pandas as pd
    import pyogrio

    empty = "geometry" in table.columns and bool(table["geometry"].isna().all())
    plain = table.drop(columns="geometry") if empty else table.copy(deep=False)
    for name in plain.columns[[isinstance(kind, pd.DatetimeTZDtype) for kind in plain.dtypes]]:
        plain[name] = plain[name].dt.tz_convert("UTC")  # the format knows no other zone
    exists = path.exists() and layer in {name for name, _ in pyogrio.list_layers(path)}
    pyogrio.write_dataframe(plain, path, layer=layer, driver="GPKG", append=exists, use_arrow=True)


def _write_events(parts: Iterable[tuple[GeoDataFrame, GeoDataFrame]], making: Path, in_geopackage: bool) -> None:
    """Write ``events`` and ``truth`` part by part; each part is a row group of its GeoParquet file."""
    import pyarrow.parquet as pq

    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for pair in parts:
            for name, table in zip(("events", "truth"), pair, strict=True):
                rows = _rows(table)
                if name not in writers:
                    writers[name] = pq.ParquetWriter(making / f"{name}.parquet", rows.schema)
                writers[name].write_table(rows.cast(writers[name].schema))
            if in_geopackage:
                _append(pair[0], making / GEOPACKAGE, "events")
    finally:
        for writer in writers.values():
            writer.close()


def _rows(table: GeoDataFrame) -> pa.Table:
    """Return the rows as GeoParquet has them; without the bounds, which would be those of the first part only."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    rows = pq.read_table(buffer)
    metadata = dict(rows.schema.metadata)
    geo = json.loads(metadata[b"geo"])
    for column in geo["columns"].values():
        column.pop("bbox", None)
    return rows.replace_schema_metadata({**metadata, b"geo": json.dumps(geo).encode()})
