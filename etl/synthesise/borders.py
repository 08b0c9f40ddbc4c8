"""Wiggly shared borders: each edge of the cells becomes one crooked line, the same for both its neighbours.

Why they never cross: the triangles between an edge and the seeds of its two cells (its kite) tile the plane. The line of
an edge is a graph over the straight edge that keeps within the share ``c`` of the kite's height at every point, so
lines of different edges meet at their ends only; and the cell shrunk by ``1 - c`` towards its seed stays free.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from etl.synthesise.cells import Cells
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.ways import RANK, Ways

# Share of the kite's height that a border uses, and how fast its bends lessen with their size, by what runs along it.
LEEWAY = {"": 0.42, "track": 0.26, "residential": 0.04, "unclassified": 0.18, "tertiary": 0.12, "secondary": 0.08}
RIVER_LEEWAY, ROAD_LEEWAY, CORE_LEEWAY = 0.30, 0.06, 0.04
MOST_BEND = 0.5  # of a line's length: no tall spikes on short borders
FREE_SHARE = 0.55  # the cell shrunk by this towards its seed is free of borders everywhere


@dataclass(frozen=True)
class Borders:
    """``lines[e]``: vertices of edge ``e`` in local metres, shape (k, 2), from its first node to its second; None outside."""

    lines: list[Floats | None]
    rings: list[Floats]


def draw_borders(ground: Ground, cells: Cells, ways: Ways) -> Borders:
    """Draw every edge of the district (and the rivers' edges beyond) once, and put the cells' rings together."""
    drawn = np.flatnonzero((cells.edge_inside > 0) | (ways.river >= 0))
    steps = _steps(cells, drawn)
    leeway, decay = _leeway(cells, ways, drawn)
    rng = ground.rng("borders")
    lines: list[Floats | None] = [None] * len(cells.edge_nodes)
    for count in np.unique(steps):
        chosen = steps == count
        xy = _crooked(rng, cells, drawn[chosen], int(count), leeway[chosen], decay[chosen])
        for edge, line in zip(drawn[chosen].tolist(), xy, strict=True):
            lines[edge] = line
    return Borders(lines, _rings(cells, lines))


def _steps(cells: Cells, edges: Ints) -> Ints:
    """How many straight pieces each line has: a power of two, fewer for short edges."""
    length = cells.edge_length[edges]
    town = cells.edge_core[edges] > 0
    rural = np.select([length < 2, length < 12, length < 40, length < 110, length < 300], [1, 2, 4, 8, 16], 32)
    return np.where(town, np.select([length < 2, length < 12, length < 40], [1, 4, 8], 32), rural)


def _leeway(cells: Cells, ways: Ways, edges: Ints) -> tuple[Floats, Floats]:
    by_rank = np.array([LEEWAY.get(name, ROAD_LEEWAY) for name in RANK])
    leeway = by_rank[ways.rank[edges]]
    decay = np.where(ways.rank[edges] > 0, 0.36, 0.58)
    wet = ways.river[edges] >= 0
    leeway[wet], decay[wet] = RIVER_LEEWAY, 0.48
    leeway[cells.edge_core[edges] > 0] = CORE_LEEWAY
    return leeway, decay


def _crooked(rng: np.random.Generator, cells: Cells, edges: Ints, count: int, leeway: Floats, decay: Floats) -> Floats:
    """Return the lines of ``edges`` with ``count`` pieces each, shape (m, count + 1, 2)."""
    ends = cells.node_xy[cells.edge_nodes[edges]]
    start, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    across = np.column_stack([-along[:, 1], along[:, 0]])
    inner = np.arange(1, count) + rng.uniform(-0.28, 0.28, (len(edges), count - 1))
    share = np.hstack([np.zeros((len(edges), 1)), inner / count, np.ones((len(edges), 1))])
    room = np.full(share.shape, MOST_BEND)
    for side in (0, 1):
        seed = cells.xy[cells.edge_cells[edges, side]] - start
        foot = ((seed * along).sum(axis=1) / (along**2).sum(axis=1))[:, None]
        height = np.abs((seed * across).sum(axis=1) / (along**2).sum(axis=1))[:, None]  # in lengths of the edge
        with np.errstate(divide="ignore", invalid="ignore"):
            up = np.where(foot > 0, share / foot, np.inf)
            down = np.where(foot < 1, (1 - share) / (1 - foot), np.inf)
        room = np.minimum(room, height * np.clip(np.fmin(up, down), 0, 1))
    offset = _noise(rng, len(edges), count, decay) * room * leeway[:, None]
    xy = start[:, None] + share[..., None] * along[:, None] + offset[..., None] * across[:, None]
    xy[:, 0], xy[:, -1] = ends[:, 0], ends[:, 1]  # to the bit: neighbours meet here
    return xy


def _noise(rng: np.random.Generator, lines: int, count: int, decay: Floats) -> Floats:
    """Midpoint displacement, at most 1, zero at both ends; shape (lines, count + 1); ``count`` is a power of two."""
    value = np.zeros((lines, count + 1))
    step, size = count, np.ones(lines)
    while step > 1:
        half = step // 2
        middles = (value[:, :-1:step] + value[:, step::step]) / 2
        value[:, half::step] = middles + rng.uniform(-1, 1, middles.shape) * size[:, None]
        step, size = half, size * decay
    return value / np.maximum(np.abs(value).max(axis=1, keepdims=True), 1.0)


def _rings(cells: Cells, lines: list[Floats | None]) -> list[Floats]:
    """Put the lines around each of the district's cells together: closed rings, anticlockwise."""
    around: list[list[tuple[float, int, bool]]] = [[] for _ in range(cells.inside)]
    for edge in np.flatnonzero(cells.edge_inside > 0).tolist():
        a, b = cells.node_xy[cells.edge_nodes[edge]]
        for cell in cells.edge_cells[edge].tolist():
            if cell >= cells.inside:
                continue
            (ax, ay), (bx, by), (mx, my) = (point - cells.xy[cell] for point in (a, b, (a + b) / 2))
            around[cell].append((float(np.arctan2(my, mx)), edge, bool(ax * by - ay * bx > 0)))
    rings = []
    for parts in around:
        pieces = [(lines[edge] if forward else lines[edge][::-1])[:-1] for _, edge, forward in sorted(parts)]
        ring = np.vstack(pieces)
        rings.append(np.vstack([ring, ring[:1]]))
    return rings


def shrunk_cells(cells: Cells, share: float, chosen: Iterable[int]) -> NDArray[np.object_]:
    """Return the ``chosen`` cells, straight-edged, shrunk towards their seeds to ``share`` of their size, as polygons."""
    corners: dict[int, set[int]] = {cell: set() for cell in chosen}
    for pair, nodes in zip(cells.edge_cells.tolist(), cells.edge_nodes.tolist(), strict=True):
        for cell in pair:
            if cell in corners:
                corners[cell].update(nodes)
    shapes = []
    for cell, nodes in corners.items():
        arms = cells.node_xy[sorted(nodes)] - cells.xy[cell]
        shapes.append(shapely.Polygon(arms[np.argsort(np.arctan2(arms[:, 1], arms[:, 0]))] * share + cells.xy[cell]))
    return np.array(shapes, object)
