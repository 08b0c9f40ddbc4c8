"""Service areas: counts are exact, shapes say what the counts say, and a river is crossed at its bridge only."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.domain.stations import TravelMode
from geogrid.space.circles import households_within, service_circles
from geogrid.space.crs import from_metric, to_metric
from geogrid.space.network import RoadNetwork
from tests.space.lattice import METRIC_SRID, ORIGIN_M, frame, lattice, lonlat, road

# Eleven by nine crossings 200 m apart; a river between the columns 5 and 6, bridged in the lowest row alone.
RIVER = {(row * 11 + 5, row * 11 + 6) for row in range(1, 9)}


@pytest.fixture(scope="module")
def town():
    return RoadNetwork.from_frame(lattice(11, 9, without=RIVER), metric_srid=METRIC_SRID)


def points(count, seed=7):
    """Places on and beside the streets of the town, in metres from its corner."""
    random = np.random.default_rng(seed)
    along, street, off = random.uniform(0, 1600, count), random.integers(0, 9, count) * 200.0, random.uniform(-40, 40, count)
    return along, street + off


def inside(shape, x, y):
    metric = to_metric(np.array([shape], dtype=object), METRIC_SRID)[0]
    return shapely.covers(metric, shapely.points(np.column_stack([x, y]) + ORIGIN_M))


def test_a_household_is_reached_to_the_metre():
    roads = RoadNetwork.from_frame(frame([road((0, 0), (2000, 0), 1, 2)]), metric_srid=METRIC_SRID)
    homes = lonlat([799.9, 800.1, 759.9, 760.1], [0, 0, 40, 40])  # ten minutes are 800 m, the way to the road included
    served = households_within(roads, homes, lonlat([0], [0]), 10, TravelMode.WALK)
    assert served.reached.tolist() == [True, False, True, False]
    assert np.isinf(served.travel_minutes[1]) and served.by_station(1).tolist() == [2]


def test_a_household_far_from_every_road_is_not_reached_though_the_line_is_short():
    roads = RoadNetwork.from_frame(frame([road((0, 0), (100, 0), 1, 2)]), metric_srid=METRIC_SRID)
    served = households_within(roads, lonlat([0], [600]), lonlat([0], [0]), 30, TravelMode.WALK)
    assert served.reached.tolist() == [False]


def test_households_go_to_the_station_that_is_quickest(town):
    served = households_within(town, lonlat([10, 1590], [0, 0]), lonlat([0, 1600], [0, 0]), 10, TravelMode.WALK)
    assert served.station.tolist() == [0, 1] and served.by_station(2).tolist() == [1, 1]


@pytest.mark.parametrize("mode", [TravelMode.WALK, TravelMode.EBIKE])
def test_the_shape_says_what_the_count_says(town, mode):
    """At most 3 % of households near streets lie on the other side of the shape's border than their own minutes say."""
    minutes = {TravelMode.WALK: 10, TravelMode.EBIKE: 4}[mode]
    x, y = points(4000)
    stations = lonlat([900, 400], [1200, 200])
    served = households_within(town, lonlat(x, y), stations, minutes, mode)
    drawn = inside(service_circles(town, stations, minutes, mode).shapes[0], x, y)
    assert 0.2 < served.reached.mean() < 0.9
    assert (drawn != served.reached).mean() < 0.03


def test_a_shape_crosses_the_river_at_the_bridge_only(town):
    """The station stands on the bank 150 m from the river's other side, and a walk of 25 minutes from the place opposite."""
    station = lonlat([1000], [1000])
    ten = service_circles(town, station, 10, TravelMode.WALK).shapes[0]
    assert inside(ten, [960], [1000]).all() and not inside(ten, [1200, 1300], [1000, 1000]).any()
    thirty = service_circles(town, station, 30, TravelMode.WALK).shapes[0]
    assert inside(thirty, [1200], [1000]).all()


def test_water_is_left_out_and_what_it_cuts_off_from_every_road():
    """A lane along a river 60 m wide with no road beyond: the far bank is no one's, though a walker could be there in time."""
    roads = RoadNetwork.from_frame(frame([road((0, 0), (1000, 0), 1, 2)]), metric_srid=METRIC_SRID)
    river = shapely.box(-2000, 100, 3000, 160)
    river = from_metric(shapely.transform(np.array([river], dtype=object), lambda xy: xy + ORIGIN_M), METRIC_SRID)
    dry = service_circles(roads, lonlat([500], [0]), 10, TravelMode.WALK).shapes[0]
    cut = service_circles(roads, lonlat([500], [0]), 10, TravelMode.WALK, water=river).shapes[0]
    assert inside(dry, [500, 500], [130, 200]).all()
    assert inside(cut, [500], [80]).all() and not inside(cut, [500, 500], [130, 200]).any()


def test_the_middle_of_a_bridge_reaches_nobody():
    roads = [road((0, 0), (100, 0), 1, 2), road((100, 0), (1300, 0), 2, 3, bridge=True), road((1300, 0), (1500, 0), 3, 4)]
    built = RoadNetwork.from_frame(frame(roads), metric_srid=METRIC_SRID)
    shape = service_circles(built, lonlat([0], [0]), 18, TravelMode.WALK).shapes[0]
    assert inside(shape, [50, 1305], [5, 5]).all() and not inside(shape, [700, 700], [5, 150]).any()


def test_one_shape_a_station_lies_within_the_shape_of_all(town):
    stations = lonlat([200, 1800, 50_000], [200, 1400, 50_000])  # the third is far from every road
    apart = service_circles(town, stations, 5, TravelMode.WALK, dissolve=False).shapes
    together = service_circles(town, stations, 5, TravelMode.WALK).shapes[0]
    assert [shape.is_empty for shape in apart] == [False, False, True]
    assert all(shapely.is_valid(shape) for shape in (*apart, together))
    left = shapely.difference(shapely.union_all(apart), together).area
    assert left < 0.005 * together.area
    assert abs(shapely.union_all(apart).area - together.area) < 0.005 * together.area


def test_nothing_reached_is_an_empty_shape(town):
    assert service_circles(town, lonlat([50_000], [0]), 10, TravelMode.WALK).shapes[0].is_empty
    assert service_circles(town, np.zeros((0, 2)), 10, TravelMode.WALK).shapes[0].is_empty
    assert not len(service_circles(town, np.zeros((0, 2)), 10, TravelMode.WALK, dissolve=False).shapes)
