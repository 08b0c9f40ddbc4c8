"""``geogrid load all``: a GeoPackage brings what a folder brings, people, teams, lists and enterprises included."""

from __future__ import annotations

import os

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import text

from etl.beside import beside
from etl.load_command import load
from etl.synthesise.write import GEOPACKAGE, write_beside, write_twin
from geogrid.errors import EnterpriseValue
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope
from tests.actions.test_enterprises import code
from tests.build_district import A1, NOW, SRID_STORED, TOWNSHIP_A, VILLAGE_A, departments, grids, households, stations, units

KINDS = {"units": units, "base_grids": grids, "department_grids": departments, "stations": stations, "households": households}
COUNTS = {
    "enterprises": "SELECT count(*) FROM enterprises",
    "visits": "SELECT count(*) FROM enterprise_visits",
    "duties": "SELECT count(*) FROM duties",
    "teams": "SELECT count(*) FROM teams",
    "members": "SELECT count(*) FROM posts WHERE team_id IS NOT NULL",
    "list items": "SELECT count(*) FROM list_items",
    "grids": "SELECT count(*) FROM base_grids",
}
WHOLE = {"enterprises": 1, "visits": 1, "duties": 1, "teams": 1, "members": 1, "list items": 1, "grids": 4}


def plain(row: dict) -> gpd.GeoDataFrame:
    """A table without places, as the twin's own."""
    return gpd.GeoDataFrame(pd.DataFrame([row]), geometry=gpd.GeoSeries([None], crs=SRID_STORED)).assign(synthetic=False)


def district() -> dict[str, gpd.GeoDataFrame]:
    firm = {"code": code(1), "name": "甲食品厂", "class": "key", "address": "甲路", "geometry": shapely.Point(126.605, 45.905)}
    visit = {"code": code(1), "date": "2025-03-01", "kind": "visit", "body": "department:market", "visitors": "", "seen": "正常"}
    worker = {"code": "W1", "name": "张三", "phone": "", "role": "grid_worker", "unit_code": VILLAGE_A, "grid_code": A1}
    team = {"code": "BASE-1", "name": "甲队", "force": "base", "unit": TOWNSHIP_A, "department": "", "members": "worker-w1"}
    return {
        **{name: make() for name, make in KINDS.items()},
        "enterprises": gpd.GeoDataFrame([firm], geometry="geometry", crs=SRID_STORED).assign(synthetic=False),
        "enterprise_visits": plain(visit),
        "workers": plain({**worker, "force": "base"}),
        "teams": plain(team),
        "lists": plain({"category": "E01", "unit": TOWNSHIP_A, "department": "urban", "part": "lead", "note": ""}),
    }


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "district"
    write_twin(district(), made)
    return made


@pytest.fixture
def engine(fresh_database):
    found = engine_of(fresh_database)
    migrate(found)
    yield found
    found.dispose()


def load_all(path, engine, tmp_path, edition="first", *more):
    words = ["all", str(path), "--edition", edition, *(more or ["--activate"]), "--as-of", NOW.isoformat(), "--profile", "999901"]
    url = engine.url.render_as_string(hide_password=False)
    told = {"GEOGRID_DATABASE_URL": url, "GEOGRID_VAR": str(tmp_path / "var"), "GEOGRID_LANGUAGE": "en"}
    done = CliRunner().invoke(load, words, env={**os.environ, **told}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def counted(engine) -> dict[str, int]:
    with session_scope(engine) as session:
        return {name: session.scalar(text(query)) for name, query in COUNTS.items()}


def test_a_geopackage_brings_what_its_folder_brings(folder, engine, tmp_path):
    said = load_all(folder / GEOPACKAGE, engine, tmp_path)
    assert counted(engine) == WHOLE
    assert "not loaded" not in said
    again = load_all(folder, engine, tmp_path, "second")  # the folder holds the same: of people and enterprises nothing is new
    assert {**counted(engine), "grids": 4} == WHOLE
    assert "1 workers: 0 new, 0 changed" in again


def test_a_folder_of_sheets_brings_them_as_well(folder, engine, tmp_path):
    """Not the twin's own files alone: whoever has a sheet of workers beside his grids is not passed over in silence."""
    for name in ("workers", "teams", "lists", "enterprise_visits"):
        frame = gpd.read_parquet(folder / f"{name}.parquet").drop(columns="geometry")
        frame.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.parquet").unlink()
    (folder / GEOPACKAGE).unlink()
    load_all(folder, engine, tmp_path)
    assert counted(engine) == WHOLE


def test_what_the_twin_makes_later_stands_in_its_geopackage_as_well(folder):
    """District and people are made one after the other; one file is still the whole district."""
    late = {name: table for name, table in district().items() if name in {"enterprises", "teams"}}
    (folder / GEOPACKAGE).unlink()
    write_twin({name: table for name, table in district().items() if name not in late}, folder)
    before = set(beside(folder / GEOPACKAGE))
    write_beside({**late, "lists": pd.DataFrame([{"category": "E01"}])}, folder)  # a table that knows of no geometry
    assert set(beside(folder / GEOPACKAGE)) - before == set(late)
    assert len(gpd.read_file(folder / GEOPACKAGE, layer="lists")) == 2
    assert not list(folder.glob(".making-*"))


def test_a_refused_enterprise_is_told(folder, engine, tmp_path):
    frames = district()
    frames["enterprises"].loc[0, "class"] = "huge"
    for name in ("enterprises", "enterprise_visits"):
        (folder / f"{name}.parquet").unlink()
    frames["enterprises"].to_parquet(folder / "enterprises.parquet")
    assert "1 enterprises were refused" in load_all(folder, engine, tmp_path)
    assert counted(engine)["enterprises"] == 0


@pytest.mark.parametrize("activate", [True, False])
def test_a_dry_run_tells_of_people_and_enterprises_and_stores_none(folder, engine, tmp_path, activate):
    said = load_all(folder, engine, tmp_path, "first", "--dry-run", *(["--activate"] if activate else []))
    assert "1 enterprises can be loaded; nothing was stored" in said
    assert "1 visits can be loaded; nothing was stored" in said
    assert "1 workers in 1 rows can be loaded; nothing was stored" in said
    for told in ("1 teams can be loaded; nothing was stored", "1 matters can be put on lists; nothing was stored"):
        assert (told in said) is activate, "teams and lists wait for places in force"
    assert said.count("waits: load it once an edition is in force") == (0 if activate else 2)
    assert counted(engine) == dict.fromkeys(WHOLE, 0)


def test_a_dry_run_names_what_a_load_would_stop_at(folder, engine, tmp_path):
    frames = district()
    frames["enterprise_visits"].loc[0, "date"] = "31.2.2025"
    (folder / "enterprise_visits.parquet").unlink()
    frames["enterprise_visits"].drop(columns="geometry").to_csv(folder / "enterprise_visits.csv", index=False)
    with pytest.raises(EnterpriseValue) as told:
        load_all(folder, engine, tmp_path, "first", "--dry-run")
    assert told.value.where["row"] == 2
