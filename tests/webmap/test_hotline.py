"""``/hotline`` and the API of outside orders: sent in, shown in scope, numbers hidden, what was refused sent again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.outside import Heard, Verdict
from geogrid.domain.people import Post, Role
from geogrid.store import hotline as stored
from geogrid.store.session import session_scope
from tests.actions.test_hotline import PHONE, sent
from tests.build_district import NOW, TOWNSHIP_A, TOWNSHIP_B
from tests.build_installation import DISTRICT
from tests.build_life import DISPATCHER
from webmap.installation import installation

ORDERS = "/api/v1/channels/12345/orders"
ENDED = """UPDATE deliveries SET state = 'failed', next_try_at = NULL, ended_at = now(), last_error = 'x'
WHERE carrier = 'outside'"""
IN_A = {"经度": 126.6113, "纬度": 45.9074}  # GCJ-02 of a place in grid A1


@pytest.fixture
def engine(small):
    return installation(small.app).engine


@pytest.fixture
def operator(small):
    return small.login_as(Role.HOTLINE_OPERATOR, unit=DISTRICT)


def decline(small, event_id, reason="不属于本区"):
    here = installation(small.app)
    with session_scope(here.engine) as session:
        command = TakeStep(event_id, "decline", DISPATCHER, {"reason": reason})
        take_step(session, command, now=NOW, district=here.district)


def refused_by_them(engine, reason="退单理由不充分"):
    """As if the sender had asked them: they refused."""
    with session_scope(engine) as session:
        session.execute(text(ENDED))
        for occasion in session.scalars(text("SELECT occasion FROM outside_messages WHERE way = 'out'")).all():
            stored.answered(session, occasion, Heard(Verdict.REFUSED, reason), now=NOW)


def test_an_order_is_taken_once_and_the_same_answer_given_again(operator):
    first = operator.post(ORDERS, json=sent("HL1", **IN_A))
    assert (first.status_code, first.json["arrival"], first.json["state"]) == (201, "order", "received")
    assert first.headers["Location"] == f"{ORDERS}/HL1"
    again = operator.post(ORDERS, json=sent("HL1", **IN_A))
    assert (again.status_code, again.json["arrival"], again.json["event"]) == (200, "duplicate", first.json["event"])
    amended = operator.post(ORDERS, json=sent("HL1", 诉求内容="又坏了一盏", **IN_A))
    assert (amended.status_code, amended.json["arrival"]) == (200, "amendment")
    found = operator.get(f"{ORDERS}/HL1").json
    assert [one["what"] for one in found["messages"]] == ["order", "amendment"]
    assert PHONE not in operator.get(f"{ORDERS}/HL1").text


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/api/v1/channels/nobody/orders", {"json": {}}, 404, "channel.outside_unknown"),
        (ORDERS, {"json": {}}, 422, "report.field_missing"),
        (ORDERS, {"data": "{}"}, 415, "body.media_type"),
        (ORDERS, {"data": "{", "content_type": "application/json"}, 400, "json.syntax"),
        (ORDERS, {"json": sent("HL9", 受理时间="2099-01-01 00:00:00")}, 422, "time.future"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_place(operator, path, body, status, code):
    answer = operator.post(path, **body)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_refused_amendment_answers_409(operator):
    path, order = "/api/v1/channels/110_non_police/orders", {"jjdbh": "1", "bjnr": "噪声", "bjsj": "20250618145000", "sjlb": "04"}
    assert operator.post(path, json=order).status_code == 201
    answer = operator.post(path, json=order | {"bjnr": "噪声很大"})
    assert (answer.status_code, answer.json["code"]) == (409, "order.conflict")


def test_the_page_lists_orders_with_state_clock_and_what_was_told(small, operator, engine):
    made = operator.post(ORDERS, json=sent("HL202506181234", **IN_A)).json
    page = operator.get("/hotline").text
    assert "HL202506181234" in page
    assert made["event"]["number"] in page
    assert "受理时限" in page  # the clock of its matter
    clock = '<span class="clock is-green"><i aria-hidden="true">●</i> 正常'
    assert page.count(clock) == 1
    assert operator.get("/hotline?order=1").text.count(clock) == 2, "the order that is open has its lights in colour too"
    decline(small, made["event"]["id"], reason=f"不属于本区，请联系 {PHONE}")
    page = operator.get("/hotline").text
    assert "待发送" in page
    refused_by_them(engine)
    page = operator.get("/hotline?only=attention").text
    assert "对方拒收" in page
    assert "退单理由不充分" in page
    order = operator.get("/hotline?q=1234&lang=zh").text
    assert "HL202506181234" in order
    assert "HL202506181234" not in operator.get("/hotline?q=9999").text
    assert "HL202506181234" not in operator.get("/hotline?state=closed").text
    assert "HL202506181234" not in operator.get("/hotline?q=%25").text  # no wildcard


def test_the_callers_number_is_masked_and_shown_for_a_purpose_with_a_trace(operator, engine):
    operator.post(ORDERS, json=sent("HL1", **IN_A))
    page = operator.get("/hotline?order=1").text
    assert "139****5678" in page
    assert PHONE not in page
    short = operator.post("/hotline/orders/1/callback", data={"purpose": "x"})
    assert (short.status_code, PHONE in short.text) == (422, False)
    shown = operator.post("/hotline/orders/1/callback", data={"purpose": "回电核实地址"})
    assert PHONE in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert PHONE not in operator.get("/hotline?order=1").text
    with session_scope(engine) as session:
        row = session.execute(text("SELECT action, details FROM audit WHERE action = 'detail.reveal'")).one()
    assert row.details["purpose"] == "回电核实地址"


def test_what_was_refused_is_sent_again_on_request_and_nothing_else(small, operator, engine):
    made = operator.post(ORDERS, json=sent("HL1", **IN_A)).json
    decline(small, made["event"]["id"])
    with session_scope(engine) as session:
        message = session.scalar(text("SELECT id FROM outside_messages WHERE way = 'out'"))
    waits = operator.post(f"/hotline/messages/{message}/resend")
    assert waits.status_code == 409
    assert "order.resend" not in waits.text  # a page, in words
    refused_by_them(engine)
    assert f"/hotline/messages/{message}/resend" in operator.get("/hotline?order=1").text
    done = operator.post(f"/hotline/messages/{message}/resend")
    assert (done.status_code, done.headers["Location"]) == (303, "/hotline?order=1#order")
    with session_scope(engine) as session:
        assert session.scalar(text("SELECT state FROM deliveries WHERE carrier = 'outside'")) == "waiting"
        assert session.scalar(text("SELECT count(*) FROM audit WHERE action = 'order.resend'")) == 1
    assert operator.post("/hotline/messages/999/resend").status_code == 404


def test_another_township_sees_neither_the_order_nor_its_messages(small, operator, engine):
    made = operator.post(ORDERS, json=sent("HL1", **IN_A)).json
    decline(small, made["event"]["id"])
    refused_by_them(engine)
    own = small.login_as(posts=[Post(Role.DISPATCHER, TOWNSHIP_A)])
    other = small.login_as(posts=[Post(Role.DISPATCHER, TOWNSHIP_B)])
    assert "HL1" in own.get("/hotline").text
    assert "退单理由不充分" in own.get("/hotline?only=attention").text  # by their verdict, where deliveries are hidden
    assert "HL1" not in other.get("/hotline?order=1").text
    assert other.get(f"{ORDERS}/HL1").status_code == 404
    assert other.post("/hotline/messages/2/resend").status_code == 404
    assert other.post("/hotline/orders/1/callback", data={"purpose": "回电核实"}).status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_empty_page_says_how_orders_come(operator, language):
    page = operator.get(f"/hotline?lang={language}").text
    assert "/api/v1/channels/" in page


def test_what_people_wrote_is_text_and_never_markup(operator):
    operator.post(ORDERS, json=sent("<b>1</b>", 诉求内容="<script>alert(1)</script>", **IN_A))
    page = operator.get("/hotline?order=1").text
    assert "<script>alert(1)" not in page
    assert "&lt;b&gt;1&lt;/b&gt;" in page


def test_nobody_adds_to_an_order_whose_event_he_does_not_see(small, operator):
    first = operator.post(ORDERS, json=sent("HL1", **IN_A)).json
    stranger = small.login_as(Role.DISPATCHER, unit=TOWNSHIP_B)
    answer = stranger.post(ORDERS, json=sent("HL1", 诉求内容="请销单", **IN_A))
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert first["event"]["number"] not in answer.text
    assert [one["what"] for one in operator.get(f"{ORDERS}/HL1").json["messages"]] == ["order"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("it answered 500", "对方返回 500"),
        ("it answered 200, and not what was agreed", "对方返回 200，且内容与约定不符"),
        ("no secret hotline_110", "本机没有密钥 hotline_110"),
        ("127.0.0.1: ConnectionRefusedError: [Errno 111] Connection refused", "无法连接 127.0.0.1（ConnectionRefusedError）"),
        ("hotline.gov: TimeoutError: timed out", "hotline.gov 未在时限内应答"),
        ("退单理由不充分，请电 13812345678", "退单理由不充分，请电 138****5678"),
    ],
)
def test_why_nothing_got_through_is_told_in_the_readers_language(small, engine, operator, reason, told):
    operator.post(ORDERS, json=sent("HL1", **IN_A))
    decline(small, operator.get(f"{ORDERS}/HL1").json["event"]["id"])
    with session_scope(engine) as session:
        session.execute(text("UPDATE deliveries SET tries = 1 WHERE carrier = 'outside'"))
        for occasion in session.scalars(text("SELECT occasion FROM outside_messages WHERE way = 'out'")).all():
            stored.answered(session, occasion, Heard(None, reason), now=NOW)
    assert told in operator.get("/hotline").text


def test_danger_to_life_is_told_first_and_the_place_is_shown(operator):
    operator.post(ORDERS, json=sent("HL1", 诉求内容="邻居持刀砍人", **IN_A))
    page = operator.get("/hotline").text
    assert "危及生命" in page
    number = page.split("order=")[1].split("#")[0]
    opened = operator.get(f"/hotline?order={number}").text
    assert opened.index("110 · 119 · 120") < opened.index("邻居持刀砍人", opened.index('id="order"'))
    assert "甲社区" in opened.split("<dl>")[1].split("</dl>")[0]


def test_what_was_sent_is_not_sent_again_and_says_so_in_the_readers_words(small, engine, operator):
    operator.post(ORDERS, json=sent("HL1", **IN_A))
    decline(small, operator.get(f"{ORDERS}/HL1").json["event"]["id"])
    with session_scope(engine) as session:
        number = session.scalar(text("SELECT id FROM outside_messages WHERE way = 'out'"))
    answer = operator.post(f"/hotline/messages/{number}/resend")
    assert answer.status_code == 409
    assert "当前为 待发送" in answer.text
