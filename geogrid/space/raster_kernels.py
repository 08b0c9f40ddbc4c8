"""The inner loops that lay polygons over a raster, compiled: which edges touch which cell, and what the cells hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geogrid.space.kernels import (
    CHOICES,
    EDGES,
    NO_LABEL,
    PARTS,
    SCATTER,
    Floats,
    Hashes,
    Int32s,
    Int64s,
    compiled,
    label_by_edges,
)


@compiled
def fill_table(keys: Hashes, values: Int32s, hashes: Hashes) -> None:
    """Put the hashes, whose labels are their positions, into the open table."""
    last = np.uint64(len(keys) - 1)
    for label in range(len(hashes)):
        slot = ((hashes[label] * SCATTER) >> np.uint64(32)) & last
        while values[slot] != NO_LABEL:
            slot = (slot + np.uint64(1)) & last
        keys[slot] = hashes[label]
        values[slot] = label


@compiled
def cells_of_edges(u: Floats, v: Floats, rows: int, columns: int, margin: float, cell: Int64s, edge: Int64s) -> int:
    """Return how many (cell, edge) pairs there are where the edge touches the cell; write them where the arrays have room.

    ``u``, ``v`` (n, 2) are the ends in cells from the west and south; ``margin`` widens every cell, in cells.
    """
    count = 0
    for e in range(len(u)):
        low, high = min(v[e, 0], v[e, 1]), max(v[e, 0], v[e, 1])
        slope = (u[e, 1] - u[e, 0]) / (v[e, 1] - v[e, 0]) if high > low else 0.0
        for row in range(max(int(np.floor(low - margin)), 0), min(int(np.floor(high + margin)), rows - 1) + 1):
            west, east = min(u[e, 0], u[e, 1]), max(u[e, 0], u[e, 1])
            if high > low:
                one = u[e, 0] + (max(low, row - margin) - v[e, 0]) * slope
                other = u[e, 0] + (min(high, row + 1 + margin) - v[e, 0]) * slope
                west, east = max(west, min(one, other) - margin), min(east, max(one, other) + margin)
            for column in range(max(int(np.floor(west - margin)), 0), min(int(np.floor(east + margin)), columns - 1) + 1):
                if count < len(cell):
                    cell[count] = row * columns + column
                    edge[count] = e
                count += 1
    return count


@compiled
def mark_parts(ends: Floats, margin: float, touched: NDArray[np.bool_]) -> None:
    """Mark the parts (rows, columns) of a cell that an edge (ax, ay, bx, by, in parts from the cell's corner) touches."""
    ax, ay, bx, by = ends[0], ends[1], ends[2], ends[3]
    low, high = min(ay, by), max(ay, by)
    slope = (bx - ax) / (by - ay) if high > low else 0.0
    for row in range(
        max(int(np.floor(max(low, -1.0) - margin)), 0), min(int(np.floor(min(high, PARTS) + margin)), PARTS - 1) + 1
    ):
        west, east = min(ax, bx), max(ax, bx)
        if high > low:
            one = ax + (max(low, row - margin) - ay) * slope
            other = ax + (min(high, row + 1 + margin) - ay) * slope
            west, east = max(west, min(one, other) - margin), min(east, max(one, other) + margin)
        first = max(int(np.floor(max(west, -1.0) - margin)), 0)
        for column in range(first, min(int(np.floor(min(east, PARTS) + margin)), PARTS - 1) + 1):
            touched[row, column] = True


@compiled
def mark_edges(row: int, column: int, frame: Floats, edges: Floats, margin: float, touched: NDArray[np.bool_]) -> None:
    """Say which parts of the cell (row, column) the edges (degrees) touch."""
    touched[:] = False
    ends = np.empty(4)
    for e in range(len(edges)):
        for i in range(0, 4, 2):
            ends[i] = ((edges[e, i] - frame[0]) * frame[2] - column) * PARTS
            ends[i + 1] = ((edges[e, i + 1] - frame[1]) * frame[3] - row) * PARTS
        mark_parts(ends, margin, touched)


@compiled
def choice_of(label: int, words: Int32s, known: int) -> tuple[int, int]:
    """Return which of the cell's labels (its last ``words``, ``known`` of them taken) this is, and how many are taken then."""
    if label == NO_LABEL:
        return EDGES, known
    for choice in range(known):
        if words[CHOICES + choice] == label:
            return choice, known
    if known == EDGES:
        return EDGES, known
    words[CHOICES + known] = label
    return known, known + 1


@compiled
def fill_parts(
    bordered: Int64s,
    margin: float,
    frame: Floats,
    cells: Int32s,
    centre_x: Floats,
    centre_y: Floats,
    centre_label: Int32s,
    fine: Int32s,
    begins: Int64s,
    edges: Floats,
    toggles: Hashes,
    hashes: Hashes,
    keys: Hashes,
    values: Int32s,
) -> None:
    """Write for each cell of borders (flat positions) what its parts hold into ``fine`` (n, 8).

    A cell has ``PARTS`` x ``PARTS`` parts, two bits each, sixteen to a word, by row; the bits choose among the last four
    numbers: three labels, and -1, which says that an edge touches the part. A fourth label in a cell is left to the edges.
    """
    touched = np.empty((PARTS, PARTS), dtype=np.bool_)
    label = np.empty((PARTS, PARTS), dtype=np.int32)
    columns = cells.shape[1]
    for k in range(len(bordered)):
        row, column = bordered[k] // columns, bordered[k] % columns
        mark_edges(row, column, frame, edges[begins[k] : begins[k + 1]], margin, touched)
        fine[k, :] = 0
        fine[k, CHOICES:] = NO_LABEL
        known = 0
        for i in range(PARTS):
            for j in range(PARTS):
                label[i, j] = NO_LABEL
                if touched[i, j]:
                    pass
                elif j > 0 and not touched[i, j - 1]:
                    label[i, j] = label[i, j - 1]
                elif i > 0 and not touched[i - 1, j]:
                    label[i, j] = label[i - 1, j]
                else:
                    x = frame[0] + (column + (j + 0.5) / PARTS) / frame[2]
                    y = frame[1] + (row + (i + 0.5) / PARTS) / frame[3]
                    label[i, j] = label_by_edges(
                        x, y, centre_x[column], centre_y[row], k, centre_label, begins, edges, toggles, hashes, keys, values
                    )
                choice, known = choice_of(label[i, j], fine[k], known)
                part = i * PARTS + j
                fine[k, part >> 4] |= np.int32(np.int64(choice) << (2 * (part & 15)))


@compiled
def fill_corners(slots: Int32s, corners: Hashes) -> None:
    """Put corners (n, 2: the bits of longitude and latitude) into the open table: a power of two long, empty slots are -1."""
    last = np.uint64(len(slots) - 1)
    for k in range(len(corners)):
        slot = (((corners[k, 0] * SCATTER) ^ corners[k, 1]) * SCATTER >> np.uint64(32)) & last
        while slots[slot] != NO_LABEL:
            slot = (slot + np.uint64(1)) & last
        slots[slot] = k
