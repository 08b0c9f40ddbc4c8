"""Real public data of New York: 76 precincts, one of them invalid; 2,000 requests, 1,402 of them with a place."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import text

from etl.assign_command import assign
from etl.load_command import load
from geogrid.settings import ROOT
from geogrid.store.session import engine_of

pytestmark = pytest.mark.real_data

PROFILE = ["--profile", "nyc"]
PLACES = ["--datum", "wgs84", "--lon", "Longitude", "--lat", "Latitude"]
EVENTS = [
    *("--map", "Unique Key=id", "--map", "Complaint Type=kind", "--map", "Descriptor=text", "--map", "Incident Address=address"),
    *("--map", "Created Date=reported_at", "--map", "Closed Date=closed_at", "--time-format", "%m/%d/%Y %I:%M:%S %p"),
    *("--set", "channel=hotline", "--value", "kind:Noise - Residential=order", "--value", "kind:*=other"),
]


@pytest.fixture
def data() -> Path:
    folder = Path(os.environ.get("GEOGRID_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "nyc311.csv").is_file():
        pytest.skip(f"NO REAL DATA: {folder} has no nyc311.csv; set GEOGRID_REAL_DATA to a folder that has")
    return folder


def invoke(command, *words: object) -> str:
    done = CliRunner().invoke(command, [str(word) for word in words], env={**os.environ, "GEOGRID_LANGUAGE": "en"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain_answers(data: Path) -> list[str]:
    """The precinct of each request by shapely alone, '' where no valid one covers it."""
    features = json.loads((data / "nyc_precincts.geojson").read_text("utf-8"))["features"]
    shapes = {str(item["properties"]["Precinct"]): shapely.geometry.shape(item["geometry"]) for item in features}
    valid = {code: shape for code, shape in shapes.items() if shape.is_valid}
    assert len(valid) == 75
    tree, codes = shapely.STRtree(list(valid.values())), list(valid)
    found = []
    for row in rows_of(data / "nyc311.csv"):
        hits = tree.query(shapely.Point(float(row["Longitude"]), float(row["Latitude"])), "intersects") if row["Latitude"] else []
        found.append(min((codes[i] for i in hits), default=""))
    return found


def test_assign_keeps_all_rows_and_finds_the_precincts(data, tmp_path):
    out = tmp_path / "out.csv"
    words = ["--grids", data / "nyc_precincts.geojson", "--grid-code", "Precinct", "--events", data / "nyc311.csv", *PLACES]
    said = invoke(assign, *words, *PROFILE, "--out", out)
    assert "geom.ring_short" in said, "the invalid precinct is told"
    before, after = rows_of(data / "nyc311.csv"), rows_of(out)
    assert len(after) == 2000
    assert [{key: row[key] for key in before[0]} for row in after] == before, "every original cell, in order"
    assert [row["grid_code"] for row in after] == plain_answers(data)
    assert Counter(row["rule"] for row in after) == {"inside": 1384, "unlocated": 598, "outside": 18}


def test_load_takes_the_located_and_puts_the_rest_aside_with_reasons(data, tmp_path, fresh_database, monkeypatch):
    monkeypatch.setenv("GEOGRID_DATABASE_URL", fresh_database)
    monkeypatch.setenv("GEOGRID_VAR", str(tmp_path / "var"))
    grids = [data / "nyc_precincts.geojson", "--map", "Precinct=code", "--edition", "2024", "--activate"]
    said = invoke(load, "grids", *grids, *PROFILE)
    assert "rows read 76 · accepted 75 · mended 75 · refused 1" in said
    assert "(-73.746545, 40.636538)" in said, "the place of the fault"
    said = invoke(load, "events", data / "nyc311.csv", *PLACES, *EVENTS, *PROFILE)
    assert "rows read 2000 · accepted 1402" in said
    assert "coord.missing: 598" in said
    engine = engine_of(fresh_database)
    with engine.connect() as connection:
        by_rule = dict(connection.execute(text("select rule, count(*) from events group by rule")).all())
        stored = dict(connection.execute(text("select words, count(*) from events group by words")).all())
        first = connection.execute(text("select min(reported_at) from events")).scalar_one()
    engine.dispose()
    assert by_rule == {"inside": 1384, "outside": 18}
    located = [row for row in rows_of(data / "nyc311.csv") if row["Latitude"]]
    assert stored == Counter(row["Descriptor"].strip() for row in located)
    assert first.utcoffset().total_seconds() == 0
    assert first.isoformat() == "2011-02-06T19:02:42+00:00", "14:02:42 in New York"
