"""Counts over HTTP and on the page: the three readings, sums in words, what moved, CSV; refusals say what to mend."""

from __future__ import annotations

import csv
import io
import re

import pytest

from geogrid.actions.editions import load_edition
from geogrid.actions.place import place_event
from geogrid.domain.grids import GeographyKind
from geogrid.store.session import session_scope
from tests.build_district import A1, A2, IN_A1, IN_A2, NOW, TOWNSHIP_A, grids
from webmap.installation import installation

COUNTS = "/api/v1/counts"
NEAR_BORDER = (126.605, 45.9101)
RECAST = "reading=recast&edition=draft&by=grid"


def draft(small, split_m=0.001):
    here = installation(small.app)
    with session_scope(here.engine) as session:
        frames = {GeographyKind.BASE_GRIDS: grids(split_m=split_m)}
        load_edition(session, "draft", frames, now=NOW, district=here.district)


@pytest.fixture
def filled(small):
    """Two events in A2, one placed there by hand, and a draft in which the border of A1 moves up over one of them."""
    for lonlat in (NEAR_BORDER, IN_A2):
        small.accept(lonlat)
    here, lost = installation(small.app), small.accept(None)
    with session_scope(here.engine) as session:
        place_event(session, lost.id, A2, now=NOW, district=here.district, actor="desk")
    draft(small)
    return small


def test_a_recast_shows_both_sides_and_its_sums(filled):
    body = filled.client().get(f"{COUNTS}?{RECAST}&flow=true&lang=en").get_json()
    assert (body["total"], body["edition"], body["as_of"]) == (3, "draft", None)
    rows = {row["code"]: (row["recorded"], row["counted"], row["difference"]) for row in body["rows"]}
    assert rows == {A1: (0, 1, 1), A2: (3, 1, -2), None: (0, 1, 1)}
    assert body["reconciliation"][1] == "Recast to an edition draft: Inside 2 + Cannot be recast 1 = 3, of 3 events"
    assert sum(row["events"] for row in body["flow"]) == 3
    assert [(one["grid_code"], one["reason"], one["heirs"]) for one in body["not_recast"]] == [(A2, "divided", [A1, A2])]


def test_periods_parts_and_units_over_http(filled):
    body = filled.client().get(f"{COUNTS}?by=township&period=quarter&split=channel,state").get_json()
    (row,) = body["rows"]
    assert (row["code"], row["name"], row["period"]) == (TOWNSHIP_A, "甲街道", "2025-04-01")
    assert (row["channel"], row["state"], row["counted"]) == ("patrol", "reported", 3)
    assert body["flow"] is None


def test_an_answer_is_new_as_soon_as_something_happened(filled):
    def counted(query=RECAST):
        rows = filled.client().get(f"{COUNTS}?{query}").get_json()["rows"]
        return {row["code"]: row["counted"] for row in rows}

    assert counted() == {A1: 1, A2: 1, None: 1}
    filled.accept(IN_A1)
    assert counted() == {A1: 2, A2: 1, None: 1}
    draft(filled, 0.0)
    assert counted() == {A1: 1, A2: 3}


def test_as_of_now_says_when(filled):
    body = filled.client().get(f"{COUNTS}?reading=as-of").get_json()
    assert body["as_of"]
    assert all(row["difference"] == 0 for row in body["rows"])


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("reading=guess", 400, "request.invalid"),
        ("edition=draft", 400, "request.invalid"),
        ("reading=recast&as_of=2025-06-18T15:00:00%2B08:00", 400, "request.invalid"),
        ("from=2025-06-18", 400, "request.invalid"),
        ("split=colour", 400, "request.invalid"),
        ("reading=recast&edition=nowhere", 404, "edition.unknown"),
    ],
)
def test_what_cannot_be_counted_is_refused(shared, query, status, code):
    answer = shared.client().get(f"{COUNTS}?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_the_description_names_the_counts(shared):
    described = shared.client().get("/api/v1/openapi.json").get_json()["paths"]["/api/v1/counts"]["get"]
    assert {one["name"] for one in described["parameters"]} >= {"reading", "edition", "by", "from", "to", "as_of", "period"}


def test_the_page_shows_bars_sums_and_what_moved(filled):
    page = filled.client().get(f"/recast?{RECAST}&lang=en").get_data(as_text=True)
    assert "Inside 2 + Cannot be recast 1 = 3, of 3 events" in page
    assert '<rect class="was" width="100.0"' in page
    assert f'<span class="code">{A1}</span>' in page
    assert "What moved <span>2</span>" in page
    assert "The grid went to several grids" in page
    assert "SIMULATED" in page


def test_the_page_opens_with_the_last_twelve_months_as_recorded_in_chinese(filled):
    page = filled.client().get("/recast").get_data(as_text=True)
    assert 'value="2024-07-01"' in page
    assert 'value="2025-06-18"' in page
    assert "按登记：网格内 2 + 人工归格 1 = 3，共 3 件" in page
    assert "甲街道" in page
    assert 'href="/recast">统计与重算' in filled.client().get("/").get_data(as_text=True)


def test_events_without_a_place_do_not_dwarf_the_places(filled):
    """Four were not in the register then: the bars are those of the places all the same, the longest as wide as there is room."""
    filled.accept(IN_A1)
    page = filled.client().get("/recast?reading=as-of&as_of=2025-06-01T00:00&by=grid&lang=en").get_data(as_text=True)
    assert re.findall(r'class="was" width="([\d.]+)"', page) == ["33.33", "100.0", "0"]
    assert re.findall(r'class="is" y="6" width="([\d.]+)"', page) == ["0.0", "0.0", "0"]


def test_a_time_without_events_says_what_to_do(filled):
    page = filled.client().get("/recast?first=2001-01-01&last=2001-01-31&lang=en").get_data(as_text=True)
    assert "No event was reported in this time" in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("first=yesterday", 400),
        ("first=2025-06-02&last=2025-06-01", 400),
        ("first=9999-12-31&last=9999-12-31", 400),
        ("first=0001-01-01", 400),
        ("reading=as-of&as_of=9999-12-31T23:59", 400),
        ("reading=guess", 400),
        ("by=street", 400),
        ("reading=recast&edition=%3Cscript%3E", 404),
    ],
)
def test_the_page_says_what_is_wrong_and_keeps_the_form(shared, query, status):
    answer = shared.client().get(f"/recast?{query}", headers={"Accept": "text/html"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert 'role="alert"' in page
    assert '<form id="ask"' in page
    assert "<script>" not in page.replace("<script type", "")


def test_csv_has_all_rows_and_opens_in_a_spreadsheet(filled):
    answer = filled.client().get(f"/recast.csv?{RECAST}")
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert sum(int(row["counted"]) for row in rows) == sum(int(row["recorded"]) for row in rows) == 3
    flow = filled.client().get(f"/recast.csv?{RECAST}&what=flow").get_data(as_text=True)
    assert sum(int(row["events"]) for row in csv.DictReader(io.StringIO(flow.removeprefix("\ufeff")))) == 3


def test_a_name_that_begins_like_a_formula_stays_text(filled):
    here = installation(filled.app)
    with session_scope(here.engine) as session:
        named = grids().assign(name="=1+1")
        load_edition(session, "draft", {GeographyKind.BASE_GRIDS: named}, now=NOW, district=here.district)
    text = filled.client().get("/recast.csv?" + RECAST).get_data(as_text=True)
    assert ",=1+1" not in text
