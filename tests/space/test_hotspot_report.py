"""Hotspots of a small town: found, named by what is there, counted, compared, and said in two languages."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.domain.events import EventKind
from geogrid.domain.hotspots import Change, Hotspot, HotspotKind
from geogrid.space.crs import SRID_STORED
from geogrid.space.hotspot_names import PlaceNames
from geogrid.space.hotspot_report import Ground, Happened, find_hotspots
from geogrid.space.hotspot_words import cut, label, sentence
from tests.space.lattice import METRIC_SRID, lonlat

SIDE, CELL_M = 15, 300.0


def ground():
    low = [(CELL_M * c, CELL_M * r) for r in range(SIDE) for c in range(SIDE)]
    boxes = [shapely.polygons(lonlat([x, x + CELL_M, x + CELL_M, x], [y, y, y + CELL_M, y + CELL_M])) for x, y in low]
    frame = gpd.GeoDataFrame(
        {
            "code": [f"G{i:03d}" for i in range(SIDE**2)],
            "name": [f"grid {i}" for i in range(SIDE**2)],
            "village_code": "V1",
            "households": [0 if i == 112 else 100 for i in range(SIDE**2)],
        },
        geometry=boxes,
        crs=SRID_STORED,
    )
    units = gpd.GeoDataFrame({"code": ["V1"], "name": ["East village"]}, geometry=[boxes[0]], crs=SRID_STORED)
    return Ground.from_frames(frame, units, metric_srid=METRIC_SRID), units


def happened(ground, *, hot=60, words="East village market gate"):
    """Four events a grid, and ``hot`` more in the middle of grid 112 (the 8th of the 8th row)."""
    rng = np.random.default_rng(1)
    grid = np.append(np.repeat(np.arange(SIDE**2), 4), np.full(hot, 112))
    x, y = CELL_M * (grid % SIDE + rng.random(len(grid))), CELL_M * (grid // SIDE + rng.random(len(grid)))
    spot = np.arange(len(grid)) >= 4 * SIDE**2
    x[spot], y[spot] = CELL_M * 7.5 + rng.normal(0, 30, hot), CELL_M * 7.5 + rng.normal(0, 30, hot)
    kinds = np.where(spot, EventKind.ORDER.value, EventKind.DISPUTE.value).astype(object)
    return Happened(ground.codes[grid], lonlat(x, y), kinds, np.where(spot, words, "East village").astype(object))


def places(kind, offset_m, geometry=shapely.Point):
    at = lonlat([CELL_M * 7.5 + offset_m], [CELL_M * 7.5])[0]
    shape = shapely.Point(at) if geometry is shapely.Point else shapely.LineString([at, (at[0], at[1] + 0.01)])
    return gpd.GeoDataFrame({"name": ["The Exchange"], "kind": [kind]}, geometry=[shape], crs=SRID_STORED)


def test_the_market_is_found_counted_and_named():
    where, units = ground()
    names = PlaceNames.from_frames(places("landmark", 50.0), None, units, metric_srid=METRIC_SRID)
    report = find_hotspots(where, happened(where), names, days=30)
    (spot,) = report.hotspots
    assert (spot.rank, spot.kind, spot.name, spot.codes) == (1, HotspotKind.STANDING, "The Exchange", ("G112",))
    assert (spot.events, spot.prevailing, spot.prevailing_events) == (64, EventKind.ORDER, 60)
    assert spot.usual < 4.5 and spot.p == pytest.approx(0.001) and spot.change is None
    assert (spot.households, spot.per_1000, spot.smoothed_per_1000) == (0, None, None)  # nobody lives at the market
    assert (report.rates.without_base, report.rates.events_without_base, report.without_grid) == (1, 64, 0)
    assert np.abs(np.subtract(spot.heart_lonlat, lonlat([CELL_M * 7.5], [CELL_M * 7.5])[0])).max() < 2e-4


@pytest.mark.parametrize(
    ("frames", "words", "name"),
    [
        ((places("landmark", 200.0), None), "East village market gate", "market gate"),
        ((places("landmark", 200.0), places("x", 20.0, shapely.LineString)), "", "The Exchange"),
        ((places("settlement", 300.0), None), "3 High street", "The Exchange"),
        ((places("settlement", 500.0), None), "East village 3", "East village"),
        ((None, None), "", "East village"),
    ],
)
def test_a_place_is_called_by_what_is_nearest_to_a_name(frames, words, name):
    """A landmark 200 m away is too far: what reports say, the road, the settlement, the village; never a house number."""
    where, units = ground()
    names = PlaceNames.from_frames(*frames, units, metric_srid=METRIC_SRID)
    (spot,) = find_hotspots(where, happened(where, words=words), names, days=30).hotspots
    assert spot.name == name


def test_no_hotspot_is_without_a_name_and_no_two_share_one():
    where, _ = ground()
    bare = Ground(**{**vars(where), "villages": np.array([""] * 225, object), "names": np.array([""] * 225, object)})
    names = PlaceNames.from_frames(metric_srid=METRIC_SRID)
    (spot,) = find_hotspots(bare, happened(bare, words=""), names, days=30).hotspots
    assert spot.name == "G112"
    two = happened(where, words="")
    extra = np.full(60, 20)
    at = lonlat(CELL_M * 5.5 + np.random.default_rng(2).normal(0, 30, 60), np.full(60, CELL_M * 1.5))
    both = Happened(
        np.append(two.grid_codes, where.codes[extra]),
        np.vstack([two.lonlat, at]),
        np.append(two.kinds, np.full(60, "order", object)),
        np.append(two.words, np.full(60, "", object)),
    )
    found = find_hotspots(where, both, names, days=30).hotspots
    assert sorted(one.name for one in found) == ["East village (grid 112)", "East village (grid 20)"]
    assert [one.rank for one in found] == [1, 2]


def test_what_rose_is_told_beside_what_stands_out():
    """Before, the market had as many: it has not changed. Grid 20 had 4 and has 24 with no more than a neighbour could have."""
    where, _ = ground()
    now = happened(where)
    before = np.full(SIDE**2, 4)
    before[112] = 64
    names = PlaceNames.from_frames(metric_srid=METRIC_SRID)
    (market,) = find_hotspots(where, now, names, days=30, before=before, days_before=30).hotspots
    assert market.change.before == 64 and market.change.ratio == pytest.approx(1.0) and market.change.q == 1.0
    (again,) = find_hotspots(where, now, names, days=30, before=np.full(SIDE**2, 4), days_before=30).hotspots
    assert again.change.ratio == pytest.approx(16.0) and again.change.q < 1e-9


def test_nothing_happened_and_events_without_a_grid_are_counted():
    where, _ = ground()
    names = PlaceNames.from_frames(metric_srid=METRIC_SRID)
    none = Happened(np.array([], object), np.zeros((0, 2)), np.array([], object), np.array([], object))
    assert find_hotspots(where, none, names, days=30).hotspots == ()
    lost = Happened(np.array([None, "elsewhere"]), np.full((2, 2), np.nan), np.array(["order"] * 2), np.array(["", ""]))
    assert find_hotspots(where, lost, names, days=30).without_grid == 2


def spot(**changed):
    plain = {
        "rank": 1,
        "kind": HotspotKind.STANDING,
        "name": "市场街",
        "codes": ("G1",),
        "events": 41,
        "usual": 12.9,
        "ratio": 41 / 12.9,
        "p": 0.001,
        "households": 210,
        "per_1000": 195.2,
        "smoothed_per_1000": 190.0,
        "prevailing": EventKind.ORDER,
        "prevailing_events": 28,
        "heart_lonlat": (126.6, 45.9),
    }
    return Hotspot(**{**plain, **changed})


def test_the_sentence_in_both_languages():
    assert sentence(spot(prevailing=None, households=0), "zh") == "市场街，是平常的 3.1 倍，41 起"
    assert sentence(spot(prevailing=None, households=0), "en") == "市场街: 3.1 times the usual, 41 events"
    whole = spot(change=Change(24, 1.799, 0.01, 0.02))
    assert sentence(whole, "en") == (
        "市场街: 3.1 times the usual, 41 events, mostly street order (28), 24 before (1.79 times), 210 households"
    )
    assert sentence(whole, "zh") == "市场街，是平常的 3.1 倍，41 起，以街面秩序为主（28 起），此前 24 起（现为 1.79 倍），210 户"
    one = spot(events=1, households=1, ratio=None, change=Change(0, None, 0.5, 0.5), prevailing=None)
    assert sentence(one, "en") == "市场街: nothing was usual, 1 event, none before, 1 household"
    assert sentence(spot(kind=HotspotKind.RISING, households=0, prevailing=None), "en").startswith(
        "市场街: 3.1 times what it had before"
    )


def test_numbers_are_cut_off_never_rounded_up():
    assert [cut(3.19), cut(2.0), cut(0.0999), cut(3.1), cut(-0.04), cut(1.999, 2)] == ["3.1", "2.0", "0.0", "3.1", "0.0", "1.99"]
    assert label(spot()) == "1 市场街 ×3.1" and label(spot(ratio=None)) == "1 市场街"
