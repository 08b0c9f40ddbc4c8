"""The ledger of grids: what lies in each and who works there, events as the reader may see them, the same as a workbook."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from geogrid.domain.lists import Duty
from geogrid.domain.people import Force, Role, WorkerRole
from geogrid.store import lists
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, IN_B1, TOWNSHIP_A, TOWNSHIP_B
from tests.build_installation import DISTRICT
from webmap.installation import installation

HTML = {"Accept": "text/html", "Accept-Language": "en"}


def code_at(small, lonlat) -> str:
    with session_scope(installation(small.app).engine) as session:
        return session.execute(
            text("SELECT code FROM base_grids WHERE ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490))"),
            {"lon": lonlat[0], "lat": lonlat[1]},
        ).scalar_one()


@pytest.fixture
def a1(small) -> str:
    return code_at(small, IN_A1)


def main_of(client, path: str) -> str:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text[:400]
    return answer.text.partition("<main>")[2]


def test_every_grid_is_listed_with_its_counts(small, a1):
    small.accept(IN_A1)
    page = main_of(small.client(), "/ledger")
    with session_scope(installation(small.app).engine) as session:
        grids = session.execute(text("SELECT count(*) FROM base_grids WHERE upper_inf(valid)")).scalar_one()
    assert page.count('<th scope="row">') == grids and f"{grids} grids" in page
    row = next(part for part in page.split("<tr>") if a1 in part)
    assert '<td class="number">1</td><td class="number">0</td></tr>' in row.replace("\n", "")


def test_a_page_at_a_time_and_nothing_twice(small, monkeypatch):
    monkeypatch.setattr("webmap.ledger.PER_PAGE", 3)
    client, path, seen = small.client(), "/ledger", []
    for _ in range(10):
        page = main_of(client, path)
        seen += [part.split("</small>")[0].split("<small>")[-1] for part in page.split('<th scope="row">')[1:]]
        if "Next page" not in page:
            break
        path = page.split('">Next page')[0].rsplit('href="', 1)[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) > 3 and seen == sorted(seen)


def test_of_a_township_and_by_its_code(small, a1):
    client = small.client()
    of_a = main_of(client, f"/ledger?unit={TOWNSHIP_A}")
    assert a1 in of_a and code_at(small, IN_B1) not in of_a
    assert main_of(client, f"/ledger?q={a1}").count('<th scope="row">') == 1
    assert "No grid fits" in main_of(client, "/ledger?q=%25")  # a percent sign is a character, no wildcard


def test_who_has_a_territory_lists_its_grids_alone(small, a1):
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    page = main_of(leader, "/ledger")
    assert a1 not in page and code_at(small, IN_B1) in page
    assert leader.get(f"/ledger/{a1}", headers=HTML).status_code == 404


def test_one_grid_with_who_is_on_duty_there(small, a1):
    small.accept(IN_A1)
    worker = small.login_as(Role.OFFICER, unit=DISTRICT)
    with session_scope(installation(small.app).engine) as session:
        duty = Duty(worker.person_id, a1, Force.BASE, WorkerRole.GRID_WORKER)
        lists.add_duties(session, [duty], given_by="test")
    page = main_of(small.client(), f"/ledger/{a1}")
    assert "测*" in page and "测试员" not in page and "Grid worker" in page
    assert f"/desk?grid={a1}" in page and "no register of residents" in page


def test_the_workbook_is_the_list_and_runs_nothing(small, a1):
    small.accept(IN_A1)
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE base_grids SET name = '=1+1', leader = '张三丰' WHERE code = :code"), {"code": a1})
    got = small.client().get(f"/ledger.xlsx?unit={TOWNSHIP_A}", headers=HTML)
    book = load_workbook(io.BytesIO(got.data))
    grids = list(book["Grids"].iter_rows(values_only=True))
    row = next(row for row in grids if row[0] == a1)
    assert row[1] == "'=1+1" and row[5] == "张*" and row[-2:] == (1, 0)
    assert grids[1][0] == "模拟数据 SIMULATED"
    sheet = book["Grids"]
    assert sheet.print_title_rows == "$3:$3" and sheet.freeze_panes == "B4" and sheet.page_setup.orientation == "landscape"
    assert all(cell.font.bold for cell in sheet[3]) and sheet["I4"].number_format == "#,##0.00"
    counts = next(row for row in book["Events by kind"].iter_rows(values_only=True) if row[0] == a1)
    assert sum(value for value in counts[1:]) == 1
    with session_scope(installation(small.app).engine) as session:
        assert session.execute(text("SELECT count(*) FROM audit WHERE action = 'export.ledger'")).scalar_one() == 1


def test_a_grid_has_a_name_of_its_own_kind_in_chinese(small, a1):
    """The word for a person's name is none for a grid's or an organisation's."""
    got = small.client().get(f"/ledger.xlsx?unit={TOWNSHIP_A}&lang=zh", headers={"Accept": "text/html"})
    heads = [cell.value for sheet in load_workbook(io.BytesIO(got.data)) for cell in sheet[3]]
    assert "网格名称" in heads and "组织机构名称" in heads and "姓名" not in heads
    assert not [head for head in heads if head and re.search("[a-z]{3}", head)], "no English above Chinese columns"


def test_enterprises_are_organisations_of_their_grid(small, a1):
    """They count from the day they are loaded, placed or not; a reader of another township is told of none of them."""
    lon, lat = IN_A1
    with session_scope(installation(small.app).engine) as session:
        values = {"lon": lon, "lat": lat, "unit": TOWNSHIP_A, "grid": a1}
        session.execute(
            text(
                "INSERT INTO enterprises (id, code, name, class, point, loaded_at, township_code, grid_code) VALUES"
                " (gen_random_uuid(), 'Y1999901000000010X', '=甲食品', 'small',"
                " ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), now(), :unit, :grid)"
            ),
            values,
        )
    client = small.client()
    row = next(part for part in main_of(client, "/ledger").split("<tr>") if a1 in part)
    before = int(row.split('<td class="number">')[5].split("<")[0])
    assert before >= 1
    page = main_of(client, f"/ledger/{a1}")
    assert "=甲食品" in page and "/enterprises/" in page and f"Organisations <b>{before}</b>" in page
    book = load_workbook(io.BytesIO(client.get("/ledger.xlsx", headers=HTML).data))
    told = list(book["Organisations"].iter_rows(values_only=True))
    assert [row[2] for row in told if row[0] == a1 and row[1] == "Y1999901000000010X"] == ["'=甲食品"]
    elsewhere = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    book = load_workbook(io.BytesIO(elsewhere.get("/ledger.xlsx", headers=HTML).data))
    assert "Y1999901000000010X" not in str(list(book["Organisations"].iter_rows(values_only=True)))


def test_a_character_that_no_workbook_holds_costs_nobody_the_workbook(small, a1):
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE base_grids SET name = E'甲\\x0b网格'"))
    got = small.client().get("/ledger.xlsx")
    assert got.status_code == 200
    names = [row[1] for row in load_workbook(io.BytesIO(got.data)).worksheets[0].iter_rows(min_row=4, values_only=True)]
    assert set(names) == {"甲\ufffd网格"}
