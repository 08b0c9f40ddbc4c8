"""The tick: alarms once each and in order, consequences of time-outs, parked matters, stops of days, what fails for one event."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from geogrid.actions.tick import tick
from geogrid.domain.clocks import Phase
from geogrid.domain.events import StepKind
from geogrid.errors import GeogridError
from geogrid.rules.deadlines import read_clock
from geogrid.rules.notices import phases_told
from geogrid.store import events, matters, outbox
from tests.build_district import IN_A1, NOW
from tests.build_life import COMMANDER, DISPATCHER, HANDLER, LEADER, TO_VILLAGE, VERIFIER, live, reported, take
from tests.build_people import EVERYBODY, employ, recipient
from tests.rules.clocks import TIME

MINUTE = timedelta(minutes=1)
WEEK_ENDS = NOW + timedelta(days=7)


def local(text_: str) -> datetime:
    return datetime.fromisoformat(text_ + "+08:00")


def told(session) -> list:
    query = """
    SELECT n.occasion, n.rule, n.event_id, n.at, n.made_at, n.text_zh, n.text_en,
           coalesce(array_agg(d.recipient ORDER BY d.recipient) FILTER (WHERE d.id IS NOT NULL), '{}') AS who,
           min(d.next_try_at) AS first_try
    FROM notices AS n LEFT JOIN deliveries AS d ON d.notice_id = n.id GROUP BY n.id ORDER BY n.id
    """
    return list(session.execute(text(query)))


def of_clocks(session) -> list:
    return [row for row in told(session) if row.occasion.startswith("clock:")]


def run_until_quiet(session, district, now):
    total = []
    while True:
        done = tick(session, now=now, district=district)
        total.append(done)
        if not done.looked:
            return total


@pytest.fixture
def staffed(session, district):
    employ(session)
    return district


def test_what_is_not_opened_in_time_is_told_to_the_dispatcher_once(session, staffed):
    event_id = reported(session, staffed)  # 15:00; two working hours: 17:00
    assert not tick(session, now=local("2025-06-18T17:00:00"), district=staffed).alarms
    done = tick(session, now=local("2025-06-18T17:00:05"), district=staffed)
    assert (done.looked, done.alarms, done.notices, done.steps, done.failures) == (1, 1, 1, 1, [])
    (notice,) = of_clocks(session)
    assert (notice.rule, notice.event_id, notice.who) == ("unopened", event_id, [recipient("dispatcher")])
    assert notice.at == local("2025-06-18T17:00") + timedelta(microseconds=1)
    assert notice.text_zh == f"事件 {events.find(session, event_id).number} 超过立案时限"
    last = events.find(session, event_id).steps[-1]
    assert (last.kind, last.step, last.actor) == (StepKind.TIME_OUT, "time_out", "system:geogrid")
    assert last.details["due_at"] == local("2025-06-18T17:00").astimezone(NOW.tzinfo).isoformat()
    assert not tick(session, now=local("2025-06-18T18:00"), district=staffed).looked
    assert len(of_clocks(session)) == 1


def test_a_matter_that_runs_out_is_escalated_after_its_owner_was_told(session, staffed):
    event_id = reported(session, staffed)
    live(session, staffed, event_id, "take_on")  # immediate: one working day, Thursday 17:00
    run_until_quiet(session, staffed, local("2025-06-19T00:00"))
    run_until_quiet(session, staffed, local("2025-06-19T17:00:01"))
    soon, overdue = of_clocks(session)
    assert (soon.rule, overdue.rule) == ("soon", "overdue")
    assert soon.who == sorted([recipient("leader_a"), recipient("officer_a")])
    assert set(overdue.who) == {recipient(name) for name in ("leader_a", "officer_a", "township_a")}
    assert soon.first_try == local("2025-06-19T07:30")  # reached at midnight, told when people are up
    assert overdue.first_try == local("2025-06-19T17:00:01")
    event = events.find(session, event_id)
    assert [step.step for step in event.steps[-2:]] == ["time_out", "escalate"]
    matter = matters.find(session, event_id, staffed.programmes.of)
    assert (matter.level, str(matter.owner)) == ("township", "unit:999901001000")
    assert [run.is_running for run in matter.clocks if run.clock == "handle"] == [False, True]


def test_what_a_step_went_past_before_anybody_looked_is_told_all_the_same(session, staffed):
    event_id = reported(session, staffed)
    take(session, staffed, event_id, "open", DISPATCHER, now=local("2025-06-18T17:30"), category="E01")
    run_until_quiet(session, staffed, local("2025-06-18T17:31"))
    (late,) = of_clocks(session)
    assert late.rule == "unopened"  # the clock had run out at 17:00 and was stopped at 17:30; the jobs slept meanwhile
    assert late.text_zh.startswith("【补发，应于 2025-06-18 17:00 通知】")
    assert late.text_en.startswith("late, was due to be told at 2025-06-18 17:00: ")
    assert StepKind.TIME_OUT not in [step.kind for step in events.find(session, event_id).steps]  # the matter went on


def test_after_a_stop_of_days_everything_missed_is_told_once_in_order(session, staffed):
    first, second = reported(session, staffed), reported(session, staffed)
    live(session, staffed, second, "take_on")
    run_until_quiet(session, staffed, local("2025-06-23T09:00"))  # nobody ticked from Wednesday to Monday
    rows = of_clocks(session)
    assert [(row.rule, row.event_id) for row in rows] == [("unopened", first), ("soon", second), ("overdue", second)]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert all(row.text_zh.startswith("【补发，应于 2025-06-1") for row in rows)
    before = len(told(session))
    run_until_quiet(session, staffed, local("2025-06-23T09:05"))
    assert len(told(session)) == before


def test_whistles_are_told_at_night_and_unanswered_ones_go_up(session, staffed):
    event_id = reported(session, staffed)
    live(session, staffed, event_id, "take_on")
    night = local("2025-06-18T22:00")
    take(session, staffed, event_id, "blow", HANDLER, now=night, party="department:urban", reason="needs a digger")
    blown = told(session)[-1]
    assert (blown.rule, blown.who, blown.first_try) == ("whistle", [recipient("urban")], night)
    assert "甲社区 吹哨" in blown.text_zh
    run_until_quiet(session, staffed, night + timedelta(minutes=31))
    unanswered = of_clocks(session)[-1]
    assert unanswered.rule == "unanswered"
    assert set(unanswered.who) == {recipient("township_a"), recipient("commander")}
    assert unanswered.first_try == night + timedelta(minutes=31)


def test_who_must_approve_is_told_and_a_matter_returned_twice_rings(session, staffed):
    event_id = reported(session, staffed)
    live(session, staffed, event_id, "take_on")
    for round_ in range(2):
        hours = 2 + round_
        asked = take(session, staffed, event_id, "return", HANDLER, hours=hours, reason="not ours")
        notice = told(session)[-1]
        assert (notice.rule, notice.who) == ("asked", [recipient("dispatcher")])
        assert "退回" in notice.text_zh
        number = asked.event.steps[-1].seq
        take(session, staffed, event_id, "approve", DISPATCHER, hours=hours + 0.1, proposal=number)
        rings = [row for row in told(session) if row.rule == "bounces"]
        assert len(rings) == round_
        take(session, staffed, event_id, "dispatch", DISPATCHER, hours=hours + 0.2, **TO_VILLAGE)
    (ring,) = rings
    assert set(ring.who) == {recipient("dispatcher"), recipient("township_a")}
    assert "退回 2 次" in ring.text_zh


def test_a_parked_matter_comes_back_on_its_day_of_review(session, staffed):
    event_id = reported(session, staffed)
    live(session, staffed, event_id, "take_on")
    until = local("2025-07-01T09:00")
    take(session, staffed, event_id, "park", HANDLER, hours=2, reason="frost", until=until.isoformat())
    number = events.find(session, event_id).steps[-1].seq
    take(session, staffed, event_id, "approve", LEADER, hours=3, proposal=number)
    assert not of_clocks(session)
    run_until_quiet(session, staffed, until - MINUTE)
    assert matters.find(session, event_id, staffed.programmes.of).state == "parked"
    run_until_quiet(session, staffed, until + MINUTE)
    review = [row for row in told(session) if row.rule == "review"]
    assert len(review) == 1
    assert "2025-07-01 09:00" in review[0].text_zh
    matter = matters.find(session, event_id, staffed.programmes.of)
    assert (matter.state, matter.parked_until) == ("dispatched", None)
    assert not tick(session, now=until + 2 * MINUTE, district=staffed).looked


def test_a_programme_that_leaves_parked_matters_to_people_has_them_told_once(session, staffed, monkeypatch):
    monkeypatch.setattr("geogrid.actions.tick.step_of_platform", lambda programme, matter, effect: "")
    event_id = reported(session, staffed)
    live(session, staffed, event_id, "take_on")
    take(session, staffed, event_id, "park", HANDLER, hours=2, reason="frost", until="2025-07-01T09:00+08:00")
    number = events.find(session, event_id).steps[-1].seq
    take(session, staffed, event_id, "approve", LEADER, hours=3, proposal=number)
    for day in ("01", "02", "09"):
        run_until_quiet(session, staffed, local(f"2025-07-{day}T10:00"))
    assert len([row for row in told(session) if row.rule == "review"]) == 1
    assert matters.find(session, event_id, staffed.programmes.of).state == "parked"


def test_nobody_in_the_village_means_that_somebody_above_is_told(session, district):
    employ(session, [one for one in EVERYBODY if one[0] == "dispatcher"])
    event_id = reported(session, district)
    live(session, district, event_id, "dispatch")
    (notice,) = told(session)
    assert (notice.rule, notice.who) == ("dispatched", [recipient("dispatcher")])


def test_an_alarm_for_nobody_at_all_is_kept_and_counted(session, district):
    reported(session, district)
    run_until_quiet(session, district, local("2025-06-18T17:01"))
    (notice,) = of_clocks(session)
    assert notice.who == []
    found = outbox.health(session, WEEK_ENDS, late_after=timedelta(minutes=10), since=timedelta(days=30))
    assert found.unaddressed == 1


def test_what_fails_for_one_event_is_put_off_and_the_others_go_on(session, staffed, monkeypatch):
    bad, good = reported(session, staffed), reported(session, staffed)
    session.execute(
        text("UPDATE clocks SET next_at = next_at - interval '1 min' WHERE event_id = :id"), {"id": bad}
    )  # comes first
    session.execute(text("UPDATE steps SET step = 'lost', kind = 'open' WHERE event_id = :id AND seq = 2"), {"id": bad})
    now = local("2025-06-18T17:01")
    done = tick(session, now=now, district=staffed)
    assert (done.looked, done.alarms) == (2, 1)
    assert str(bad) in done.failures[0]
    assert [row.event_id for row in of_clocks(session)] == [good]
    assert not tick(session, now=now, district=staffed).looked
    assert tick(session, now=now + timedelta(minutes=16), district=staffed).failures


# -- a week -----------------------------------------------------------------------------------------------------------


def scripted(rng: np.random.Generator) -> list[tuple[datetime, str, object, dict]]:
    """A life at random moments of the week: some matters stop half-way, some are handled late."""
    path = [
        ("open", DISPATCHER, {"category": str(rng.choice(["E01", "F01", "S01"]))}),
        ("dispatch", DISPATCHER, TO_VILLAGE),
        ("take_on", HANDLER, {}),
        ("supervise", COMMANDER, {"note": "look at it"}),
        ("handle", HANDLER, {"note": "done"}),
        ("verify", VERIFIER, {"note": "seen"}),
    ]
    moments = sorted(int(m) for m in rng.integers(1, 7 * 1440, int(rng.integers(0, len(path) + 1))))
    return [(NOW + minute * MINUTE, *step) for minute, step in zip(moments, path, strict=False)]


def expected(session, district, ids) -> set[tuple]:
    """The alarms that whoever reads every clock at every minute of the week notes, from the marks as they are at its end."""
    found = set()
    for event_id in ids:
        matter = matters.find(session, event_id, district.programmes.of)
        programme = district.programmes.of(matter.programme, matter.version)
        for number, run in enumerate(matter.clocks, start=1):
            rule, wanted, before = programme.clock(run.clock), phases_told(programme, run.clock), ""
            at = run.marks[0].at.replace(second=0, microsecond=0)
            while at <= WEEK_ENDS:
                known = [mark for mark in run.marks if mark.at <= at]
                phase = str(read_clock(rule, run.limit, known, now=at, time=TIME).phase) if known else ""
                if phase != before and phase in wanted and before != Phase.OVERDUE:
                    found.add((event_id, run.clock, number, phase, at))
                before = phase
                at += MINUTE
    return found


def noted(session) -> list[tuple]:
    rows = []
    for row in of_clocks(session):
        _, clock, phase, event_id, number, *_ = row.occasion.split(":")
        minute = row.at.replace(second=0, microsecond=0)
        rows.append((row.event_id, clock, int(number), phase, minute if minute == row.at else minute + MINUTE))
        assert str(row.event_id) == event_id
    return rows


@pytest.mark.parametrize("stops", [False, True])
def test_a_week_of_ticks_tells_what_reading_every_clock_every_minute_would(session, staffed, stops):
    rng = np.random.default_rng(4)
    ids = [reported(session, staffed, IN_A1) for _ in range(6)]
    steps = sorted(((*one, event_id) for event_id in ids for one in scripted(rng)), key=lambda one: one[0])
    now, stopped_until = NOW, NOW
    while now < WEEK_ENDS:
        now = min(now + int(rng.integers(1, 90)) * MINUTE, WEEK_ENDS)
        while steps and steps[0][0] <= now:
            at, code, actor, details, event_id = steps.pop(0)
            try_step(session, staffed, event_id, code, actor, at, details)
        if stops and now >= stopped_until and rng.random() < 0.03:
            stopped_until = now + int(rng.integers(600, 3000)) * MINUTE
        if now >= stopped_until or now == WEEK_ENDS:
            run_until_quiet(session, staffed, now)
    rows = noted(session)
    assert len(rows) == len(set(rows))
    assert set(rows) == expected(session, staffed, ids)
    assert len(rows) >= 8


def try_step(session, district, event_id, code, actor, at, details) -> None:
    """Take a step where the matter still allows it: the platform may have escalated it away meanwhile."""
    try:
        with session.begin_nested():
            take(session, district, event_id, code, actor, now=at, **details)
    except GeogridError:
        return
