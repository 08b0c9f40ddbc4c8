"""Where named streets meet: crossings from the lines of roads, found when asked for and kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space.crs import to_metric
from geogrid.space.place_text import normalised

Floats = NDArray[np.float64]
TOGETHER_M = 80.0  # points of one crossing: carriageways, staggered arms
NEARLY_M = 25.0  # streets drawn this near to each other meet, though no vertex is shared
LEAST_M = 40.0
MOST_KEPT = 2000


@dataclass
class Crossings:
    """The lines of streets by normalised name, in metres of the district's zone."""

    lines: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    _whole: dict[str, Any] = field(default_factory=dict)
    _found: dict[tuple[str, str], list[tuple[Floats, float]]] = field(default_factory=dict)

    def add(self, names: Any, shapes: NDArray[np.object_], srid: int) -> None:
        """Take in roads (degrees of record) with their names; those without a name are no streets."""
        named = np.flatnonzero(np.array([bool(name) for name in names], dtype=bool))
        if not len(named):
            return
        for name, line in zip(np.asarray(names, object)[named], to_metric(shapes[named], srid), strict=True):
            self.lines[normalised(str(name))].append(line)

    def of(self, first: str, second: str) -> list[tuple[Floats, float]]:
        """Return the points (2,) where two streets meet and the radius of each, metres; none where they do not."""
        one, two = sorted((normalised(first), normalised(second)))
        if one == two or one not in self.lines or two not in self.lines:
            return []
        if (one, two) not in self._found:
            if len(self._found) >= MOST_KEPT:
                self._found.clear()
            self._found[one, two] = _clusters(_points(self._street(one), self._street(two)))
        return self._found[one, two]

    def stretch(self, street: str, first: str, second: str) -> list[tuple[Floats, float]]:
        """Return the middle of a street between two others and the radius that holds the stretch; the shortest such."""
        pairs = [(a, b) for a, _ in self.of(street, first) for b, _ in self.of(street, second)]
        if not pairs:
            return []
        a, b = min(pairs, key=lambda pair: (float(np.hypot(*(pair[0] - pair[1]))), *pair[0].tolist()))
        middle, half = (a + b) / 2, float(np.hypot(*(a - b))) / 2
        line = self._street(normalised(street))
        on_line = shapely.line_interpolate_point(line, shapely.line_locate_point(line, shapely.Point(middle)))
        nearest = np.array([on_line.x, on_line.y]) if isinstance(line, shapely.LineString) else middle
        return [(nearest, max(LEAST_M, half + float(np.hypot(*(nearest - middle))) + LEAST_M / 2))]

    def _street(self, name: str) -> Any:
        if name not in self._whole:
            self._whole[name] = shapely.union_all(np.array(self.lines[name], dtype=object))
        return self._whole[name]


def _points(one: Any, two: Any) -> Floats:
    met = shapely.intersection(one, two)
    if not met.is_empty:
        return np.asarray(shapely.get_coordinates(met))
    if shapely.distance(one, two) > NEARLY_M:
        return np.empty((0, 2))
    return np.asarray(shapely.get_coordinates(shapely.shortest_line(one, two))).mean(axis=0, keepdims=True)


def _clusters(points: Floats) -> list[tuple[Floats, float]]:
    """Return the middle and radius of each group of points nearer than ``TOGETHER_M`` to another, from west to east."""
    left = points[np.lexsort((points[:, 1], points[:, 0]))]
    found = []
    while len(left):
        group, left = left[:1], left[1:]
        grown = True
        while grown and len(left):
            near = np.hypot(*(left[:, None] - group[None]).transpose(2, 0, 1)).min(axis=1) <= TOGETHER_M
            grown = bool(near.any())
            group, left = np.vstack([group, left[near]]), left[~near]
        middle = group.mean(axis=0)
        found.append((middle, LEAST_M + float(np.hypot(*(group - middle).T).max())))
    return found
