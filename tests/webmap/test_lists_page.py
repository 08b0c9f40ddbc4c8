"""Lists of matters on a page: the matrix, one cell of it, and what each reader may do there; another decides than proposed."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.build_district import TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A
from tests.build_installation import DISTRICT
from webmap.installation import installation

HTML = {"Accept": "text/html", "Accept-Language": "en"}
PAGE = "/lists"


@pytest.fixture
def urban(small):
    return small.login_as(Role.DEPARTMENT, department="urban")


@pytest.fixture
def dispatcher(small):
    return small.login_as(Role.DISPATCHER, unit=DISTRICT)


def shown(client, **asked: str) -> str:
    answer = client.get(PAGE, query_string=asked, headers=HTML)
    assert answer.status_code == 200
    return answer.text


def cell(page: str, category: str, unit: str) -> str:
    """The link of a cell with what it says."""
    found = [
        link for link in re.findall(r'<a class="cell .*?</a>', page, re.DOTALL) if f"category={category}&amp;unit={unit}" in link
    ]
    assert len(found) == 1
    return found[0]


def panel(page: str) -> str:
    return re.search(r'<aside id="cell".*?</aside>', page, re.DOTALL)[0]


def propose(client, category="E01", unit=TOWNSHIP_A, department="urban", **more: str):
    form = {"category": category, "unit": unit, "department_of": department, "part": "lead", **more}
    return client.post(PAGE, data=form, headers=HTML)


def decide(client, number: int, state: str, **more: str):
    form = {"state": state, "category": "E01", "unit": TOWNSHIP_A, **more}
    return client.post(f"{PAGE}/{number}/decisions", data=form, headers=HTML)


def last_number(small) -> int:
    with session_scope(installation(small.app).engine) as session:
        return session.scalar(text("SELECT max(id) FROM list_items"))


def test_a_matter_comes_onto_a_list_by_three_people_on_the_page(small, urban, dispatcher):
    commander = small.client()
    assert "nobody leads" in cell(shown(commander), "E01", TOWNSHIP_A)
    made = propose(urban, note="请联系 13800138000")
    assert made.status_code == 303 and "unit=" + TOWNSHIP_A in made.location
    number = last_number(small)
    opened = panel(shown(dispatcher, category="E01", unit=TOWNSHIP_A))
    assert "Proposed" in opened and 'value="assessed"' in opened and 'value="admitted"' not in opened
    assert "13800138000" not in opened and "138****8000" in opened, "numbers in remarks are masked"
    assert decide(dispatcher, number, "assessed").status_code == 303
    assert decide(commander, number, "admitted").status_code == 303
    led = cell(shown(commander), "E01", TOWNSHIP_A)
    assert 'class="cell led"' in led and "Urban" in led
    opened = panel(shown(commander, category="E01", unit=TOWNSHIP_A))
    assert opened.count("测* ·") == 3, "each step names its person, masked, with the post"
    assert "测试员" not in opened


def test_who_proposed_sees_that_another_decides_and_is_refused(small):
    commander = small.client()
    propose(commander)
    number = last_number(small)
    opened = panel(shown(commander, category="E01", unit=TOWNSHIP_A))
    assert re.search(r'value="assessed" disabled', opened) and "somebody else decides" in opened
    refused = decide(commander, number, "assessed")
    assert refused.status_code == 403 and 'role="alert"' in refused.text and "lists" in refused.text
    assert "Proposed" in panel(refused.text), "the page shows the entry as it stands"


def test_double_leads_and_holes_are_counted_and_can_be_shown_alone(small, urban, dispatcher):
    commander, police = small.client(), small.login_as(Role.DEPARTMENT, department="police")
    holes = int(re.search(r'id="holes">([\d,]+)', shown(commander))[1].replace(",", ""))
    for client, department in ((urban, "urban"), (police, "police")):
        for unit in (TOWNSHIP_A, TOWNSHIP_B):
            propose(client, department=department, unit=unit)
            decide(dispatcher, last_number(small), "assessed")
            decide(commander, last_number(small), "admitted")
    page = shown(commander)
    assert 'class="cell double"' in cell(page, "E01", TOWNSHIP_A)
    assert re.search(r'id="doubles">2<', page)
    assert int(re.search(r'id="holes">([\d,]+)', page)[1].replace(",", "")) == holes - 2
    decide(commander, last_number(small), "suspended")
    decide(commander, last_number(small) - 1, "suspended")
    rows = re.findall(r'<th scope="row"[^>]*><b>(\w+)</b>', shown(commander))
    faulty = re.findall(r'<th scope="row"[^>]*><b>(\w+)</b>', shown(commander, only="faults"))
    assert set(rows) - set(faulty) == {"E01"}, "what one department leads everywhere is no fault"
    of_urban = re.findall(r'<th scope="row"[^>]*><b>(\w+)</b>', shown(commander, department="urban"))
    assert of_urban == ["E01"]


def test_villages_of_a_township_have_what_it_lists(small, urban, dispatcher):
    commander = small.client()
    propose(urban)
    decide(dispatcher, last_number(small), "assessed")
    decide(commander, last_number(small), "admitted")
    page = shown(commander, township=TOWNSHIP_A, category="E01", unit=VILLAGE_A)
    assert 'class="cell led"' in cell(page, "E01", VILLAGE_A)
    assert "of the whole township" in panel(page)
    propose(urban, unit=VILLAGE_A, township=TOWNSHIP_A)
    assert "entries of single villages: 1" in cell(shown(commander), "E01", TOWNSHIP_A)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR, Role.TOWNSHIP_LEADER])
def test_readers_without_a_say_see_the_cell_and_no_form(small, urban, role):
    propose(urban)
    reader = small.login_as(role, unit=DISTRICT)
    opened = panel(shown(reader, category="E01", unit=TOWNSHIP_A))
    assert "Proposed" in opened and "<form" not in opened
    assert propose(reader).status_code == 403
    assert decide(reader, last_number(small), "assessed").status_code == 403


def test_what_does_not_fit_is_said_on_the_page(small, urban):
    propose(urban)
    assert propose(urban).status_code == 409
    assert propose(urban, department="police").status_code == 403
    assert propose(urban, category="none").status_code == 422
    assert propose(urban, part="king").status_code == 422
    commander = small.client()
    assert commander.get(PAGE, query_string={"programme": "moon"}, headers=HTML).status_code == 422
    assert commander.get(PAGE, query_string={"township": VILLAGE_A}, headers=HTML).status_code == 422
    assert "<header>" not in panel(shown(commander, category="none", unit="x")), "nothing opens, nothing breaks"


def test_what_is_done_on_the_page_is_in_the_audit(small, urban, dispatcher):
    propose(urban)
    decide(dispatcher, last_number(small), "assessed")
    with session_scope(installation(small.app).engine) as session:
        query = "SELECT action, actor FROM audit WHERE object_kind = 'list_item' ORDER BY id"
        told = session.execute(text(query)).all()
    assert told == [("list.proposed", f"person:{urban.person_id}"), ("list.assessed", f"person:{dispatcher.person_id}")]


def test_nobody_proposes_or_decides_for_another_township(small, urban):
    assert propose(urban).status_code == 303
    with session_scope(installation(small.app).engine) as session:
        number = session.scalar(text("SELECT max(id) FROM list_items"))
    foreign = small.login_as(Role.DISPATCHER, unit=TOWNSHIP_B)
    assert foreign.post(f"{PAGE}/{number}/decisions", data={"state": "assessed"}, headers=HTML).status_code == 403
    assert propose(foreign, category="E02").status_code == 403
    own = small.login_as(Role.DISPATCHER, unit=TOWNSHIP_A)
    assert own.post(f"{PAGE}/{number}/decisions", data={"state": "assessed"}, headers=HTML).status_code == 303
