"""``./run bench index_file``: an edition compiled anew in each process, or mapped from its file by all of them.

Measured: time to the first answer of a process that has its frames and must build, and of one that maps the file; the same
points answered from both; and the memory that is a process's own (USS) when two of them have answered the points.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from geogrid.settings import ROOT
from geogrid.space.answers import Assignments
from geogrid.store.index_files import Built, IndexFiles
from tests.bench import grounds, harness

KEY = "k" * 64
POINTS = 200_000

# A process of its own: say how long the first answer took, answer all points, wait, say what memory is its own.
PROCESS = """
import os, pickle, sys, time
from pathlib import Path
from geogrid.settings import keep_compiled_code
keep_compiled_code(os.environ)
import geogrid.space.index_file, geogrid.space.fast
from geogrid.store.index_files import IndexFiles
folder, way = Path(sys.argv[1]), sys.argv[2]
ground = pickle.loads((folder / "ground.pickle").read_bytes())
def own_kb():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))
before, start = own_kb(), time.perf_counter()
if way == "build":
    index = ground.index(compiled=True, everything=True)
else:
    index, _ = IndexFiles(folder).get(1, "k" * 64, None)
index.assign(ground.lon[:1], ground.lat[:1])
first = time.perf_counter() - start
index.assign(ground.lon, ground.lat)
print(first, flush=True)
sys.stdin.readline()
print(own_kb() - before, flush=True)
"""


@click.command()
@harness.points_option(POINTS)
@harness.small_option
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the figures go.")
def main(points: int, small: bool, out: Path | None) -> None:
    """Measure what an index file saves."""
    harness.prepare()
    machine = harness.machine()
    ground = grounds.made_ground(min(points, 5_000) if small else points, small)
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder:
        found = {"machine": machine, "points": len(ground.lon), "grids": len(ground.grids), **measured(ground, Path(folder))}
    gates = harness.exact("index file: answers that differ from those of the index written", found["differences"])
    harness.report("index_file", found, gates, lines=lines(found), small=small, out=out)


def measured(ground: grounds.Ground, folder: Path) -> dict[str, Any]:
    """Return seconds, bytes and differences."""
    index = ground.index(compiled=True, everything=True)
    files = IndexFiles(folder)
    start = time.perf_counter()
    mapped, _ = files.keep(1, KEY, Built(index, {}, KEY))
    written = time.perf_counter() - start
    (folder / "ground.pickle").write_bytes(pickle.dumps(ground))
    built, built_kb = two_processes(folder, "build")
    first, own_kb = two_processes(folder, "map")
    return {
        "differences": differences(mapped.assign(ground.lon, ground.lat), index.assign(ground.lon, ground.lat)),
        "first answer, built anew": built,
        "first answer, from the file": first,
        "writing the file": written,
        "bytes": files.path(1, KEY).stat().st_size,
        "own memory, built anew": built_kb * 1024,
        "own memory, from the file": own_kb * 1024,
    }


def two_processes(folder: Path, way: str) -> tuple[float, int]:
    """Return the seconds to the first answer of the second process, and the own memory (kB) of one while both answer."""
    command = [sys.executable, "-c", PROCESS, str(folder), way]
    both, first, own = [], 0.0, []
    for _ in range(2):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        both.append(process)
        first = float(process.stdout.readline())
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
        own.append(int(process.stdout.readline()))
    for process in both:
        process.communicate(timeout=60)
    return first, max(own)


def differences(one: Assignments, other: Assignments) -> int:
    wrong = one.numbers.distance_m != other.numbers.distance_m
    for name in ("grid", "rule", "station"):
        wrong |= getattr(one.numbers, name) != getattr(other.numbers, name)
    return int((wrong | (one.department_codes != other.department_codes)).sum())


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{found['grids']:,} grids, a file of {found['bytes'] / 1e6:.0f} MB; {harness.on_what(found)}."
    yield ""
    yield "| an edition's index | |"
    yield "|---|--:|"
    for name in ("first answer, built anew", "first answer, from the file", "writing the file"):
        yield f"| {name} | {found[name] * 1e3:,.0f} ms |"
    for name in ("own memory, built anew", "own memory, from the file"):
        yield f"| {name}, each of two processes | {found[name] / 1e6:,.0f} MB |"


if __name__ == "__main__":
    main()
