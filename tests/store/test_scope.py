"""Scope: the clause and row security show the same rows; what is not set shows nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from geogrid.actions.accept import accept_report
from geogrid.actions.district import district_of
from geogrid.domain.people import Actor, Post, Role
from geogrid.rules.scope import EVERYTHING, NOTHING, Scope, scope_of
from geogrid.store import audit, scope
from geogrid.store.tables.cells import event_cell_deltas
from geogrid.store.tables.concerns import concerns
from geogrid.store.tables.events import assignments, events, steps
from geogrid.store.tables.matters import clocks, matters
from tests.build_district import IN_A1, IN_A2, IN_B1, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, profile, publish, report

DISTRICT = "999901000000"


def actor(*posts: Post) -> Actor:
    return Actor("person:1", "somebody", posts)


@pytest.mark.parametrize(("posts", "seen"), [
    ((Post(Role.COMMANDER, DISTRICT),), EVERYTHING),
    ((Post(Role.AUDITOR, DISTRICT),), EVERYTHING),
    ((Post(Role.ADMINISTRATOR, DISTRICT),), Scope(False, (), ("person:1",))),
    ((), Scope(False, (), ("person:1",))),
    ((Post(Role.OFFICER, "999901001001"),), Scope(False, ("999901001001",), ("person:1", "unit:999901001001"))),
    ((Post(Role.DEPARTMENT, DISTRICT, "police"),), Scope(False, (), ("department:police", "person:1"))),
    ((Post(Role.MEDIATOR, "", "", "99990100100101"),), Scope(False, (), ("person:1", "station:99990100100101"))),
])  # fmt: skip
def test_posts_say_what_is_seen(posts, seen):
    assert scope_of(actor(*posts), DISTRICT) == seen


def test_the_same_scope_has_the_same_key():
    one, other = Scope(False, ("a", "b")), Scope(False, ("a",), ("b",))
    assert one.key == Scope(False, ("a", "b")).key
    assert len({one.key, other.key, EVERYTHING.key, NOTHING.key}) == 4


# -- the clause and row security ----------------------------------------------------------------------------------------

OF_A, OF_B = Scope(False, (TOWNSHIP_A,)), Scope(False, (TOWNSHIP_B,))
OF_VILLAGE = Scope(False, (VILLAGE_A,))
OF_POLICE = Scope(False, (), ("department:police",))
SEEN = [(EVERYTHING, 3), (OF_A, 2), (OF_VILLAGE, 2), (OF_B, 1), (OF_POLICE, 1), (NOTHING, 0), (Scope(False, ("%",)), 0)]


@pytest.fixture
def three(session):
    """Two events in township A, one in B; that of B is led by the police."""
    publish(session)
    district = district_of(profile(), session)
    for place in (IN_A1, IN_A2, IN_B1):
        last = accept_report(session, report(place), now=NOW, district=district, actor="person:1").event
    session.execute(matters.update().where(matters.c.event_id == last.id).values(lead="department:police"))
    return session


def count(session, table, condition=None) -> int:
    query = select(func.count()).select_from(table)
    return session.scalar(query if condition is None else query.where(condition))


@pytest.mark.parametrize(("seen", "number"), SEEN)
def test_the_clause_and_row_security_leave_the_same(three, seen, number):
    assert count(three, events, scope.visible(seen)) == number
    with three.begin_nested():
        scope.enter(three, seen)
        assert count(three, events) == number
        assert count(three, assignments) == number
        assert count(three, steps) == 2 * number
        assert count(three, clocks) == number
        assert (count(three, event_cell_deltas) > 0) == (number > 0 and seen != OF_POLICE)  # whose are counted one by one
        assert count(three, concerns) == (seen in (EVERYTHING, OF_POLICE))


def test_what_was_not_set_shows_nothing(three):
    for setting in ("RESET", "SET LOCAL geogrid.units = ''", "SET LOCAL geogrid.units = '%'", "SET LOCAL geogrid.reach = 'all'"):
        with three.begin_nested() as inner:
            if setting != "RESET":
                three.execute(text(setting))
            three.execute(text("SET LOCAL ROLE geogrid_app"))
            assert count(three, events) == 0
            assert count(three, matters) == 0
            inner.rollback()


@pytest.mark.parametrize("statement", [
    "UPDATE audit SET actor = 'x'", "DELETE FROM audit", "DELETE FROM steps", "UPDATE steps SET actor = 'x'",
    "INSERT INTO audit_seals VALUES (1, 1, '', now())", "ALTER TABLE events ADD COLUMN own int",
    "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
])  # fmt: skip
def test_the_web_role_has_no_more_rights_than_it_needs(three, statement):
    scope.enter(three, EVERYTHING)
    audit.write(three, actor="person:1", action="look", now=NOW)
    with pytest.raises(DBAPIError), three.begin_nested():
        three.execute(text(statement))


def test_a_map_query_of_a_reader_rides_its_index(three):
    scope.enter(three, EVERYTHING)
    three.execute(text("SET LOCAL enable_seqscan = off"))
    envelope = func.ST_MakeEnvelope(126.6, 45.9, 126.61, 45.91, 4490)
    asked = select(events.c.id).where(events.c.point.op("&&")(envelope))
    plan = "\n".join(three.scalars(text("EXPLAIN " + str(asked.compile(three.bind, compile_kwargs={"literal_binds": True})))))
    assert "idx_events_point" in plan
