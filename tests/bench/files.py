"""``./run bench files``: from Parquet to Parquet, against reading and writing the same columns by pyarrow alone.

Ours reads the events, assigns base grids, department grids and stations, and writes every column with the answers; the same
process does nothing else, the child that reads included. pyarrow reads the file of events whole and writes the table with the
answers whole, in its defaults, with nothing between. The answers are compared with those of the index first.
"""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from etl.assign_files import Wanted, assign_files
from etl.assign_stream import points_wkb
from tests.bench.grounds import Ground, ground_of, made_twin
from tests.bench.harness import Gate, at_most, exact, machine, on_what, points_option, prepare, report, seconds, small_option

POINTS, SMALL_POINTS, PORTION, RUNS = 10_000_000, 20_000, 500_000, 3
MOST_RATIO = 2.0
MB = 1e6


@click.command()
@points_option(POINTS)
@small_option
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the figures go. Without: var/bench/files.json.")
def main(points: int, small: bool, out: Path | None) -> None:
    """Measure assigning a file, and reading and writing it."""
    prepare()
    began, points = machine(), min(points, SMALL_POINTS) if small else points
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as name:
        folder = Path(name)
        ground, profile = write_files(folder, points, small)
        wanted = Wanted(
            grids=folder / "grids.parquet",
            stations=folder / "stations.parquet",
            departments=folder / "departments.parquet",
            events=folder / "events.parquet",
            out=folder / "placed.parquet",
        )
        found = {"machine": began, "points": points, "megabytes": round(wanted.events.stat().st_size / MB)}
        runs = 1 if small else RUNS
        found["ours"] = seconds(runs, lambda: assign_files(wanted, profile, lambda note: None))
        found["peak_mb"] = round(max(resource.getrusage(who).ru_maxrss for who in (0, -1)) * 1024 / MB)
        found["differences"] = differences(wanted.out, ground)
        found |= measure_pyarrow(folder, wanted, runs)
    found["ratio"] = round(found["ours"] / (found["read"] + found["write"]), 2)
    found["ratio_to_dictionaries"] = round(found["ours"] / (found["read"] + found["write_dictionaries"]), 2)
    report("files", found, gates(found), lines=table(found), small=small, out=out)


def write_files(folder: Path, points: int, small: bool) -> tuple[Ground, Any]:
    """Write the twin's geography and ``points`` events in row groups; the index to compare with is of the same."""
    twin, profile = made_twin(small)
    for name, kind in (("grids", "base_grids"), ("stations", "stations"), ("departments", "department_grids")):
        twin[kind].to_parquet(folder / f"{name}.parquet")
    kinds = np.array(["snow", "water", "waste", "quarrel", "road"])
    ground = ground_of(twin, profile, 1, np.random.default_rng(0))
    writer = None
    for first in range(0, points, PORTION):
        rng = np.random.default_rng([7, first])
        part = ground_of(twin, profile, min(PORTION, points - first), rng)
        count = len(part.lon)
        columns = {
            "number": pa.array(np.arange(first, first + count)),
            "kind": pa.array(kinds[rng.integers(0, len(kinds), count)]),
            "reported_at": pa.array(pd.Timestamp("2025-01-01").value // 1000 + rng.integers(0, 31_536_000_000_000, count)).cast(
                pa.timestamp("us", "UTC")
            ),
            "households": pa.array(rng.integers(1, 500, count).astype(np.int32)),
            "geometry": points_wkb(part.lon, part.lat),
        }
        batch = pa.table(columns)
        writer = writer or pq.ParquetWriter(folder / "events.parquet", _with_geo(batch.schema, folder))
        writer.write_table(batch.replace_schema_metadata(None).cast(writer.schema))
    if writer is not None:
        writer.close()
    return ground, profile


def _with_geo(schema: pa.Schema, folder: Path) -> pa.Schema:
    geo = pq.read_schema(folder / "stations.parquet").metadata[b"geo"]
    return schema.with_metadata({b"geo": geo})


def differences(path: Path, ground: Ground) -> int:
    """Return how many rows of the file say something else than the index."""
    import shapely

    index = ground.index(compiled=True, everything=True)
    wrong = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(PORTION):
            xy = shapely.get_coordinates(shapely.from_wkb(batch.column("geometry").to_numpy(zero_copy_only=False)))
            found = index.assign(*xy.T)
            told = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in ("grid_code", "station_code", "rule")}
            departments = np.array([";".join(codes) or None for codes in found.department_sets], dtype=object)
            differs = told["rule"] != found.rule
            differs |= (told["grid_code"] != found.grid_code) | (told["station_code"] != found.station_code)
            sets = batch.column("department_codes").to_numpy(zero_copy_only=False)
            differs |= sets != departments[found.numbers.departments]
            differs &= told["rule"] != "coord.far"
            wrong += int(differs.sum())
    return wrong


def measure_pyarrow(folder: Path, wanted: Wanted, runs: int) -> dict[str, float]:
    """Return the seconds of reading the events, and of writing them with the answers: as texts, and as dictionaries."""
    read = seconds(runs, lambda: pq.read_table(wanted.events))
    placed = pq.read_table(wanted.out)
    write = seconds(runs, lambda: pq.write_table(placed, folder / "again.parquet"))
    texts = ("grid_code", "department_codes", "station_code", "rule", "candidates", "kind")
    for name in texts:
        at = placed.schema.get_field_index(name)
        placed = placed.set_column(at, name, placed.column(name).dictionary_encode())
    return {
        "read": read,
        "write": write,
        "write_dictionaries": seconds(runs, lambda: pq.write_table(placed, folder / "again.parquet")),
    }


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return the gates: nothing differs, and at most twice the time of reading and writing."""
    return [
        *exact("differences to the index", found["differences"]),
        *at_most("share of reading and writing alone", found["ratio"], MOST_RATIO),
        *at_most("share of reading and writing dictionaries", found["ratio_to_dictionaries"], goal=MOST_RATIO),
    ]


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    ways = {
        "geogrid assign: read, assign, write": found["ours"],
        "pyarrow: read": found["read"],
        "pyarrow: write, texts": found["write"],
        "pyarrow: write, texts already dictionaries": found["write_dictionaries"],
    }
    rows = [f"| {way} | {taken:.2f} | {found['points'] / taken / 1e6:.2f} |" for way, taken in ways.items()]
    says = (
        f"{found['points']:,} events, {found['megabytes']} MB of Parquet; {on_what(found)}. Differences to the index: "
        f"{found['differences']}. {found['ratio']} times reading and writing alone; most memory of one process "
        f"{found['peak_mb']:,} MB."
    )
    return [says, "", "| way | seconds | million rows a second |", "|---|--:|--:|", *rows]


if __name__ == "__main__":
    main()
