"""One event's own page and its print: found by number, hidden from who does not see it, masked, nothing fetched."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from sqlalchemy import text as sql

from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, TOWNSHIP_B
from tests.build_installation import DISTRICT
from webmap.installation import installation

WORDS = "路灯不亮，请联系 13812345678"


@pytest.fixture
def event(small):
    found = small.accept(IN_A1, words=WORDS)
    client = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    path = f"/api/v1/events/{found.id}/steps"
    for step, details in (("open", {}), ("dispatch", {"party": "unit:999901001001", "note": "今天办 13812345678"})):
        assert client.post(path, json={"step": step, "details": details}).status_code == 201
    return found


def test_the_page_tells_history_clocks_place_and_what_comes_next_and_masks_numbers(small, event):
    page = small.client().get(f"/events/{event.number}").get_data(as_text=True)
    for told in (
        "立案时限",
        "办理时限",
        "派遣",
        "甲社区",
        "处置",
        'class="timeline"',
        'class="around"',
        f"/desk?event={event.id}",
    ):
        assert told in page, told
    assert "138****5678" in page
    assert "13812345678" not in page
    assert not re.search(r"<[^>]+ style=", page), "the policy of the page allows no style in a line"


def test_by_its_id_a_browser_still_comes_to_the_map_and_by_number_to_the_page(small, event):
    client = small.client()
    assert client.get(f"/events/{event.id}", headers={"Accept": "text/html"}).headers["Location"] == f"/?event={event.id}"
    assert client.get(f"/events/{event.number}", headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.parametrize("form", ["", ".pdf"])
def test_who_does_not_see_the_event_finds_nothing(small, event, form):
    stranger = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    hidden = stranger.get(f"/events/{event.number}{form}", headers={"Accept": "application/json"})
    missing = stranger.get(f"/events/20990101000001{form}", headers={"Accept": "application/json"})
    assert [hidden.status_code, missing.status_code] == [404, 404]
    assert hidden.get_json()["code"] == missing.get_json()["code"]


def test_the_print_is_a_pdf_with_the_same_words_masked(small, event, tmp_path):
    answer = small.client().get(f"/events/{event.number}.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    with session_scope(installation(small.app).engine) as session:
        taken = session.scalars(sql("SELECT object_id FROM audit WHERE action = 'export.event'")).all()
    assert taken == [str(event.id)]
    assert answer.headers["Cache-Control"] == "no-store"
    if shutil.which("pdftotext"):
        path = tmp_path / "event.pdf"
        path.write_bytes(answer.data)
        text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
        assert event.number in text
        assert "138****5678" in text
        assert "13812345678" not in text
        assert "SIMULATED" in text


def test_what_somebody_wrote_becomes_no_markup(small):
    found = small.accept(IN_A1, words="<script>alert(1)</script><img src=http://127.0.0.1/x>")
    page = small.client().get(f"/events/{found.number}").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert small.client().get(f"/events/{found.number}.pdf").status_code == 200


def test_what_a_file_brought_names_nobody_and_says_so(small):
    found = small.accept(IN_A1, words="路灯不亮")
    with session_scope(installation(small.app).engine) as session:
        session.execute(sql("UPDATE steps SET actor = 'import' WHERE event_id = :e AND seq = 1"), {"e": found.id})
    page = small.client().get(f"/events/{found.number}").get_data(as_text=True)
    assert "文件中没有经办人信息" in page
    assert "办理过程未记录经办人" in page
    other = small.accept(IN_A1, words="路灯又不亮")
    assert "文件中没有经办人信息" not in small.client().get(f"/events/{other.number}").get_data(as_text=True)


def test_milestones_and_orders_about_it_stand_on_the_page_and_on_paper(small, event, tmp_path):
    client = small.login_as(Role.COMMANDER, unit=DISTRICT)
    small.login_as(Role.OFFICER, unit="999901001001")
    steps = f"/api/v1/events/{event.id}/steps"
    assert client.post(steps, json={"step": "key_list", "details": {"note": "large"}}).status_code == 201
    made = client.post(f"/api/v1/desk/events/{event.id}/milestones", json={"title": "完成勘察", "due_on": "2025-06-17"})
    assert made.status_code == 201
    order = {"to": "unit:999901001001", "text": "现场盯办 13812345678", "event_id": str(event.id)}
    assert client.post("/api/v1/desk/orders", json=order).status_code == 201
    page = client.get(f"/events/{event.number}").get_data(as_text=True)
    for told in ("完成勘察", "超期", "现场盯办 138****5678", "已读 0/1", "派给：甲社区"):
        assert told in page, told
    if shutil.which("pdftotext"):
        path = tmp_path / "event.pdf"
        path.write_bytes(client.get(f"/events/{event.number}.pdf").data)
        text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
        assert "完成勘察" in text and "138****5678" in text and "待审批" not in text


def test_what_was_merged_says_so_at_once_and_tells_a_relative_once(small, event, tmp_path):
    child = small.accept(IN_A1, words=WORDS)
    clerk = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    merged = clerk.post(f"/api/v1/events/{child.id}/steps", json={"step": "merge", "details": {"parent": str(event.id)}})
    assert merged.status_code == 201
    page = clerk.get(f"/events/{child.number}").get_data(as_text=True)
    assert f"已并入 {event.number}" in page[page.index('class="standing"') : page.index('class="ways"')]
    kin = page[page.index('class="kin"') : page.index('id="clocks"')]
    assert kin.count(event.number) == 2  # the address and the words of one link
    of_parent = clerk.get(f"/events/{event.number}").get_data(as_text=True)
    assert of_parent[of_parent.index('class="kin"') : of_parent.index('id="clocks"')].count(child.number) == 2


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_every_sheet_of_the_print_has_number_and_ribbon(small, event, tmp_path):
    client = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    for n in range(60):
        client.post(f"/api/v1/events/{event.id}/steps", json={"step": "note", "details": {"note": f"第 {n} 次回访"}})
    path = tmp_path / "event.pdf"
    path.write_bytes(client.get(f"/events/{event.number}.pdf").data)
    told = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    sheets = told.rstrip("\f").split("\f")
    assert len(sheets) > 2
    for sheet in sheets:
        assert "模拟数据" in sheet
        assert event.number in sheet


def test_what_lies_nowhere_leaves_no_sign_between_nothing(small):
    nowhere = small.accept(None, words="某处路灯不亮")
    page = small.client().get(f"/events/{nowhere.number}").get_data(as_text=True)
    assert re.search(r"<dd>待落格</dd>", page)
