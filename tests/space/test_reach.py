"""Reach sets equal scipy's node for node; counts equal the flood's; shapes hold what another router reaches."""

from __future__ import annotations

import heapq

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse.csgraph import dijkstra

from geogrid.domain.stations import TravelMode
from geogrid.space.circles import Circles
from geogrid.space.network import TICKS_PER_MINUTE, Conditions, RoadNetwork
from geogrid.space.reach import CLOSED, UNREACHED, WholeRoads, limit_ticks, reach_of
from geogrid.space.reach_counts import PointsOnEdges, counts_of, length_within, parts_within, soonest
from geogrid.space.reach_fields import TimeRaster, times_of
from tests.space.another_router import along_roads, minutes_of
from tests.space.lattice import METRIC_SRID, frame, lattice, lonlat, road


@pytest.fixture(scope="module")
def twin(small_twin):
    names = ("roads", "stations", "households")
    frames = {name: gpd.read_parquet(small_twin / f"{name}.parquet") for name in names}
    frames["network"] = RoadNetwork.from_frame(frames["roads"], metric_srid=METRIC_SRID)
    frames["homes"] = places(frames["households"])
    frames["at"] = places(frames["stations"])
    return frames


def places(points):
    return np.column_stack([points.geometry.x, points.geometry.y])


def searched(network, at, mode, minutes, **options):
    return reach_of(WholeRoads(network.modes[mode]), network.snap(*at.T, mode), minutes, **options)


@pytest.mark.parametrize("mode", list(TravelMode))
def test_reach_sets_are_scipys_node_for_node(twin, mode):
    """From the ends of each station's own edge, by scipy on the graph of the network itself."""
    reach = searched(twin["network"], twin["at"], mode, 15)
    roads = reach.roads
    for station in range(0, len(reach), 3):
        times = np.full(reach.whole.nodes, np.inf)
        edge, along, access = (int(values[0]) for values in reach.own(station))
        ends = [(roads.tail[edge], along)]
        ends += [(roads.head[edge], int(roads.ticks[edge]) - along)] if roads.two_way[edge] else []
        for node, ticks in ends:
            times = np.minimum(times, dijkstra(roads.towards, indices=node) + ticks + access)
        nodes = np.flatnonzero(times <= limit_ticks(15))
        found, ticks = reach.within(station, 15)
        order = np.argsort(found)
        assert found[order].tolist() == nodes.tolist() and ticks[order].tolist() == times[nodes].tolist()


@pytest.mark.parametrize("mode", list(TravelMode))
def test_the_plain_search_gives_the_same(twin, mode):
    compiled, plain = (searched(twin["network"], twin["at"], mode, 10, compiled=how) for how in (True, False))
    assert (compiled.starts == plain.starts).all()
    assert (compiled.node == plain.node).all() and (compiled.ticks == plain.ticks).all()


def test_one_search_holds_the_smaller_minutes(twin):
    fifteen, five = (searched(twin["network"], twin["at"], TravelMode.EBIKE, minutes) for minutes in (15, 5))
    for station in range(len(five)):
        for one, other in zip(fifteen.within(station, 5), five.within(station, 15), strict=True):
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize("mode", list(TravelMode))
def test_counts_are_those_of_the_flood(twin, mode):
    network, at, homes = twin["network"], twin["at"], twin["homes"]
    reach = searched(network, at, mode, 10)
    points = PointsOnEdges.of(network.snap(*homes.T, mode), len(reach.roads.rows))
    minutes, station = network.flood(at, mode, limit_minutes=10).at(points.places)
    found = soonest(reach, points)
    assert (found.within(10) == (minutes <= 10)).all() and found.within(10).any()
    assert (found.station[found.within(10)] == station[minutes <= 10]).all()
    plain = soonest(reach, points, compiled=False)
    assert (plain.ticks == found.ticks).all() and (plain.station == found.station).all()
    counts, touched = counts_of(reach, points, (5, 10), np.zeros(len(points), dtype=np.int64))
    alone = [network.flood(place, mode, limit_minutes=10).at(points.places)[0] for place in at[:4]]
    assert counts[:4].tolist() == [[int((one <= 5).sum()), int((one <= 10).sum())] for one in alone]
    assert (touched == (counts > 0)).all()


def test_a_closed_station_takes_no_new_search(twin):
    network, at = twin["network"], twin["at"]
    whole = searched(network, at, TravelMode.WALK, 10)
    rest = np.delete(np.arange(len(at)), 1)
    without, anew = whole.taken(rest), searched(network, at[rest], TravelMode.WALK, 10)
    assert without.node.tolist() == anew.node.tolist() and without.starts.tolist() == anew.starts.tolist()
    again = without.joined(whole.taken([1]))
    assert again.within(len(rest), 10)[0].tolist() == whole.within(1, 10)[0].tolist()


def test_one_ways_and_closed_roads_bind_the_parts_between_nodes():
    """A one-way street of 1,000 m to the station at its end: by car one comes from behind alone; closed, from nowhere."""
    street = frame([road((0, 0), (1000, 0), 1, 2, oneway=True)])
    network = RoadNetwork.from_frame(street, metric_srid=METRIC_SRID)
    homes = lonlat([400, 600], [0, 0])
    for closed, wanted in ((False, [1, 0]), (True, [0, 0])):
        conditions = Conditions(closed={mode: np.array([closed]) for mode in TravelMode})
        under = network.under(conditions)
        for compiled in (True, False):
            reach = searched(under, lonlat([500], [0]), TravelMode.CAR, 10, compiled=compiled)
            points = PointsOnEdges.of(under.snap(*homes.T, TravelMode.CAR), 1)
            assert soonest(reach, points, compiled=compiled).within(10).tolist() == [bool(each) for each in wanted]
        assert (reach.whole.edges[3] == CLOSED).all() == closed
        metres = length_within(reach, 0, 10, lambda edge: np.full(len(edge), 1000.0))
        assert metres == pytest.approx(0 if closed else 500, abs=0.1)


def test_parts_of_edges_are_exact_to_the_metre():
    """Ten minutes are 800 m on foot: 500 m to one end, 800 m of the 1,500 to the other."""
    network = RoadNetwork.from_frame(frame([road((0, 0), (2000, 0), 1, 2)]), metric_srid=METRIC_SRID)
    reach = searched(network, lonlat([500], [0]), TravelMode.WALK, 10)
    edge, begin, end = parts_within(reach, 0, 10)
    metres = np.stack([begin, end]) / TICKS_PER_MINUTE * 80
    assert set(edge.tolist()) == {0} and metres.min() == pytest.approx(0, abs=0.1)
    assert metres.max() == pytest.approx(1300, abs=0.5)
    assert length_within(reach, 0, 10, lambda edges: np.full(len(edges), 2000.0)) == pytest.approx(1300, abs=0.5)


def test_a_station_near_no_road_reaches_nothing():
    network = RoadNetwork.from_frame(lattice(3, 3), metric_srid=METRIC_SRID)
    reach = searched(network, lonlat([50_000, 0], [0, 0]), TravelMode.WALK, 10)
    assert not len(reach.within(0, 10)[0]) and len(reach.within(1, 10)[0])


def test_a_plain_field_has_the_same_times(twin):
    network = twin["network"]
    reach = searched(network, twin["at"], TravelMode.EBIKE, 10)
    raster = TimeRaster.of(reach.whole, TravelMode.EBIKE)
    nodes, ticks = reach.within(0, 10)
    time = np.full(reach.whole.nodes, UNREACHED)
    time[nodes] = ticks
    cells, own, most = raster.cells(0), reach.own(0), 2 * limit_ticks(10)
    prepared = cells.of(*raster.window(cells.layout, time, nodes, own, limit_ticks(10)))
    plain = times_of(reach.whole, prepared, time, own, most, compiled=False)
    assert (times_of(reach.whole, prepared, time, own, most) == plain).all() and (plain < most).any()


def test_cells_kept_from_one_window_serve_another(twin):
    """Two stations near each other share cells: the second's shape is the same with those of the first kept or none."""
    both, alone = (Circles.of(twin["network"], twin["at"], TravelMode.WALK, limit_minutes=10) for _ in range(2))
    kept = [both.each(station, [5, 10]) for station in range(4)]
    for station in (3, 2):
        for one, other in zip(alone.each(station, [10, 5])[::-1], kept[station], strict=True):
            assert one.equals(other)


@pytest.mark.parametrize("mode", list(TravelMode))
def test_shapes_hold_what_another_router_reaches(twin, mode):
    """Of households and of metres of road reached at least 98 % are held; of what is held at most 0.1 % is not reached."""
    network, at, limits = twin["network"], twin["at"], (5, 8, 10, 15)
    by_road, metres = along_roads(twin["roads"], mode, 25.0, METRIC_SRID)
    places = {"households": (twin["homes"], np.ones(len(twin["homes"]))), "roads": (by_road, metres)}
    shapes = Circles.of(network, at, mode).together(limits)
    for name, (lonlat_of, weight) in places.items():
        minutes = minutes_of(twin["roads"], at, lonlat_of, METRIC_SRID, mode)
        for limit, shape in zip(limits, shapes, strict=True):
            inside, reached = shapely.contains_xy(shape, lonlat_of), minutes <= limit
            assert weight[inside & reached].sum() >= 0.98 * weight[reached].sum() > 0, (name, limit)
            assert weight[inside & ~reached].sum() <= 0.001 * weight[inside].sum(), (name, limit)


def test_the_heap_takes_the_least_first():
    from geogrid.space.reach_kernels import pop, push

    random = np.random.default_rng(3)
    values, heap, peer = random.integers(0, 1000, 400), np.empty(401, dtype=np.int64), []
    for size, value in enumerate(values):
        push(heap, size, value)
        heapq.heappush(peer, int(value))
    taken = [int(pop(heap, size)) for size in range(len(values), 0, -1)]
    assert taken == [heapq.heappop(peer) for _ in range(len(values))]


def test_the_bench_of_reach_runs(tmp_path):
    """``./run bench reach --small``: its gates of exactness hold on the small twin."""
    from click.testing import CliRunner

    from tests.bench.reach import main

    done = CliRunner().invoke(main, ["--small", "--no-pgrouting", "--out", str(tmp_path / "reach.json")])
    assert done.exit_code == 0, done.output
