"""Asks the child process to read a binary file, and turns its answer into a Table or an error of the house."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from etl.errors import FileDamaged, FileTooLarge, LayerNotNamed, LayerUnknown, TemporaryFull
from etl.sources.limits import Limits
from etl.sources.table import ReadOptions
from geogrid.settings import ROOT

if TYPE_CHECKING:
    import pandas as pd
    from pyarrow import RecordBatch, Schema

PIPE_BYTES = 1 << 20
ALLOWED_DRIVERS = frozenset({"GPKG", "ESRI Shapefile"})


@contextmanager
def read_in_child(
    path: Path, reader: str, options: ReadOptions, *, driver_prefix: str = "", encoding: str = ""
) -> Iterator[tuple[pd.DataFrame, dict[str, Any]]]:
    """Give the rows of ``path`` and what the file says of itself (``crs``, ``geometry`` column, ``layers``).

    Raises FileDamaged where the child fails, dies or takes too long; LayerUnknown; FileTooLarge.
    """
    limits = options.limits
    if path.stat().st_size > limits.packed_bytes:
        _too_large(path, "bytes", path.stat().st_size, limits.packed_bytes)
    with tempfile.TemporaryDirectory(prefix="geogrid-read-") as folder:
        out, source = Path(folder, "rows.arrow"), path.resolve()
        if driver_prefix:  # after the prefix GDAL takes a colon in a path for the mark before a layer
            source = Path(folder, f"source{path.suffix}")
            source.symlink_to(path.resolve())
        request = {
            "reader": reader,
            "path": str(source),
            "layer": options.layer,
            "usual": options.usual,
            "encoding": encoding,
            "driver_prefix": driver_prefix,
            "out": str(out),
            "most_rows": limits.rows,
            "most_columns": limits.columns,
            "seconds": limits.child_seconds,
            "memory_bytes": limits.child_bytes,
        }
        answer = _ask(path, request, limits)
        if answer["layer"] is None:
            known = ", ".join(answer["layers"])
            unknown = LayerUnknown if options.layer or not known else LayerNotNamed
            raise unknown(name=path.name, layer=options.layer or "", known=known, where={"path": str(path)})
        yield _frame(out), answer


@dataclass(frozen=True)
class Stream:
    """A file that the child reads while we work: its schema, what it says of itself, and its rows once, in their order."""

    schema: Schema
    said: dict[str, Any]
    batches: Iterator[RecordBatch]


@contextmanager
def stream_from_child(path: Path, options: ReadOptions, rows_at_once: int) -> Iterator[Stream]:
    """Give the rows of a Parquet file as Arrow batches; a caller that leaves before the end ends the child.

    Raises FileTooLarge, and FileDamaged where the child fails or dies, at first or later.
    """
    limits = options.limits
    if path.stat().st_size > limits.packed_bytes:
        _too_large(path, "bytes", path.stat().st_size, limits.packed_bytes)
    request = {
        "reader": "parquet_stream",
        "path": str(path.resolve()),
        "rows_at_once": rows_at_once,
        "most_rows": limits.rows,
        "most_columns": limits.columns,
        "seconds": limits.child_seconds,
        "memory_bytes": limits.child_bytes,
    }
    command = [sys.executable, "-m", "etl.sources.child"]
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as told:
        asked.write(json.dumps(request).encode())
        asked.seek(0)
        with subprocess.Popen(command, stdin=asked, stdout=subprocess.PIPE, stderr=told, env=_environment(), cwd=ROOT) as child:
            try:
                yield _stream(path, child.stdout, told, limits)
            finally:
                child.kill()


def _stream(path: Path, out: Any, told: IO[bytes], limits: Limits) -> Stream:
    import pyarrow as pa

    fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with _damage(path, told):
        reader = pa.ipc.open_stream(out)
    said = json.loads(reader.schema.metadata[b"geogrid"])
    if "geometry" not in said:
        what = "rows" if said["rows"] > limits.rows else "columns"
        _too_large(path, what, said[what], getattr(limits, what))

    def batches() -> Iterator[RecordBatch]:
        count = 0
        while count < said["rows"]:
            with _damage(path, told):
                batch = reader.read_next_batch()
            count += len(batch)
            yield batch

    kept = {name: value for name, value in reader.schema.metadata.items() if name != b"geogrid"}
    return Stream(reader.schema.with_metadata(kept), said, batches())


@contextmanager
def _damage(path: Path, told: IO[bytes]) -> Iterator[None]:
    """Raise FileDamaged, with the last word of the child, where what it sends ends too early."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, StopIteration, OSError) as error:
        told.seek(0)
        last = told.read().decode(errors="replace").strip().splitlines()[-1:]
        reason = (last[0] if last else type(error).__name__).replace(str(path.resolve()), path.name)[:300]
        raise FileDamaged(name=path.name, reason=reason, where={"path": str(path)}) from error


def layers_of(path: Path, options: ReadOptions) -> list[str]:
    """Return the names of the layers of a GeoPackage."""
    try:
        with read_in_child(path, "gdal", ReadOptions("\x00none", None, options.limits), driver_prefix="GPKG:") as (_, answer):
            return list(answer["layers"])
    except LayerUnknown as error:
        return [name for name in str(error.values["known"]).split(", ") if name]


def _ask(path: Path, request: dict[str, Any], limits: Limits) -> dict[str, Any]:
    command = [sys.executable, "-m", "etl.sources.child"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limits.child_seconds,
            env=_environment(),
            cwd=ROOT,
            check=False,
        )
        answer = json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, json.JSONDecodeError, IndexError) as error:
        raise FileDamaged(
            name=path.name, reason=f"reading it failed ({type(error).__name__})", where={"path": str(path)}
        ) from error
    if done.returncode != 0:
        raise FileDamaged(name=path.name, reason=f"reading it ended with {done.returncode}", where={"path": str(path)})
    if "error" in answer:
        reason = str(answer["error"]).replace(request["path"], path.name)[:300]
        if os.strerror(errno.ENOSPC) in reason:  # of the rows that are handed over: the file itself is well
            raise TemporaryFull(folder=tempfile.gettempdir(), where={"path": str(path)})
        raise FileDamaged(name=path.name, reason=reason, where={"path": str(path)})
    if "too_large" in answer:
        rows, columns = answer["too_large"]
        over = ("rows", rows, limits.rows) if rows > limits.rows else ("columns", columns, limits.columns)
        _too_large(path, *over)
    return answer


def _environment() -> dict[str, str]:
    """Return an environment in which GDAL knows two drivers, opens no network and looks at no other file than it must."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR", "PROJ_DATA", "GDAL_DATA") if key in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))).rstrip(os.pathsep),
        "GDAL_SKIP": ",".join(_other_drivers()),
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
        "CPL_CURL_ENABLE_VSIMEM": "NO",
        "GDAL_HTTP_TIMEOUT": "1",
        "PROJ_NETWORK": "OFF",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


@lru_cache
def _other_drivers() -> Sequence[str]:
    import pyogrio

    return sorted(set(pyogrio.list_drivers()) - ALLOWED_DRIVERS)


def _frame(out: Path) -> pd.DataFrame:
    import pyarrow as pa

    with pa.memory_map(str(out)) as source:
        # An empty cell must not make floats of its column: codes of 16 digits and more would lose their last ones.
        return pa.ipc.open_file(source).read_all().to_pandas(integer_object_nulls=True)


def _too_large(path: Path, what: str, size: int, most: int) -> None:
    raise FileTooLarge(name=path.name, what=what, size=size, most=most, where={"path": str(path)})
