"""Circles and hotspots are drawn once for an edition, counted exactly, and drawn anew when they are old."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import shapely
from sqlalchemy import select

from geogrid.actions.accept import accept_report
from geogrid.actions.analysis import HOTSPOT_AGE, refresh
from geogrid.actions.circles import _by_part, _scene, season_at
from geogrid.actions.district import district_of
from geogrid.actions.drawn_copies import copies_of
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.actions.hotspots import BANDS, draw_hotspots
from geogrid.domain.circles import CIRCLE_MINUTES, CircleMode
from geogrid.domain.grids import GeographyKind
from geogrid.space.circles import Circles, households_within
from geogrid.store import editions
from geogrid.store.analysis import HOTSPOTS, SERVICE_CIRCLES, said
from geogrid.store.geography import frame_of
from geogrid.store.tables.geography import shapes
from layers import hotspots, service_circles
from layers.formats import geojson
from layers.view import View
from tests import build_district as build

WHOLE = View((126.55, 45.85, 126.70, 45.95), 14)


@pytest.fixture
def district(session):
    """The district of four grids, with roads, in force."""
    district = district_of(build.profile(), session)
    frames = {**build.geography(), GeographyKind.ROADS: build.roads()}
    load_edition(session, "first", frames, now=build.NOW, district=district)
    activate_edition(session, "first", now=build.NOW, district=district)
    return district


def add_events(session, district, count, lonlat, days_ago):
    at = build.NOW - timedelta(days=days_ago)
    for _ in range(count):
        accept_report(session, build.report(lonlat), now=at, district=district, actor="test")


def test_households_are_counted_by_each_stations_own_mode(session, district):
    """A's station stands in a community (on foot: 800 m), B's in a village (e-bike: 2,500 m); a column is 2,224 m long.

    Ten homes a column, 222 m apart, the first 111 m from its end. On foot those within 800 m of the middle are reached:
    the eight inner ones (up to 778 m). By e-bike all of column B; of column A (through the street in the south, 775 m long,
    after 1,112 m) those within 613 m of the south end: three, two of which the walkers count too.
    """
    assert refresh(session, now=build.NOW, district=district)
    found = service_circles.headline(session)
    assert [(m.mode.value, m.stations, m.households) for m in found.modes] == [("walk", 1, 8), ("ebike", 1, 13)]
    assert (found.reached, found.households, found.made_at) == (19, 20, build.NOW)
    assert found.text("en") == "Households within 10 minutes: 19 of 20 (95.00 %)"
    assert "10分钟" in found.text("zh") and found.mode_texts("zh")[0] == "步行：1 个站点，8 户"


def test_circles_are_drawn_by_mode_where_people_can_reach_a_station(session, district):
    refresh(session, now=build.NOW, district=district)
    features = geojson(session, service_circles.LAYER, WHOLE)["features"]
    shape_of = {f["properties"]["mode"]: shapely.geometry.shape(f["geometry"]) for f in features}
    assert set(shape_of) == {"walk", "ebike"}
    assert shape_of["walk"].covers(shapely.Point(126.605, 45.915)) and not shape_of["walk"].covers(shapely.Point(126.615, 45.91))
    assert shape_of["ebike"].covers(shapely.LineString([(126.615, 45.901), (126.615, 45.919)]))
    assert geojson(session, service_circles.LAYER, View((127.0, 46.0, 127.1, 46.1), 14))["features"] == []


def test_water_is_nobodys_home(session, district):
    pond = {"code": "W1", "name": "", "kind": "water", "address": "", "geometry": shapely.box(126.6155, 45.909, 126.617, 45.911)}
    load_edition(session, "wet", {GeographyKind.PLACES: build.frame([pond])}, now=build.NOW, district=district)
    activate_edition(session, "wet", now=build.NOW, district=district)
    refresh(session, now=build.NOW, district=district)
    shapes_drawn = [shapely.geometry.shape(f["geometry"]) for f in geojson(session, service_circles.LAYER, WHOLE)["features"]]
    assert any(shape.covers(shapely.Point(126.6152, 45.91)) for shape in shapes_drawn)
    assert not any(shape.covers(shapely.Point(126.616, 45.91)) for shape in shapes_drawn)


def test_nothing_is_drawn_again_until_the_edition_or_the_events_change(session, district):
    assert refresh(session, now=build.NOW, district=district)
    assert not refresh(session, now=build.NOW, district=district)
    load_edition(session, "second", {GeographyKind.BASE_GRIDS: build.grids(split_m=0.001)}, now=build.NOW, district=district)
    activate_edition(session, "second", now=build.NOW + timedelta(days=1), district=district)
    assert refresh(session, now=build.NOW + timedelta(days=1), district=district)
    editions = session.scalars(select(shapes.c.edition_id).where(shapes.c.kind == SERVICE_CIRCLES).distinct()).all()
    assert len(editions) == 1


def test_without_roads_or_an_edition_there_are_no_circles(session):
    district = district_of(build.profile(), session)
    assert not refresh(session, now=build.NOW, district=district)
    load_edition(session, "first", build.geography(), now=build.NOW, district=district)
    activate_edition(session, "first", now=build.NOW, district=district)
    refresh(session, now=build.NOW, district=district)
    assert service_circles.headline(session) is None
    assert geojson(session, service_circles.LAYER, WHOLE)["features"] == []


def test_bands_of_density_hold_the_events_of_the_period_alone(session, district):
    """Thirty events at one place: the peak is 30 / (2 pi 0.5^2) = 19.1 a square kilometre, so the third band is the last."""
    refresh(session, now=build.NOW, district=district)
    add_events(session, district, 30, build.IN_A1, 3)
    add_events(session, district, 100, build.IN_B2, 200)
    assert draw_hotspots(session, now=build.NOW, district=district)
    features = geojson(session, hotspots.LAYER, WHOLE)["features"]
    bands = {f["properties"]["band"]: shapely.geometry.shape(f["geometry"]) for f in features if f["properties"]["band"]}
    assert set(bands) == {1, 2, 3} and BANDS[2] < 19.1 < BANDS[3]
    assert bands[3].covers(shapely.Point(build.IN_A1))
    assert not any(band.covers(shapely.Point(126.615, 45.93)) for band in bands.values())


def test_hotspots_are_old_after_a_while_when_something_happened(session, district):
    refresh(session, now=build.NOW, district=district)
    add_events(session, district, 30, build.IN_A1, 3)
    draw_hotspots(session, now=build.NOW, district=district)
    later = build.NOW + 2 * HOTSPOT_AGE
    assert not refresh(session, now=later, district=district)  # no step since
    session.execute(
        shapes.update().where(shapes.c.kind == HOTSPOTS).values(properties={**said(session, HOTSPOTS)[1], "step": -1})
    )
    assert not refresh(session, now=build.NOW, district=district)  # too early
    assert refresh(session, now=build.NOW - 2 * HOTSPOT_AGE, district=district)  # the clock was set back
    session.execute(
        shapes.update().where(shapes.c.kind == HOTSPOTS).values(properties={**said(session, HOTSPOTS)[1], "step": -1})
    )
    assert refresh(session, now=later, district=district)


def test_all_by_one_mode_are_its_own_stations_and_the_others(session, district):
    """Every station is drawn once by a mode; their union is what all together draw, but for seams, and no household differs."""
    refresh(session, now=build.NOW, district=district)
    edition = editions.in_force(session)
    stations = frame_of(session, GeographyKind.STATIONS, edition)
    stations = stations[stations["level"] != "centre"]
    geography = district.geography_for(edition.id)
    grids = frame_of(session, GeographyKind.BASE_GRIDS, edition)
    scene = _scene(session, geography, stations, grids, district, season_at(build.NOW, district))
    shapes_of, minutes = _by_part(scene)
    for (choice, mode, level), drawn in shapes_of.items():
        rows = scene.stations(choice, mode, level)
        whole = Circles.of(scene.network, scene.lonlat, mode).together([float(each) for each in CIRCLE_MINUTES], rows)
        apart = [shapely.symmetric_difference(one, other).area for one, other in zip(whole, drawn, strict=True)]
        shares = [area / shape.area for area, shape in zip(apart, whole, strict=True) if area]
        assert max(shares, default=0.0) < 0.02, shares
        late = households_within(scene.network, scene.homes, scene.lonlat[rows], CIRCLE_MINUTES[-1], mode).travel_minutes
        assert (np.where(minutes[choice, mode, level] <= CIRCLE_MINUTES[-1], minutes[choice, mode, level], np.inf) == late).all()
    assert {(choice, mode) for choice, mode, _ in shapes_of} >= {(CircleMode.OWN, "walk"), (CircleMode.WALK, "walk")}


def test_copies_that_are_known_are_those_made_anew():
    whole = shapely.MultiPolygon([shapely.box(126.6 + i, 45.9, 126.61 + i, 45.91).buffer(0.001) for i in range(3)])
    known = {}
    list(copies_of(shapely.MultiPolygon(list(whole.geoms)[1:]), "part", {}, known))
    assert len(known) == 2
    made, anew = list(copies_of(whole, "all", {}, known)), list(copies_of(whole, "all", {}))
    assert len(known) == 3
    assert [(one.zoom, one.code, one.mercator.wkb) for one in made] == [(one.zoom, one.code, one.mercator.wkb) for one in anew]
