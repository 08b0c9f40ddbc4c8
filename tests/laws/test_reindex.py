"""Laws of partial re-indexing: whatever border moves, what follows it is what a new index says, answer for answer."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.space import arrangement
from geogrid.space.index import AssignmentIndex
from geogrid.space.reindex import PatchedFast, redrawn, settled
from tests.space import shapes
from tests.space.comparing import differences

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(autouse=True, scope="module")
def coarse():
    with patch.object(arrangement, "CELLS_PER_EDGE", 0), patch.object(arrangement, "LEAST_CELLS", 40):
        yield


def corners(rng, columns, rows, jitter):
    """The vertices of a jittered lattice, (rows + 1, columns + 1, 2)."""
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    inner_x, inner_y = (x > 0) & (x < columns), (y > 0) & (y < rows)
    x += jitter * inner_x * rng.uniform(-1, 1, x.shape)
    y += jitter * inner_y * rng.uniform(-1, 1, y.shape)
    return np.round(np.stack([shapes.WEST + 0.004 * x, shapes.SOUTH + 0.004 * y], axis=-1), 9)


def quads(corner):
    rows, columns = corner.shape[0] - 1, corner.shape[1] - 1
    around = [(0, 0), (0, 1), (1, 1), (1, 0)]
    return [shapely.Polygon([corner[j + b, i + a] for b, a in around]) for j in range(rows) for i in range(columns)]


def dragged(rng, corner):
    """The lattice with one vertex moved, an inner one or along the rim, and the quads that touch it."""
    rows, columns = corner.shape[0] - 1, corner.shape[1] - 1
    j, i = int(rng.integers(0, rows + 1)), int(rng.integers(0, columns + 1))
    moved, step = corner.copy(), rng.uniform(-0.0011, 0.0011, 2)
    moved[j, i] = np.round(moved[j, i] + step * [0 < i < columns, 0 < j < rows], 9)
    near = [(b, a) for b in (j - 1, j) for a in (i - 1, i) if 0 <= b < rows and 0 <= a < columns]
    return moved, sorted(b * columns + a for b, a in near)


class Drawn:
    """A random lattice with department grids, stations, a district of its own or none, and points to ask about."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.corner = corners(self.rng, int(self.rng.integers(1, 6)), int(self.rng.integers(2, 6)), 0.2)
        self.tiles = quads(self.corner)
        self.codes = [f"c{i:02}" for i in self.rng.permutation(len(self.tiles))]
        self.outlined = bool(self.rng.integers(0, 2))
        self.named = {"district": None if self.outlined else shapely.box(126.5995, 45.8995, 126.615, 45.915)}
        self.named |= {"metric_srid": shapes.SRID, "gap_tolerance_m": float(self.rng.choice([15.0, 120.0]))}
        self.stations = shapes.points_frame(
            [shapes.at(0.003, 0.003), shapes.at(0.011, 0.008)], ["s0", "s1"], level=["point", "point"], unit_code=["c00", "c01"]
        )
        self.departments = shapes.frame([*shapes.tiling(self.rng, labels=3, jitter=0.2), shapes.STAR])

    def frame(self, tiles=None, codes=None):
        codes = self.codes if codes is None else codes
        return shapes.frame(self.tiles if tiles is None else tiles, codes, village_code=codes)

    def index(self, frame=None, **more):
        return AssignmentIndex.from_frames(
            self.frame() if frame is None else frame, self.stations, self.departments, **self.named, **more
        )

    def asked(self, tiles):
        """Random points, every vertex, points on edges and level with vertices; some with an accuracy."""
        lonlat = shapes.probes(self.rng, [*self.tiles, *tiles], count=60)
        return np.ascontiguousarray(lonlat[:, 0]), np.ascontiguousarray(lonlat[:, 1])


def check(drawn, was, now, anew, asked, accuracy):
    """Answers asked of the changed index, and earlier answers brought up to it, against an index made anew."""
    told = anew.assign(*asked, accuracy)
    for found in (now.index.assign(*asked, accuracy), now.reassign(was, *asked, accuracy)):
        assert differences(found, told) == []
        assert found.nearest_grid_code.tolist() == told.nearest_grid_code.tolist()
        np.testing.assert_array_equal(found.nearest_grid_m, told.nearest_grid_m)
    return told


@given(seeds, st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_drag_of_a_shared_vertex_is_followed(seed, compiled, accurate):
    drawn = Drawn(seed)
    moved, touched = dragged(drawn.rng, drawn.corner)
    tiles = quads(moved)
    asked = drawn.asked(tiles)
    accuracy = drawn.rng.choice([np.nan, 3.0, 60.0, 400.0], len(asked[0])) if accurate else None
    index = drawn.index(compiled=compiled)
    was = index.assign(*asked, accuracy)
    changed = drawn.frame([tiles[k] for k in touched], [drawn.codes[k] for k in touched])
    now = redrawn(index, changed, outlined=drawn.outlined)
    check(drawn, was, now, drawn.index(drawn.frame(tiles), compiled=compiled), asked, accuracy)


@given(seeds, st.booleans())
@settings(max_examples=20, deadline=None)
def test_a_grid_moved_alone_leaves_a_gap_and_an_overlap(seed, accurate):
    """What only one side of a border follows: points there are in no grid, or in two."""
    drawn = Drawn(seed)
    moved, touched = dragged(drawn.rng, drawn.corner)
    one = int(drawn.rng.choice(touched))
    tiles = list(drawn.tiles)
    tiles[one] = quads(moved)[one]
    asked = drawn.asked([*tiles, *quads(moved)])
    accuracy = drawn.rng.choice([np.nan, 3.0, 60.0], len(asked[0])) if accurate else None
    index = drawn.index()
    now = redrawn(index, drawn.frame([tiles[one]], [drawn.codes[one]]), outlined=drawn.outlined)
    check(drawn, index.assign(*asked, accuracy), now, drawn.index(drawn.frame(tiles)), asked, accuracy)


@given(seeds)
@settings(max_examples=8, deadline=None)
def test_many_drags_one_after_another_are_followed(seed):
    """Each from the answers of the one before; the raster stays that of the first."""
    drawn = Drawn(seed)
    corner, index, was = drawn.corner, drawn.index(), None
    asked = drawn.asked(drawn.tiles)
    was = index.assign(*asked)
    for _ in range(6):
        corner, touched = dragged(drawn.rng, corner)
        tiles = quads(corner)
        if not all(tile.is_valid for tile in tiles):
            break
        changed = drawn.frame([tiles[k] for k in touched], [drawn.codes[k] for k in touched])
        now = redrawn(index, changed, outlined=drawn.outlined)
        was = now.reassign(was, *asked)
        index = now.index
        assert differences(was, drawn.index(drawn.frame(tiles)).assign(*asked)) == []
    assert differences(settled(index).assign(*asked), was) == []
    assert not isinstance(settled(index).fast, PatchedFast)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_grids_split_merged_added_and_removed_are_followed(seed):
    """Codes before and behind those that stay: every number shifts."""
    drawn = Drawn(seed)
    count = len(drawn.tiles)
    gone = sorted(drawn.rng.choice(count, int(drawn.rng.integers(0, min(3, count))), replace=False).tolist())
    halved = int(drawn.rng.integers(0, count))
    west, south, east, north = drawn.tiles[halved].bounds
    parts = [drawn.tiles[halved].intersection(half) for half in (shapely.box(west, south, (west + east) / 2, north),)]
    parts += [drawn.tiles[halved].difference(parts[0])]
    kept = [k for k in range(count) if k not in gone and k != halved]
    new_codes = ["a9", "x1"]
    frame = drawn.frame([drawn.tiles[k] for k in kept] + parts, [drawn.codes[k] for k in kept] + new_codes)
    asked = drawn.asked(parts)
    accuracy = drawn.rng.choice([np.nan, 60.0], len(asked[0]))
    index = drawn.index()
    removed = [drawn.codes[k] for k in {*gone, halved}]
    now = redrawn(index, drawn.frame(parts, new_codes), removed=removed, outlined=drawn.outlined)
    check(drawn, index.assign(*asked, accuracy), now, drawn.index(frame), asked, accuracy)
    back = redrawn(now.index, drawn.frame([drawn.tiles[halved]], [drawn.codes[halved]]), removed=new_codes)
    if not gone and not drawn.outlined:
        assert type(back.index.fast) is type(index.fast)
        assert differences(back.index.assign(*asked, accuracy), index.assign(*asked, accuracy)) == []
