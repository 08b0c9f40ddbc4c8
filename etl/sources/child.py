"""The process that opens binary formats: no network, bounded time and memory, only the drivers named to it.

Run as ``python -m etl.sources.child`` with one JSON request on standard input. The rows go to an Arrow file, one JSON
answer to standard output. Whatever a damaged file does to the library that reads it happens here and ends here.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of <sched.h>


def leave_network() -> bool:
    """Enter a network namespace of our own that has no interface up; False where the system does not allow it."""
    unshare = getattr(ctypes.CDLL(None), "unshare", None)
    return unshare is not None and (unshare(NEW_NETWORK) == 0 or unshare(NEW_USER | NEW_NETWORK) == 0)


def limit(seconds: int, memory_bytes: int) -> None:
    """Bound CPU seconds and address space; leave no core file."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read_layer(request: dict[str, Any]) -> dict[str, Any]:
    """Write the rows of one GDAL layer as Arrow; answer with its layers, CRS, geometry column."""
    import pyogrio

    path = request["driver_prefix"] + request["path"]
    layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    usual = request["usual"] if request["usual"] in layers or len(layers) != 1 else layers[0]
    layer = request["layer"] or usual
    if layer not in layers:
        return {"layers": layers, "layer": None}
    options = {"encoding": request["encoding"]} if request["encoding"] else {}
    info = pyogrio.read_info(path, layer=layer, **options)
    if info["features"] > request["most_rows"] or len(info["fields"]) > request["most_columns"]:
        return {"too_large": [int(info["features"]), len(info["fields"])]}
    with pyogrio.raw.open_arrow(path, layer=layer, use_pyarrow=True, return_fids=True, **options) as (meta, reader):
        _write(request["out"], reader.schema, reader)
    geometry = (meta["geometry_name"] or "wkb_geometry") if info["geometry_type"] else None
    return {"layers": layers, "layer": layer, "crs": meta["crs"], "geometry": geometry, "fid": info["fid_column"] or "OGC_FID"}


def read_parquet(request: dict[str, Any]) -> dict[str, Any]:
    """Write the rows of a Parquet file as Arrow; answer with the CRS and geometry column its ``geo`` metadata names."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(request["path"]) as file:
        rows, columns = file.metadata.num_rows, len(file.schema_arrow)
        if rows > request["most_rows"] or columns > request["most_columns"]:
            return {"too_large": [rows, columns]}
        said = _said_by(_schema(file))
        _write(request["out"], file.schema_arrow, file.iter_batches())
    return {"layers": [], "layer": "", **said}


def stream_parquet(request: dict[str, Any]) -> None:
    """Write the rows of a Parquet file to standard output as a stream of Arrow batches, ``geogrid`` metadata with its schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(request["path"]) as file, os.fdopen(1, "wb", closefd=False) as out:
        schema, rows = _schema(file), file.metadata.num_rows
        said = {"rows": rows, "columns": len(schema)}
        if rows <= request["most_rows"] and len(schema) <= request["most_columns"]:
            said |= _said_by(schema)
        schema = schema.with_metadata({**(schema.metadata or {}), b"geogrid": json.dumps(said).encode()})
        with pa.ipc.new_stream(out, schema) as writer:
            for batch in file.iter_batches(batch_size=request["rows_at_once"]):
                writer.write_batch(batch)


def _schema(file: Any) -> Any:
    """Return Arrow's schema with all that the file says of itself: a stored Arrow schema may leave out ``geo``."""
    of_file = {name: value for name, value in (file.metadata.metadata or {}).items() if name != b"ARROW:schema"}
    return file.schema_arrow.with_metadata({**of_file, **(file.schema_arrow.metadata or {})})


def _said_by(schema: Any) -> dict[str, Any]:
    """Return the CRS and geometry column that the ``geo`` metadata names."""
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    primary = geo.get("primary_column")
    column = geo.get("columns", {}).get(primary, {})
    if primary and column.get("encoding", "WKB") != "WKB":
        raise ValueError(f"its geometry is encoded as {column['encoding']}, not WKB")
    crs = column.get("crs", "OGC:CRS84") if column else None  # the standard: absent is CRS84, null is unknown
    return {"geometry": primary, "crs": json.dumps(crs) if isinstance(crs, dict) else crs}


def read_osm(request: dict[str, Any]) -> dict[str, Any]:
    """Write the roads or places of an OpenStreetMap file as Arrow; see ``etl.sources.osm``."""
    from etl.sources.osm import answer

    return answer(request)


def _write(out: str, schema: Any, batches: Iterator[Any]) -> None:
    import pyarrow as pa

    with pa.OSFile(out, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def main() -> None:
    """Answer the one request."""
    request = json.load(sys.stdin)
    leave_network()
    limit(request["seconds"], request["memory_bytes"])
    if request["reader"] == "parquet_stream":
        stream_parquet(request)
        return
    try:
        answer = {"gdal": read_layer, "parquet": read_parquet, "osm": read_osm}[request["reader"]](request)
    except Exception as error:  # the parent tells the user; a traceback would say nothing to them
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
