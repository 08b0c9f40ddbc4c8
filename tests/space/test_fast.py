"""The compiled way: it must never be told from the plain one, but by the time it takes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

from geogrid.space import crs, index, kernels, threads
from geogrid.space.index import AssignmentIndex
from tests.space import shapes
from tests.space.comparing import both, differences, unsure

STATIONS = shapes.points_frame([shapes.at(0.005, 0.005), shapes.at(0.015, 0.005)])
EAST_WEST = [shapes.square(0, 0), shapes.square(0.01, 0)]


def both_of_twin(twin):
    district = twin["units"].loc[twin["units"]["level"] == "district", "geometry"].iloc[0]
    return both(twin["base_grids"], twin["stations"], twin["department_grids"], district=district)


def asked(twin, rng, random, adversarial):
    """Random points in and around the district; and vertices, points on edges and level with vertices."""
    polygons = [*twin["base_grids"].geometry, *twin["department_grids"].geometry]
    west, south, east, north = shapely.total_bounds(polygons)
    spread = np.round(rng.uniform([west - 0.02, south - 0.02], [east + 0.02, north + 0.02], (random, 2)), 9)
    tried = rng.permutation(shapes.probes(rng, polygons, count=adversarial // 5))[:adversarial]
    return spread, tried


def test_both_answer_alike_on_the_small_twin(small_twin_frames):
    compiled, plain = both_of_twin(small_twin_frames)
    events = (*small_twin_frames["lonlat"].T, small_twin_frames["events"]["accuracy_m"].to_numpy(float))
    assert differences(compiled.assign(*events), plain.assign(*events)) == []
    for lonlat in asked(small_twin_frames, np.random.default_rng(7), 5000, 5000):
        found, told = compiled.assign(*lonlat.T), plain.assign(*lonlat.T)
        assert differences(found, told) == []
        assert found.nearest_grid_code.tolist() == told.nearest_grid_code.tolist()


@pytest.mark.slow
def test_both_answer_alike_on_every_event_and_on_600_000_points(full_twin_frames):
    compiled, plain = both_of_twin(full_twin_frames)
    events = (*full_twin_frames["lonlat"].T, full_twin_frames["events"]["accuracy_m"].to_numpy(float))
    assert differences(compiled.assign(*events), plain.assign(*events)) == []
    spread, tried = asked(full_twin_frames, np.random.default_rng(8), 500_000, 100_000)
    assert (len(spread), len(tried)) == (500_000, 100_000)
    for lonlat in (spread, tried):
        assert differences(compiled.assign(*lonlat.T), plain.assign(*lonlat.T)) == []


def test_few_points_off_the_borders_need_the_plain_way(small_twin_frames):
    """Else the compiled way would be right and slow."""
    compiled, _ = both_of_twin(small_twin_frames)
    spread, _ = asked(small_twin_frames, np.random.default_rng(9), 20_000, 10)
    assert unsure(compiled, spread) <= 20


def test_threads_share_the_points_and_keep_their_order(monkeypatch):
    monkeypatch.setattr(index, "POINTS_A_PORTION", 5)
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 4)
    compiled, plain = both(shapes.frame(EAST_WEST), STATIONS)
    lonlat = shapes.probes(np.random.default_rng(2), EAST_WEST)
    assert differences(compiled.assign(*lonlat.T), plain.assign(*lonlat.T)) == []


def test_many_threads_may_ask_one_index():
    compiled, plain = both(shapes.frame(shapes.tiling(np.random.default_rng(3))), STATIONS)
    lonlat = shapes.probes(np.random.default_rng(4), EAST_WEST, count=300)
    told = plain.assign(*lonlat.T)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: compiled.assign(*lonlat.T), range(8)):
            assert differences(found, told) == []


def test_without_numba_the_plain_way_answers(monkeypatch):
    monkeypatch.setitem(sys.modules, "geogrid.space.fast", None)
    built = AssignmentIndex.from_frames(shapes.frame(EAST_WEST), STATIONS, metric_srid=shapes.SRID)
    assert built.fast is None
    assert built.assign(*shapes.at(0.005, 0.005)).grid_code[0] == "g0"


def test_numba_is_loaded_only_when_an_index_is_built():
    code = "import sys, geogrid.space.index, geogrid.space.frames; print('numba' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize("metres", [0.01, 1.0, 1e3, 2e4, 4.9e4])
def test_the_distance_is_the_geodesic_one_to_a_micrometre(metres):
    compiled, plain = both(shapes.frame([shapes.square(-0.7, -0.5, 1.4, 1.0)]), shapes.points_frame([shapes.at(0, 0)]))
    azimuth = np.linspace(0, 360, 73)
    lon, lat, _ = crs.GEOD.fwd(*(np.full(73, value) for value in shapes.at(0, 0)), azimuth, np.full(73, metres))
    found, told = compiled.assign(lon, lat).distance_m, plain.assign(lon, lat).distance_m
    assert np.abs(found - told).max() < 1.5e-6


def test_a_point_midway_between_two_stations_takes_the_lowest_code():
    stations = shapes.points_frame([shapes.at(0.002, 0.005), shapes.at(0.012, 0.005)], ["b", "a"])
    compiled, plain = both(shapes.frame(EAST_WEST), stations)
    middle = shapes.at(0.007, 0.005)
    assert compiled.assign(*middle).station_code[0] == plain.assign(*middle).station_code[0] == "a"


def test_a_path_whose_corner_lies_on_a_level_edge_does_not_count_it_twice():
    """The trap of two legs with different perturbations: centre and edge at one height, the point above or below."""
    ax, ay, bx, by = 0.0, 0.0, 2.0, 0.0
    for y in (0.5, -0.5):
        assert kernels.changes(ax, ay, bx, by, 1.0, y, 0.5, 0.0) == kernels.UNSURE
    assert kernels.changes(ax, ay, bx, by, 1.0, 0.5, 0.5, -0.5) == 1
    assert kernels.changes(ax, ay, bx, by, 0.0, 0.5, 0.5, -0.5) == 1
    assert kernels.changes(ax, ay, bx, by, 2.0, 0.5, 0.5, -0.5) == 0
