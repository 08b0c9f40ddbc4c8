"""The audit on a page: for two roles alone, filtered, masked; the look itself is in it; breaks of the chain are told."""

from __future__ import annotations

import ast
import json
import re

import pytest
from sqlalchemy import text

from etl.sealing import seal_all
from geogrid.domain.people import STAFF, Role
from geogrid.settings import ROOT
from geogrid.store import audit
from geogrid.store.session import session_scope
from geogrid.texts import catalogue
from tests.build_district import NOW
from tests.build_installation import DISTRICT
from webmap.audit_values import WORDS
from webmap.audit_words import ACTIONS, KINDS, NAMES
from webmap.installation import installation

HTML = {"Accept": "text/html", "Accept-Language": "en"}
PAGE = "/admin/audit"
MOBILE = "13912345678"


@pytest.fixture
def auditor(small):
    return small.login_as(Role.AUDITOR, unit=DISTRICT)


@pytest.fixture
def engine(small):
    return installation(small.app).engine


def wrote(engine, action="step.take", **values) -> None:
    with session_scope(engine) as session:
        audit.write(session, **{"actor": "system:geogrid", "action": action, "now": NOW, **values})


def shown(client, **asked: str) -> str:
    answer = client.get(PAGE, query_string=asked, headers=HTML)
    assert answer.status_code == 200
    return answer.text


def codes(page: str) -> list[str]:
    """The actions of the rows, the first row first."""
    body = re.search(r"<tbody>.*</tbody>", page, re.DOTALL)
    return re.findall(r'title="([a-z_]+\.?[a-z_]*)">', body[0]) if body else []


def verified(client) -> dict:
    answer = client.post(f"{PAGE}/verify")
    assert answer.status_code == 200
    return json.loads(answer.text.splitlines()[-1])


def test_nobody_else_reads_it(small):
    for role in STAFF - {Role.AUDITOR, Role.ADMINISTRATOR}:
        other = small.login_as(role, unit=DISTRICT, department="police")
        assert [other.get(path).status_code for path in (PAGE, f"{PAGE}/head.jsonl")] == [403, 403], role
        assert other.post(f"{PAGE}/verify").status_code == 403, role


def test_the_look_is_in_the_audit_with_what_was_asked(small, auditor):
    shown(auditor, action="login")
    first = shown(auditor)
    assert codes(first)[0] == "audit.read"
    assert re.search(r"<i>Action</i> Log-in", first), "what was looked for is told"
    assert f"person:{auditor.person_id}" in first


def test_newest_first_by_pages_without_loss(auditor, engine):
    for number in range(120):
        wrote(engine, object_kind="list_item", object_id=str(number))
    asked, seen = {"object": "list_item"}, []
    while asked:
        page = shown(auditor, **asked)
        seen += re.findall(r"Entry of a list (\d+)", page)
        older = re.search(r'href="[^"]*before=(\d+)[^"]*" rel="next"', page)
        asked = {"object": "list_item", "before": older[1]} if older else {}
    assert [int(number) for number in seen] == list(range(119, -1, -1))


def test_filters_by_actor_action_object_day_and_result(auditor, engine):
    wrote(engine, "a.first", actor="key:hotline", object_kind="event", object_id="x1")
    wrote(engine, "a.second", result=audit.REFUSED, object_kind="event", object_id="x2")
    wrote(engine, "a.first", object_kind="team", object_id="x1")
    assert codes(shown(auditor, actor="key:hotline"))[:1] == ["a.first"]
    assert codes(shown(auditor, action="a.second")) == ["a.second"]
    assert len(codes(shown(auditor, object="x1"))) == 2
    assert codes(shown(auditor, object="event:x2")) == ["a.second"]
    assert codes(shown(auditor, result="refused")) == ["a.second"]
    assert "a.first" in codes(shown(auditor, day="2025-06-18"))
    assert codes(shown(auditor, day="2025-06-17")) == []
    assert auditor.get(PAGE, query_string={"day": "tomorrow"}, headers=HTML).status_code == 400


def test_a_day_is_the_districts_day(auditor, engine):
    wrote(engine, "a.late", now=NOW.replace(hour=16, minute=30))  # 00:30 of the next day in the district
    assert codes(shown(auditor, action="a.late", day="2025-06-18")) == []
    assert codes(shown(auditor, action="a.late", day="2025-06-19")) == ["a.late"]


def test_a_login_finds_what_its_owner_did(small, auditor):
    other = small.login_as(Role.AUDITOR, unit=DISTRICT)
    shown(other, day="2025-06-18")
    page = shown(auditor, actor=f"p{other.person_id.hex}")
    assert codes(page) == ["audit.read"] and "<i>Day</i> 2025-06-18" in page


def test_numbers_and_names_are_masked(auditor, engine):
    wrote(
        engine,
        "detail.reveal",
        details={"purpose": f"回电 {MOBILE}", "deep": {"list": [MOBILE]}},
        object_id=MOBILE,
        object_kind="x",
    )
    page = shown(auditor)
    assert MOBILE not in page and page.count("139****5678") >= 3
    assert "测试员" not in re.search(r"<tbody>.*</tbody>", page, re.DOTALL)[0], "names are masked, the reader's own too"


def test_a_chain_that_holds_is_followed_to_its_end(small, auditor, engine):
    for _ in range(7):
        wrote(engine)
    sealed = seal_all(small.settings, engine)
    found = verified(auditor)
    assert (found["holds"], found["records"], found["whole"]) == (True, sealed, True)
    page = shown(auditor)
    assert 'class="verdict holds"' in page and f"{sealed} records sealed" in page
    assert "audit.verify" in codes(page)


def test_a_changed_record_is_named_and_kept(small, auditor, engine):
    wrote(engine, "a.first")
    seal_all(small.settings, engine)
    with session_scope(engine) as session:
        session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        session.execute(text("UPDATE audit SET actor = 'nobody' WHERE action = 'a.first'"))
        session.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))
    found = verified(auditor)
    assert found["holds"] is False and "changed" in found["reason"]
    page = shown(auditor)
    assert 'class="verdict broken"' in page, "the page says so until a verification holds again"


def test_a_long_chain_ends_in_time_and_says_so(small, auditor, engine, monkeypatch):
    monkeypatch.setattr("webmap.audit_page.LONGEST_RUN_S", -1.0)
    monkeypatch.setattr("webmap.audit_page.verify_by_portions", lambda *_: iter([5_000, 10_000]))
    found = verified(auditor)
    assert (found["whole"], found["records"], found["holds"]) == (False, 5_000, None)
    assert "geogrid audit verify" in found["says"]


def test_the_head_is_what_the_command_exports(small, auditor, engine):
    assert auditor.get(f"{PAGE}/head.jsonl").status_code == 404, "nothing is sealed yet"
    wrote(engine)
    seal_all(small.settings, engine)
    with session_scope(engine) as session:
        head = audit.head(session)
    told = json.loads(auditor.get(f"{PAGE}/head.jsonl").text)
    assert (told["seq"], told["hash"]) == (head.seq, head.hash.hex())
    assert "audit.export" in codes(shown(auditor))


def test_the_person_page_leads_to_what_was_done_to_the_account(small):
    admin = small.login_as(Role.ADMINISTRATOR, unit=DISTRICT)
    page = admin.get(f"/admin/people/{admin.person_id}", headers=HTML).text
    assert f'href="{PAGE}?object=person:{admin.person_id}"' in page


def test_a_name_or_number_that_was_looked_for_is_not_kept(small, auditor, engine):
    with session_scope(engine) as session:
        session.execute(text("UPDATE people SET name = '慕容金丝雀' WHERE id = :id"), {"id": auditor.person_id})
    for asked in ({"actor": "慕容金丝雀"}, {"actor": "无此人名"}, {"object": "13912345678"}, {"day": "9999-12-31"}):
        assert auditor.get("/admin/audit", query_string=asked).status_code in {200, 400}
    with session_scope(engine) as session:
        kept = " ".join(session.scalars(text("SELECT details::text FROM audit WHERE action = 'audit.read'")))
    for said in ("慕容金丝雀", "无此人名", "13912345678"):
        assert said not in kept and said.encode("unicode_escape").decode() not in kept
    assert f"person:{auditor.person_id}" in kept


def in_zh(client, **asked: str) -> str:
    return client.get(PAGE, query_string=asked, headers={**HTML, "Accept-Language": "zh"}).text


def told(page: str) -> list[tuple[str, str]]:
    return [(name, value.strip()) for name, value in re.findall(r"<i>([^<]*)</i>([^<]*)</span>", page)]


def test_details_are_words_in_both_languages(auditor, engine):
    details = {"step": "dispatch", "kind": "dispatch", "seq": 3, "number": "20250618000001"}
    wrote(engine, details=details, object_kind="event", object_id="x1")
    found = dict(told(in_zh(auditor, object="x1")))
    assert found == {"环节": "派遣", "种类": "派遣", "步序": "3", "编号": "20250618000001"}
    assert dict(told(shown(auditor, object="x1")))["Of what kind"] == "Dispatch"


def test_values_that_are_codes_times_people_and_posts_are_words(auditor, engine):
    person = str(auditor.person_id)
    values = {
        "consent": "given", "way": "picked", "place": "circuit", "placed": True, "mediator": person,
        "start": "2025-06-19T01:00:00+00:00", "given": ["commander/999901000000///"], "outcome": "",
    }  # fmt: skip
    wrote(engine, "session.plan", details=values, object_id="x3", object_kind="event")
    found = dict(told(in_zh(auditor, object="x3")))
    assert found["同意情况"] == "同意调解" and found["已落格"] == "是" and found["开始"] == "2025-06-19 09:00"
    assert found["授予岗位"] == "指挥长 · 999901000000" and "审计员" in found["调解员"] and person not in found["调解员"]
    assert not [value for value in found.values() if re.search("[a-z]{3}", value)], "no code is shown for a value with a word"


def test_what_nobody_gave_a_word_is_shown_as_it_was_written_and_masked(auditor, engine):
    wrote(engine, "a.new", details={"unheard_of": f"x {MOBILE}"}, object_id="x4", object_kind="event")
    assert told(in_zh(auditor, object="x4")) == [("unheard_of", "x 139****5678")]


def test_every_word_of_the_audit_has_its_chinese():
    known = catalogue("zh")
    words = [word for table in (ACTIONS, KINDS, NAMES, WORDS) for word in table.values()]
    assert [word for word in words if (None, word) not in known] == []


def test_every_action_named_in_the_code_has_a_word():
    """Constants of the files that write the audit, of the form subject.verb: what only the running code could know, the
    fixture ``audit_in_words`` of all tests asks where it is written."""
    writes = re.compile(r"audit\.write|write_audit|_audit\(|\.wrote\(")
    texts = [path.read_text("utf-8") for room in ("geogrid", "webmap", "etl") for path in (ROOT / room).rglob("*.py")]
    calls = [
        node
        for words in texts
        if writes.search(words) and "ACTIONS = {" not in words
        for node in ast.walk(ast.parse(words))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") != "url_for"
    ]
    given = [node for call in calls for node in (*call.args, *(keyword.value for keyword in call.keywords))]
    said = {node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found = {word for word in said if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", word)}
    files = {code for code in found if code.rsplit(".", 1)[1] in {"html", "page", "toml", "csv", "pdf", "xlsx"}}
    assert len(found - files) > 30, "the actions are found"
    assert sorted(found - files - ACTIONS.keys()) == []
