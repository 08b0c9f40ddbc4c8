"""Partial re-indexing on cases whose answers are known, and on the twin: never to be told from an index made anew."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from geogrid.errors import FrameInvalid, GeometrySelfIntersection
from geogrid.space.index import AssignmentIndex
from geogrid.space.index_file import read, told
from geogrid.space.reindex import PatchedFast, redrawn, settled
from tests.bench import redraw
from tests.space import shapes
from tests.space.comparing import differences

DISTRICT = shapes.square(0, 0, 0.02, 0.01)
WEST_BEFORE, WEST_AFTER = shapes.square(0, 0), shapes.square(0, 0, 0.011, 0.01)
EAST_BEFORE, EAST_AFTER = shapes.square(0.01, 0), shapes.square(0.011, 0, 0.009, 0.01)
BETWEEN = shapes.at(0.0105, 0.005)


def index_of(west=WEST_BEFORE, east=EAST_BEFORE, **named):
    named = {"district": DISTRICT, "metric_srid": shapes.SRID, **named}
    return AssignmentIndex.from_frames(shapes.frame([west, east], ["w", "e"]), None, **named)


def grid_at(index, place=BETWEEN):
    found = index.assign(*place)
    return found.grid_code[0], found.rule[0]


def frames_of(twin):
    return twin["base_grids"], twin["stations"], twin["department_grids"]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_border_between_two_grids_moves(compiled):
    index = index_of(compiled=compiled)
    assert grid_at(index) == ("e", "inside")
    now = redrawn(index, shapes.frame([WEST_AFTER, EAST_AFTER], ["w", "e"]))
    assert grid_at(now.index) == ("w", "inside")
    assert grid_at(index) == ("e", "inside")  # the old one is as it was
    assert now.window == pytest.approx((*shapes.at(0, 0), *shapes.at(0.02, 0.01)))
    border = now.index.assign(*shapes.at(0.011, 0.003))
    assert (border.grid_code[0], border.rule[0]) == ("e", "border")


def test_only_the_points_in_the_window_are_asked_again(monkeypatch):
    index = index_of()
    lon, lat = np.array([BETWEEN[0], 126.59, 126.6305]), np.array([BETWEEN[1], 45.905, 45.905])
    was, now = index.assign(lon, lat), redrawn(index, shapes.frame([WEST_AFTER, EAST_AFTER], ["w", "e"]))
    asked = []
    real = AssignmentIndex.assign
    monkeypatch.setattr(AssignmentIndex, "assign", lambda self, x, y, a=None: asked.append(len(x)) or real(self, x, y, a))
    found = now.reassign(was, lon, lat)
    assert asked == [1]
    assert found.grid_code.tolist() == ["w", None, None]


def test_a_gap_and_an_overlap_that_a_drag_leaves_are_seen():
    west_only = redrawn(index_of(), shapes.frame([WEST_AFTER], ["w"])).index
    found = west_only.assign(*BETWEEN)
    assert (found.grid_code[0], found.rule[0], found.confidence[0]) == ("e", "overlap", 0.5)
    east_only = redrawn(index_of(), shapes.frame([EAST_AFTER], ["e"])).index
    assert grid_at(east_only) == (None, "gap")
    assert grid_at(east_only, shapes.at(0.01001, 0.005)) == ("w", "gap")  # less than a metre beside it


def test_a_point_in_a_gap_beside_the_window_follows_the_border_that_comes_near():
    """The gap is older than the drag; only the tolerance ties its points to the window."""
    index = index_of(west=shapes.square(0, 0, 0.009, 0.01))
    place = np.array([[126.6095], [45.905]])
    was = index.assign(*place)
    assert (was.grid_code[0], was.rule[0]) == (None, "gap")
    now = redrawn(index, shapes.frame([shapes.square(0, 0, 0.0094, 0.01)], ["w"]))
    assert now.window[2] < place[0, 0]
    assert now.reassign(was, *place).grid_code[0] == now.index.assign(*place).grid_code[0] == "w"


def test_a_disc_that_reaches_the_window_is_weighed_again():
    index, place = index_of(), (np.array([126.6082]), np.array([45.905]))
    accuracy = np.array([100.0])
    was = index.assign(*place, accuracy)
    assert was.confidence[0] == 1.0
    now = redrawn(index, shapes.frame([shapes.square(0, 0, 0.009, 0.01), shapes.square(0.009, 0, 0.011, 0.01)], ["w", "e"]))
    found = now.reassign(was, *place, accuracy)
    assert found.confidence[0] == now.index.assign(*place, accuracy).confidence[0] < 1.0
    assert [item.grid_code for item in found.candidates[0]] == ["w", "e"]


def test_a_border_that_comes_back_leaves_no_window():
    index = index_of()
    there = redrawn(index, shapes.frame([WEST_AFTER, EAST_AFTER], ["w", "e"])).index
    assert isinstance(there.fast, PatchedFast)
    assert 0.0 < there.fast.share <= 1.0
    back = redrawn(there, shapes.frame([WEST_BEFORE, EAST_BEFORE], ["w", "e"])).index
    assert type(back.fast) is type(index.fast)
    assert grid_at(back) == ("e", "inside")
    assert grid_at(settled(there)) == ("w", "inside")


def test_nothing_changes_when_nothing_moved():
    index = index_of()
    now = redrawn(index, shapes.frame([WEST_BEFORE], ["w"]))
    assert (now.window, type(now.index.fast)) == (None, type(index.fast))
    was = index.assign(*BETWEEN)
    assert now.reassign(was, *BETWEEN).grid_code[0] == "e"


def test_a_grid_is_removed_and_the_others_keep_their_codes():
    index = index_of()
    lonlat = np.array([BETWEEN, shapes.at(0.005, 0.005)])
    was = index.assign(*lonlat.T)
    now = redrawn(index, shapes.frame([], []), removed=["e"])
    for found in (now.reassign(was, *lonlat.T), now.index.assign(*lonlat.T)):
        assert found.grid_code.tolist() == [None, "w"]
        assert found.rule.tolist() == ["gap", "inside"]


def test_the_home_station_follows_the_village_of_the_grid():
    stations = shapes.points_frame(
        [shapes.at(0.001, 0.001), shapes.at(0.015, 0.001)], ["s1", "s2"], level="point", unit_code=["v1", "v2"]
    )
    grids = shapes.frame([WEST_BEFORE, EAST_BEFORE], ["w", "e"], village_code=["v1", "v2"])
    index = AssignmentIndex.from_frames(grids, stations, district=DISTRICT, metric_srid=shapes.SRID)
    kept = redrawn(index, shapes.frame([WEST_AFTER], ["w"])).index
    assert kept.assign(*shapes.at(0.005, 0.005)).home_station[0] == "s1"
    other = redrawn(index, shapes.frame([WEST_AFTER], ["w"], village_code=["v2"])).index
    assert other.assign(*shapes.at(0.005, 0.005)).home_station[0] == "s2"


def test_the_outline_made_of_the_grids_moves_with_them():
    index = index_of(district=None)
    wider = shapes.frame([shapes.square(0.01, 0, 0.02, 0.01)], ["e"])
    far = shapes.at(0.025, 0.005)
    assert grid_at(index, far) == (None, "outside")
    assert grid_at(redrawn(index, wider, outlined=True).index, far) == ("e", "inside")
    narrower = redrawn(index, shapes.frame([shapes.square(0.01, 0, 0.005, 0.01)], ["e"]), outlined=True)
    was = index.assign(*shapes.at(0.018, 0.005))
    assert narrower.reassign(was, *shapes.at(0.018, 0.005)).rule[0] == "outside"


def test_a_broken_polygon_or_an_unknown_code_is_refused():
    with pytest.raises(GeometrySelfIntersection):
        redrawn(index_of(), shapes.frame([shapes.BOW_TIE], ["w"]))
    with pytest.raises(FrameInvalid, match="no x to remove"):
        redrawn(index_of(), shapes.frame([WEST_AFTER], ["w"]), removed=["x"])


def test_drags_on_the_twin_are_followed_by_every_event(small_twin_frames):
    """From an index read from its file, one border after another, with accuracies."""
    grids, stations, departments = frames_of(small_twin_frames)
    district = small_twin_frames["units"].set_index("level").loc["district", "geometry"]
    named = {"district": district, "metric_srid": 4551}
    index, _ = read(bytearray(b"".join(told(AssignmentIndex.from_frames(grids, stations, departments, **named), {}, "k"))), "k")
    events = (*np.ascontiguousarray(small_twin_frames["lonlat"].T), small_twin_frames["events"]["accuracy_m"].to_numpy(float))
    was = index.assign(*events)
    for drag in redraw.made_drags(grids, np.random.default_rng(2), 3):
        moved = drag.changed.set_index("code").geometry
        grids = grids.set_geometry(
            gpd.GeoSeries([moved.get(c, g) for c, g in zip(grids["code"], grids.geometry, strict=True)], crs=4490)
        )
        now = redrawn(index, drag.changed)
        index, was = now.index, now.reassign(was, *events)
    anew = AssignmentIndex.from_frames(grids, stations, departments, **named)
    assert differences(was, anew.assign(*events)) == []
    rng = np.random.default_rng(4)
    lonlat = shapes.probes(rng, shapely.get_parts(np.asarray(drag.changed.geometry.array)), count=2000)
    assert differences(index.assign(*lonlat.T), anew.assign(*lonlat.T)) == []


def test_the_bench_runs(tmp_path):
    result = CliRunner().invoke(redraw.main, ["--small", "--points", "3000", "--out", str(tmp_path / "redraw.json")])
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "redraw.json").read_text())["differences"] == 0
