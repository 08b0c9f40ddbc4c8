"""Rivers as wide as their valley allows, and lakes away from settlements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from etl.synthesise.borders import Borders
from etl.synthesise.cells import Cells
from etl.synthesise.ground import Ground, Ints
from etl.synthesise.names import FIRST
from etl.synthesise.outline import Outline
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree
from etl.synthesise.ways import Ways

BEYOND_M = 300.0  # rivers are drawn so far beyond the district's border


@dataclass(frozen=True)
class Water:
    """Named water bodies as polygons, their union, and the cells that a lake fills; local metres."""

    names: list[str]
    shapes: list[shapely.Geometry]
    union: shapely.Geometry
    lake_cells: Ints


def pour_water(
    ground: Ground,
    size: TwinSize,
    outline: Outline,
    cells: Cells,
    ways: Ways,
    borders: Borders,
    tree: Tree,
    district: shapely.Geometry,
) -> Water:
    """Widen the rivers' lines to polygons and lay lakes into cells without a village's heart."""
    names, shapes = [], []
    within = district.buffer(BEYOND_M)
    for number, curve in enumerate(outline.rivers):
        edges = np.flatnonzero(ways.river == number)
        lines = [shapely.LineString(borders.lines[edge]) for edge in edges.tolist()]
        half = np.minimum(curve.half_width_m, 0.10 * outline.spacing(cells.edge_mid[edges]))
        wide = shapely.union_all(shapely.buffer(np.array(lines, object), half, quad_segs=4))
        shapes.append(shapely.intersection(wide, within).simplify(2.0))
        names.append(curve.name)
    rng = ground.rng("lakes")
    reach = _inner_radius(cells)
    hearts = np.r_[tree.village_heart, tree.township_heart]
    dry = ~np.isin(np.arange(cells.inside), hearts) & (np.arange(cells.inside) >= cells.core)
    wet = np.unique(cells.edge_cells[ways.river >= 0])
    free = np.flatnonzero(dry & ~np.isin(np.arange(cells.inside), wet) & (reach > np.median(reach[cells.core :])))
    chosen = np.sort(rng.choice(free, size.lakes, replace=False))
    for number, cell in enumerate(chosen.tolist()):
        theta = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        ragged = 0.62 + sum(0.34 / k * np.cos(k * theta + rng.uniform(0, 6.28)) / 2 for k in (2, 3, 5, 8))
        ring = np.column_stack([np.cos(theta), np.sin(theta)]) * (ragged * reach[cell] * 0.5)[:, None]
        shapes.append(shapely.Polygon(ring + cells.xy[cell]).buffer(0))
        names.append(f"{FIRST[number % len(FIRST)]}月泡" if number % 2 else f"{FIRST[number % len(FIRST)]}星湖")
    union = shapely.union_all(np.array(shapes, object))
    shapely.prepare(union)
    return Water(names, shapes, union, chosen)


def _inner_radius(cells: Cells) -> np.ndarray:
    """Return for each of the district's cells half the distance from its seed to the nearest other seed."""
    reach = np.full(cells.inside, np.inf)
    gap = np.hypot(*(cells.xy[cells.edge_cells[:, 0]] - cells.xy[cells.edge_cells[:, 1]]).T) / 2
    for side in (0, 1):
        own = cells.edge_cells[:, side] < cells.inside
        np.minimum.at(reach, cells.edge_cells[own, side], gap[own])
    return reach
