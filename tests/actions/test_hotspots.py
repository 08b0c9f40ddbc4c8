"""Hotspots of the database: found under any edition, named, compared, drawn and told again as they were found."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import shapely

from geogrid.actions.accept import accept_report
from geogrid.actions.analysis import refresh
from geogrid.actions.district import district_of
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.actions.hotspots import draw_hotspots, hotspot_of, hotspots_between
from geogrid.domain.grids import GeographyKind
from geogrid.domain.hotspots import Against, Period
from geogrid.space.hotspot_words import sentence
from geogrid.store import editions
from layers import hotspots
from layers.formats import geojson
from layers.view import View
from tests import build_district as build

WHOLE = View((126.55, 45.85, 126.75, 46.05), 14)
SIDE = 0.01
HOT = 65
MONTH = Period(build.NOW - timedelta(days=30), build.NOW)


def board(first=1):
    """Twelve by twelve grids of 200 households; codes count up from ``first``."""
    rows = []
    for i in range(144):
        x, y = build.WEST + SIDE * (i % 12), build.SOUTH + SIDE * (i // 12)
        box = shapely.box(*np.round([x, y, x + SIDE, y + SIDE], 9))
        code = f"999901001001{i + first:03d}"
        said = {"code": code, "name": f"第{i}网格", "kind": "ordinary", "households": 200, "village_code": build.VILLAGE_A}
        rows.append({**said, "leader": "", "geometry": box})
    return build.frame(rows)


def middle(i):
    return round(build.WEST + SIDE * (i % 12 + 0.5), 4), round(build.SOUTH + SIDE * (i // 12 + 0.5), 4)


@pytest.fixture
def district(session):
    """A board with an event a grid in the last month; one grid has 20, and had 10 the month before; a market stands in it."""
    district = district_of(build.profile(), session)
    market = {"code": "P1", "name": "甲市场", "kind": "landmark", "address": "", "geometry": shapely.Point(middle(HOT))}
    frames = {**build.geography(), GeographyKind.BASE_GRIDS: board(), GeographyKind.PLACES: build.frame([market])}
    load_edition(session, "board", frames, now=build.NOW, district=district)
    activate_edition(session, "board", now=build.NOW, district=district)
    for i in range(144):
        add(session, district, 20 if i == HOT else 1, middle(i), 1 + i // 12)
    add(session, district, 10, middle(HOT), 40)
    return district


def add(session, district, count, lonlat, days_ago):
    at = build.NOW - timedelta(days=days_ago)
    for _ in range(count):
        accept_report(session, build.report(lonlat), now=at, district=district, actor="test")


def test_the_market_is_found_named_and_compared(session, district):
    report, ground = hotspots_between(session, MONTH, district=district, compared=MONTH.compared(Against.PREVIOUS))
    (spot,) = report.hotspots
    assert (spot.name, spot.codes, spot.events) == ("甲市场", ("999901001001066",), 20)
    assert (spot.change.before, spot.change.ratio) == (10, 2.0)
    assert report.before == 10 and report.counts.sum() == 163
    assert ground.outline(spot.codes).covers(shapely.Point(middle(HOT)))
    assert sentence(spot, "zh").startswith("甲市场，是平常的 ")


def test_only_the_kinds_asked_for_count(session, district):
    kind = build.report(middle(1)).kind.value
    assert hotspots_between(session, MONTH, district=district, kinds=[kind])[0].counts.sum() == 163
    other = next(one for one in ("order", "dispute") if one != kind)
    assert hotspots_between(session, MONTH, district=district, kinds=[other])[0].counts.sum() == 0


def test_under_another_edition_events_are_placed_anew(session, district):
    """Its grids have other codes; the events lie in them all the same."""
    load_edition(session, "later", {GeographyKind.BASE_GRIDS: board(first=501)}, now=build.NOW, district=district)
    later = editions.named(session, "later")
    report, _ = hotspots_between(session, MONTH, district=district, edition=later)
    assert [spot.codes for spot in report.hotspots] == [("999901001001566",)]
    assert (report.counts.sum(), report.without_grid) == (163, 0)


def test_what_is_drawn_is_told_again(session, district):
    refresh(session, now=build.NOW, district=district)
    draw_hotspots(session, now=build.NOW, district=district)
    (said,) = hotspots.clusters(session)
    again = hotspot_of(said)
    assert (again.name, again.events, again.change.before, said["label"]) == ("甲市场", 20, 10, f"1 甲市场 ×{said['ratio']}")
    drawn = [f["properties"] for f in geojson(session, hotspots.LAYER, WHOLE)["features"] if f["properties"]["rank"]]
    assert [(one["rank"], one["label"], one["events"], one["before"]) for one in drawn] == [(1, said["label"], 20, 10)]


def test_an_empty_month_has_no_hotspots(session, district):
    empty = Period(build.NOW - timedelta(days=400), build.NOW - timedelta(days=370))
    report, _ = hotspots_between(session, empty, district=district, compared=empty.compared(Against.LAST_YEAR))
    assert report.hotspots == () and report.before == 0
