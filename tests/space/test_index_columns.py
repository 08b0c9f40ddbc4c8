"""What the compiled way writes: each answer once, nothing for what there is none of; and what it refuses, by row."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from geogrid.errors import CoordNotFinite, CoordRange
from geogrid.space import threads
from geogrid.space.threads import shared_out
from tests.space import shapes
from tests.space.comparing import both, differences

EAST_WEST = [shapes.square(0, 0), shapes.square(0.01, 0)]
STATIONS = shapes.points_frame([shapes.at(0.005, 0.005)])


@pytest.mark.parametrize(("wrong", "error"), [(np.nan, CoordNotFinite), (-np.inf, CoordNotFinite), (180.0001, CoordRange)])
@pytest.mark.parametrize("row", [0, 1023, 1024, 40_000, 69_999])
def test_one_bad_place_among_many_is_named_by_its_row(wrong, error, row):
    """In any block and any thread, both ways."""
    for asked in both(shapes.frame(EAST_WEST)):
        lon, lat = (np.full(70_000, value) for value in shapes.at(0.005, -1.0))
        lon[row] = wrong
        with pytest.raises(error) as caught:
            asked.assign(lon, lat)
        assert caught.value.where["row"] == row


@pytest.mark.parametrize("x", [-180.0, -179.9, 0.0, 180.0])
@pytest.mark.parametrize("y", [-90.0, 0.0, 90.0])
def test_places_anywhere_on_earth_are_outside(x, y):
    compiled, plain = both(shapes.frame(EAST_WEST), STATIONS)
    assert differences(compiled.assign(x, y), plain.assign(x, y)) == []
    assert compiled.assign(x, y).rule[0] == "outside"


def test_the_rim_of_the_raster_is_outside_to_the_last_bit():
    compiled, plain = both(shapes.frame(EAST_WEST))
    frame, (rows, columns) = compiled.fast.places.frame, compiled.fast.places.cells.shape
    east, north = frame[0] + columns / frame[2], frame[1] + rows / frame[3]
    rim = np.array([(x, y) for x in (frame[0], east) for y in (frame[1], 45.905, north)])
    around = np.vstack([rim, *(np.nextafter(rim, rim + step) for step in (-1.0, 1.0))])
    assert differences(compiled.assign(*around.T), plain.assign(*around.T)) == []


def test_columns_of_what_there_is_none_of_take_no_memory():
    for asked in both(shapes.frame(EAST_WEST)):
        found = asked.assign(*np.full((1000, 2), shapes.at(0.005, 0.005)).T)
        assert found.numbers.departments.strides == found.numbers.station.strides == found.confidence.strides == (0,)
        assert set(found.department_codes) == {()}
        assert set(found.station_code) == {None}
        assert np.isnan(found.distance_m).all()


def test_read_only_points_are_answered_too():
    compiled, plain = both(shapes.frame(EAST_WEST))
    lon, lat = np.full((2, 5), [[126.605], [45.905]])
    lon.flags.writeable = lat.flags.writeable = False
    assert differences(compiled.assign(lon, lat), plain.assign(lon, lat)) == []


def test_no_point_has_no_answer():
    for asked in both(shapes.frame(EAST_WEST), STATIONS):
        assert len(asked.assign([], [])) == 0


def test_portions_come_back_in_order_and_an_error_is_raised(monkeypatch):
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 3)
    assert shared_out(lambda begin, end: (begin, end), 10, 3) == [(0, 3), (3, 6), (6, 9), (9, 10)]
    with pytest.raises(ZeroDivisionError):
        shared_out(lambda begin, end: 1 // (begin - 3), 10, 3)


FORKING = """
import os
from geogrid.space import threads
os.cpu_count = lambda: 2
assert threads.shared_out(lambda begin, end: begin, 4, 1) == [0, 1, 2, 3]
child = os.fork()
if child == 0:
    os._exit(0 if threads.shared_out(lambda begin, end: begin, 4, 1) == [0, 1, 2, 3] else 1)
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_child_process_starts_threads_of_its_own():
    """The parent's do not live on in it: to wait for them would be to wait for ever."""
    subprocess.run([sys.executable, "-c", FORKING], check=True, timeout=60)


@pytest.mark.slow
def test_fourteen_thousand_polygons_are_answered_alike():
    """Many cells then hold several borders, more labels than their parts can name, and centres too near to an edge."""
    rng = np.random.default_rng(14)
    tiles, _ = shapes.lattice(rng, 120, 117, jitter=0.3, cell=0.001)
    assert len(tiles) > 14_000
    compiled, plain = both(shapes.frame(tiles), STATIONS)
    some = [tiles[i] for i in rng.choice(len(tiles), 1500)]
    for asked in (rng.permutation(shapes.probes(rng, some, count=3000))[:15_000], shapes.probes(rng, tiles[:1], count=5_000)):
        assert differences(compiled.assign(*asked.T), plain.assign(*asked.T), columns=("grid_code", "rule", "station_code")) == []
