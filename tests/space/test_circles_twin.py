"""Circles on the small made-up district: what is drawn is what is counted, and nobody is reached over the water."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.domain.stations import TravelMode
from geogrid.space.circles import households_within, service_circles
from geogrid.space.network import RoadNetwork
from tests.space.lattice import METRIC_SRID


@pytest.fixture(scope="module")
def twin(small_twin):
    names = ("roads", "stations", "households", "places")
    frames = {name: gpd.read_parquet(small_twin / f"{name}.parquet") for name in names}
    frames["network"] = RoadNetwork.from_frame(frames["roads"], metric_srid=METRIC_SRID)
    return frames


def lonlat(points):
    return np.column_stack([points.geometry.x, points.geometry.y])


@pytest.mark.parametrize("mode", [TravelMode.WALK, TravelMode.EBIKE])
def test_what_is_drawn_is_what_is_counted(twin, mode):
    homes, stations = lonlat(twin["households"]), lonlat(twin["stations"])
    served = households_within(twin["network"], homes, stations, 10, mode)
    drawn = shapely.contains_xy(service_circles(twin["network"], stations, 10, mode).shapes[0], homes)
    assert served.reached.any()
    assert (drawn != served.reached).mean() < 0.02


def test_more_minutes_reach_the_same_households_and_more(twin):
    homes, stations = lonlat(twin["households"]), lonlat(twin["stations"])
    five, ten = (households_within(twin["network"], homes, stations, minutes, TravelMode.WALK) for minutes in (5, 10))
    assert (ten.reached | ~five.reached).all() and ten.reached.sum() > five.reached.sum()
    assert (ten.travel_minutes[five.reached] == five.travel_minutes[five.reached]).all()


def test_counts_agree_with_the_station_by_time(twin):
    homes, stations = lonlat(twin["households"]), lonlat(twin["stations"])
    codes, minutes, straight = twin["network"].station_by_time(*homes.T, twin["stations"]["code"], stations, TravelMode.EBIKE)
    order = np.argsort(twin["stations"]["code"].to_numpy(dtype=str))
    served = households_within(twin["network"], homes, stations[order], 10, TravelMode.EBIKE)
    assert (served.reached == ((minutes <= 10) & ~straight)).all()
    sorted_codes = twin["stations"]["code"].to_numpy(dtype=object)[order]
    assert (sorted_codes[served.station[served.reached]] == codes[served.reached]).all()


def test_no_shape_lies_on_the_water(twin):
    places = twin["places"]
    water = places[(places["kind"] == "water") & places.geometry.geom_type.isin(["Polygon", "MultiPolygon"])].geometry.array
    shape = service_circles(twin["network"], lonlat(twin["stations"]), 10, TravelMode.EBIKE, water=water).shapes[0]
    assert len(water) and not shape.is_empty
    assert shapely.intersection(shape, shapely.union_all(water)).area < 1e-9
