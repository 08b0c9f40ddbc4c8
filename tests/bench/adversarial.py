"""Points made to mislead an index: on vertices and edges, a rounding beside them, level with vertices, about the outline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

Array = np.ndarray
MOST_ULPS = 3
AWAY = 0.02  # degrees beyond the bounds


@dataclass(frozen=True)
class Lines:
    """The edges of some polygons (n, 2) each end, the edges of the district's outline, and the bounds of all."""

    begin: Array
    end: Array
    outline_begin: Array
    outline_end: Array
    bounds: tuple[float, float, float, float]

    @classmethod
    def of(cls, polygons: Array, district: object) -> Lines:
        """Take the edges apart."""
        outline = np.array([district], dtype=object)
        bounds = shapely.total_bounds(np.concatenate([polygons, outline]))
        return cls(*edges_of(polygons)[:2], *edges_of(outline)[:2], tuple(bounds.tolist()))


def edges_of(polygons: Array) -> tuple[Array, Array, Array]:
    """Return the ends of every edge of every ring, and the position of the polygon it belongs to."""
    parts, polygon = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    inner = ring[:-1] == ring[1:]
    return xy[:-1][inner], xy[1:][inner], polygon[part[ring[:-1][inner]]]


def adversarial(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    """Return ``count`` points (count, 2), an equal share of each kind, in no order."""
    kinds: tuple[Callable[[Lines, int, np.random.Generator], Array], ...] = (
        on_vertices,
        beside_vertices,
        on_edges,
        beside_edges,
        level_with_a_vertex,
        level_with_two,
        at_the_outline,
        outside,
    )
    shares = np.diff(np.linspace(0, count, len(kinds) + 1).astype(int))
    made = [kind(lines, int(share), rng) for kind, share in zip(kinds, shares, strict=True)]
    return np.ascontiguousarray(rng.permutation(np.concatenate(made)))


def on_vertices(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    return lines.begin[rng.integers(0, len(lines.begin), count)]


def beside_vertices(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    return beside(on_vertices(lines, count, rng), rng)


def on_edges(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    """On edges as nearly as doubles can, half of them on the store's grid of 1e-9 degrees, among them middles."""
    return along(lines.begin, lines.end, count, rng)


def beside_edges(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    return beside(on_edges(lines, count, rng), rng)


def level_with_a_vertex(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    """The x or the y of a vertex, the other near it, so that paths run through vertices and along edges."""
    found = on_vertices(lines, count, rng).copy()
    axis = rng.integers(0, 2, count)
    found[np.arange(count), axis] += rng.normal(0.0, 0.003, count)
    return found


def level_with_two(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    """The x of one end of an edge with the y of its other end."""
    edge = rng.integers(0, len(lines.begin), count)
    return np.column_stack([lines.begin[edge, 0], lines.end[edge, 1]])


def at_the_outline(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    found = along(lines.outline_begin, lines.outline_end, count, rng)
    found[::3] = beside(found[::3], rng)
    return found


def outside(lines: Lines, count: int, rng: np.random.Generator) -> Array:
    """Around the district, a third level with a vertex, a third a rounding beyond the bounds."""
    west, south, east, north = lines.bounds
    found = rng.uniform([west - AWAY, south - AWAY], [east + AWAY, north + AWAY], (count, 2))
    found[::3, 1] = on_vertices(lines, len(found[::3]), rng)[:, 1]
    found[1::3, 0] = np.nextafter(east, np.inf)
    found[1::6, 0] = np.nextafter(west, -np.inf)
    return found


def along(begin: Array, end: Array, count: int, rng: np.random.Generator) -> Array:
    edge = rng.integers(0, len(begin), count)
    share = np.where(rng.uniform(size=count) < 0.2, 0.5, rng.uniform(size=count))[:, None]
    found = begin[edge] + share * (end[edge] - begin[edge])
    found[::2] = np.round(found[::2], 9)
    return found


def beside(points: Array, rng: np.random.Generator) -> Array:
    """Move each coordinate by up to ``MOST_ULPS`` neighbouring doubles."""
    found = points.copy()
    steps = rng.integers(-MOST_ULPS, MOST_ULPS + 1, found.shape)
    for _ in range(MOST_ULPS):
        found = np.where(steps == 0, found, np.nextafter(found, np.where(steps > 0, np.inf, -np.inf)))
        steps -= np.sign(steps)
    return found
