"""The assessment page: a figure opens its lines, an appeal changes the score and its history, everybody sees his own part."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from geogrid.domain.people import Role
from geogrid.store.session import session_scope
from tests.build_district import NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A
from tests.build_installation import DISTRICT
from tests.build_life import WHOLE, take
from webmap.installation import installation

HTML = {"Accept": "text/html", "Accept-Language": "en"}
MONTH = NOW.strftime("%Y-%m")


@pytest.fixture
def officer(small):
    return small.login_as(Role.GRID_LEADER, unit=VILLAGE_A)


@pytest.fixture
def lived(small, officer):
    """A closed event that ``officer`` handled late."""
    event = small.accept()
    here = installation(small.app)
    with session_scope(here.engine) as session:
        for hour, (step, actor, details) in enumerate(WHOLE, start=1):
            who = type(actor)(f"person:{officer.person_id}", "x", actor.posts) if step in {"take_on", "handle"} else actor
            take(session, here.district, event.id, step, who, hours=hour / 4, **details)
        session.execute(text("UPDATE clocks SET is_late = true WHERE clock = 'handle'"))
    return event


def shown(client, **asked) -> str:
    answer = client.get("/assessment", query_string={"month": MONTH, **asked}, headers=HTML)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def count(client) -> None:
    assert client.post("/assessment/counts", data={"month": MONTH, "kind": "worker"}, headers=HTML).status_code == 303


def worker(officer) -> str:
    return f"person:{officer.person_id}"


def line_of(page: str) -> int:
    return int(re.findall(r'action="/assessment/lines/(\d+)/appeals"', page)[0])


def test_before_anything_was_counted_the_page_says_so(small):
    page = shown(small.client(), kind="worker")
    assert "holds no outcome of this month yet" in page and "Count now" in page


@pytest.mark.parametrize("kind", ["township", "department"])
def test_a_month_that_was_not_counted_gives_nobody_full_marks(small, lived, kind):
    """A hundred points for every street, of a month that nobody looked at yet, would be a figure that was made up."""
    page = shown(small.client(), kind=kind)
    assert "holds no outcome of this month yet" in page and "100.0" not in page
    book = load_workbook(io.BytesIO(small.client().get(f"/assessment.xlsx?month={MONTH}", headers=HTML).data))
    assert not [row for sheet in book.worksheets[:2] for row in sheet.iter_rows(min_row=4, values_only=True) if row[2] == 100]
    count(small.client())
    assert "100.0" in shown(small.client(), kind=kind), "who has none of the month's outcomes keeps what all begin with"


def test_months_of_the_record_can_be_chosen_before_they_were_counted(small, officer, lived):
    """The jobs count two months; who may count finds the others of the record in the list, nobody else has use for them."""
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE steps SET at = at - interval '65 days' WHERE kind = 'report'"))
    first = (NOW - timedelta(days=65)).strftime("%Y-%m")
    between = (NOW.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    page = shown(small.client())
    assert f"<option>{first}</option>" in page and f"<option>{between}</option>" in page
    assert f"<option>{first}</option>" not in shown(officer)


def test_a_month_to_come_is_counted_by_nobody(small):
    page = shown(small.client(), month="2099-01")
    assert "The month has not begun" in page and "Count now</button>" not in page and "100.0" not in page


def test_an_appeal_changes_the_score_and_its_history(small, officer, lived):
    commander = small.client()
    count(commander)
    assert "98.0" not in shown(commander, kind="worker")  # late -2, rated well +1
    assert '<td class="number total">99.0</td>' in shown(commander, kind="worker")
    own = shown(officer, kind="worker", subject=worker(officer), rule="late")
    sent = officer.post(
        f"/assessment/lines/{line_of(own)}/appeals", headers=HTML,
        data={"month": MONTH, "kind": "worker", "subject": worker(officer), "reason": "等第三方，电话 13800138000"},
    )  # fmt: skip
    assert sent.status_code == 303
    page = shown(commander)
    assert "Appeals to be decided" in page and "138****8000" in page and "13800138000" not in page
    (appeal,) = set(re.findall(r'action="/assessment/appeals/(\d+)/decisions"', page))
    decided = commander.post(
        f"/assessment/appeals/{appeal}/decisions", headers=HTML,
        data={"month": MONTH, "kind": "worker", "decision": "granted", "why": "属实"},
    )  # fmt: skip
    assert decided.status_code == 303
    assert '<td class="number total">101.0</td>' in shown(commander, kind="worker")
    history = shown(officer, kind="worker", subject=worker(officer), rule="late")
    assert "Granted" in history and "属实" in history and "Appeal granted" in history
    assert "Appeals to be decided" not in shown(commander)


def test_a_figure_opens_its_lines_and_a_line_its_event(small, officer, lived):
    commander = small.client()
    count(commander)
    page = shown(commander, kind="worker", subject=worker(officer), rule="late")
    assert f'<a href="/events/{lived.number}">' in page


def test_everybody_sees_his_own_part(small, officer, lived):
    count(small.client())
    other = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_B)
    leader = small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)
    assert "no line here that you may see" in shown(other, kind="worker")
    assert "99.0" in shown(leader, kind="worker") and "99.0" in shown(officer, kind="worker")
    assert 'scope="col" class="number">Rank' not in shown(leader, kind="worker"), "a rank among some is none"
    assert "测试员" not in shown(leader, kind="worker").partition("<main>")[2], "names of workers are masked"
    line = line_of(shown(officer, kind="worker", subject=worker(officer), rule="late"))
    refused = other.post(f"/assessment/lines/{line}/appeals", data={"month": MONTH, "reason": "x"}, headers=HTML)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("role", "place", "kind"),
    [
        (Role.COMMANDER, {"unit": DISTRICT}, "township"), (Role.TOWNSHIP_LEADER, {"unit": TOWNSHIP_A}, "township"),
        (Role.DEPARTMENT, {"department": "urban"}, "department"), (Role.OFFICER, {"unit": VILLAGE_A}, "worker"),
    ],
)  # fmt: skip
def test_everybody_begins_where_he_is_assessed(small, role, place, kind):
    page = shown(small.login_as(role, **place))
    assert re.search(rf'value="{kind}" checked', page)


def test_who_may_not_is_refused(small, lived):
    officer = small.login_as(Role.OFFICER, unit=VILLAGE_A)
    assert officer.post("/assessment/counts", data={"month": MONTH}).status_code == 403
    assert officer.post("/assessment/closings", data={"month": MONTH}).status_code == 403
    early = small.client().post("/assessment/closings", data={"month": MONTH}, headers=HTML)
    assert early.status_code in {400, 422} and "not over" in early.text


@pytest.mark.parametrize("month", ["2025-13", "x", "2025-6"])
def test_what_is_no_month(small, month):
    answer = small.client().get("/assessment", query_string={"month": month}, headers=HTML)
    assert answer.status_code in {400, 422} and month in answer.text


def test_the_workbook_holds_every_line_and_no_formula_and_no_name(small, officer, lived):
    commander = small.client()
    count(commander)
    got = commander.get("/assessment.xlsx", query_string={"month": MONTH}, headers=HTML)
    assert got.status_code == 200
    book = load_workbook(io.BytesIO(got.data))
    cells = [cell.value for page in book for row in page for cell in row if cell.value is not None]
    assert lived.number in cells and -2 in cells and "模拟数据 SIMULATED" in cells
    assert not [value for value in cells if isinstance(value, str) and (value.startswith("=") or "测试员" in value)]
    with session_scope(installation(small.app).engine) as session:
        told = session.execute(text("SELECT count(*) FROM audit WHERE action = 'export.assessment'")).scalar_one()
    assert told == 1, "who takes the sheet along is in the audit"


def test_in_chinese_by_default(small, lived):
    page = small.login_as(Role.COMMANDER, unit=DISTRICT).get("/assessment", headers={"Accept": "text/html"}).text
    assert "月度考核" in page and "Assessment" not in page


def test_an_appeal_of_another_part_is_decided_by_nobody_there(small, officer, lived):
    commander = small.client()
    count(commander)
    own = shown(officer, kind="worker", subject=worker(officer), rule="late")
    form = {"month": MONTH, "kind": "worker", "subject": worker(officer), "reason": "等第三方"}
    officer.post(f"/assessment/lines/{line_of(own)}/appeals", headers=HTML, data=form)
    (appeal,) = set(re.findall(r'action="/assessment/appeals/(\d+)/decisions"', shown(commander)))
    foreign = small.login_as(Role.COMMANDER, unit=TOWNSHIP_B)
    decision = {"month": MONTH, "kind": "worker", "decision": "granted", "why": "属实"}
    assert foreign.post(f"/assessment/appeals/{appeal}/decisions", headers=HTML, data=decision).status_code == 404
    assert "Appeals to be decided" in shown(commander)


def appealed(small, officer, commander) -> str:
    """The number of an appeal of ``officer`` against his late line."""
    count(commander)
    own = shown(officer, kind="worker", subject=worker(officer), rule="late")
    form = {"month": MONTH, "kind": "worker", "subject": worker(officer), "reason": "等第三方"}
    officer.post(f"/assessment/lines/{line_of(own)}/appeals", headers=HTML, data=form)
    (appeal,) = set(re.findall(r'action="/assessment/appeals/(\d+)/decisions"', shown(commander)))
    return appeal


@pytest.mark.parametrize("decision", [{}, {"decision": ""}, {"decision": "maybe"}])
def test_what_was_not_decided_is_not_refused(small, officer, lived, decision):
    """A form that says neither yes nor no is no refusal: what is decided stands for good."""
    commander = small.client()
    form = {"month": MONTH, "kind": "worker", "why": "属实", **decision}
    answer = commander.post(f"/assessment/appeals/{appealed(small, officer, commander)}/decisions", headers=HTML, data=form)
    assert answer.status_code in {400, 422}
    assert "Appeals to be decided" in shown(commander)


def test_who_decides_finds_the_line_and_its_event(small, officer, lived):
    commander = small.client()
    appealed(small, officer, commander)
    waiting = shown(commander).partition('class="waiting"')[2].partition("</details>")[0]
    assert f'<a href="/events/{lived.number}">' in waiting
    (href,) = re.findall(r'href="(/assessment[^"]+)"', waiting)
    page, _, line = href.replace("&amp;", "&").partition("#")
    assert f'id="{line}"' in commander.get(page, headers=HTML).text


def test_a_closed_month_shows_with_what_it_was_closed(small, officer, lived):
    """What is written after the closing moves the score; what it was stands beside it, and each later line says so."""
    commander, engine = small.client(), installation(small.app).engine
    count(commander)
    with session_scope(engine) as session:
        session.execute(text("UPDATE assessment_lines SET written_at = written_at - interval '2 hours'"))
        closed = "INSERT INTO assessment_months (month, closed_at, closed_by) VALUES (:month, :at, 'person:x')"
        session.execute(text(closed), {"month": MONTH, "at": installation(small.app).now() - timedelta(hours=1)})
        assert "at closing" not in shown(commander, kind="worker")
        session.execute(text("UPDATE clocks SET is_late = false WHERE clock = 'handle'"))
    count(commander)
    page = shown(commander, kind="worker", subject=worker(officer))
    assert '<td class="number total">101.5<small>at closing 99.0</small>' in page
    assert page.count("after the closing") == 2, "late taken back, in time written"
    kinds = [kind.strip() for kind in re.findall(r'<p class="trace">([^·]+) ·', page)]
    assert len(kinds) == 4 and "The record changed" in kinds[:2], "what came last stands first"
    assert "Close the month" not in page
    book = load_workbook(io.BytesIO(commander.get(f"/assessment.xlsx?month={MONTH}", headers=HTML).data))
    (row,) = book["Worker"].iter_rows(min_row=4, values_only=True)
    assert (row[2], row[5]) == (101.5, 99.0)


def test_a_month_is_closed_after_a_word_about_it(small):
    """It cannot be taken back: the button stands behind what it does."""
    page = shown(small.client(), month="2025-05")
    assert "never opened again" in page and "Close 2025-05 for good" in page
    assert "Close the month" not in shown(small.client()), "a month that is not over"


def test_where_steps_name_nobody_the_page_says_why_nobody_scores(small, officer, lived):
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE steps SET actor = 'system:import'"))
    commander = small.client()
    count(commander)
    assert "Imported steps name no person" in shown(commander, kind="worker")
    assert "holds no outcome of this month yet" in shown(commander, kind="worker", month="2025-01")


def test_who_sees_a_part_closes_no_month_of_the_district(small):
    foreign = small.login_as(Role.COMMANDER, unit=TOWNSHIP_B)
    assert foreign.post("/assessment/closings", data={"month": "2025-05"}, headers=HTML).status_code == 403
    with session_scope(installation(small.app).engine) as session:
        assert session.scalar(text("SELECT count(*) FROM assessment_months")) == 0
