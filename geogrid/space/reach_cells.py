"""The cells of a raster of times: which of them can be reached at all, and each one's nearest road, prepared once and kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geogrid.space.network import MOST_ACCESS_M, TICKS_PER_MINUTE, Flags, Floats, Ints, ModeRoads
from geogrid.space.network_snap import place_xy
from geogrid.space.reach import Int32s, whole_ticks

BLOCK = 64  # cells a side
UNIT = 10  # bits of a tick's number that a cell does without: it keeps times in units of 1.024 ms
UNKNOWN = -2  # the edge of a cell not prepared yet
Box = tuple[int, int, int, int]
Cells = tuple[Int32s, Int32s, Int32s]  # edge (below 0: none near), ticks along it, ticks to it (in units of 2**UNIT)


@dataclass(frozen=True)
class Layout:
    """A raster of points: its lower left corner (metres of the network's zone), its step, its rows and columns."""

    west_m: float
    south_m: float
    cell_m: float
    shape: tuple[int, int]

    @classmethod
    def over(cls, bounds_m: tuple[float, float, float, float], cell_m: float) -> Layout:
        """Lay a raster over west, south, east, north and as far beyond as people walk to a road."""
        west, south, east, north = bounds_m
        margin_m = MOST_ACCESS_M + cell_m
        rows, columns = (int((size + 2 * margin_m) / cell_m) + 2 for size in (north - south, east - west))
        return cls(west - margin_m, south - margin_m, cell_m, (rows, columns))

    def axes(self, box: Box) -> tuple[Floats, Floats]:
        """Return the x of the columns and the y of the rows of a window, metres."""
        return self.west_m + self.cell_m * np.arange(*box[2:]), self.south_m + self.cell_m * np.arange(*box[:2])

    def spans(self, low_m: Floats, high_m: Floats) -> tuple[Ints, Ints]:
        """Return for boxes (n, 2: x, y) the first row and column and those behind the last, (n, 2) each."""
        most = np.array(self.shape)
        corner = np.array([self.west_m, self.south_m])
        first = np.floor((low_m - corner) / self.cell_m).astype(np.int64)[:, ::-1]
        last = np.ceil((high_m - corner) / self.cell_m).astype(np.int64)[:, ::-1] + 1
        return np.clip(first, 0, most), np.clip(last, 0, most)


def walk_m(roads: ModeRoads, slack_ticks: Ints) -> Floats:
    """Return how far (metres) one gets from a road on foot in the time that is left."""
    return np.clip(slack_ticks / TICKS_PER_MINUTE * roads.access_kmh / 0.06, 0.0, MOST_ACCESS_M)


def window_of(first: Ints, last: Ints) -> tuple[Box, Flags]:
    """Return the rows and columns (from, to) around some boxes of cells, and which cells of them lie in any box."""
    if not len(first):
        return (0, 0, 0, 0), np.zeros((0, 0), dtype=bool)
    (top, left), (bottom, right) = first.min(axis=0), last.max(axis=0)
    steps = np.zeros((bottom - top + 1, right - left + 1), dtype=np.int32)
    for rows, columns, sign in ((first, first, 1), (last, last, 1), (first, last, -1), (last, first, -1)):
        np.add.at(steps, (rows[:, 0] - top, columns[:, 1] - left), sign)
    inside: NDArray[np.int32] = steps.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    return (int(top), int(bottom), int(left), int(right)), inside[:-1, :-1] > 0


@dataclass(frozen=True, eq=False)
class RasterCells:
    """What was prepared of a raster, in blocks."""

    roads: ModeRoads
    layout: Layout
    blocks: dict[tuple[int, int], Cells] = field(default_factory=dict)

    def of(self, box: Box, needed: Flags) -> Cells:
        """Return the cells of a window; those not ``needed`` may be without an edge."""
        window: Cells = tuple(np.full(needed.shape, UNKNOWN, dtype=np.int32) for _ in range(3))  # type: ignore[assignment]
        self._copy(box, window, keep=False)
        rows, columns = np.nonzero(needed & (window[0] == UNKNOWN))
        if len(rows):
            x, y = self.layout.axes(box)
            places = place_xy(self.roads, self.roads.ground.nearest(x[columns], y[rows]), x[columns], y[rows])
            numbers = (places.edge, whole_ticks(places.along) >> UNIT, whole_ticks(places.access) >> UNIT)
            for values, found in zip(window, numbers, strict=True):
                values[rows, columns] = found
            self._copy(box, window, keep=True)
        return window

    def _copy(self, box: Box, window: Cells, *, keep: bool) -> None:
        """Copy blocks into a window, or a window into the blocks."""
        for block_row in range(box[0] // BLOCK, -(-box[1] // BLOCK)):
            for block_column in range(box[2] // BLOCK, -(-box[3] // BLOCK)):
                row, column = block_row * BLOCK, block_column * BLOCK
                top, bottom = max(row, box[0]), min(row + BLOCK, box[1])
                left, right = max(column, box[2]), min(column + BLOCK, box[3])
                there = slice(top - row, bottom - row), slice(left - column, right - column)
                here = slice(top - box[0], bottom - box[0]), slice(left - box[2], right - box[2])
                block = self.blocks.get((block_row, block_column))
                if keep and (block is not None or (window[0][here] != UNKNOWN).any()):
                    block = block or self._empty(block_row, block_column)
                    for values, kept in zip(window, block, strict=True):
                        kept[there] = values[here]
                elif block is not None:
                    for values, kept in zip(window, block, strict=True):
                        values[here] = kept[there]

    def _empty(self, block_row: int, block_column: int) -> Cells:
        block: Cells = tuple(np.full((BLOCK, BLOCK), UNKNOWN, dtype=np.int32) for _ in range(3))  # type: ignore[assignment]
        self.blocks[block_row, block_column] = block
        return block
