"""The straight pieces of lines: how far along a line and how far from it a point lies, by one formula for both ways.

The formula is written twice, for arrays here and compiled in :mod:`geogrid.space.network_kernels`, with the same operations
in the same order, so that both give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Objects = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Segments:
    """The vertices of lines one after the other.

    ``xy_m`` (n, 2) metres, ``begins`` (lines + 1) positions of each line's first vertex, ``before_m`` the length of its line
    before each vertex.
    """

    xy_m: Floats
    begins: Ints
    before_m: Floats

    @classmethod
    def of(cls, lines_metric: Objects) -> Segments:
        """Take lines apart."""
        counts = shapely.get_num_coordinates(lines_metric).astype(np.int64)
        begins = np.concatenate([[0], np.cumsum(counts)])
        xy = np.ascontiguousarray(shapely.get_coordinates(lines_metric).reshape(-1, 2))
        steps = np.zeros(len(xy))
        steps[1:] = np.hypot(*np.diff(xy, axis=0).T) if len(xy) else 0.0
        steps[begins[:-1]] = 0.0
        run = np.cumsum(steps)
        return cls(xy, begins, run - np.repeat(run[begins[:-1]], counts))

    def place(self, line: Ints, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Return the share of its own ``line`` (0 to 1) at which each point is nearest to it, and the distance in metres."""
        count = self.begins[line + 1] - self.begins[line] - 1
        point = np.repeat(np.arange(len(line)), count)
        starts = np.cumsum(count) - count
        vertex = np.arange(len(point)) - np.repeat(starts, count) + np.repeat(self.begins[line], count)
        part, square = self._near(vertex, x_m[point], y_m[point])
        least = np.minimum.reduceat(square, starts) if len(starts) else square
        order = np.where(square == least[point], np.arange(len(point)), len(point))
        first = np.minimum.reduceat(order, starts) if len(starts) else order
        begin = self.before_m[vertex[first]]
        along = begin + part[first] * (self.before_m[vertex[first] + 1] - begin)
        length = self.before_m[self.begins[line + 1] - 1]
        return np.divide(along, length, out=np.zeros(len(line)), where=length > 0), np.sqrt(least)

    def _near(self, vertex: Ints, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return where on the piece that begins at a vertex (0 to 1) the point is nearest, and the square of the distance."""
        ax, ay = self.xy_m[vertex].T
        bx, by = self.xy_m[vertex + 1].T
        dx, dy, ex, ey = bx - ax, by - ay, x - ax, y - ay
        square = dx * dx + dy * dy
        part = np.divide(ex * dx + ey * dy, square, out=np.zeros(len(x)), where=square > 0)
        cross = ex * dy - ey * dx
        inside = np.divide(cross * cross, square, out=np.zeros(len(x)), where=square > 0)
        fx, fy = x - bx, y - by
        found = np.where(part <= 0, ex * ex + ey * ey, np.where(part >= 1, fx * fx + fy * fy, inside))
        return np.clip(part, 0.0, 1.0), found
