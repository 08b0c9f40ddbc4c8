"""The jobs draw circles and hotspots beside the folding, for a district that is really committed."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import pytest
import shapely

from etl.analyses import draw_once, keep_drawn
from geogrid.actions.district import district_of, open_district
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.domain.grids import GeographyKind
from geogrid.settings import read_settings
from geogrid.store.session import make_engine, session_scope
from layers.service_circles import headline
from tests import build_district as build


@pytest.fixture
def settings(fresh_database, tmp_path):
    return read_settings(
        {"GEOGRID_DATABASE_URL": fresh_database, "GEOGRID_VAR": str(tmp_path), "GEOGRID_AS_OF": build.NOW.isoformat()}
    )


@pytest.fixture
def engine(settings):
    made = make_engine(settings)
    yield made
    made.dispose()


def load_district(engine):
    line = shapely.LineString([(126.605, 45.90), (126.605, 45.92)])
    row = {"code": "R", "name": "", "road_class": "residential", "from_node": 1, "to_node": 2, "speed_car_kmh": 30.0}
    roads = build.frame([row | {"length_m": 2224.0, "geometry": line}])
    with session_scope(engine) as session:
        district = district_of(build.profile(), session)
        load_edition(session, "first", {**build.geography(), GeographyKind.ROADS: roads}, now=build.NOW, district=district)
        activate_edition(session, "first", now=build.NOW, district=district)


def test_once_draws_what_is_missing_and_then_nothing(settings, engine):
    assert not draw_once(settings, engine)
    load_district(engine)
    assert draw_once(settings, engine)
    assert not draw_once(settings, engine)
    with session_scope(engine) as session:
        assert headline(session).reached == 8


def test_what_a_drawing_was_made_from_is_not_kept_after_it(settings, engine, monkeypatch):
    """Roads, times and polygons of a district are hundreds of MB, and an hour may pass until the next drawing."""
    opened, left, stopped = [], [], threading.Event()

    def open_noted(*given):
        here = open_district(*given)
        opened.append(weakref.ref(here.geography_for))
        return here

    monkeypatch.setattr("geogrid.actions.district.open_district", open_noted)

    def looked():
        gc.collect()
        left.extend(one() for one in opened)
        stopped.set()

    monkeypatch.setattr("etl.memory.give_back", looked)
    load_district(engine)
    keep_drawn(settings, engine, stopped, every_s=0.05)
    assert left == [None]
    with session_scope(engine) as session:
        assert headline(session).reached == 8


def test_an_edition_that_comes_while_the_jobs_run_is_drawn_and_they_stop_when_told(settings, engine):
    stopped = threading.Event()
    thread = threading.Thread(target=keep_drawn, args=(settings, engine, stopped), kwargs={"every_s": 0.05})
    thread.start()
    try:
        load_district(engine)
        deadline = time.monotonic() + 30
        found = None
        while found is None and time.monotonic() < deadline:
            time.sleep(0.05)
            with session_scope(engine) as session:
                found = headline(session)
    finally:
        stopped.set()
        thread.join(30)
    assert found is not None and found.reached == 8 and not thread.is_alive()
