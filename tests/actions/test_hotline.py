"""Orders of outside channels: one event a number, told back once a step, gone on with when they are sent again."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from geogrid.actions.district import district_of
from geogrid.actions.hotline import receive, resend
from geogrid.actions.merge import merge
from geogrid.channels.outside import order_of
from geogrid.domain.outside import Arrival, Heard, OrderState, Verdict
from geogrid.domain.people import Role
from geogrid.errors import NotFoundError, OrderConflict, OrderOver, ResendInvalid
from geogrid.store import hotline
from geogrid.store.session import session_scope
from tests.build_district import NOW, profile
from tests.build_life import DISPATCHER, HANDLER, TO_VILLAGE, take
from tests.rules.people import person

OPERATOR = person(Role.HOTLINE_OPERATOR)
PHONE = "13912345678"


def sent(number="HL202506180001", **more):
    """A work order as the hotline sends it: its place in words alone."""
    order = {"工单编号": number, "诉求内容": "甲社区路灯不亮", "诉求地址": "甲社区", "受理时间": "2025-06-18 14:50:00"}
    return {**order, "诉求类别": "路灯照明", "来电号码": PHONE, "派单时间": "2025-06-18 14:55:00", **more}


def come(session, district, code="12345", now=NOW, **more):
    channel = district.outside.of(code)
    order = order_of(channel, sent(**more), now=now, profile=district.profile)
    return receive(session, channel, order, now=now, district=district, actor=OPERATOR)


def count(session, what: str) -> int:
    return session.scalar(text(f"SELECT count(*) FROM {what}"))


def told(session) -> list:
    query = """SELECT m.what, m.words, m.round, n.payload, d.state, d.recipient, d.address FROM outside_messages m
    JOIN notices n ON n.occasion = m.occasion JOIN deliveries d ON d.notice_id = n.id ORDER BY m.id"""
    return list(session.execute(text(query)))


def returned(session, district, reason="不属于本区"):
    first = come(session, district)
    take(session, district, first.event.id, "decline", DISPATCHER, hours=1, reason=reason)
    return first


def test_an_order_becomes_an_event_under_its_channels_programme_with_its_category(session, district):
    done = come(session, district)
    row = session.execute(
        text("SELECT m.programme, m.category, e.channel FROM matters m JOIN events e ON e.id = m.event_id")
    ).one()
    assert tuple(row) == ("kulun_hotline", "C02", "hotline")
    assert (done.arrival, done.order.number, done.order.state) == (Arrival.ORDER, "HL202506180001", OrderState.RECEIVED)
    assert hotline.find(session, "12345", "HL202506180001").event_id == done.event.id


def test_the_callers_number_stands_with_the_order_and_nowhere_else(session, district):
    done = come(session, district)
    assert done.order.callback == PHONE
    tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    holding = [name for name in tables if count(session, f"\"{name}\" AS t WHERE t::text LIKE '%{PHONE}%'")]
    assert holding == ["outside_orders"]


def test_the_same_order_twice_is_one_and_writes_nothing_the_second_time(session, district):
    first = come(session, district)
    before = count(session, "audit")
    second = come(session, district, now=NOW + timedelta(hours=1))
    assert (second.arrival, second.event.id) == (Arrival.DUPLICATE, first.event.id)
    assert (count(session, "events"), count(session, "outside_messages"), count(session, "audit")) == (1, 1, before)


def test_other_words_under_a_number_in_hand_are_kept_with_the_event(session, district):
    first = come(session, district)
    done = come(session, district, 诉求内容="路灯和井盖都坏了")
    assert (done.arrival, done.event.id, done.order.round) == (Arrival.AMENDMENT, first.event.id, 1)
    assert done.event.steps[-1].note == "路灯和井盖都坏了"
    assert done.event.report.words == "甲社区路灯不亮"  # what was said first stays
    assert come(session, district, 诉求内容="路灯和井盖都坏了").arrival is Arrival.DUPLICATE
    assert count(session, "events") == 1


def test_a_channel_that_takes_no_amendments_refuses_other_words_and_keeps_the_first(session, district):
    channel = district.outside.of("110_non_police")
    order = {"jjdbh": "1", "bjnr": "楼上噪声", "bjsj": "20250618145000", "sjlb": "04"}
    for words, fails in (("楼上噪声", False), ("楼上噪声", False), ("楼下噪声", True)):
        made = order_of(channel, order | {"bjnr": words}, now=NOW, profile=district.profile)
        if fails:
            with pytest.raises(OrderConflict):
                receive(session, channel, made, now=NOW, district=district, actor=OPERATOR)
        else:
            receive(session, channel, made, now=NOW, district=district, actor=OPERATOR)
    assert count(session, "outside_messages") == 1


def test_reply_and_closing_are_told_once_each_with_the_words_masked(session, district):
    first = come(session, district)
    event = first.event.id
    take(session, district, event, "accept", DISPATCHER, hours=0.1)
    take(session, district, event, "dispatch", DISPATCHER, hours=0.2, **TO_VILLAGE)
    take(session, district, event, "handle", HANDLER, hours=1, note=f"已修好，联系人 {PHONE}", key="once")
    take(session, district, event, "handle", HANDLER, hours=1, note=f"已修好，联系人 {PHONE}", key="once")
    take(session, district, event, "verify", OPERATOR, hours=2, note="已回访")
    take(session, district, event, "close", DISPATCHER, hours=3, note="办结")
    rows = told(session)
    assert [row.what for row in rows] == ["accepted", "replied", "closed"]
    assert {row.state for row in rows} == {"waiting"}
    reply = rows[1].payload
    assert (reply["method"], reply["path"]) == ("POST", "/orders/HL202506180001/reply")
    assert '"content": "已修好，联系人 139****5678"' in reply["body"]
    assert '"unit": "甲社区"' in reply["body"]
    assert hotline.of_event(session, event).state is OrderState.CLOSED


def test_a_returned_order_sent_again_goes_on_in_a_new_round_of_the_same_event(session, district):
    first = returned(session, district)
    assert hotline.of_event(session, first.event.id).state is OrderState.RETURNED
    assert told(session)[0].payload["path"].endswith("/return")
    later = NOW + timedelta(hours=2)
    again = come(session, district, now=later, 派单时间="2025-06-18 16:30:00")
    assert (again.arrival, again.event.id, again.order.round) == (Arrival.AGAIN, first.event.id, 2)
    assert again.event.state.is_open
    assert again.order.state is OrderState.RECEIVED
    clocks = session.execute(text("SELECT clock, stopped_at IS NULL AS runs FROM clocks ORDER BY run")).all()
    assert [tuple(row) for row in clocks] == [("accept", False), ("accept", True)]  # its clock begins anew
    assert come(session, district, now=later, 派单时间="2025-06-18 16:30:00").arrival is Arrival.DUPLICATE
    assert come(session, district, now=later).arrival is Arrival.DUPLICATE  # the first round, from an export of last week
    take(session, district, first.event.id, "decline", DISPATCHER, hours=4, reason="仍不属于本区")
    assert [(row.what, row.round) for row in told(session)] == [("returned", 1), ("returned", 2)]
    assert count(session, "events") == 1


def test_an_order_whose_matter_is_archived_is_refused_with_what_to_do(session, district):
    first = returned(session, district)
    take(session, district, first.event.id, "archive", DISPATCHER, hours=2)
    with pytest.raises(OrderOver, match="is Archived"):
        come(session, district, now=NOW + timedelta(hours=3), 派单时间="2025-06-18 17:00:00")


def test_what_waits_or_was_taken_is_not_sent_again_and_what_was_refused_is(session, district):
    returned(session, district)
    message, delivery = session.execute(
        text("SELECT m.id, d.id FROM outside_messages m JOIN notices n USING (occasion) JOIN deliveries d ON d.notice_id = n.id")
    ).one()
    with pytest.raises(ResendInvalid):
        resend(session, message, actor=OPERATOR, now=NOW)
    ended = "UPDATE deliveries SET state = 'failed', next_try_at = NULL, ended_at = now(), last_error = 'x'"
    session.execute(text(ended))
    occasion = session.scalar(text("SELECT occasion FROM notices"))
    hotline.answered(session, occasion, Heard(Verdict.REFUSED, "理由不足"), now=NOW)
    resend(session, message, actor=OPERATOR, now=NOW)
    again = session.execute(text("SELECT id, state, tries FROM deliveries")).one()
    assert (again.id, again.state, again.tries) == (delivery, "waiting", 0)  # the same key
    assert session.execute(text("SELECT verdict, reason FROM outside_messages WHERE way = 'out'")).one() == (None, "")
    with pytest.raises(NotFoundError):
        resend(session, 999, actor=OPERATOR, now=NOW)


def test_a_later_silence_takes_back_no_verdict(session, district):
    returned(session, district)
    occasion = session.scalar(text("SELECT occasion FROM notices"))
    hotline.answered(session, occasion, Heard(Verdict.ACCEPTED), now=NOW)
    hotline.answered(session, occasion, Heard(None, "it answered 500"), now=NOW)
    assert session.scalar(text("SELECT verdict FROM outside_messages WHERE way = 'out'")) == "accepted"


def test_events_that_came_another_way_are_told_nobody(session, district):
    from tests.build_life import live, reported

    live(session, district, reported(session, district))
    assert told(session) == []


@pytest.mark.parametrize("again", [False, True], ids=["first", "after it was returned"])
def test_the_same_order_a_hundred_times_at_once_is_one_event_and_one_round(live, again):
    if again:
        with session_scope(live) as session:
            returned(session, district_of(profile(), session))
    barrier, found, faults = Barrier(100), [], []
    later = NOW + timedelta(hours=2)

    def once():
        barrier.wait()
        while True:
            try:
                with session_scope(live) as session:
                    done = come(session, district_of(profile(), session), now=later, 派单时间="2025-06-18 16:30:00")
            except PoolTimeout:
                continue  # told to come back by a busy machine, a hotline comes back
            except Exception as error:
                faults.append(error)
                return
            found.append(done)
            return

    threads = [Thread(target=once) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(found) == 100
    assert len({done.event.id for done in found}) == 1
    assert sorted(done.arrival for done in found)[0] == (Arrival.AGAIN if again else Arrival.DUPLICATE)
    assert sum(done.arrival is not Arrival.DUPLICATE for done in found) == 1
    with session_scope(live) as session:
        assert count(session, "events") == 1
        assert count(session, "outside_messages WHERE way = 'in'") == (2 if again else 1)


# -- merged with another report ---------------------------------------------------------------------------------------


def two_calls(session, district):
    """Two orders of one matter, the second merged into the first, which is in hand."""
    first = come(session, district)
    second = come(session, district, 工单编号="HL202506180002", 诉求内容="甲社区的灯还是不亮")
    take(session, district, first.event.id, "accept", DISPATCHER, hours=1)
    take(session, district, second.event.id, "accept", DISPATCHER, hours=1)
    merge(session, second.event.id, first.event.id, actor=DISPATCHER, now=NOW + timedelta(hours=2), district=district)
    return first, second


def of_number(session, number: str) -> list[tuple[str, str]]:
    return [(row.what, row.words) for row in told(session) if row.payload["number"] == number]


def test_who_called_second_is_told_the_end_of_what_his_order_was_merged_into(session, district):
    first, second = two_calls(session, district)
    take(session, district, first.event.id, "dispatch", DISPATCHER, hours=3, **TO_VILLAGE)
    take(session, district, first.event.id, "handle", HANDLER, hours=4, note="已更换灯具，电话 13812345678")
    take(session, district, first.event.id, "verify", OPERATOR, hours=5, note="已亮")
    assert of_number(session, "HL202506180002") == [("accepted", "")], "nothing is told of it before the end"
    take(session, district, first.event.id, "close", DISPATCHER, hours=6, note="路灯已修复")
    assert of_number(session, "HL202506180002")[1:] == [("closed", "路灯已修复")]
    assert hotline.find(session, "12345", "HL202506180002").state is OrderState.CLOSED
    body = json.loads(
        next(row.payload["body"] for row in told(session) if (row.payload["number"], row.what) == ("HL202506180002", "closed"))
    )
    assert (body["orderNo"], body["handler"]) == ("HL202506180002", second.event.number)


def test_what_the_parent_was_returned_with_is_told_of_its_children_too(session, district):
    first, _ = two_calls(session, district)
    take(session, district, first.event.id, "decline", DISPATCHER, hours=3, reason="不属于本区")
    assert of_number(session, "HL202506180002")[1:] == [("returned", "不属于本区")]
    assert hotline.find(session, "12345", "HL202506180002").state is OrderState.RETURNED


def test_an_order_sent_again_after_it_ended_with_another_goes_its_own_way(session, district):
    first, second = two_calls(session, district)
    take(session, district, first.event.id, "decline", DISPATCHER, hours=3, reason="不属于本区")
    done = come(session, district, now=NOW + timedelta(hours=4), 工单编号="HL202506180002", 派单时间="2025-06-18 18:00:00")
    assert (done.arrival, done.order.round, done.event.id) == (Arrival.AGAIN, 2, second.event.id)
    take(session, district, second.event.id, "accept", DISPATCHER, hours=5)
    assert hotline.find(session, "12345", "HL202506180002").state is OrderState.ACCEPTED
