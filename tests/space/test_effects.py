"""Effects of changes equal a full search before and after, and say who gains and who loses."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest

from geogrid.domain.speeds import Season
from geogrid.domain.stations import TravelMode
from geogrid.space.effects import BANDS, Change, effect_of, reached_by, under_conditions
from geogrid.space.network import Conditions, RoadNetwork
from geogrid.space.reach_counts import PointsOnEdges
from tests.space.lattice import METRIC_SRID, frame, lonlat, road


@pytest.fixture(scope="module")
def twin(small_twin):
    roads, stations, homes = (gpd.read_parquet(small_twin / f"{name}.parquet") for name in ("roads", "stations", "households"))
    network = RoadNetwork.from_frame(roads, metric_srid=METRIC_SRID)
    at, homes = (np.column_stack([points.geometry.x, points.geometry.y]) for points in (stations, homes))
    return network, at, homes


def brought(network, homes, mode):
    return PointsOnEdges.of(network.snap(*homes.T, mode), len(network.modes[mode].rows))


@pytest.mark.parametrize("mode", [TravelMode.WALK, TravelMode.EBIKE])
def test_a_change_is_the_same_as_searching_all_anew(twin, mode):
    network, at, homes = twin
    moved, opened = (float(at[2, 0] + 0.004), float(at[2, 1])), at[:1] + 0.003
    points = brought(network, homes, mode)
    effect = effect_of(network, at, points, mode, 10, Change(closed=[0, 3], moved={2: moved}, opened=opened))
    after = at.copy()
    after[2] = moved
    kept = np.array([i for i in range(len(at)) if i not in {0, 3}])
    full = reached_by(network, np.vstack([after[kept], opened]), points, mode, BANDS[-1])
    number = np.append(np.append(kept, len(at)), -1)
    assert (effect.after.ticks == full.ticks).all()
    assert (effect.after.station == number[full.station]).all()
    assert (effect.before.station != effect.after.station).any() and effect.stations == len(at) + 1


def test_gains_losses_and_loads_add_up(twin):
    network, at, homes = twin
    effect = effect_of(network, at, brought(network, homes, TravelMode.WALK), TravelMode.WALK, 10, Change(closed=[1]))
    before, after = effect.loads()
    assert before[1] > 0 and after[1] == 0
    assert before.sum() - after.sum() == len(effect.lost) and not len(effect.gained)
    bands = effect.bands()
    assert bands[0][2] == before.sum() and bands[1][-1] == len(homes)
    gained, lost = effect.by_group(np.arange(len(homes)) % 7, 7)
    assert lost.sum() == len(effect.lost) and not gained.any()


def test_opening_a_station_gains_those_around_it():
    """A street of 4 km with a station at its beginning: one in its middle reaches 800 m to either side."""
    network = RoadNetwork.from_frame(frame([road((0, 0), (4000, 0), 1, 2)]), metric_srid=METRIC_SRID)
    homes = lonlat(np.arange(0, 4001, 100.0), np.zeros(41))
    points = brought(network, homes, TravelMode.WALK)
    effect = effect_of(network, lonlat([0], [0]), points, TravelMode.WALK, 10.1, Change(opened=lonlat([2000], [0])))
    assert effect.gained.tolist() == list(range(12, 29)) and not len(effect.lost)
    assert effect.loads()[1].tolist() == [9, 17]


def test_winter_is_slower(twin):
    network, at, homes = twin
    before = reached_by(network, at, brought(network, homes, TravelMode.WALK), TravelMode.WALK, BANDS[-1])
    winter = network.under(replace(Conditions(), season=Season.WINTER))
    effect = under_conditions(before, winter, at, homes, TravelMode.WALK, 10)
    assert len(effect.lost) and not len(effect.gained)


def test_without_stations_nobody_is_reached(twin):
    network, at, homes = twin
    change = Change(closed=range(len(at)))
    effect = effect_of(network, at, brought(network, homes, TravelMode.WALK), TravelMode.WALK, 10, change)
    assert not effect.after.within(10).any() and (effect.after.station == -1).all()
