"""Enterprises: kept by their code, in the grid of their point, visited once a key, their problems matters of a programme."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from sqlalchemy import text

from geogrid.actions.district import district_of
from geogrid.actions.enterprises import enterprise_id, join_event, keep, place_all, raise_problem, read_rules, record_visit
from geogrid.domain.enterprises import ConcernKind, EnterpriseRow, Handling, Problem, Visit, VisitKind
from geogrid.domain.events import EventKind
from geogrid.domain.people import Role
from geogrid.errors import (
    AccessForbidden,
    CreditCode,
    EnterprisesInvalid,
    EnterpriseValue,
    NotFoundError,
    ReportIdConflict,
    VisitBodyUnknown,
    VisitConflict,
    VisitDay,
    VisitThere,
)
from geogrid.rules.credit_code import check_character
from geogrid.rules.enterprise_file import parse_enterprises
from geogrid.rules.scope import EVERYTHING, NOTHING, Scope
from geogrid.rules.visit_plan import most_pressing
from geogrid.settings import ROOT
from geogrid.store import enterprises
from geogrid.store.scope import enter
from geogrid.store.session import session_scope
from layers.enterprises import EnterpriseFilter, count, due, events_of, listed, sums, townships_with
from layers.visit_plan import plan
from tests.build_district import A1, B1, IN_A1, IN_B1, NOW, TOWNSHIP_A, TOWNSHIP_B, geography, profile, publish
from tests.build_life import DISPATCHER, LEADER, OFFICER, URBAN, reported, take
from tests.rules.people import person

RULES = read_rules()
TODAY = date(2025, 6, 18)
FAR = (120.0, 30.0)


def code(number: int) -> str:
    first = f"Y1999901{number:09d}"
    return first + check_character(first)


def row(number=1, place=IN_A1, class_code="small", **more) -> EnterpriseRow:
    values = {"code": code(number), "name": f"企业{number}", "class_code": class_code, "address": "甲路 1 号", "synthetic": True}
    return EnterpriseRow(**{**values, "point_lonlat": place, **more})


def kept(session, district, *rows):
    keep(session, rows or (row(),), now=NOW, district=district, rules=RULES)
    return [enterprise_id("999901", one.code) for one in rows or (row(),)]


def visit(enterprise, on=TODAY, key="k1", **more) -> Visit:
    values = {"kind": VisitKind.VISIT, "body": "department:market", "visitors": "李某", "seen": "生产正常"}
    return Visit(enterprise_id=enterprise, on_date=on, key=key, **{**values, **more})


def visited(session, *visits):
    for one in visits:
        record_visit(session, one, actor=OFFICER, now=NOW, today=TODAY)


# -- kept and placed --------------------------------------------------------------------------------------------------


def test_an_enterprise_lies_in_the_grid_of_its_point_and_outside_in_none(session, district):
    a, b, far = kept(session, district, row(1), row(2, IN_B1), row(3, FAR))
    found = [enterprises.find(session, one) for one in (a, b, far)]
    assert [(one.grid_code, one.township_code) for one in found] == [(A1, TOWNSHIP_A), (B1, TOWNSHIP_B), (None, None)]


def test_the_same_file_again_changes_nothing_and_what_moved_is_placed_anew(session, district):
    assert keep(session, [row(1), row(2)], now=NOW, district=district, rules=RULES).made == 2
    again = keep(session, [row(1), row(2)], now=NOW, district=district, rules=RULES)
    assert (again.made, again.changed, again.placed) == (0, 0, 0)
    moved = keep(session, [row(1, IN_B1), row(2, name="新名")], now=NOW, district=district, rules=RULES)
    assert (moved.made, moved.changed, moved.placed) == (0, 2, 1)
    assert enterprises.find(session, enterprise_id("999901", code(1))).grid_code == B1


def test_a_new_edition_places_all_of_them_anew(session, district):
    (one,) = kept(session, district, row(1, (126.605, 45.9102)))
    assert enterprises.find(session, one).grid_code != A1
    publish(session, "second", geography(split_m=0.001), now=NOW + timedelta(days=1))  # the border moves north
    later = district_of(profile(), session)
    assert place_all(session, district=later) == 1
    assert enterprises.find(session, one).grid_code == A1
    assert place_all(session, district=later) == 0


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"code": code(1)[:-1] + "0"}, CreditCode), ({"code": "123"}, CreditCode), ({"class_code": "huge"}, EnterpriseValue),
     ({"name": " "}, EnterpriseValue)],
)  # fmt: skip
def test_what_is_no_enterprise_is_refused_and_nothing_kept(session, district, wrong, error):
    with pytest.raises(error):
        keep(session, [row(2), replace(row(1), **wrong)], now=NOW, district=district, rules=RULES)
    assert session.scalar(text("SELECT count(*) FROM enterprises")) == 0


# -- visits -----------------------------------------------------------------------------------------------------------


def test_a_visit_is_kept_once_a_key_and_another_under_it_refused(session, district):
    (one,) = kept(session, district)
    first = record_visit(session, visit(one), actor=OFFICER, now=NOW, today=TODAY)
    assert record_visit(session, visit(one), actor=OFFICER, now=NOW, today=TODAY).id == first.id
    with pytest.raises(VisitConflict):
        record_visit(session, visit(one, seen="别的"), actor=OFFICER, now=NOW, today=TODAY)
    assert session.scalar(text("SELECT count(*) FROM audit WHERE action = 'enterprise.visit'")) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"on": TODAY + timedelta(days=1)}, {"on": date(1999, 1, 1)}, {"body": "market"}, {"body": "department:none"},
     {"body": "person:x"}, {"seen": "x" * 2001}, {"key": ""}, {"body": "unit:999999999999"}, {"body": "team:NOBODY"}],
)  # fmt: skip
def test_what_is_no_visit_is_refused(session, district, wrong):
    (one,) = kept(session, district)
    with pytest.raises((EnterpriseValue, VisitDay, VisitBodyUnknown)):
        record_visit(session, visit(one, **wrong), actor=OFFICER, now=NOW, today=TODAY)


def test_one_visit_written_down_by_two_is_one(session, district):
    """Both were there, both write it down: the figures count one visit, and the second hears of the first."""
    (one,) = kept(session, district)
    record_visit(session, visit(one, key="mine"), actor=OFFICER, now=NOW, today=TODAY)
    with pytest.raises(VisitThere):
        record_visit(session, visit(one, key="yours", seen="同去"), actor=LEADER, now=NOW, today=TODAY)
    for more in ({"kind": VisitKind.LEGAL_CHECK}, {"body": "department:police"}, {"on": TODAY - timedelta(days=1)}):
        record_visit(session, visit(one, key=str(more), **more), actor=LEADER, now=NOW, today=TODAY)  # another visit
    record_visit(session, visit(one, key="twice"), actor=LEADER, now=NOW, today=TODAY, again=True)
    assert sums(session, scope=EVERYTHING, since=NOW.replace(month=1, day=1)).visits == 4


def test_two_who_record_one_visit_at_once_are_told_apart(live):
    with session_scope(live) as session:
        (one,) = kept(session, district_of(profile(), session))
    gate, told = Barrier(8), []

    def record(number: int) -> None:
        gate.wait()
        try:
            with session_scope(live) as session:
                record_visit(session, visit(one, key=f"k{number}"), actor=OFFICER, now=NOW, today=TODAY)
            told.append("kept")
        except VisitThere:
            told.append("there")

    threads = [Thread(target=record, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["kept", *["there"] * 7]


def test_a_department_writes_down_its_own_visits(session, district):
    """Else it would let any other one see the enterprise, and count visits for it."""
    (one,) = kept(session, district)
    with pytest.raises(AccessForbidden):
        record_visit(session, visit(one), actor=URBAN, now=NOW, today=TODAY)
    assert (
        record_visit(session, visit(one, body="department:urban"), actor=URBAN, now=NOW, today=TODAY).body == "department:urban"
    )


def test_a_visit_to_nobody_is_not_found(session, district):
    with pytest.raises(NotFoundError):
        record_visit(session, visit(uuid4()), actor=OFFICER, now=NOW, today=TODAY)


# -- problems ---------------------------------------------------------------------------------------------------------


def problem(session, district, enterprise, actor=OFFICER, **more):
    made = Problem(more.pop("id", uuid4()), enterprise, "门前排水不畅", **more)
    return raise_problem(session, made, actor=actor, now=NOW, district=district, rules=RULES)


@pytest.mark.parametrize("way", list(Handling))
@pytest.mark.parametrize("actor", [OFFICER, URBAN], ids=["who may record", "a department"])
def test_a_problem_is_a_matter_at_the_enterprises_place_handled_as_said(session, district, way, actor):
    (one,) = kept(session, district)
    event = problem(session, district, one, actor=actor, handling=way, category="B01")
    stored = session.execute(text("SELECT programme, category, handling, state FROM matters")).one()
    assert tuple(stored) == ("jinan_enterprise", "B01", way.value, "recorded")
    assert (event.report.kind, event.assignment.grid_code) == (EventKind.ENTERPRISE, A1)
    (own,) = events_of(session, one, scope=EVERYTHING)
    assert (own.kind, own.handling, own.number) == (ConcernKind.PROBLEM, way, event.number)


def test_the_same_problem_twice_is_one_and_another_under_its_id_refused(session, district):
    (one,) = kept(session, district)
    id = uuid4()  # noqa: A001
    assert problem(session, district, one, id=id).id == problem(session, district, one, id=id).id
    with pytest.raises(ReportIdConflict):
        problem(session, district, one, id=id, category="B01")
    assert session.scalar(text("SELECT count(*) FROM enterprise_events")) == 1


def test_a_problem_goes_on_the_key_list_and_shows_its_milestones(session, district):
    (one,) = kept(session, district)
    event = problem(session, district, one, handling=Handling.SELF)
    take(session, district, event.id, "key_list", DISPATCHER, note="重大排水问题")
    told = "INSERT INTO milestones (event_id, title, due_on, made_by, made_at) VALUES (:id, '方案报批', '2025-07-01', 'x', now())"
    session.execute(text(told), {"id": event.id})
    (own,) = events_of(session, one, scope=EVERYTHING)
    assert own.key_listed
    assert [step.title for step in own.milestones] == ["方案报批"]
    assert listed(session, EnterpriseFilter(), scope=EVERYTHING)[0].key_listed == 1
    assert [one.enterprise.id for one in _all(session, key_listed=True)] == [one]
    assert listed(session, EnterpriseFilter(key_listed=True), scope=NOTHING) == []
    assert sums(session, scope=EVERYTHING, since=NOW).key_listed == 1


def test_only_disputes_are_joined_as_disputes(session, district):
    (one,) = kept(session, district)
    dispute, other = reported(session, district, kind=EventKind.DISPUTE), reported(session, district)
    assert join_event(session, one, dispute, ConcernKind.DISPUTE, actor=DISPATCHER, now=NOW)
    assert not join_event(session, one, dispute, ConcernKind.DISPUTE, actor=DISPATCHER, now=NOW)
    with pytest.raises(EnterpriseValue):
        join_event(session, one, other, ConcernKind.DISPUTE, actor=DISPATCHER, now=NOW)


def test_figures_are_those_of_plain_sql(session, district):
    a, b = kept(session, district, row(1), row(2, IN_B1))
    visited(session, visit(a), visit(a, TODAY - timedelta(days=9), "k2"), visit(b, TODAY, "k3", kind=VisitKind.LEGAL_CHECK))
    visited(session, visit(b, date(2024, 12, 31), "k4"))
    done = problem(session, district, a, handling=Handling.SELF)
    problem(session, district, b)
    for step, who, details in (
        ("self", LEADER, {}), ("handle", LEADER, {"note": "通了"}), ("verify", person(Role.VERIFIER), {"note": "已看"}),
        ("close", DISPATCHER, {}),
    ):  # fmt: skip
        take(session, district, done.id, step, who, hours=1, **details)
    found = sums(session, scope=EVERYTHING, since=NOW.replace(month=1, day=1))
    assert (found.enterprises, found.visits, found.legal_checks, found.problems, found.solved) == (2, 2, 1, 2, 1)
    figures = {one.enterprise.id: (one.visits, one.problems, one.solved, one.last_on) for one in _all(session)}
    assert figures == {a: (2, 1, 1, TODAY), b: (2, 1, 0, TODAY)}


def _all(session, **chosen):
    return listed(session, EnterpriseFilter(**chosen), scope=EVERYTHING)


def test_lists_are_filtered_by_class_township_grid_and_words(session, district):
    kept(session, district, row(1), row(2, IN_B1, "key", name="百分%食品"))
    assert [one.enterprise.name for one in _all(session, class_code="key")] == ["百分%食品"]
    assert [one.enterprise.name for one in _all(session, township=TOWNSHIP_A)] == ["企业1"]
    assert [one.enterprise.name for one in _all(session, grid=B1)] == ["百分%食品"]
    assert [one.enterprise.name for one in _all(session, text="%")] == ["百分%食品"]
    assert [one.enterprise.name for one in _all(session, text=code(1)[:12].lower())] == ["企业1", "百分%食品"]
    assert [one.enterprise.name for one in _all(session, after=code(1))] == ["百分%食品"]


def test_the_clause_shows_what_row_security_shows(session, district):
    """Whoever forgets to enter a reader's scope is held by the clause, and the other way round."""
    a, b = kept(session, district, row(1), row(2, IN_B1))
    visited(session, visit(b, body="department:market"))
    market, of_a = Scope(False, (), ("department:market",)), Scope(False, (TOWNSHIP_A,))
    for scope, seen in ((market, [b]), (of_a, [a]), (Scope(False, (TOWNSHIP_A,), ("department:market",)), [a, b]), (NOTHING, [])):
        chosen = EnterpriseFilter()
        assert [one.enterprise.id for one in listed(session, chosen, scope=scope)] == seen
        assert [one.enterprise_id for one in due(session, RULES, scope=scope, today=TODAY)] == seen
        assert count(session, chosen, scope=scope) == sums(session, scope=scope, since=NOW).enterprises == len(seen)
        assert sum(townships_with(session, scope=scope).values()) == len(seen)
        with session.begin_nested() as savepoint:
            enter(session, scope)
            assert count(session, chosen, scope=EVERYTHING) == len(seen)
            savepoint.rollback()


# -- the plan ---------------------------------------------------------------------------------------------------------


def planned(session, rules, **more):
    told = {"today": TODAY, "metric_srid": profile().metric_srid, "network": None, "scope": EVERYTHING}
    return plan(session, rules, **told, is_working=lambda day: day.isoweekday() < 6, **more)


def test_who_was_seen_longer_ago_than_the_class_allows_is_due(session, district):
    a, b, c, d = kept(session, district, row(1, class_code="key"), row(2, class_code="key"), row(3), row(4))
    visited(session, visit(a, TODAY - timedelta(days=89), "a"), visit(b, TODAY - timedelta(days=90), "b"))
    visited(session, visit(c, TODAY - timedelta(days=90), "c"))
    pressing = most_pressing(RULES, due(session, RULES, scope=EVERYTHING, today=TODAY))
    assert [one.enterprise_id for one in pressing] == [b, d]  # key ones first, then those never visited
    assert (pressing[0].days_over, pressing[1].days_over) == (0, None)
    assert a not in {one.enterprise_id for one in pressing}


def test_a_days_round_keeps_to_one_township_and_returns(session, district):
    rows = [row(i, (126.601 + 0.001 * i, 45.905)) for i in range(1, 9)]
    kept(session, district, *rows, row(20, IN_B1), row(21, FAR, "key"))
    found = planned(session, replace(RULES, visits_a_day=5), chosen=EnterpriseFilter(township=TOWNSHIP_A))
    assert (len(found.pressing), found.total, len(found.stops)) == (8, 8, 5)
    assert {one.township_code for one in found.stops} == {TOWNSHIP_A}
    assert len(found.leg_minutes) == 6
    assert found.is_exact
    lons = [one.point_lonlat[0] for one in found.stops]
    assert lons == sorted(lons) or lons == sorted(lons, reverse=True)  # along the street, not to and fro


def test_nobody_due_is_an_empty_plan(session, district):
    found = planned(session, RULES)
    assert (found.pressing, found.stops, found.total) == ((), (), 0)


def test_tomorrow_goes_on_where_today_ends_and_rests_on_days_off(session, district):
    """Wednesday, the 18th: five a day; who becomes due at the weekend is seen on Monday, before those never visited elsewhere."""
    *_, soon = kept(session, district, *[row(i) for i in range(1, 13)], row(30, class_code="key"))
    visited(session, visit(soon, TODAY - timedelta(days=86), "a"))  # due on Sunday
    rules = replace(RULES, visits_a_day=5)
    days = [planned(session, rules, day=TODAY + timedelta(days=ahead)) for ahead in (0, 1, 2, 5)]
    assert [len(one.stops) for one in days] == [5, 5, 2, 1]
    assert [len(one.pressing) for one in days] == [12, 7, 2, 1]
    assert {one.enterprise_id for one in days[0].stops} & {one.enterprise_id for one in days[1].stops} == set()
    assert [(one.enterprise_id, one.days_over) for one in days[3].pressing] == [(soon, 1)]
    assert [one.day.isoweekday() for one in days[0].days] == [3, 4, 5, 1, 2, 3]
    for off in (TODAY + timedelta(days=3), TODAY - timedelta(days=1), TODAY + timedelta(days=60)):
        assert planned(session, rules, day=off) is None


# -- the file of classes ----------------------------------------------------------------------------------------------

TEXT = (ROOT / "data" / "enterprises.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("visits_a_day = 8", "visits_a_day = 0", "between 1 and 30"),
        ("visit_days = 90", "visit_days = 0", "between 1 and 3660"),
        ('code = "key"', 'code = "small"', "'small' stands twice"),
        ('code = "key"', 'code = "Key"', "is no code"),
        ("visit_days = 90", 'visit_days = "often"', "is not a whole number"),
        ("programme = ", "programm = ", "is missing"),
        ("programme = ", "programme ", "no TOML"),
    ],
)
def test_a_broken_file_of_classes_is_refused_with_line_and_reason(before, after, reason):
    assert before in TEXT
    with pytest.raises(EnterprisesInvalid, match=reason) as caught:
        parse_enterprises(TEXT.replace(before, after, 1))
    assert caught.value.where["line"] >= 1
