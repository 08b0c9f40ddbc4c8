"""What fsck finds of matters: the steps are folded again, and every projection that was tampered with is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from geogrid.actions.accept_batch import accept_batch
from geogrid.actions.fsck import fsck
from geogrid.domain.events import StepKind
from tests.build_district import IN_A1, IN_B1, NOW, profile, report
from tests.build_life import HANDLER, LEADER, live, reported, take


@pytest.fixture
def check(session, district, tmp_path):
    """Matters in several stages, one paused; returns what finds the breaches."""
    one = reported(session, district)
    live(session, district, one, upto="take_on")
    asked = take(session, district, one, "pause", HANDLER, hours=1.5, pause="waiting_citizen", reason="away")
    take(session, district, one, "approve", LEADER, hours=1.6, proposal=asked.matter.proposals[0].seq)
    take(session, district, one, "extend", HANDLER, hours=1.7, reason="parts", amount="1wd")
    two = reported(session, district)
    live(session, district, two)
    reported(session, district, IN_B1)

    def found(hours=2.5):
        now = NOW + timedelta(hours=hours)
        return {(b.invariant, b.says): b for b in fsck(session, var_dir=tmp_path, now=now, profile=profile())}

    assert found() == {}
    return found


RULES, STATE, LEFT = (
    ("I5", "The steps of an event do not follow the rules."),
    ("I5", "An event's state is not what its steps add up to."),
    ("I5", "An event's time of closing is not that of its steps."),
)
MATTER, CLOCK = ("P3", "A matter is not what its steps add up to."), ("P3", "A clock is not what its marks add up to.")
FORGOTTEN = ("P3", "A clock ran out, and nobody will look at it.")
OWNER = ("I6", "The owner of a matter is not who its steps gave it to.")
FIRST = ("I6", "Who was asked first is not whom the report names.")
UNKEPT = ("I6", "The rules under which a matter was opened are not kept.")
TAMPERED = [
    (OWNER, "UPDATE matters SET owner = 'department:urban'"),
    (FIRST, "UPDATE matters SET first_owner = 'department:urban'"),
    (("I6", "An event under a programme has no matter."), "DELETE FROM clocks; DELETE FROM matters"),
    (UNKEPT, "UPDATE steps SET details = details || '{\"version\": 9}' WHERE seq = 1"),
    (MATTER, "UPDATE matters SET state = 'opened'"),
    (MATTER, "UPDATE matters SET level = 'township'"),
    (MATTER, "UPDATE matters SET units = '[]'"),
    (MATTER, "UPDATE matters SET programme_version = 9"),
    (MATTER, "UPDATE matters SET rating = 1"),
    (MATTER, "UPDATE matters SET proposals = '[{}]'"),
    (MATTER, "UPDATE steps SET details = details - 'programme' WHERE seq = 1"),
    (CLOCK, "UPDATE clocks SET due_at = due_at + interval '1 minute'"),
    (CLOCK, "UPDATE clocks SET legal_due_at = NULL"),
    (CLOCK, "UPDATE clocks SET started_at = started_at - interval '1 minute'"),
    (CLOCK, "UPDATE clocks SET stopped_at = stopped_at + interval '1 minute'"),
    (CLOCK, "UPDATE clocks SET stopped_at = now() WHERE stopped_at IS NULL"),
    (CLOCK, "UPDATE clocks SET marks = marks || '[{\"kind\": \"extend\"}]'"),
    (CLOCK, "UPDATE clocks SET promised = '9wd'"),
    (CLOCK, "UPDATE clocks SET is_late = true"),
    (CLOCK, "UPDATE clocks SET paused_at = NULL"),
    (CLOCK, "UPDATE clocks SET clock = 'verify' WHERE clock = 'accept'"),
    (CLOCK, "DELETE FROM clocks"),
    (CLOCK, "DELETE FROM clocks WHERE run = 2"),
    (FORGOTTEN, "UPDATE clocks SET next_at = NULL"),
    (FORGOTTEN, "UPDATE clocks SET next_at = next_at + interval '9 days'"),
    (STATE, "UPDATE events SET state = 'handled' WHERE is_open"),
    (STATE, "UPDATE events SET state = 'closed' WHERE state = 'archived'"),
    (LEFT, "UPDATE events SET closed_at = closed_at + interval '1 second' WHERE NOT is_open"),
    (RULES, "UPDATE steps SET step = 'verify' WHERE step = 'take_on'"),
    (RULES, "UPDATE steps SET kind = 'handle' WHERE step = 'open'"),
    (RULES, "UPDATE steps SET kind = 'note' WHERE step = 'assign'"),
    (RULES, "UPDATE steps SET details = '{}' WHERE kind = 'ask'"),
    (RULES, "UPDATE steps SET details = details - 'units' WHERE seq = 1"),
]  # fmt: skip


@pytest.mark.parametrize(("breach", "plant"), TAMPERED, ids=[plant for _, plant in TAMPERED])
def test_what_was_tampered_with_is_named(session, check, breach, plant):
    for statement in plant.split("; "):
        session.execute(text(statement))
    found = check()
    assert breach in found
    assert found[breach].count >= 1
    assert found[breach].rows


def test_a_tick_that_is_behind_is_no_breach_and_one_that_will_never_come_is(session, check):
    """The clock of the last event runs out after two working hours; until the tick comes, the row says that it is in time."""
    assert check(48) == {}
    session.execute(text("UPDATE clocks SET next_at = '2099-01-01' WHERE stopped_at IS NULL AND paused_at IS NULL"))
    assert set(check(48)) == {FORGOTTEN}


def test_a_report_of_many_breaches_counts_them_all_and_names_twenty(session, district, tmp_path):
    reports = [report(IN_A1) for _ in range(25)]
    accept_batch(session, reports, [[(StepKind.REPORT, NOW)]] * 25, now=NOW, district=district)
    session.execute(text("UPDATE matters SET bounces = 3"))
    (found,) = fsck(session, var_dir=tmp_path, now=NOW, profile=profile())
    assert (found.count, len(found.rows)) == (25, 20)
    assert "bounces: 3 / 0" in found.rows[0]
