"""Row security over the whole schema: every table is guarded, closed to readers, or open for a reason that is written here."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.exc import ProgrammingError

from geogrid.rules.scope import EVERYTHING, NOTHING, Scope
from geogrid.store import audit
from geogrid.store.scope import enter
from geogrid.store.tables import metadata
from geogrid.store.tables.desk import saved_views
from geogrid.store.tables.enterprises import enterprise_events, enterprises
from geogrid.store.tables.outbox import notices
from tests.build_district import IN_A1, IN_B1, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_B, profile, publish, report

# A reader reads these without a policy. Whoever adds a table finds a place for it: a policy, no rights at all, or a reason here.
OPEN = {
    "editions": "geography: which plan is in force",
    "lineage": "geography: what became of which grid",
    "units": "geography: the public names of places",
    "base_grids": "geography",
    "department_grids": "geography",
    "stations": "geography: where stations are and when they are open",
    "roads": "geography",
    "households": "points of doors by address, without people; coverage and assignment count them everywhere",
    "places": "geography: named places",
    "shapes": "geography, drawn",
    "former_names": "names that places had",
    "closures": "which roads were closed when",
    "programmes": "rules of the place",
    "people": "names of staff stand on every page, masked; secrets are out of reach by column",
    "posts": "who holds which post",
    "duties": "who is on duty in which grid",
    "teams": "teams of staff",
    "tiers": "the named people of a side, shown masked",
    "mediators": "what mediators of stations are able to do",
    "list_items": "which department leads what where: public by rule",
    "guiding_cases": "approved cases, without names by the rule of their approval",
    "assessment_months": "which months are closed",
    "audit": "a reader adds to it and reads nothing but the ids it made",
}
CLOSED = ("sessions", "api_keys", "login_failures", "webhooks", "wall_tokens", "follow_codes", "allowances", "audit_seals")
SECRET = ("password_hash", "factor_sealed", "factor_last_step", "recovery_hashes")
TABLES = """
SELECT c.relname AS name, c.relrowsecurity AS guarded,
    has_any_column_privilege('geogrid_app', c.oid, 'SELECT') AS readable,
    EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid) AS has_policy
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND c.relname NOT IN ('alembic_version', 'spatial_ref_sys')
"""
A_PERSON, ANOTHER = "person:1", "person:2"


def seen(session, table: Table, scope: Scope, reader: str = "") -> int:
    with session.begin_nested() as savepoint:
        enter(session, scope, reader=reader)
        found = session.scalar(select(func.count()).select_from(table))
        savepoint.rollback()
    return int(found)


def test_every_table_is_guarded_or_closed_or_open_for_a_reason(session):
    rows = session.execute(text(TABLES)).all()
    assert {row.name for row in rows} >= set(metadata.tables)
    guarded = {row.name for row in rows if row.guarded}
    closed = {row.name for row in rows if not row.readable}
    assert guarded == {row.name for row in rows if row.has_policy}  # a policy that is not switched on holds nobody
    assert not guarded & closed
    assert {row.name for row in rows} - guarded - closed == set(OPEN)


def test_what_holds_secrets_is_closed_to_readers(session):
    rows = {row.name: row.readable for row in session.execute(text(TABLES))}
    for name in (
        "sessions",
        "api_keys",
        "login_failures",
        "webhooks",
        "wall_tokens",
        "follow_codes",
        "allowances",
        "audit_seals",
    ):
        assert not rows[name], name


def test_what_belongs_to_an_event_or_a_person_of_the_public_is_guarded(session):
    """A table with an event's id and no policy is the fault that this test is for."""
    rows = {row.name: row for row in session.execute(text(TABLES))}
    of_events = {
        table.name for table in metadata.sorted_tables if {"event_id", "enterprise_id", "order_id"} & set(table.c.keys())
    }
    assert len(of_events) > 25
    assert [name for name in sorted(of_events) if rows[name].readable and not rows[name].guarded] == []


@pytest.mark.parametrize("column", SECRET)
def test_no_reader_reads_a_secret_of_a_person(session, column):
    enter(session, EVERYTHING)
    session.execute(text("SELECT name, phone FROM people")).all()
    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text(f"SELECT {column} FROM people"))


def test_a_reader_adds_to_the_audit_and_reads_nothing_of_it(session):
    enter(session, EVERYTHING)
    audit.write(session, actor=A_PERSON, action="look", now=NOW)
    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text("SELECT action FROM audit"))


@pytest.mark.parametrize("scope", [EVERYTHING, Scope(False, (TOWNSHIP_A,), (A_PERSON,))])
def test_a_view_is_ones_own_or_shared_whatever_one_sees_of_the_district(session, scope):
    """Not by scope: who sees the whole district does not see what a colleague saved for himself."""
    for person, name, shared in ((A_PERSON, "own", False), (ANOTHER, "private", False), (ANOTHER, "shared", True)):
        values = {"person": person, "name": name, "query": {}, "shared": shared, "made_at": NOW}
        session.execute(insert(saved_views).values(**values))
    assert seen(session, saved_views, scope, A_PERSON) == 2
    assert seen(session, saved_views, scope, "person:3") == 1
    assert seen(session, saved_views, scope) == 0  # nothing set: nothing seen


@pytest.fixture
def one_event(session):
    from geogrid.actions.accept import accept_report
    from geogrid.actions.district import district_of

    publish(session)
    return accept_report(session, report(IN_A1), now=NOW, district=district_of(profile(), session), actor=A_PERSON).event.id


def test_a_notice_is_seen_with_its_event(session, one_event):
    values = {"rule": "urged", "text_zh": "甲 13800000000", "at": NOW, "made_at": NOW}
    before = seen(session, notices, EVERYTHING)
    session.execute(insert(notices).values(occasion="of an event", event_id=one_event, **values))
    session.execute(insert(notices).values(occasion="of none", **values))
    assert seen(session, notices, EVERYTHING) == before + 2
    assert seen(session, notices, Scope(False, (TOWNSHIP_B,))) == seen(session, notices, NOTHING) == 0
    assert seen(session, notices, Scope(False, (TOWNSHIP_A,))) == before + 1


def test_an_enterprises_event_is_seen_with_both(session, one_event):
    """A body that visited an enterprise is not told by it of events that it does not see."""
    enterprise = uuid4()
    place = {"point": func.ST_SetSRID(func.ST_MakePoint(*IN_B1), 4490), "township_code": TOWNSHIP_B, "village_code": VILLAGE_B}
    told = {"code": "91350100M000100Y43", "name": "某厂", "class_code": "small", "loaded_at": NOW, "bodies": ["team:x"]}
    session.execute(insert(enterprises).values(id=enterprise, **told, **place))
    joined = {"enterprise_id": enterprise, "event_id": one_event, "kind": "problem", "made_by": A_PERSON, "made_at": NOW}
    session.execute(insert(enterprise_events).values(**joined))
    assert seen(session, enterprise_events, EVERYTHING) == 1
    assert seen(session, enterprise_events, Scope(False, (TOWNSHIP_A,))) == 0  # sees the event alone
    assert seen(session, enterprise_events, Scope(False, (TOWNSHIP_B,))) == 0  # sees the enterprise alone
    assert seen(session, enterprise_events, Scope(False, (TOWNSHIP_A, TOWNSHIP_B))) == 1
