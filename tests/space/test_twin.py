"""The index on the made-up district: confidence that can be believed, a tiling without faults, and the time it takes."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from geogrid.space import coverage
from geogrid.space.index import AssignmentIndex
from tests.space import shapes

TENTHS = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1])


def district_of(twin):
    return twin["units"].loc[twin["units"]["level"] == "district", "geometry"].iloc[0]


def index_of(twin):
    return AssignmentIndex.from_frames(
        twin["base_grids"],
        twin["stations"],
        twin["department_grids"],
        district=district_of(twin),
        metric_srid=shapes.SRID,
    )


def calibration(twin):
    """Rows of (from, to, placed events, mean confidence said, share of them that are right), by tenths."""
    index, truth = index_of(twin), twin["truth"].set_index("id").loc[twin["events"]["id"]]
    said = index.assign(*twin["lonlat"].T, twin["events"]["accuracy_m"].to_numpy(float))
    true = index.assign(truth["true_lon"], truth["true_lat"])
    placed = np.not_equal(said.grid_code, None)
    right = said.grid_code == true.grid_code
    rows = []
    for low, high in pairwise(TENTHS):
        of = placed & (said.confidence >= low) & (said.confidence < high)
        if of.any():
            rows.append((low, high, int(of.sum()), float(said.confidence[of].mean()), float(right[of].mean())))
    return rows


def test_said_and_right_agree_as_far_as_few_events_can_tell(small_twin_frames):
    for low, high, count, said, right in calibration(small_twin_frames):
        chance = 4 * np.sqrt(max(said * (1 - said), 0.01) / count)
        assert abs(right - said) <= 0.05 + chance, (low, high, count, said, right)


@pytest.mark.slow
def test_of_those_said_80_to_90_percent_sure_80_to_90_percent_are_right(full_twin_frames):
    """On 33,256 events, seed 1: 1,109 were said 80-90 % sure, 83.6 % of them are right; each tenth within 3 points."""
    table = {round(low, 1): (count, said, right) for low, _, count, said, right in calibration(full_twin_frames)}
    count, _, right = table[0.8]
    assert count > 500
    assert 0.80 <= right <= 0.90
    for low, (count, said, right) in table.items():
        assert abs(right - said) < 0.03 + 3 * np.sqrt(said * (1 - said) / count), (low, count, said, right)


def test_the_small_twin_is_a_tiling(small_twin_frames):
    grids = small_twin_frames["base_grids"]
    report = coverage.check(
        grids["code"],
        grids.geometry.values,
        within=district_of(small_twin_frames),
        metric_srid=shapes.SRID,
        tolerance_m2=1.0,
    )
    assert (report.gaps, report.overlaps, report.slivers, report.is_exact) == ((), (), (), True)


@pytest.mark.slow
def test_the_district_takes_seconds(full_twin_frames):
    """Budgets, failed only beyond five times: 2 s to check the coverage, 4 s to assign a year of events."""
    twin = full_twin_frames
    start = time.perf_counter()
    grids = twin["base_grids"]
    report = coverage.check(grids["code"], grids.geometry.values, metric_srid=shapes.SRID, tolerance_m2=1.0)
    checked = time.perf_counter()
    assert report.is_tiling
    assert report.is_exact
    index_of(twin).assign(*twin["lonlat"].T, twin["events"]["accuracy_m"].to_numpy(float))
    assert checked - start < 5 * 2.0
    assert time.perf_counter() - checked < 5 * 4.0
