"""The pieces of lines in a grid of square cells: finds the nearest line of many points at once, compiled."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geogrid.space import network_kernels as kernels
from geogrid.space.network_segments import Floats, Ints, Segments

MOST_CELLS, LEAST_CELLS, CELLS_A_PIECE = 1 << 21, 1 << 12, 16  # few pieces, such as bridges, need few cells
LEAST_CELL_M = 40.0
POINTS_A_THREAD = 20_000


@dataclass(frozen=True, eq=False)
class Grid:
    """Which pieces touch each cell; ``frame`` is (west, south, cell in metres, columns, rows)."""

    segments: Segments
    frame: Floats
    begins: NDArray[np.int32]
    pieces: NDArray[np.int32]
    line_of: NDArray[np.int32]
    within_m: float

    @classmethod
    def of(cls, segments: Segments, lines: Ints, within_m: float) -> Grid:
        """Lay the pieces of ``lines`` (positions) in cells, for points up to ``within_m`` away."""
        counts = np.diff(segments.begins)
        line_of = np.repeat(np.arange(len(counts)), counts)
        wanted = np.zeros(len(counts), dtype=bool)
        wanted[lines] = True
        is_piece = wanted[line_of]
        is_piece[segments.begins[1:] - 1] = False
        first = np.flatnonzero(is_piece)
        ends = np.stack([segments.xy_m[first], segments.xy_m[first + 1]], axis=1)
        frame = _frame(ends, within_m)
        columns, rows = int(frame[3]), int(frame[4])
        u, v = (np.ascontiguousarray((ends[:, :, i] - frame[i]) / frame[2]) for i in range(2))
        count = kernels.cells_of_pieces(u, v, columns, np.empty(0, np.int64), np.empty(0, np.int64))
        cell, piece = np.empty(count, np.int64), np.empty(count, np.int64)
        kernels.cells_of_pieces(u, v, columns, cell, piece)
        begins = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=rows * columns))])
        pieces = first[piece[np.argsort(cell, kind="stable")]]
        return cls(segments, frame, begins.astype(np.int32), pieces.astype(np.int32), line_of.astype(np.int32), within_m)

    def nearest(self, x_m: Floats, y_m: Floats) -> Ints:
        """Return the nearest line of each point; -1 where none is within reach, -2 where the plain way must say."""
        found = np.full(len(x_m), kernels.NONE, dtype=np.int64)

        def find(part: slice) -> None:
            given = (self.frame, self.begins, self.pieces, self.line_of, self.segments.xy_m, self.within_m)
            kernels.nearest_lines(x_m[part], y_m[part], *given, found[part])

        in_threads(find, len(x_m))
        return found


def place(segments: Segments, line: Ints, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
    """Do what ``Segments.place`` does."""
    share, away_m = np.empty(len(line)), np.empty(len(line))

    def find(part: slice) -> None:
        given = (x_m[part], y_m[part], line[part], segments.begins, segments.xy_m, segments.before_m)
        kernels.place_on_lines(*given, share[part], away_m[part])

    in_threads(find, len(line))
    return share, away_m


def in_threads(find: Callable[[slice], Any], count: int) -> None:
    """Ask for a share of the points in each of as many threads as there are processors and as are worth it."""
    threads = max(min(os.cpu_count() or 1, count // POINTS_A_THREAD), 1)
    if threads == 1:
        find(slice(0, count))
        return
    ends = np.linspace(0, count, threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda begin, end: find(slice(begin, end)), ends[:-1], ends[1:]))


def _frame(ends: Floats, within_m: float) -> Floats:
    if not len(ends):
        return np.array([0.0, 0.0, LEAST_CELL_M, 1.0, 1.0])
    low, high = ends.min(axis=(0, 1)), ends.max(axis=(0, 1))
    size = high - low + 2 * within_m
    cells = min(max(CELLS_A_PIECE * len(ends), LEAST_CELLS), MOST_CELLS)
    cell = max(LEAST_CELL_M, float(np.sqrt(size[0] * size[1] / cells)))
    west, south = low - within_m - cell
    columns, rows = np.ceil(size / cell) + 2
    return np.array([west, south, cell, columns, rows])
