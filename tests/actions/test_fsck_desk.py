"""fsck over what the desk keeps: silent on what the actions made, and each breach that is planted is found by its name."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from geogrid.actions.assessment import appeal, assess, decide, read_sheet
from geogrid.actions.district import district_of
from geogrid.actions.enterprises import enterprise_id, keep, raise_problem, read_rules, record_visit
from geogrid.actions.follow import give_code
from geogrid.actions.fsck import fsck
from geogrid.actions.fsck_desk import CREDIT_CODE, QUERIES, broken_desk
from geogrid.actions.hotline import receive
from geogrid.actions.milestones import set_milestone
from geogrid.actions.orders import give_order, read_order
from geogrid.actions.shift_log import accept, hand_over
from geogrid.actions.window import call_next, draw, end, read_windows
from geogrid.channels.outside import order_of
from geogrid.domain.assessment import Subject
from geogrid.domain.enterprises import Handling, Problem, Visit, VisitKind
from geogrid.domain.people import Actor, Role
from geogrid.domain.windows import TicketState
from geogrid.rules.assessment import month_of
from geogrid.settings import ROOT
from geogrid.store import assessment
from tests.actions.test_enterprises import code, row
from tests.actions.test_hotline import sent
from tests.build_disputes import MEI, begun, employ_mediators, planned, settled, under
from tests.build_district import A2, NOW, TOWNSHIP_B, VILLAGE_A, profile, publish
from tests.build_life import COMMANDER, DISPATCHER, HANDLER, OFFICER, live, reported, take
from tests.build_people import DISTRICT, EVERYBODY, employ, recipient
from tests.rules.people import person

ZONE, SHEET, RULES = "Asia/Shanghai", read_sheet(ROOT / "data"), read_rules()
TODAY = NOW.date()
MONTH = month_of(NOW, ZONE)
LATER = NOW + timedelta(days=2)


def actor(login: str) -> Actor:
    return Actor(recipient(login), login, tuple(post for name, post in EVERYBODY if name == login))


@pytest.fixture
def kept(session):
    """Something of everything, made by the actions: what fsck is to find nothing wrong with."""
    publish(session)
    employ(session)
    district = district_of(profile(), session)
    for make in (_disputes, _orders_of_outside, _enterprises, _desk, _windows, _ledger):
        make(session, district)
    return session


def _disputes(session, district) -> None:
    place = under(district)
    employ_mediators(session)
    settled(session, place)
    planned(session, place, begun(session, place), 5.0)


def _orders_of_outside(session, district) -> None:
    channel, operator = district.outside.of("12345"), person(Role.HOTLINE_OPERATOR)

    def come(now, **more):
        order = order_of(channel, sent(**more), now=now, profile=district.profile)
        return receive(session, channel, order, now=now, district=district, actor=operator)

    first = come(NOW)
    take(session, district, first.event.id, "decline", DISPATCHER, hours=1, reason="不属于本区")
    come(NOW + timedelta(hours=2), 诉求内容="请再办")
    come(NOW, number="HL202506180002")


def _enterprises(session, district) -> None:
    keep(session, [row(1), row(2)], now=NOW, district=district, rules=RULES)
    one = enterprise_id("999901", code(1))
    visit = Visit(one, VisitKind.VISIT, TODAY, "department:market", "李某", "生产正常", "k1")
    made = record_visit(session, visit, actor=OFFICER, now=NOW, today=TODAY)
    problem = Problem(uuid4(), one, "用电不稳", "", Handling.SELF, made.id)
    raise_problem(session, problem, actor=OFFICER, now=NOW, district=district, rules=RULES)


def _desk(session, district) -> None:
    event_id = reported(session, district)
    take(session, district, event_id, "open", DISPATCHER, hours=0.1, category="E01")
    take(session, district, event_id, "key_list", DISPATCHER, hours=0.2, note="large")
    set_milestone(session, event_id, "完成方案", TODAY, actor=DISPATCHER, now=NOW, district=district)
    number = give_order(session, f"unit:{VILLAGE_A}", "今日巡查", actor=actor("commander"), now=NOW)
    read_order(session, number, actor=actor("officer_a"), now=NOW + timedelta(minutes=5))
    line = hand_over(session, recipient("commander"), "两件未派", desk_code=DISTRICT, actor=actor("dispatcher"), now=NOW)
    accept(session, line, actor=actor("commander"), now=NOW)
    give_code(session, reported(session, district), actor=DISPATCHER, now=NOW, district=district)


def _windows(session, district) -> None:
    windows = read_windows()
    told = {"actor": DISPATCHER, "now": NOW}
    for _ in range(3):
        draw(session, windows.every[0], windows, **told, district=district)
    called = call_next(session, windows.every[0], windows, **told, district=district)
    end(session, called.id, TicketState.DONE, windows, **told)


def _ledger(session, district) -> None:
    live(session, district, reported(session, district))
    assess(session, MONTH, sheet=SHEET, timezone=ZONE, by="person:x", now=LATER)
    line, *_ = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id)
    made = appeal(session, line.id, "等第三方报告", sheet=SHEET, actor=HANDLER, now=LATER)
    decide(session, made.id, granted=True, why="属实", sheet=SHEET, actor=COMMANDER, now=LATER)


# says -> what breaks it; of several statements the first ones make room, as nothing of it is let through by the constraints
PLANTED: dict[str, str] = {
    "Two sessions of mediation take one mediator or one room at one time.": """
        ALTER TABLE mediation_sessions DROP CONSTRAINT ex_mediation_sessions_mediator;
        ALTER TABLE mediation_sessions DROP CONSTRAINT ex_mediation_sessions_room;
        INSERT INTO mediation_sessions (event_id, mediator, during, place, station, room, state, made_by, made_at)
        SELECT event_id, mediator, during, place, station, room, state, made_by, made_at FROM mediation_sessions""",
    "Agreements, confirmations or consents of a dispute do not belong together.": "UPDATE agreements SET version = 2",
    "How a dispute ended does not fit what is kept of it.": "UPDATE agreements SET signed_at = NULL",
    "The rounds of an outside order are not those of what came.": "DELETE FROM outside_messages WHERE way = 'in' AND round = 2",
    "The state of an outside order is not what was told last.": "UPDATE outside_orders SET state = 'closed' WHERE round = 2",
    "What is to be told to an outside channel stands in no outbox.": """
        UPDATE notices SET occasion = occasion || 'x' WHERE rule = 'outside'""",
    "An enterprise does not lie in the grid that is named.": f"UPDATE enterprises SET grid_code = '{A2}'",
    "Who sees an enterprise is not who visited it.": "UPDATE enterprises SET bodies = ARRAY['department:police']",
    "A visit was recorded before its day.": "UPDATE enterprise_visits SET on_date = on_date + 1",
    "An event of an enterprise is of another kind, or of another one's visit.": "UPDATE enterprise_events SET kind = 'dispute'",
    "A milestone is of no matter of the key list, or was reached before it was set.": "UPDATE matters SET key_listed = false",
    "An order was told to nobody, or its receipts are not its own.": "UPDATE order_receipts SET given_by = 'person:0'",
    "A shift was accepted by somebody whom it was not handed to.": "UPDATE shift_accepted SET by = 'person:0'",
    "The numbers of a window and day have a gap.": "DELETE FROM window_tickets WHERE number = 2",
    "The times of a window's number do not follow one another.": """
        UPDATE window_tickets SET called_at = taken_at - interval '1 s'""",
    "A citizen took a step without the code of this matter.": """
        UPDATE steps SET actor = 'citizen:' || event_id WHERE kind = 'rate'""",
    "An appeal and its line in the ledger do not belong together.": "DELETE FROM assessment_lines WHERE kind = 'appeal'",
    "Lines of the ledger do not add up.": "UPDATE assessment_lines SET points = points / 2 WHERE kind = 'appeal'",
    "A line of the ledger is of a step that was not taken in its month.": """
        UPDATE assessment_lines SET seq = 99 WHERE kind = 'earned'""",
    "An event was closed before it was reported.": "UPDATE events SET closed_at = reported_at - interval '1 h' WHERE NOT is_open",
    "A matter was handled by a post that there is not.": """
        UPDATE steps SET details = '{"post": {"role": "king"}}' WHERE kind = 'handle'""",
    "Money was paid under no dispute, or written before its day.": """
        INSERT INTO performances (event_id, at, recovered_yuan, by, written_at)
        SELECT id, reported_at::date, 1, 'x', reported_at FROM events WHERE kind = 'environment' LIMIT 1""",
    CREDIT_CODE: "UPDATE enterprises SET code = left(code, 17) || CASE right(code, 1) WHEN '0' THEN '1' ELSE '0' END",
}
# The same said in other ways: each clause of a query has its breach.
MORE = [
    ("How a dispute ended does not fit what is kept of it.", """
        UPDATE disputes SET outcome_at = opened_at - interval '1 h' WHERE outcome = 'settled'"""),
    ("How a dispute ended does not fit what is kept of it.", f"""
        INSERT INTO dispute_recusals (event_id, person_id, at, by, reason)
        SELECT event_id, mediator, now(), 'x', 'x' FROM disputes WHERE mediator = '{MEI.id.removeprefix('person:')}'"""),
    ("How a dispute ended does not fit what is kept of it.", """
        UPDATE disputes SET outcome = 'failed', outcome_at = opened_at WHERE outcome IS NULL"""),
    ("An enterprise does not lie in the grid that is named.", f"UPDATE enterprises SET township_code = '{TOWNSHIP_B}'"),
    ("An enterprise does not lie in the grid that is named.", "UPDATE enterprises SET grid_code = NULL, village_code = NULL, "
     "township_code = NULL"),
    ("An enterprise does not lie in the grid that is named.", "UPDATE enterprises SET point = ST_Translate(point, 0.007, 0)"),
    ("An order was told to nobody, or its receipts are not its own.", "DELETE FROM order_receipts"),
    ("An order was told to nobody, or its receipts are not its own.", """
        UPDATE order_receipts SET read_at = '2020-01-01'"""),
    ("A citizen took a step without the code of this matter.", """
        UPDATE steps SET actor = 'citizen:' || (SELECT event_id FROM follow_codes) WHERE kind = 'rate'"""),
    ("An appeal and its line in the ledger do not belong together.", """
        UPDATE assessment_appeals SET state = 'refused'"""),
    ("Lines of the ledger do not add up.", "DELETE FROM assessment_lines WHERE kind = 'earned' AND id NOT IN "
     "(SELECT line_id FROM assessment_appeals); UPDATE assessment_lines SET kind = 'correction' WHERE kind = 'earned'"),
]  # fmt: skip


def found(session) -> set[str]:
    return {says for _, says, rows in broken_desk(session, timezone=ZONE) if rows}


def test_nothing_is_wrong_with_what_the_actions_made(kept):
    assert [one for one in broken_desk(kept, timezone=ZONE) if one[2]] == []


def test_every_breach_is_found_and_named(kept):
    assert {says for _, says, _ in QUERIES} | {CREDIT_CODE} == set(PLANTED)
    missed = []
    for says, statements in (*PLANTED.items(), *MORE):
        with kept.begin_nested() as savepoint:
            for statement in statements.split(";\n"):
                kept.execute(text(statement))
            if says not in found(kept):
                missed.append((says, statements))
            savepoint.rollback()
    assert missed == []
    assert found(kept) == set()  # each was taken back


def test_fsck_names_them(kept, tmp_path):
    kept.execute(text(PLANTED["An enterprise does not lie in the grid that is named."]))
    told = {b.invariant: b for b in fsck(kept, var_dir=tmp_path, now=LATER, profile=profile()) if b.invariant.startswith("D")}
    assert list(told) == ["D3"]
    assert told["D3"].count == 2 and any(row.startswith(f"{code(1)} ") for row in told["D3"].rows)
