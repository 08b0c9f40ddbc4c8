"""The small twin keeps what the large one promises: an exact tiling, codes by the standard, honest marks."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from etl.synthesise import SMALL, build_twin, build_world, write_parts, write_twin
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.grids import Department, ExclusiveKind
from geogrid.domain.places import Level, PlaceKind
from geogrid.domain.profiles import parse_profile
from geogrid.space.crs import from_record, to_record, transformer

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("units", "base_grids", "department_grids", "stations", "roads", "households", "workers", "places", "events", "truth")


@pytest.fixture(scope="module")
def twin(small_twin) -> dict[str, gpd.GeoDataFrame]:
    return {name: gpd.read_parquet(small_twin / f"{name}.parquet") for name in NAMES}


@pytest.fixture(scope="module")
def profile():
    return parse_profile((ROOT / "data/profiles/999901.toml").read_text(encoding="utf-8"))


def metric(geometry, profile):
    return shapely.transform(np.asarray(geometry), transformer(4490, profile.metric_srid).transform, interleaved=False)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_says_that_it_is_made_up_and_where_it_is_measured(twin, name):
    assert twin[name]["synthetic"].dtype == bool
    assert twin[name]["synthetic"].all()
    assert twin[name].crs.to_epsg() == 4490


def test_base_grids_tile_the_district_exactly(twin):
    grids = twin["base_grids"].geometry.to_numpy()
    assert len(grids) == SMALL.grids
    assert shapely.is_valid(grids).all()
    assert shapely.coverage_is_valid(grids)  # shared borders match vertex by vertex
    whole = shapely.coverage_union_all(grids)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert shapely.get_num_coordinates(grids).mean() == pytest.approx(150, abs=50)


def test_coordinates_lie_on_the_grid_of_the_store(twin):
    xy = shapely.get_coordinates(twin["base_grids"].geometry.to_numpy())
    assert (np.round(xy, 9) == xy).all()


@pytest.mark.parametrize("level", [Level.VILLAGE, Level.TOWNSHIP, Level.DISTRICT])
def test_units_are_exact_unions_of_their_parts(twin, level):
    units = twin["units"].set_index("code")
    grids = twin["base_grids"]
    own = units[units.level == level]
    length = {Level.VILLAGE: 12, Level.TOWNSHIP: 9, Level.DISTRICT: 6}[level]
    assert shapely.coverage_is_valid(own.geometry.to_numpy())
    for code, unit in own.iterrows():
        parts = grids[grids.code.str.startswith(code[:length])].geometry.to_numpy()
        assert unit.geometry.geom_type == "MultiPolygon"
        assert shapely.equals(shapely.coverage_union_all(parts), unit.geometry)


def test_tree_is_whole(twin):
    units, grids = twin["units"], twin["base_grids"]
    assert units.level.value_counts().to_dict() == {"village": SMALL.villages, "township": 4, "district": 1}
    assert set(units.parent_code.dropna()) <= set(units.code)
    assert units.parent_code.isna().sum() == 1
    assert (grids.village_code == grids.code.str[:12]).all()
    assert set(grids.village_code) == set(units.code[units.level == Level.VILLAGE])
    assert not units.name.duplicated().any()


def test_codes_follow_the_standard(twin, profile):
    assert twin["base_grids"].code.map(profile.is_grid_code).all()
    for name, pattern in (
        ("units", profile.unit_code_pattern),
        ("department_grids", profile.department_grid_code_pattern),
        ("stations", profile.station_code_pattern),
    ):
        assert twin[name].code.str.fullmatch(pattern).all()
        assert twin[name].code.is_unique
    streets = {"street": range(1, 100), "town": range(100, 200), "township": range(200, 400)}
    for row in twin["units"].itertuples():
        if row.kind in streets:
            assert int(row.code[6:9]) in streets[row.kind]
        elif row.kind in {"community", "village"}:
            assert (int(row.code[9:]) < 200) == (row.kind == "community")


def test_grids_are_numbered_without_holes_in_each_village(twin):
    numbers = twin["base_grids"].groupby("village_code").code.apply(lambda codes: sorted(codes.str[12:].astype(int)))
    assert all(own == list(range(1, len(own) + 1)) for own in numbers)


def test_exclusive_grids_are_there_by_kind(twin):
    grids = twin["base_grids"]
    wanted = {**SMALL.islands}
    for kind, count in SMALL.whole_cells.items():
        wanted[kind] = wanted.get(kind, 0) + count
    found = grids.exclusive_kind.value_counts().to_dict()
    assert found == {str(kind): count for kind, count in wanted.items()}
    assert set(found) <= set(ExclusiveKind.codes())
    assert (grids.kind.eq("exclusive") == grids.exclusive_kind.notna()).all()


def test_a_departments_grids_do_not_overlap_and_are_unions_of_base_grids(twin):
    grids, base = twin["department_grids"], twin["base_grids"]
    assert grids.department.value_counts().to_dict() == {str(d): n for d, n in SMALL.departments.items()}
    middles = base.geometry.representative_point()
    for department, own in grids.groupby("department"):
        assert shapely.coverage_is_valid(own.geometry.to_numpy())
        covered = base.area_m2[middles.within(own.geometry.union_all())].sum()
        assert own.area_m2.sum() == pytest.approx(covered, abs=10)  # areas are rounded to 0.1 m²
        part = department in {str(Department.URBAN), str(Department.AGRICULTURE)}
        assert (covered < base.area_m2.sum() * 0.99) == part


def test_households_agree_with_the_counts_of_their_grids(twin):
    grids, homes = twin["base_grids"], twin["households"]
    at, grid = shapely.STRtree(grids.geometry.to_numpy()).query(homes.geometry.to_numpy(), predicate="covered_by")
    lowest = pd.Series(grid).groupby(at).min()
    assert len(lowest) == len(homes) == SMALL.households
    assert np.bincount(lowest, minlength=len(grids)).tolist() == grids.households.tolist()
    assert (grids.village_code.to_numpy()[lowest] == homes.village_code).all()


def test_every_unit_has_its_station_inside(twin):
    units, stations = twin["units"].set_index("code"), twin["stations"]
    assert set(stations.unit_code) == set(units.index)
    assert (stations.code.str[:12] == stations.unit_code).all()
    assert units.geometry.loc[stations.unit_code].covers(stations.set_index("unit_code").geometry).all()
    level = {"district": "centre", "township": "station", "village": "point"}
    assert (stations.level == stations.unit_code.map(units.level).map(level)).all()
    assert not stations.geometry.duplicated().any()


def test_phones_can_be_nobodys(twin):
    workers = twin["workers"]
    assert len(workers) == SMALL.workers
    assert workers.phone.str.fullmatch(r"100\d{8}").all()  # mobile numbers begin with 13 to 19
    assert workers.phone.is_unique
    assert set(workers.grid_code) <= set(twin["base_grids"].code)
    assert set(twin["base_grids"].code) <= set(workers.grid_code[workers.role == "grid_leader"])


def test_roads_are_one_network_but_for_the_pockets(twin, profile):
    roads = twin["roads"]
    count = int(roads[["from_node", "to_node"]].max().max())
    graph = coo_matrix((np.ones(len(roads)), (roads.from_node - 1, roads.to_node - 1)), (count, count))
    sizes = np.bincount(connected_components(graph, directed=False)[1])
    assert len(sizes) == 1 + SMALL.pockets
    assert sizes.max() > 0.9 * count
    assert abs(count - SMALL.road_nodes) < 0.15 * SMALL.road_nodes
    assert {"motorway", "trunk", "primary", "secondary", "tertiary", "residential", "footway"} <= set(roads.road_class)
    assert roads.oneway.any()
    assert roads.length_m.to_numpy() == pytest.approx(shapely.length(metric(roads.geometry, profile)), abs=0.02)


def test_roads_meet_at_their_nodes(twin):
    roads = twin["roads"]
    ends = pd.concat(
        [
            pd.DataFrame({"node": roads.from_node, "at": shapely.get_point(roads.geometry.to_numpy(), 0)}),
            pd.DataFrame({"node": roads.to_node, "at": shapely.get_point(roads.geometry.to_numpy(), -1)}),
        ]
    )
    wkb = ends["at"].map(shapely.to_wkb)
    assert (wkb.groupby(ends.node).nunique() == 1).all()
    assert (ends.node.groupby(wkb).nunique() == 1).all()


def test_only_bridges_cross_water(twin):
    water = twin["places"][twin["places"].kind == PlaceKind.WATER].geometry.union_all()
    wet = twin["roads"].geometry.intersects(water.buffer(-1e-6))
    assert twin["roads"].bridge[wet].all()
    assert wet.any()
    assert not twin["households"].geometry.within(water).any()


def test_places_are_of_every_kind(twin):
    assert set(twin["places"].kind) == set(PlaceKind.codes())
    assert twin["places"].geometry.is_valid.all()


def test_events_have_no_grid_but_channel_kind_words_and_address(twin):
    events = twin["events"]
    assert len(events) == SMALL.events
    assert not {"grid_code", "village_code"} & set(events.columns)
    assert set(events.channel) == set(Channel.codes())
    assert set(events.kind) == set(EventKind.codes())
    assert events.channel.value_counts().index[0] == "patrol"
    assert events.text.str.contains("：").all()
    assert events.id.is_unique
    uuid4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert events.id.map(lambda one: uuid4.fullmatch(one) is not None).all()


def test_lives_run_forwards_and_some_stay_open(twin):
    events = twin["events"]
    steps = ["observed_at", "reported_at", "opened_at", "dispatched_at", "handled_at", "verified_at", "closed_at"]
    assert events.closed_at.isna().sum() == SMALL.events_open
    for before, after in pairwise(steps):
        both = events[before].notna() & events[after].notna()
        assert (events[after][both] >= events[before][both]).all()
        assert not (events[before].isna() & events[after].notna()).any()
    assert str(events.reported_at.dtype.tz) == "Asia/Shanghai"
    assert events[steps].max().max() < pd.Timestamp("2026-01-01", tz="Asia/Shanghai")
    assert events.reported_at.dt.year.eq(2025).all()


def test_points_and_truth_fit_the_stated_accuracy(twin, profile):
    events, truth = twin["events"], twin["truth"]
    assert events.id.tolist() == truth.id.tolist()
    record = np.column_stack([events.lon, events.lat])
    shifted = events.datum.to_numpy() == "gcj02"
    assert 0 < shifted.mean() < 0.3
    record[shifted] = np.column_stack(to_record(*record[shifted].T, "gcj02"))
    stated = metric(shapely.points(record), profile)
    true = metric(shapely.points(truth.true_lon, truth.true_lat), profile)
    share = shapely.distance(stated, true) / events.accuracy_m.to_numpy()
    assert share.max() <= 2.001
    assert 0.92 < (share <= 1.0).mean() < 0.98
    assert 0.40 < (share[share <= 1.0] ** 2).mean() < 0.60  # uniform in the disc


def test_shifted_points_are_stated_in_their_datum(twin):
    shifted = twin["events"][twin["events"].datum == "gcj02"]
    back = from_record(*to_record(shifted.lon, shifted.lat, "gcj02"), "gcj02")
    assert np.abs(np.array(back) - [shifted.lon, shifted.lat]).max() < 2e-9


def test_hotspots_are_planted_and_found_in_the_truth_only(twin):
    truth = twin["truth"]
    hot = truth.dropna(subset="hotspot")
    assert hot.hotspot.nunique() == SMALL.hotspots
    assert hot.groupby("hotspot").hotspot_name.nunique().eq(1).all()
    assert 0.08 < len(hot) / len(truth) < 0.2
    assert "hotspot" not in twin["events"].columns


def test_some_points_lie_exactly_on_vertices_of_grids(profile):
    frames = build_twin(profile, 5, size=SMALL, events=6000)
    corners = {tuple(xy) for xy in shapely.get_coordinates(frames["base_grids"].geometry.to_numpy())}
    on = sum((lon, lat) in corners for lon, lat in zip(frames["events"].lon, frames["events"].lat, strict=True))
    assert 0.002 * 6000 < on < 0.008 * 6000
    assert frames["events"].closed_at.isna().sum() == round(SMALL.events_open * 6000 / SMALL.events)


def test_the_same_seed_gives_the_same_values(twin, profile):
    again = build_twin(profile, 1, size=SMALL)
    for name in NAMES:
        left, right = twin[name], again[name]
        assert (left.geometry.to_wkb() == right.geometry.to_wkb()).sum() == left.geometry.notna().sum()
        plain = [column for column in left.columns if column != "geometry"]
        for column in plain:
            assert left[column].astype(str).tolist() == right[column].astype(str).tolist()
    other = build_twin(profile, 2, size=SMALL)
    assert not other["base_grids"].geometry.iloc[0].equals(twin["base_grids"].geometry.iloc[0])
    assert shapely.coverage_is_valid(other["base_grids"].geometry.to_numpy())


@pytest.mark.parametrize("name", ["units", "events", "places"])
def test_the_geopackage_says_the_same_as_the_files(twin, small_twin, name):
    layer = gpd.read_file(small_twin / "district.gpkg", layer=name)  # a warning here would fail: the format is kept to
    assert layer.crs.to_epsg() == 4490
    assert (layer.geometry.to_wkb() == twin[name].geometry.to_wkb()).all()
    if name == "events":
        assert (layer.reported_at == twin[name].reported_at).all()
        assert layer.closed_at.isna().sum() == twin[name].closed_at.isna().sum()


def test_workers_have_no_geometry_in_the_geopackage(small_twin):
    layers = dict(pyogrio.list_layers(small_twin / "district.gpkg"))
    assert layers["workers"] is None
    assert set(layers) == set(NAMES) - {"truth"}


def test_writing_leaves_no_half_made_files(profile, tmp_path):
    frames = build_twin(profile, 3, size=SMALL, events=50)
    write_twin(frames, tmp_path)
    before = (tmp_path / "roads.parquet").read_bytes()
    broken = {**build_twin(profile, 4, size=SMALL, events=50), "zones": None}
    with pytest.raises(AttributeError):
        write_twin(broken, tmp_path)
    assert (tmp_path / "roads.parquet").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.parquet" for name in NAMES} | {"district.gpkg"}


def test_the_same_seed_gives_the_same_geopackage_whenever_it_is_written(profile, tmp_path):
    frames = {"stations": build_twin(profile, 3, size=SMALL, events=50)["stations"]}
    written = []
    for name in ("first", "second"):
        write_twin(frames, tmp_path / name)
        written.append((tmp_path / name / "district.gpkg").read_bytes())
        time.sleep(0.01)  # the format notes milliseconds
    assert written[0] == written[1]


def test_parts_of_events_make_the_same_file_as_a_whole(profile, tmp_path, monkeypatch):
    monkeypatch.setattr("etl.synthesise.events.CHUNK", 300)
    world = build_world(profile, 1, SMALL)
    write_parts(world.frames, world.events(2025, 700), tmp_path)
    whole = build_twin(profile, 1, size=SMALL, events=700)["events"]
    parts = gpd.read_parquet(tmp_path / "events.parquet")
    assert parts.id.tolist() == whole.id.tolist()
    assert parts.crs == whole.crs
    assert len(pyogrio.read_dataframe(tmp_path / "district.gpkg", layer="events")) == 700
    assert parts.closed_at.isna().sum() == round(SMALL.events_open * 700 / SMALL.events)


def test_rings_run_as_an_import_wants_them(twin):
    for name in ("units", "base_grids", "department_grids", "places"):
        shapes = twin[name].geometry.to_numpy()
        assert shapely.equals_identical(shapely.orient_polygons(shapes), shapes).all(), name
