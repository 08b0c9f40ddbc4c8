"""Lanes inside a cell: the blocks' inner streets in the core, the lanes of a settlement in the countryside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from etl.synthesise.borders import FREE_SHARE, shrunk_cells
from etl.synthesise.cells import Cells
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.outline import Outline
from etl.synthesise.water import Water

CORE_SHARE = 0.80  # borders in the core are nearly straight: lanes may come so near to them
LANE_GAP_M = (66.0, 88.0)  # between lanes of a settlement


@dataclass(frozen=True)
class Lanes:
    """Lane crossings ``xy`` (n, 2) with their cell, and lanes between two of them; ``is_main``: the settlement's street."""

    xy: Floats
    cell: Ints
    ends: Ints
    is_main: np.ndarray


def lay_lanes(ground: Ground, outline: Outline, cells: Cells, water: Water, wanted: int) -> Lanes:
    """Lay about ``wanted`` crossings a cell: a lattice within the part of the cell that borders leave free."""
    rng = ground.rng("lanes")
    core_blocks = shrunk_cells(cells, CORE_SHARE, range(cells.core))
    fields = shrunk_cells(cells, FREE_SHARE * 0.95, range(cells.core, cells.inside))
    empty = set(water.lake_cells.tolist())
    xys, owner, ends, mains, total = [], [], [], [], 0
    for cell, block in enumerate([*core_blocks, *fields]):
        if cell in empty:
            continue
        in_core = cell < cells.core
        count = max(4, round(wanted * (0.55 if in_core else rng.uniform(0.8, 1.9))))
        gap = np.sqrt(block.area / count) if in_core else min(rng.uniform(*LANE_GAP_M), np.sqrt(block.area / count))
        angle = outline.core_angle if in_core else rng.uniform(0, np.pi)
        xy, pairs, main = _lattice(rng, block, cells.xy[cell], count, gap, angle)
        dry = ~shapely.contains_xy(water.union, xy[:, 0], xy[:, 1])
        place = np.cumsum(dry) - 1
        kept = dry[pairs].all(axis=1)
        xys.append(xy[dry])
        owner.append(np.full(dry.sum(), cell))
        ends.append(place[pairs[kept]] + total)
        mains.append(main[kept])
        total += int(dry.sum())
    return Lanes(np.vstack(xys), np.concatenate(owner), np.vstack(ends), np.concatenate(mains))


def _lattice(
    rng: np.random.Generator, block: shapely.Geometry, middle: Floats, count: int, gap: float, angle: float
) -> tuple[Floats, Ints, np.ndarray]:
    """Return crossings, pairs of neighbours and which pairs are the main street: a comb of lanes off one street."""
    half = int(np.sqrt(count) * 1.3) + 2
    column, row = (part.ravel() for part in np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1)))
    stretch = rng.uniform(0.8, 1.25)
    plain = np.column_stack([column * gap * stretch, row * gap / stretch]) + rng.normal(0, 0.05 * gap, (len(column), 2))
    cos, sin = np.cos(angle), np.sin(angle)
    xy = plain @ np.array([[cos, sin], [-sin, cos]]) + middle
    fits = np.flatnonzero(shapely.contains_xy(block, xy[:, 0], xy[:, 1]))
    if not len(fits):
        return middle[None, :], np.empty((0, 2), int), np.zeros(0, bool)
    fits = np.sort(fits[np.argsort(np.hypot(*(xy[fits] - middle).T), kind="stable")[:count]])
    place = {(int(row[i]), int(column[i])): at for at, i in enumerate(fits)}
    pairs, main = [], []
    for (r, c), at in place.items():
        if (r + 1, c) in place:
            pairs.append((at, place[r + 1, c]))
            main.append(False)
        if (r, c + 1) in place and (r == 0 or rng.random() < 0.35):
            pairs.append((at, place[r, c + 1]))
            main.append(r == 0)
    return xy[fits], np.array(pairs, int).reshape(-1, 2), np.array(main, bool)
