"""What a clock's end does by the programme: approve, nothing, notify without a rule; phases that steps enter; what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text

from geogrid.actions.tick import tick
from geogrid.domain.events import StepKind
from geogrid.errors import RoleMissing
from geogrid.rules.programme import parse_programme
from geogrid.settings import ROOT
from geogrid.store import events, matters
from tests.build_district import NOW
from tests.build_life import DISPATCHER, live, reported, take
from tests.build_people import employ, recipient

HULAN = (ROOT / "data" / "programmes" / "hulan.toml").read_text("utf-8")
VERIFY = HULAN[HULAN.index('[[clocks]]\ncode = "verify"') : HULAN.index('[[clocks]]\ncode = "whistle"')]
LATER = datetime.fromisoformat("2025-06-23T09:00+08:00")


def under(district, *changes: tuple[str, str]):
    """The district with Hulan's rules changed."""
    told = HULAN
    for old, new in changes:
        assert old in told
        told = told.replace(old, new, 1)
    programmes = replace(district.programmes, by_code={"hulan": parse_programme(told, "hulan.toml")}, versions=None)
    return replace(district, programmes=programmes)


def handled(session, district):
    employ(session)
    event_id = reported(session, district)
    live(session, district, event_id, "handle")
    session.execute(text("DELETE FROM deliveries"))
    session.execute(text("DELETE FROM notices"))
    return event_id


def notices(session) -> list:
    return list(session.execute(text("SELECT rule, occasion, text_zh, at FROM notices ORDER BY id")))


def state(session, district, event_id) -> str:
    return matters.find(session, event_id, district.programmes.of).state


def test_who_does_not_verify_in_time_has_verified_where_the_programme_says_so(session, district):
    roles = ('roles = ["verifier", "grid_leader"]', 'roles = ["verifier", "grid_leader", "system"]')
    approve = (VERIFY, VERIFY.replace('time_out = "notify"', 'time_out = "approve"\ntime_out_step = "verify"'))
    changed = under(district, roles, approve)
    event_id = handled(session, changed)
    done = tick(session, now=LATER, district=changed)
    assert (done.alarms, done.steps, done.failures) == (1, 2, [])
    *_, ran_out, verified = events.find(session, event_id).steps
    assert (ran_out.kind, ran_out.details["policy"], ran_out.details["clock"]) == (StepKind.TIME_OUT, "approve", "verify")
    assert (verified.step, verified.actor) == ("verify", "system:geogrid")
    assert "核查时限已于 2025-06-20 17:00 到期" in verified.note
    assert state(session, changed, event_id) == "verified"
    assert not tick(session, now=LATER, district=changed).looked


def test_nothing_means_nothing(session, district):
    changed = under(district, (VERIFY, VERIFY.replace('time_out = "notify"', 'time_out = "nothing"')))
    event_id = handled(session, changed)
    before = len(events.find(session, event_id).steps)
    done = tick(session, now=LATER, district=changed)
    assert (done.alarms, done.notices, done.steps) == (1, 0, 0)
    assert len(events.find(session, event_id).steps) == before
    assert notices(session) == []


def test_notify_without_a_rule_of_the_programme_tells_owner_and_supervisor(session, district):
    handled(session, district)
    assert tick(session, now=LATER, district=district).notices == 1
    (notice,) = notices(session)
    assert notice.rule == "time_out"
    assert notice.text_zh.endswith("的核查时限已于 2025-06-20 17:00 到期")
    who = set(session.scalars(text("SELECT recipient FROM deliveries")))
    assert {recipient("leader_a"), recipient("township_a")} <= who


def test_a_phase_that_a_step_enters_is_told_at_the_next_tick(session, district):
    rule = (
        '[[notices]]\ncode = "whistle"\n',
        '[[notices]]\ncode = "slow"\non = "clock:accept:done_late"\nto = ["dispatcher"]\ncarrier = "message"\n'
        'text = { zh = "{clock} {phase}", en = "{clock} {phase}" }\n\n[[notices]]\ncode = "whistle"\n',
    )
    changed = under(district, rule)
    employ(session)
    event_id = reported(session, changed)
    tick(session, now=datetime.fromisoformat("2025-06-18T17:05+08:00"), district=changed)
    opened_at = datetime.fromisoformat("2025-06-18T17:20+08:00")
    take(session, changed, event_id, "open", DISPATCHER, now=opened_at, category="E01")
    done = tick(session, now=opened_at, district=changed)
    assert (done.looked, done.notices) == (1, 1)
    first, second = notices(session)
    assert (first.rule, second.rule, second.text_zh) == ("unopened", "slow", "立案时限 逾期完成")
    assert not tick(session, now=opened_at, district=changed).looked


def test_nobody_but_the_platform_says_that_a_clock_ran_out(session, district):
    event_id = reported(session, district)
    with pytest.raises(RoleMissing):
        take(session, district, event_id, "time_out", DISPATCHER, clock="accept", due_at=NOW.isoformat())


def test_a_consequence_that_the_matter_does_not_allow_is_told_and_not_tried_for_ever(session, district):
    event_id = handled(session, district)
    session.execute(text("UPDATE steps SET kind = 'note', step = 'note' WHERE kind = 'handle'"))  # as if handling was undone
    programme = district.programmes.of("hulan")
    clocks = tuple(replace(c, time_out_step="archive") if c.code == "handle" else c for c in programme.clocks)
    changed = replace(district, programmes=replace(district.programmes, by_code={"hulan": replace(programme, clocks=clocks)}))
    session.execute(text("UPDATE clocks SET next_at = due_at, stopped_at = NULL WHERE clock = 'handle'"))
    done = tick(session, now=LATER, district=changed)
    lost, refused = done.failures
    assert "did not start" in lost  # the clock of the verification that never began
    assert "archive" in refused
    assert events.find(session, event_id).steps[-1].kind is StepKind.TIME_OUT
    assert [row.rule for row in notices(session)] == ["soon", "overdue"]
    assert not tick(session, now=LATER, district=changed).looked
