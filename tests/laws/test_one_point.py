"""Laws of one point: asked alone, without columns, it gets the answer it gets among many, bit for bit."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.domain.stations import TravelMode
from geogrid.errors import AccuracyInvalid, CoordNotFinite, CoordRange
from geogrid.space import arrangement, discs
from geogrid.space.crs import lonlat_of
from geogrid.space.network import Conditions, RoadNetwork
from geogrid.space.one_point import assign_one
from tests.laws.test_compiled import drawn
from tests.space import shapes
from tests.space.comparing import both
from tests.space.lattice import METRIC_SRID, ORIGIN_M, frame, road

seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from([9, 40, 300])
FAR_LONLAT = 36.0, 0.0
ACCURACIES = [np.nan, 0.001, 3.0, 40.0, 600.0, 20_000.0]
places = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(lambda place: (place[0] * 50.0, place[1] * 50.0))


def assert_alike(index, lonlat, accuracy_m):
    """Each point alone against the same point in a column of its own: what is summed up for many is not in question."""
    for (lon, lat), radius_m in zip(lonlat.tolist(), accuracy_m.tolist(), strict=True):
        given_m = None if np.isnan(radius_m) else radius_m
        assert assign_one(index, lon, lat, given_m, 7) == index.assign([lon], [lat], [radius_m]).one(0, 7)


def built(count, *args, **named):
    with patch.object(arrangement, "CELLS_PER_EDGE", 0), patch.object(arrangement, "LEAST_CELLS", count):
        return both(*args, **named)


@given(seeds, cells)
@settings(max_examples=12, deadline=None)
def test_inside_on_borders_and_outside(seed, count):
    """Probes are vertices, middles of edges, places beside them and anywhere."""
    rng, tiles, over, stations, lonlat = drawn(seed)
    codes = [f"c{i}" for i in rng.permutation(len(tiles))]
    some = lonlat[rng.permutation(len(lonlat))[:120]]
    for index in built(count, shapes.frame(tiles, codes, village_code=codes), stations, shapes.frame(over)):
        assert_alike(index, some, rng.choice(ACCURACIES, len(some)))


@given(seeds, cells)
@settings(max_examples=12, deadline=None)
def test_in_gaps_and_where_grids_overlap(seed, count):
    rng, tiles, over, _, lonlat = drawn(seed)
    grids = [*tiles[1:], shapes.square(0.001, 0.001, 0.007), shapes.DONUT, *over[:1]]
    some = lonlat[rng.permutation(len(lonlat))[:120]]
    district = shapely.box(126.6, 45.9, 126.62, 45.93)
    index, _ = built(count, shapes.frame(grids), district=district, gap_tolerance_m=100.0, accuracy_share=0.68)
    assert_alike(index, some, rng.choice(ACCURACIES, len(some)))


def test_what_is_no_point_is_refused_alike():
    index, _ = both(shapes.frame([shapes.square()]))
    wrong = [
        (CoordNotFinite, np.nan, 45.9, None),
        (CoordRange, 181.0, 45.9, 5.0),
        (AccuracyInvalid, 126.6, 45.9, 0.0),
        (AccuracyInvalid, 126.6, 45.9, np.inf),
    ]
    for error, lon, lat, accuracy_m in wrong:
        with pytest.raises(error):
            assign_one(index, lon, lat, accuracy_m, 1)


def test_a_disc_that_the_compiled_way_doubts_is_weighed_the_plain_way():
    index, _ = both(shapes.frame([shapes.square(), shapes.square(0.01)]))
    with patch.object(discs.Discs, "shares_of_one", return_value=None) as asked:
        assert_alike(index, np.array([[126.6099, 45.905]]), np.array([50.0]))
    assert asked.call_count == 1


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(places, places, st.booleans(), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(-30, 70), st.integers(-30, 70)), min_size=1, max_size=12),
    st.lists(places, min_size=1, max_size=4),
)
def test_the_station_by_time(rows, spots, stations):
    """Roads full of ties on a raster of 50 m, bridges, one-ways and closed roads; several stations on one edge."""
    ends = {place: number for number, place in enumerate(sorted({place for row in rows for place in row[:2]}))}
    made = [road(a, b, ends[a], ends[b], bridge=bridge, oneway=one, walk=walks) for a, b, bridge, one, walks, _ in rows]
    closed = {TravelMode.WALK: np.array([row[-1] for row in rows])}
    x_m, y_m = (np.array([spot[i] * 10.0 for spot in spots]) + ORIGIN_M[i] for i in range(2))
    for compiled in (True, False):
        network = RoadNetwork.from_frame(
            frame(made), metric_srid=METRIC_SRID, conditions=Conditions(closed=closed), compiled=compiled
        )
        lon, lat = lonlat_of(x_m, y_m, METRIC_SRID)
        for mode in (TravelMode.WALK, TravelMode.EBIKE):
            flood = network.flood(np.column_stack(lonlat_of(*(np.array(stations) + ORIGIN_M).T, METRIC_SRID)), mode)
            minutes, rank = flood.at(network.snap(lon, lat, mode))
            alone = [network.soonest(flood, *place) for place in zip(lon.tolist(), lat.tolist(), strict=True)]
            assert alone == list(zip(minutes.tolist(), rank.tolist(), strict=True))


def test_a_point_that_the_zone_cannot_hold_has_no_station():
    network = RoadNetwork.from_frame(frame([road((0, 0), (100, 0), 0, 1)]), metric_srid=METRIC_SRID)
    flood = network.flood([[126.6, 45.9]], TravelMode.WALK)
    with pytest.raises(CoordRange):
        network.soonest(flood, *FAR_LONLAT)
