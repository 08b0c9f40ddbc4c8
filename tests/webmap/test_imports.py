"""The page of an import shows its report, and nothing outside the folder of imports."""

from __future__ import annotations

import json

import pytest

HTML = {"Accept": "text/html"}
ID = "20250618T150000-1f3a"


@pytest.fixture
def report(shared):
    folder = shared.settings.var_dir / "imports" / ID
    folder.mkdir(parents=True, exist_ok=True)
    refused = {"row": 7, "code": "coord.range", "lonlat": [126.605, 45.905], "zh": "经度超出范围 <b>x</b>", "en": "out of range"}
    fault = {"kind": "gap", "group": "", "codes": ["a"], "area_m2": 12.5, "lonlat": [126.61, 45.91], "zh": "缝隙", "en": "gap"}
    part = {
        "kind": "base_grids", "file": "<i>grids</i>.csv", "format": "csv", "layer": None, "notes": [], "mended": [],
        "rows": {"read": 9, "accepted": 8, "mended": 0, "refused": 1, "known": 0, "later": 0}, "refused": [refused],
        "refused_by_code": {"coord.range": 1}, "difference": None, "again": "geogrid load base_grids refused.gpkg",
        "coverage": [fault],
    }  # fmt: skip
    whole = {"schema": 1, "id": ID, "made_at": "2025-06-18T15:00:00+08:00", "profile": "999901", "edition": "2025",
             "state": "dry_run", "activated": False, "error": None, "parts": [part]}  # fmt: skip
    (folder / "report.json").write_text(json.dumps(whole), encoding="utf-8")
    (folder / "refused.geojson").write_text("{}", encoding="utf-8")
    return folder


def test_the_list_names_every_import(shared, report):
    page = shared.client().get("/imports?lang=zh", headers=HTML)
    assert page.status_code == 200
    assert ID in page.text and "基础网格" in page.text and "试运行" in page.text


def test_the_report_stands_beside_a_map_of_its_faults(shared, report):
    page = shared.client().get(f"/imports/{ID}?lang=zh", headers=HTML).text
    assert "经度超出范围 &lt;b&gt;x&lt;/b&gt;" in page and "&lt;i&gt;grids" in page
    told = json.loads(page.split('id="geogrid-config">')[1].split("</script>")[0])
    assert [point["lonlat"] for point in told["points"]["refused"]] == [[126.605, 45.905]]
    assert [point["text"] for point in told["points"]["faults"]] == ["缝隙"]
    west, south, east, north = told["bounds"]
    assert west < 126.605 and east > 126.61 and south < 45.905 and north > 45.91


def test_refused_rows_can_be_taken_along(shared, report):
    answer = shared.client().get(f"/imports/{ID}/refused.geojson")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    answer.close()


@pytest.mark.parametrize(
    "path", ["none", "..", "%2e%2e", f"{ID}/token", f"{ID}/..%2f..%2fsecrets%2ftoken", ".hidden", f"{ID}/refused.gpkg"]
)
def test_nothing_else_is_served(shared, report, path):
    assert shared.client().get(f"/imports/{path}").status_code == 404


def test_a_row_at_the_other_end_of_the_country_does_not_shrink_the_district_to_a_dot(shared, report):
    path = report / "report.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    row = told["parts"][0]["refused"][0]
    told["parts"][0]["refused"].append({**row, "row": 8, "lonlat": [75.0, 20.0]})
    path.write_text(json.dumps(told), encoding="utf-8")
    page = shared.client().get(f"/imports/{ID}?lang=zh", headers=HTML).text
    config = json.loads(page.split('id="geogrid-config">')[1].split("</script>")[0])
    assert config["bounds"][0] > 126 and config["bounds"][1] > 45


def test_the_legend_shows_the_symbols_of_refused_rows_and_faults_and_differences_are_in_words(shared, report):
    path = report / "report.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["parts"][0]["difference"] = {"against": "2024", "added": ["a"], "removed": [], "changed": ["b", "c"], "moved": []}
    path.write_text(json.dumps(told), encoding="utf-8")
    page = shared.client().get(f"/imports/{ID}?lang=zh", headers=HTML).text
    assert "新增 1 · 删除 0 · 变更 2" in page
    config = json.loads(page.split('id="geogrid-config">')[1].split("</script>")[0])
    assert {layer["name"]: len(layer["legend"]) for layer in config["layers"] if layer["name"] in {"refused", "faults"}} == {
        "refused": 1,
        "faults": 1,
    }


def test_the_latest_import_stands_first_by_the_districts_time_and_kinds_have_names(shared, report):
    """Ids were made of local time once, and of UTC since: it is the time itself that orders them."""
    later = report.parent / "20250618T072612-9c40"
    later.mkdir(exist_ok=True)
    told = json.loads((report / "report.json").read_text("utf-8"))
    part = {**told["parts"][0], "kind": "enterprises"}
    whole = {**told, "id": later.name, "made_at": "2025-06-18T07:26:12+00:00", "parts": [part]}
    (later / "report.json").write_text(json.dumps(whole), encoding="utf-8")
    page = shared.client().get("/imports?lang=zh", headers=HTML).text
    assert page.index(later.name) < page.index(ID)
    assert "2025-06-18 15:26" in page
    assert "企业" in page.split("<tbody>")[1] and ">enterprises<" not in page
