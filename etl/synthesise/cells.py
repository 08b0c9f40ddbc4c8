"""Cells of the ground: seeds, dense in the core and sparse outside, and their Voronoi diagram."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import Voronoi, cKDTree

from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.outline import CORE_SPACING_M, STEP_M, Curve, Outline
from etl.synthesise.sizes import TwinSize

FAR = 1.7  # seeds are laid out to so many outlines' radii, so that every cell of the district is closed


@dataclass(frozen=True)
class Cells:
    """Voronoi cells. Seeds ``0 .. inside-1`` are the district's; of these the first ``core`` are the town core's.

    ``lattice`` holds row and column of core seeds. Edges are the borders between two cells: ``edge_cells`` and
    ``edge_nodes`` have shape (m, 2); ``node_xy`` shape (v, 2). Local metres.
    """

    xy: Floats
    inside: int
    core: int
    lattice: Ints
    node_xy: Floats
    edge_cells: Ints
    edge_nodes: Ints

    @property
    def edge_mid(self) -> Floats:
        """Midpoints of the straight edges, shape (m, 2)."""
        return self.node_xy[self.edge_nodes].mean(axis=1)

    @property
    def edge_length(self) -> Floats:
        """Lengths of the straight edges in metres, shape (m,)."""
        ends = self.node_xy[self.edge_nodes]
        return np.hypot(*(ends[:, 1] - ends[:, 0]).T)

    @property
    def edge_inside(self) -> Ints:
        """How many of an edge's two cells are the district's: 0, 1 (its outer border) or 2; shape (m,)."""
        return (self.edge_cells < self.inside).sum(axis=1)

    @property
    def edge_core(self) -> Ints:
        """How many of an edge's two cells are the core's, shape (m,)."""
        return (self.edge_cells < self.core).sum(axis=1)


def lay_cells(ground: Ground, size: TwinSize, outline: Outline) -> Cells:
    """Lay out exactly ``size.grids`` less its islands cells inside the outline, and closed cells around them."""
    rng = ground.rng("cells")
    core_xy, lattice = _core(rng, size, outline)
    wanted = size.grids - sum(size.islands.values()) - len(core_xy)
    beside = _beside_curves(rng, outline, core_xy)
    beside = beside[cKDTree(core_xy).query(beside)[0] > CORE_SPACING_M]
    reach = outline.reach(beside)
    beside_in, beside_out = beside[reach < 0.985], beside[(reach > 1.015) & (reach < FAR)]
    if len(beside_in) > wanted * 0.6:
        beside_in = beside_in[np.sort(rng.choice(len(beside_in), int(wanted * 0.6), replace=False))]
    free = _spread(rng, outline, wanted - len(beside_in), np.vstack([beside_in, core_xy]), (0.0, 0.985))
    count_out = int(np.pi * outline.radius_m**2 * (FAR**2 - 1) / outline.rural_spacing_m**2)
    outside = _spread(rng, outline, max(count_out - len(beside_out), 40), beside_out, (1.015, FAR))
    seeds = np.vstack([core_xy, beside_in, free, beside_out, outside])
    return _voronoi(seeds, len(core_xy) + wanted, len(core_xy), lattice)


def scale_to_area(outline: Outline, cells: Cells, area_m2: float) -> tuple[Outline, Cells]:
    """Return outline and cells with all lengths scaled so that the district's cells measure ``area_m2`` together."""
    factor = _factor(cells, area_m2)
    return outline.scaled(factor), replace(cells, xy=cells.xy * factor, node_xy=cells.node_xy * factor)


def _factor(cells: Cells, area_m2: float) -> float:
    ends = cells.node_xy[cells.edge_nodes]
    border = cells.edge_inside == 1
    inner = cells.xy[cells.edge_cells.min(axis=1)][border]
    a, b = ends[border, 0], ends[border, 1]
    # Green's theorem on the outer border, each edge turned so that its inner cell lies to the left.
    turn = np.sign(_cross(b - a, inner - a))
    return float(np.sqrt(area_m2 / np.abs((turn * _cross(a, b)).sum() / 2)))


def _cross(a: Floats, b: Floats) -> Floats:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _core(rng: np.random.Generator, size: TwinSize, outline: Outline) -> tuple[Floats, Ints]:
    """Blocks of a turned lattice, irregular at the core's edge; blocks of a side street are half as deep."""
    half = int(np.sqrt(size.core_cells) * 1.2) + 3
    column, row = (part.ravel() for part in np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1)))
    xy = np.column_stack([column * CORE_SPACING_M * 1.08, row * CORE_SPACING_M * 0.92])
    theta = np.arctan2(xy[:, 1], xy[:, 0])
    ragged = 1 + 0.16 * np.cos(2 * theta + 1.1) + 0.10 * np.cos(3 * theta + 2.0) + rng.normal(0, 0.03, len(xy))
    chosen = np.sort(np.argsort(np.hypot(*xy.T) / ragged, kind="stable")[: size.core_cells])
    cos, sin = np.cos(outline.core_angle), np.sin(outline.core_angle)
    jitter = rng.uniform(-0.09, 0.09, (size.core_cells, 2)) * CORE_SPACING_M
    turned = (xy[chosen] + jitter) @ np.array([[cos, sin], [-sin, cos]])
    return turned + outline.core_xy, np.column_stack([row[chosen], column[chosen]])


def _beside_curves(rng: np.random.Generator, outline: Outline, core_xy: Floats) -> Floats:
    """Pairs of seeds mirrored at rivers and trunk roads: the border between the two of a pair lies on the curve."""
    kept = core_xy
    curves: tuple[Curve, ...] = (*outline.rivers, *reversed(outline.trunks))
    lines = [cKDTree(curve.xy) for curve in curves]
    pairs = []
    for number, curve in enumerate(curves):
        along = np.gradient(curve.xy, axis=0)
        normal = along[:, ::-1] * [-1, 1] / np.hypot(*along.T)[:, None]
        for at in _stations(outline.spacing(curve.xy)):
            apart = outline.spacing(curve.xy[at : at + 1])[0]
            pair = curve.xy[at] + normal[at] * apart * rng.uniform(0.30, 0.42) * np.array([[1], [-1]])
            clear = all(line.query(pair)[0].min() > apart * 0.30 for other, line in enumerate(lines) if other != number)
            near = np.min(np.hypot(*(kept[:, None] - pair).transpose(2, 0, 1)))
            if clear and near > apart * 0.55:
                kept = np.vstack([kept, pair])
                pairs.append(pair)
    return np.vstack(pairs)


def _stations(spacing: Floats) -> list[int]:
    """Indices along a curve, each the local spacing after the one before."""
    found, passed = [], 0.0
    for index, step in enumerate(spacing):
        passed += STEP_M / step
        if passed >= 1.0:
            found.append(index)
            passed = 0.0
    return found


def _spread(rng: np.random.Generator, outline: Outline, count: int, fixed: Floats, reach: tuple[float, float]) -> Floats:
    """Spread ``count`` seeds by the wanted spacing between and around the ``fixed`` ones (a few steps of Lloyd's method)."""
    span = outline.radius_m * max(1.3, reach[1] * 1.3)
    xy = rng.uniform(-span, span, (160_000 if count > 300 else 40_000, 2))
    out = outline.reach(xy)
    xy = xy[(out >= reach[0]) & (out < reach[1])]
    if len(fixed):
        xy = xy[cKDTree(fixed).query(xy)[0] > CORE_SPACING_M]
    density = outline.spacing(xy) ** -2.0
    xy = xy[rng.choice(len(xy), min(len(xy), 60 * (count + len(fixed)) + 2000), p=density / density.sum())]
    seeds = xy[rng.choice(len(xy), count, replace=False)]
    if len(fixed):  # begin in the open: far from the fixed ones
        far = cKDTree(fixed).query(xy)[0] / outline.spacing(xy) > 0.6
        seeds = xy[far][rng.choice(far.sum(), count, replace=far.sum() < count)]
        seeds = seeds + rng.normal(0, 5.0, seeds.shape)
    for _ in range(14):
        nearest = cKDTree(np.vstack([seeds, fixed])).query(xy)[1]
        own = nearest < count
        total = np.bincount(nearest[own], minlength=count)
        moved = np.column_stack([np.bincount(nearest[own], xy[own, axis], minlength=count) for axis in (0, 1)])
        seeds = np.where(total[:, None] > 0, moved / np.maximum(total, 1)[:, None], seeds)
    return seeds


def _voronoi(seeds: Floats, inside: int, core: int, lattice: Ints) -> Cells:
    diagram = Voronoi(seeds)
    nodes = np.array(diagram.ridge_vertices)
    closed = (nodes >= 0).all(axis=1)
    cells = np.asarray(diagram.ridge_points)[closed]
    order = np.lexsort((cells.max(axis=1), cells.min(axis=1)))
    return Cells(
        xy=seeds,
        inside=inside,
        core=core,
        lattice=lattice,
        node_xy=diagram.vertices,
        edge_cells=cells[order].astype(np.int64),
        edge_nodes=nodes[closed][order].astype(np.int64),
    )
