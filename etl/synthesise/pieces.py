"""Road pieces while the network is being built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import shapely

from etl.synthesise.ground import Floats, Ints


@dataclass
class Pieces:
    """Parallel lists, one entry a piece: its line (k, 2) in local metres from node to node, and what it is.

    ``cells``: one of the cells beside it, or -1; ``lane_cells``: the cell that a lane lies in, or -1.
    """

    lines: list[Floats] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    streets: list[int] = field(default_factory=list)
    bridges: list[bool] = field(default_factory=list)
    oneways: list[bool] = field(default_factory=list)
    towns: list[bool] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    lane_cells: list[int] = field(default_factory=list)
    _beside: list[tuple[int, int, str]] = field(default_factory=list)

    def add(
        self,
        line: Floats,
        kind: str,
        *,
        street: int = -1,
        bridge: bool = False,
        oneway: bool = False,
        town: bool = False,
        cells: Iterable[int] = (),
        lane_cell: int = -1,
        connects: int = -1,
    ) -> None:
        """Add a piece; ``cells`` are those whose border it runs along, ``connects`` the one whose lanes it joins."""
        beside = [int(cell) for cell in cells]
        self._beside.extend((cell, len(self.lines), kind) for cell in beside)
        self.lines.append(line)
        self.kinds.append(kind)
        self.streets.append(street)
        self.bridges.append(bridge)
        self.oneways.append(oneway)
        self.towns.append(town)
        self.cells.append(min(beside) if beside else max(connects, lane_cell))
        self.lane_cells.append(lane_cell)

    def ends(self) -> tuple[Floats, Ints]:
        """Return the nodes' places (n, 2) and each piece's two nodes (m, 2)."""
        both = np.vstack([[line[0] for line in self.lines], [line[-1] for line in self.lines]])
        places = np.round(both * 1e4).astype(np.int64)
        _, first, node = np.unique(places, axis=0, return_index=True, return_inverse=True)
        return both[first], node.reshape(2, -1).T

    def joint_nodes(self) -> Floats:
        """Return the places of all nodes."""
        return self.ends()[0]

    def joints_of_cells(self, count: int, *, without: str) -> list[Floats]:
        """Return for each cell the nodes of the roads along its border, but those of class ``without``."""
        barred = {
            tuple(end)
            for line, kind in zip(self.lines, self.kinds, strict=True)
            if kind == without
            for end in (line[0], line[-1])
        }
        found: list[dict[tuple[float, float], None]] = [{} for _ in range(count)]
        for cell, piece, _ in self._beside:
            if cell < count:
                for end in (self.lines[piece][0], self.lines[piece][-1]):
                    if tuple(end) not in barred:
                        found[cell][tuple(end)] = None
        return [np.array(list(joints)).reshape(-1, 2) for joints in found]

    def drop_wet(self, water: shapely.Geometry) -> None:
        """Leave out pieces that run into water and are no bridge."""
        lines = np.array([shapely.LineString(line) for line in self.lines], object)
        wet = shapely.intersects(water, lines) & ~np.array(self.bridges)
        self.keep(~wet)

    def keep(self, chosen: np.ndarray) -> None:
        """Keep the ``chosen`` pieces (a boolean mask)."""
        for name in ("lines", "kinds", "streets", "bridges", "oneways", "towns", "cells", "lane_cells"):
            setattr(self, name, [value for value, kept in zip(getattr(self, name), chosen.tolist(), strict=True) if kept])
        self._beside = []
