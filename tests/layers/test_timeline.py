"""The time line of clocks: spans fill a run, pauses stand where they were, nothing lies outside the drawing."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from geogrid.actions.district import district_of
from geogrid.domain.clocks import Light
from geogrid.domain.people import Role
from geogrid.store.matter_views import of_event
from layers.timeline import MOST_TICKS, draw
from tests.build_district import NOW, profile, publish
from tests.build_life import DISPATCHER, TO_VILLAGE, reported, take
from tests.rules.people import person

LEADER, HANDLER = person(Role.TOWNSHIP_LEADER), person(Role.GRID_LEADER)


def drawn(session, district, event_id, hours):
    view = of_event(session, event_id, now=NOW + timedelta(hours=hours), district=district)
    now = NOW + timedelta(hours=hours)
    return draw(view.clocks, (), now=now, timezone="Asia/Shanghai", language="zh"), view


@pytest.fixture
def district(session):
    """The small district, its first edition in force."""
    publish(session)
    return district_of(profile(), session)


@pytest.fixture
def paused(session, district):
    """A matter that was dispatched after an hour, stood still from the second to the 26th, and goes on."""
    event_id = reported(session, district)
    take(session, district, event_id, "open", DISPATCHER, hours=0.5, handling="timed")
    take(session, district, event_id, "dispatch", DISPATCHER, hours=1, **TO_VILLAGE)
    take(session, district, event_id, "pause", LEADER, hours=2, pause="third_party_report", reason="鉴定")
    take(session, district, event_id, "resume", HANDLER, hours=26)
    return event_id


def test_spans_follow_one_another_and_the_pause_is_as_long_as_it_was(session, district, paused):
    line, view = drawn(session, district, paused, 30)
    titles = [lane.title for lane in line.lanes]
    assert titles == [clock.rule.title.zh for clock in view.clocks]
    handle = line.lanes[1]
    assert [span.paused for span in handle.spans] == [False, True, False]
    for before, after in zip(handle.spans, handle.spans[1:], strict=False):
        assert before.x + before.width == pytest.approx(after.x, abs=0.02)
    still, ran = handle.spans[1], handle.spans[2]
    assert still.width / ran.width == pytest.approx(24 / 4, rel=0.01), "24 hours stood still, 4 ran"
    assert handle.light is Light.GREEN
    assert line.lanes[0].stop_x is not None, "the clock of opening stopped"
    assert handle.stop_x is None


def test_everything_lies_in_the_drawing_and_now_is_on_it(session, district, paused):
    for hours in (0.1, 3, 30, 24 * 40):
        line, _ = drawn(session, district, paused, hours)
        xs = [x for x, _ in line.ticks] + [line.now_x or 0]
        xs += [value for lane in line.lanes for value in (lane.due_x, lane.legal_x or 0, lane.stop_x or 0)]
        xs += [span.x + span.width for lane in line.lanes for span in lane.spans]
        assert all(0 <= x <= line.width + 0.02 for x in xs)
        assert len(line.ticks) <= MOST_TICKS
        assert line.now_x is not None, "its clocks still run"


def test_ticks_are_round_local_times_in_order(session, district, paused):
    line, _ = drawn(session, district, paused, 30)
    local = [at.astimezone(ZoneInfo("Asia/Shanghai")) for _, at in line.ticks]
    assert local == sorted(local)
    assert {at.minute for at in local} == {0}


def test_without_clocks_the_steps_alone_are_drawn():
    line = draw((), (), now=NOW, timezone="Asia/Shanghai", language="zh")
    assert (line.lanes, line.steps) == ((), ())
    assert line.end > line.begin
