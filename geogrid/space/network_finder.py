"""The edge of a mode that is nearest to a point, by a tree of lines or by compiled code; and the units roads are reckoned in.

Compiled code (:mod:`geogrid.space.network_grid`) leaves every doubtful point to the tree, so that both ways find the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geogrid.space.network_segments import Segments

if TYPE_CHECKING:
    from geogrid.space.network_grid import Grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Objects = NDArray[np.object_]

MOST_ACCESS_M = 500.0  # no road within this distance: an estimate along the straight line
BRIDGE_REACH_M = 20.0  # half the breadth of a bridge with its footways, and the error of a good position
TICKS_PER_MINUTE = 60_000_000  # microseconds


def ticks(length_m: ArrayLike, speed_kmh: ArrayLike) -> Floats:
    """Return the time for a length (metres) at a speed (km/h) in whole microseconds, as floats (exact up to 2**53)."""
    return np.rint(np.asarray(length_m, float) / np.asarray(speed_kmh, float) * (0.06 * TICKS_PER_MINUTE))


@dataclass(frozen=True, eq=False)
class EdgeFinder:
    """Some edges of a mode (``edges``: positions), a tree of their lines in the same order, and a compiled grid of them."""

    edges: Ints
    tree: shapely.STRtree
    within_m: float
    grid: Grid | None

    @classmethod
    def of(cls, edges: Ints, lines: Objects, segments: Segments, within_m: float, *, compiled: bool = True) -> EdgeFinder:
        """Prepare the search among ``edges``, positions in ``lines`` (metres), for points up to ``within_m`` away."""
        return cls(edges, shapely.STRtree(lines[edges]), within_m, _grid(segments, edges, within_m) if compiled else None)

    def nearest(self, x_m: Floats, y_m: Floats) -> Ints:
        """Return each point's nearest edge within reach (-1: none); of equally near ones the first."""
        if self.grid is None:
            return self.nearest_plainly(x_m, y_m)
        found = self.grid.nearest(x_m, y_m)
        doubtful = np.flatnonzero(found < -1)
        found[doubtful] = self.nearest_plainly(x_m[doubtful], y_m[doubtful])
        return found

    def nearest_plainly(self, x_m: Floats, y_m: Floats) -> Ints:
        """Return the same by the tree alone."""
        none = len(self.edges)
        position = np.full(len(x_m), none, dtype=np.int64)
        found, nearest = self.tree.query_nearest(shapely.points(x_m, y_m), max_distance=self.within_m)
        np.minimum.at(position, found, nearest)
        return np.append(self.edges, -1)[position]


def _grid(segments: Segments, edges: Ints, within_m: float) -> Grid | None:
    """Return the compiled search; None where numba is not there or finds no place to keep its code."""
    try:
        from geogrid.space.network_grid import Grid
    except (ImportError, RuntimeError):
        return None
    return Grid.of(segments, edges, within_m)
