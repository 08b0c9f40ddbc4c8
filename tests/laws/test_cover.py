"""Laws of assignment on random tilings: the index equals an exact witness, and a tiling leaves nobody without a grid."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.space.index import AssignmentIndex
from tests.space import oracle, shapes

seeds = st.integers(0, 2**32 - 1)


def built(tiles, codes, **named):
    stations = shapes.points_frame([shapes.at(0, 0), shapes.at(0.01, 0.01)], ["s1", "s2"])
    return AssignmentIndex.from_frames(shapes.frame(tiles, codes), stations, metric_srid=shapes.SRID, **named)


def drawn(seed):
    rng = np.random.default_rng(seed)
    tiles = shapes.tiling(rng, columns=int(rng.integers(1, 6)), rows=int(rng.integers(1, 5)), jitter=float(rng.choice([0, 0.3])))
    codes = [f"c{i}" for i in rng.permutation(20)[: len(tiles)]]
    return rng, tiles, codes


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_the_index_equals_the_exact_witness(seed):
    rng, tiles, codes = drawn(seed)
    lonlat = shapes.probes(rng, tiles)
    found = built(tiles, codes).assign(*lonlat.T)
    for i, (lon, lat) in enumerate(lonlat.tolist()):
        grid, rule = oracle.answer(tiles, codes, lon, lat)
        if rule is None:
            assert found.rule[i] in {"outside", "gap"}
        else:
            assert (found.grid_code[i], found.rule[i]) == (grid, rule), (lon, lat)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_overlapping_polygons_are_told_as_the_exact_witness_tells_them(seed):
    rng, tiles, _ = drawn(seed)
    more = [*tiles, shapes.square(0.001, 0.001, 0.007), shapes.square(0, 0, 0.004)]
    codes = [f"c{i:02}" for i in rng.permutation(len(more))]
    lonlat = shapes.probes(rng, more)
    found = built(more, codes).assign(*lonlat.T)
    for i, (lon, lat) in enumerate(lonlat.tolist()):
        grid, rule = oracle.answer(more, codes, lon, lat)
        if rule is not None:
            assert (found.grid_code[i], found.rule[i]) == (grid, rule)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_every_point_of_a_tiling_has_exactly_one_grid(seed):
    rng, tiles, codes = drawn(seed)
    west, south, east, north = shapely.total_bounds(tiles)
    lonlat = np.round(rng.uniform([west, south], [east, north], (300, 2)), 9)
    lonlat = np.vstack([lonlat, np.unique(shapely.get_coordinates(tiles), axis=0)])
    found = built(tiles, codes).assign(*lonlat.T)
    assert set(found.rule) <= {"inside", "border"}
    assert all(code in codes for code in found.grid_code)
    assert (found.confidence == 1.0).all()


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_shares_of_a_disc_add_up(seed):
    rng, tiles, codes = drawn(seed)
    lonlat = shapes.probes(rng, tiles)
    accuracy_m = rng.choice([0.5, 20.0, 150.0, 2000.0], len(lonlat))
    found = built(tiles, codes).assign(*lonlat.T, accuracy_m)
    for i in range(len(found)):
        listed = [candidate.share for candidate in found.candidates[i]]
        others = [candidate.share for candidate in found.candidates[i] if candidate.grid_code != found.grid_code[i]]
        assert listed == sorted(listed, reverse=True)
        assert all(share >= 0.01 for share in others)
        assert (len(others) < len(listed)) == (found.grid_code[i] is not None), "the grid given is always named"
        assert sum(listed) <= 1.0 + 1e-5
        assert 0.0 <= found.confidence[i] <= 1.0
        if found.grid_code[i] is None and listed:
            assert abs(found.confidence[i] + sum(listed) - 1.0) < 0.01 * len(codes) + 1e-5


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_the_order_of_points_and_of_rows_changes_nothing(seed):
    rng, tiles, codes = drawn(seed)
    lonlat = shapes.probes(rng, tiles)
    accuracy_m = rng.uniform(1, 400, len(lonlat))
    first = built(tiles, codes).assign(*lonlat.T, accuracy_m)
    rows, points = rng.permutation(len(tiles)), rng.permutation(len(lonlat))
    mixed = built([tiles[i] for i in rows], [codes[i] for i in rows]).assign(*lonlat[points].T, accuracy_m[points])
    for name in ("grid_code", "rule", "confidence", "station_code", "candidates", "nearest_grid_code"):
        assert list(getattr(first, name)[points]) == list(getattr(mixed, name)), name


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_one_by_one_equals_all_at_once(seed):
    rng, tiles, codes = drawn(seed)
    lonlat = shapes.probes(rng, tiles, count=5)[:30]
    index = built(tiles, codes)
    together = index.assign(*lonlat.T, np.full(len(lonlat), 60.0))
    for i, (lon, lat) in enumerate(lonlat):
        assert index.assign(lon, lat, 60.0).one(0, 7) == together.one(i, 7)
