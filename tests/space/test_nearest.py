from __future__ import annotations

import numpy as np
import pytest

from geogrid.space import crs
from geogrid.space.nearest import StationIndex
from tests.space import shapes


def brute(lon, lat, places, codes):
    """The nearest by measuring everything, ties (to a micrometre) to the lowest code."""
    order = np.argsort(np.array(codes, dtype=str))
    metres = crs.geodesic_m(lon[:, None], lat[:, None], *places[order].T)
    least = metres.min(axis=1)
    best = order[np.argmax(metres <= least[:, None] + 1e-6, axis=1)]
    return np.array(codes, dtype=object)[best], least


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 220])
def test_the_nearest_equals_measuring_everything(count):
    rng = np.random.default_rng(count)
    places = np.round(rng.uniform([126, 45.5], [127.4, 46.6], (count, 2)), 9)
    codes = [f"s{i}" for i in rng.permutation(count)]
    lon, lat = rng.uniform([120, 40], [130, 50], (2000, 2)).T
    found = StationIndex.from_frame(shapes.points_frame(places, codes)).nearest(lon, lat)
    expected = brute(lon, lat, places, codes)
    assert found[0].tolist() == expected[0].tolist()
    assert np.allclose(found[1], expected[1], rtol=0, atol=2e-6)


def test_a_crowd_at_one_place_is_a_tie_for_the_lowest_code():
    places = np.repeat([shapes.at(0, 0)], 12, axis=0)
    codes = [f"s{i:02}" for i in reversed(range(12))]
    code, metres = StationIndex.from_frame(shapes.points_frame(places, codes)).nearest(np.array([126.7]), np.array([45.9]))
    assert code[0] == "s00"
    assert metres[0] == pytest.approx(7760.3, abs=0.1)


def test_two_stations_at_equal_distance_are_a_tie():
    places = [shapes.at(-0.01, 0), shapes.at(0.01, 0)]
    code, _ = StationIndex.from_frame(shapes.points_frame(places, ["b", "a"])).nearest(*np.array(shapes.at(0, 0)).reshape(2, 1))
    assert code[0] == "a"


def test_the_centre_is_never_the_nearest_and_alone_it_leaves_none():
    places = [shapes.at(0, 0), shapes.at(0.1, 0)]
    stations = shapes.points_frame(places, ["c", "p"], level=["centre", "point"])
    here = (np.array([shapes.WEST]), np.array([shapes.SOUTH]))
    assert StationIndex.from_frame(stations).nearest(*here)[0][0] == "p"
    code, metres = StationIndex.from_frame(stations[:1]).nearest(*here)
    assert code[0] is None
    assert np.isnan(metres[0])


def test_half_the_world_away_the_nearest_is_still_right():
    places = np.array([[126.6, 45.9], [-73.9, 40.7], [2.3, 48.9], [151.2, -33.9], [-70.6, -33.4], [18.4, -33.9]])
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform([-180, -85], [180, 85], (500, 2)).T
    codes = list("abcdef")
    found = StationIndex.from_frame(shapes.points_frame(places, codes)).nearest(lon, lat)
    assert found[0].tolist() == brute(lon, lat, places, codes)[0].tolist()
