"""The twin at full size: the reference deployment's figures, to the digit."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from etl.synthesise.command import twin as twin_command
from geogrid.errors import NotFoundError, ProfileNotSynthetic

pytestmark = pytest.mark.slow
NAMES = ("units", "base_grids", "department_grids", "stations", "roads", "households", "workers", "places", "events", "truth")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("hulan")
    done = CliRunner().invoke(twin_command, ["--seed", "1", "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    return out


@pytest.fixture(scope="module")
def twin(folder) -> dict[str, gpd.GeoDataFrame]:
    return {name: gpd.read_parquet(folder / f"{name}.parquet") for name in NAMES}


def test_counts_are_the_reference_deployments(twin):
    counts = {name: len(table) for name, table in twin.items()}
    wanted = {"base_grids": 1425, "department_grids": 261, "workers": 3161, "events": 33_256, "truth": 33_256}
    assert {name: counts[name] for name in wanted} == wanted
    assert twin["units"].level.value_counts().to_dict() == {"village": 201, "township": 19, "district": 1}
    assert twin["stations"].level.value_counts().to_dict() == {"point": 201, "station": 19, "centre": 1}
    assert twin["department_grids"].department.nunique() == 8
    assert counts["households"] == twin["base_grids"].households.sum() == 280_000
    assert twin["truth"].hotspot.nunique() == 12


def test_the_district_is_an_exact_tiling_of_its_size(twin):
    grids = twin["base_grids"].geometry.to_numpy()
    assert shapely.coverage_is_valid(grids)
    assert shapely.is_valid(grids).all()
    assert 2000 < twin["base_grids"].area_m2.sum() / 1e6 < 2400
    assert 100 < shapely.get_num_coordinates(grids).mean() < 200
    lon, lat = shapely.get_coordinates(shapely.centroid(shapely.coverage_union_all(grids)))[0]
    assert (lon, lat) == (pytest.approx(126.6, abs=0.1), pytest.approx(45.9, abs=0.1))
    assert (shapely.get_num_geometries(twin["units"].geometry.to_numpy()) == 1).all()


def test_the_core_is_dense_and_the_countryside_wide(twin):
    area = twin["base_grids"].area_m2
    assert area.quantile(0.25) < 60_000
    assert area.quantile(0.9) > 1_500_000


def test_the_road_network_is_whole_but_for_six_pockets(twin):
    roads = twin["roads"]
    count = int(roads[["from_node", "to_node"]].max().max())
    graph = coo_matrix((np.ones(len(roads)), (roads.from_node - 1, roads.to_node - 1)), (count, count))
    sizes = np.bincount(connected_components(graph, directed=False)[1])
    assert 38_000 < count < 42_000
    assert len(sizes) == 7
    assert sizes.max() > count - 600
    cars = roads[roads.car]
    both = cars[~cars.oneway]
    ends = np.vstack([cars[["from_node", "to_node"]], both[["to_node", "from_node"]]]) - 1
    directed = coo_matrix((np.ones(len(ends)), tuple(ends.T)), (count, count))
    strong = np.bincount(connected_components(directed, connection="strong")[1])
    assert strong.max() > 0.97 * count  # one-way streets lead out again


def test_the_years_end_leaves_22_open(twin):
    events = twin["events"]
    assert events.closed_at.isna().sum() == 22
    assert events.closed_at.notna().sum() == 33_234
    assert events.channel.nunique() == 7


def test_a_busy_day_in_june_has_hundreds_in_all_states(twin):
    events, now = twin["events"], pd.Timestamp("2025-06-18T15:00:00+08:00")
    known = events[events.reported_at <= now]
    steps = ["reported_at", "opened_at", "dispatched_at", "handled_at", "verified_at"]
    waiting = known[~(known.closed_at <= now)]
    states = (waiting[steps] <= now).sum(axis=1).value_counts()
    assert 300 < len(waiting) < 900
    assert set(states.index) == {1, 2, 3, 4, 5}


def test_one_in_a_hundred_lies_on_a_border_or_outside(twin):
    events, grids = twin["events"], twin["base_grids"]
    plain = events[events.datum == "wgs84"]
    at, _ = shapely.STRtree(grids.geometry.to_numpy()).query(plain.geometry.to_numpy(), predicate="covered_by")
    covers = np.bincount(at, minlength=len(plain))
    assert 0.003 < (covers == 0).mean() < 0.012
    assert 0.003 < (covers > 1).mean() < 0.010


def test_the_geopackage_holds_all_that_the_folder_holds(folder):
    layers = dict(pyogrio.list_layers(folder / "district.gpkg"))
    assert set(layers) == set(NAMES) - {"truth"} | {"teams", "lists", "enterprises", "enterprise_visits"}
    assert not list(folder.glob(".making-*"))


def test_a_real_district_is_never_made_up(tmp_path):
    with pytest.raises(ProfileNotSynthetic):
        CliRunner().invoke(twin_command, ["--profile", "230111", "--out", str(tmp_path)], catch_exceptions=False)
    with pytest.raises(NotFoundError):
        CliRunner().invoke(twin_command, ["--profile", "nowhere", "--out", str(tmp_path)], catch_exceptions=False)
