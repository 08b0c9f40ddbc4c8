"""Pauses with a longest length: the tick ends them with a step of the platform and tells of it; its delay moves nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from geogrid.actions.fsck import fsck
from geogrid.domain.clocks import Phase
from geogrid.domain.matters import MarkKind
from geogrid.errors import EvidenceInvalid
from geogrid.rules.deadlines import read_clock
from geogrid.rules.pauses import pause_of
from geogrid.store import events, matters
from tests.actions.test_tick import local, run_until_quiet, told
from tests.build_district import NOW
from tests.build_life import HANDLER, LEADER, live, reported, take
from tests.build_people import employ, recipient
from tests.rules.clocks import TIME

# Asked for on Wednesday 18 June 2025; twenty working days: Wednesday 16 July, 17:00.
ENDS = local("2025-07-16T17:00")
SECOND = timedelta(seconds=1)


@pytest.fixture
def staffed(session, district):
    employ(session)
    return district


def paused(session, district, *, approved: datetime | None = None, pause: str = "waiting_citizen"):
    """An event that its handler had paused, asked for at 16:00 (the time the pause counts from) and allowed by ``approved``."""
    event_id = reported(session, district)
    live(session, district, event_id, "take_on")
    take(session, district, event_id, "pause", HANDLER, hours=1, pause=pause, reason="papers are missing")
    number = events.find(session, event_id).steps[-1].seq
    take(session, district, event_id, "approve", LEADER, now=approved or NOW + timedelta(hours=1.5), proposal=number)
    return event_id


def matter_of(session, district, event_id):
    return matters.find(session, event_id, district.programmes.of)


def handling(session, district, event_id):
    return next(run for run in matter_of(session, district, event_id).clocks if run.clock == "handle" and run.is_running)


def read(session, district, event_id, now):
    run = handling(session, district, event_id)
    programme = district.programmes.default
    return read_clock(programme.clock("handle"), run.limit, run.marks, now=now, time=TIME)


def sound(session, district, tmp_path, now) -> list:
    found = fsck(session, var_dir=tmp_path, now=now, profile=district.profile, programmes=district.programmes)
    return [(one.invariant, one.says, one.rows) for one in found]


def resumed(session) -> list:
    return [row for row in told(session) if row.rule == "resumed"]


def test_a_pause_ends_at_its_longest_length_and_somebody_is_told(session, staffed, tmp_path):
    event_id = paused(session, staffed)
    assert pause_of(handling(session, staffed, event_id)).until == ENDS
    due = read(session, staffed, event_id, ENDS + SECOND).due_at
    run_until_quiet(session, staffed, ENDS - SECOND)
    assert read(session, staffed, event_id, ENDS - SECOND).phase == Phase.PAUSED
    assert not resumed(session)
    run_until_quiet(session, staffed, ENDS + SECOND)
    (notice,) = resumed(session)
    number = events.find(session, event_id).number
    due_at = f"{due.astimezone(TIME.timezone):%Y-%m-%d %H:%M}"
    wanted = f"事件 {number} 因“等待群众补充”暂停已满最长期限，恢复计时：办理时限，{due_at} 到期"
    assert notice.text_zh == wanted
    assert notice.at == ENDS
    assert {recipient("leader_a"), recipient("officer_a"), recipient("township_a")} == set(notice.who)
    last = events.find(session, event_id).steps[-1]
    assert (last.step, last.actor) == ("resume", "system:geogrid")
    assert "暂停已于 2025-07-16 17:00 满最长期限" in last.note
    assert [mark.kind for mark in handling(session, staffed, event_id).marks][-2:] == [MarkKind.PAUSE, MarkKind.RESUME]
    assert read(session, staffed, event_id, ENDS + SECOND).due_at == due
    row = session.execute(text("SELECT paused_at, due_at FROM clocks WHERE stopped_at IS NULL AND clock = 'handle'")).one()
    assert (row.paused_at, row.due_at) == (None, due)
    assert sound(session, staffed, tmp_path, ENDS + SECOND) == []
    before = len(events.find(session, event_id).steps)
    run_until_quiet(session, staffed, ENDS + timedelta(minutes=1))
    assert len(events.find(session, event_id).steps) == before
    assert len(resumed(session)) == 1


def test_nobody_gains_by_a_tick_that_slept(session, staffed, tmp_path):
    """The clock goes on at the end of the pause, however late somebody says so; what it went past is told in order."""
    event_id = paused(session, staffed)
    week_later = ENDS + timedelta(days=7)
    due = read(session, staffed, event_id, week_later).due_at
    assert due < week_later
    assert sound(session, staffed, tmp_path, ENDS + timedelta(minutes=30)) == []
    run_until_quiet(session, staffed, week_later)
    rules = [row.rule for row in told(session) if row.rule in {"resumed", "soon", "overdue"}]
    assert rules == ["resumed", "soon", "overdue"]
    assert "time_out" in [step.step for step in events.find(session, event_id).steps]
    assert sound(session, staffed, tmp_path, week_later) == []


def test_who_resumes_before_ends_the_pause_and_who_resumes_after_ends_nothing(session, staffed):
    early, late = paused(session, staffed), paused(session, staffed)
    take(session, staffed, early, "resume", HANDLER, now=local("2025-06-20T09:00"))
    assert handling(session, staffed, early).marks[-1].at == local("2025-06-20T09:00")
    due = read(session, staffed, late, ENDS + SECOND).due_at
    take(session, staffed, late, "resume", HANDLER, now=ENDS + timedelta(days=2))
    assert read(session, staffed, late, ENDS + timedelta(days=2)).due_at == due
    run_until_quiet(session, staffed, ENDS + timedelta(days=2))
    assert not resumed(session)
    with pytest.raises(EvidenceInvalid):
        take(session, staffed, late, "resume", HANDLER, now=ENDS + timedelta(days=2))


def test_a_pause_allowed_after_its_end_is_over_at_once(session, staffed, tmp_path):
    event_id = paused(session, staffed, approved=ENDS + timedelta(days=1))
    run_until_quiet(session, staffed, ENDS + timedelta(days=1))
    assert events.find(session, event_id).steps[-1].step in {"resume", "time_out", "escalate"}
    assert "resume" in [step.step for step in events.find(session, event_id).steps]
    assert not handling(session, staffed, event_id).is_paused
    assert sound(session, staffed, tmp_path, ENDS + timedelta(days=1)) == []


def test_a_parked_matter_never_goes_on_by_itself_because_it_was_paused_before(session, staffed, tmp_path):
    event_id = paused(session, staffed)
    until = local("2025-12-01T09:00")
    take(session, staffed, event_id, "park", HANDLER, hours=30, reason="frost", until=until.isoformat())
    number = events.find(session, event_id).steps[-1].seq
    take(session, staffed, event_id, "approve", LEADER, hours=31, proposal=number)
    run_until_quiet(session, staffed, ENDS + timedelta(days=9))
    assert matter_of(session, staffed, event_id).state == "parked"
    assert read(session, staffed, event_id, ENDS + timedelta(days=9)).phase == Phase.PAUSED
    assert not resumed(session)
    assert sound(session, staffed, tmp_path, ENDS + timedelta(days=9)) == []
    run_until_quiet(session, staffed, until + SECOND)
    assert not handling(session, staffed, event_id).is_paused


def test_a_pause_that_parking_broke_off_lasts_until_its_own_end(session, staffed, tmp_path):
    event_id = paused(session, staffed)
    until = local("2025-07-01T09:00")
    take(session, staffed, event_id, "park", HANDLER, hours=30, reason="frost", until=until.isoformat())
    number = events.find(session, event_id).steps[-1].seq
    take(session, staffed, event_id, "approve", LEADER, hours=31, proposal=number)
    run_until_quiet(session, staffed, until + SECOND)
    pause = pause_of(handling(session, staffed, event_id))
    assert (pause.reason, pause.until) == ("waiting_citizen", ENDS)
    assert sound(session, staffed, tmp_path, until + SECOND) == []
    run_until_quiet(session, staffed, ENDS + SECOND)
    assert not handling(session, staffed, event_id).is_paused
    assert len(resumed(session)) == 1
    assert sound(session, staffed, tmp_path, ENDS + SECOND) == []


def test_nobody_says_when_a_pause_ends_but_the_platform(session, staffed):
    event_id = reported(session, staffed)
    live(session, staffed, event_id, "take_on")
    with pytest.raises(EvidenceInvalid, match="platform"):
        take(
            session,
            staffed,
            event_id,
            "pause",
            HANDLER,
            hours=1,
            pause="waiting_citizen",
            reason="-",
            pause_until="2099-01-01T00:00Z",
        )


def test_a_programme_whose_platform_may_not_resume_lets_the_clock_go_on_and_says_so(session, staffed, monkeypatch, tmp_path):
    event_id = paused(session, staffed)
    monkeypatch.setattr("geogrid.actions.tick.step_of_platform", lambda programme, matter, effect: "")
    looks = run_until_quiet(session, staffed, ENDS + SECOND)
    assert any("no step of the platform" in failure for one in looks for failure in one.failures)
    assert read(session, staffed, event_id, ENDS + SECOND).phase == Phase.RUNNING
    assert sound(session, staffed, tmp_path, ENDS + SECOND) == []
