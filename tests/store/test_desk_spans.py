"""How pressing matters are, as rows: written with every step, reckoned where missing, told by fsck where wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from geogrid.actions.accept_batch import accept_batch
from geogrid.actions.district import district_of
from geogrid.actions.fsck import fsck
from geogrid.actions.open_missing import mark_danger, reckon_spans
from geogrid.domain.clocks import Audience, Light
from geogrid.domain.events import StepKind
from geogrid.rules.danger import Danger
from geogrid.rules.urgency import URGENT
from geogrid.store import matter_views
from layers.queue import count_queue, read_queue
from layers.queue_filters import QueueFilter
from tests.build_district import NOW, profile, publish, report
from tests.build_life import DISPATCHER, HANDLER, LEADER, WHOLE, live, reported, take

SAYS = "How pressing a matter is, as the desk shows it, is not what its clocks say."


@pytest.fixture
def district(session):
    publish(session)
    return district_of(profile(), session)


def queued(session, hours):
    found, _ = read_queue(session, QueueFilter(), now=NOW + timedelta(hours=hours))
    return {one.event_id: one for one in found}


def test_the_queue_shows_at_every_instant_what_the_clocks_say_then(session, district):
    ids = [reported(session, district, now=NOW + timedelta(minutes=7 * i)) for i in range(6)]
    for number, event_id in enumerate(ids):
        for i, (step, actor, details) in enumerate(WHOLE[:number], start=1):
            take(session, district, event_id, step, actor, hours=1 + i / 4, **details)
    take(session, district, ids[3], "pause", HANDLER, hours=3, pause="waiting_citizen", reason="away")
    seq = session.scalar(text("SELECT max(seq) FROM steps WHERE event_id = :e"), {"e": ids[3]})
    take(session, district, ids[3], "approve", LEADER, hours=3.1, proposal=seq)
    for hours in (4, 10, 26, 40, 72, 100, 500):
        shown = queued(session, hours)
        assert set(shown) == set(ids), "what is open is never lost"
        for event_id, one in shown.items():
            view = matter_views.of_event(session, event_id, now=NOW + timedelta(hours=hours), district=district)
            urgent = view.urgent()
            light = urgent.lights[Audience.STAFF] if urgent else Light.GREY
            assert URGENT[one.urgency] is light, (hours, view.matter.state)
        counts = count_queue(session, QueueFilter(), now=NOW + timedelta(hours=hours)).by_light
        assert counts == {light: sum(URGENT[one.urgency] is light for one in shown.values()) for light in URGENT}


def test_the_order_is_light_then_due_time(session, district):
    for i in range(5):
        event_id = reported(session, district, now=NOW + timedelta(minutes=i))
        if i % 2:
            take(session, district, event_id, "open", DISPATCHER, hours=0.2, category="E01")
            take(session, district, event_id, "dispatch", DISPATCHER, hours=0.3, party="unit:999901001001")
    found, _ = read_queue(session, QueueFilter(), now=NOW + timedelta(hours=20))
    assert [(one.urgency, one.due_at) for one in found] == sorted((one.urgency, one.due_at) for one in found)
    assert {one.urgency for one in found} == {0, 2} or len({one.urgency for one in found}) > 1


def test_a_batch_with_a_past_has_the_spans_that_one_by_one_would_have(session, district):
    reports = [report(words=f"路灯 {i}") for i in range(4)]
    kinds = [StepKind.REPORT, StepKind.OPEN, StepKind.DISPATCH, StepKind.HANDLE]
    histories = [[(kind, NOW + timedelta(minutes=j)) for j, kind in enumerate(kinds[: i + 1])] for i in range(4)]
    accept_batch(session, reports, histories, now=NOW + timedelta(days=1), district=district)
    assert set(queued(session, 24)) == {one.id for one in reports}


def test_what_is_missing_is_reckoned_and_done_twice_changes_nothing(session, district, tmp_path):
    ids = [reported(session, district) for _ in range(3)]
    live(session, district, ids[0], upto="close")
    before = session.execute(text("SELECT * FROM desk_spans ORDER BY event_id, span")).all()
    session.execute(text("DELETE FROM desk_spans"))
    assert SAYS in [breach.says for breach in fsck(session, var_dir=tmp_path, now=NOW, profile=profile())]
    assert reckon_spans(session, now=NOW, district=district) == 2
    assert session.execute(text("SELECT * FROM desk_spans ORDER BY event_id, span")).all() == before
    assert reckon_spans(session, now=NOW, district=district) == 0


@pytest.mark.parametrize("broken", [
    "UPDATE desk_spans SET urgency = 3 - urgency", "UPDATE desk_spans SET due_at = due_at + interval '1 second'",
    "UPDATE desk_spans SET is_open = false", "DELETE FROM desk_spans WHERE span = 2", "UPDATE desk_spans SET during = '(,)'",
    "UPDATE desk_spans SET danger = NOT danger", "UPDATE desk_spans SET category = 'B'",
])  # fmt: skip
def test_fsck_tells_what_is_not_what_the_clocks_say(session, district, tmp_path, broken):
    reported(session, district)
    assert SAYS not in [breach.says for breach in fsck(session, var_dir=tmp_path, now=NOW, profile=profile())]
    session.execute(text(broken))
    assert SAYS in [breach.says for breach in fsck(session, var_dir=tmp_path, now=NOW, profile=profile())]


def test_an_open_event_without_a_matter_waits_in_the_queue_all_the_same(session, district):
    event_id = reported(session, district)
    for table in ("desk_spans", "clocks", "concerns", "matters"):
        session.execute(text(f"DELETE FROM {table}"))
    assert reckon_spans(session, now=NOW, district=district) == 1
    assert URGENT[queued(session, 1)[event_id].urgency] is Light.GREY


def of_event(session, event_id, column):
    found = session.execute(text(f"SELECT DISTINCT {column} FROM desk_spans WHERE event_id = :e"), {"e": event_id})
    return [row[0] for row in found]


def test_class_and_danger_follow_the_report_and_its_steps(session, district):
    burning, calm = (reported(session, district, words=words) for words in ("三楼着火了", "路灯不亮"))
    for event_id, expected in ((burning, True), (calm, False)):
        assert of_event(session, event_id, "danger") == [expected]
    (before,) = of_event(session, calm, "category")
    take(session, district, calm, "open", DISPATCHER, hours=1, category="F02")
    assert (before, of_event(session, calm, "category")) == ("E", ["F02"])
    assert of_event(session, calm, "danger") == [True], "a class means danger as words do"
    assert {one.event_id for one in read_queue(session, QueueFilter(danger=True), now=NOW)[0]} == {burning, calm}
    assert [one.event_id for one in read_queue(session, QueueFilter(categories=("F02",)), now=NOW)[0]] == [calm]


def test_other_words_of_danger_are_marked_again_at_the_next_start(session, district, tmp_path):
    burning, dark = (reported(session, district, words=words) for words in ("三楼着火了", "路灯不亮"))
    assert mark_danger(session, district=district) == 0
    other = replace(district, danger=Danger(("路灯",), ()))
    assert mark_danger(session, district=other) == 2
    assert (of_event(session, burning, "danger"), of_event(session, dark, "danger")) == ([False], [True])
    assert SAYS in [breach.says for breach in fsck(session, var_dir=tmp_path, now=NOW, profile=profile())]
    assert mark_danger(session, district=district) == 2
    assert SAYS not in [breach.says for breach in fsck(session, var_dir=tmp_path, now=NOW, profile=profile())]
