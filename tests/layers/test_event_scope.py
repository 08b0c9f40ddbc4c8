"""What readers of some units and parties are shown: lists and counts that ride indexes equal the clause asked of every event."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from geogrid.actions.accept import accept_report
from geogrid.actions.district import district_of
from geogrid.domain.events import EventState
from geogrid.rules.scope import EVERYTHING, NOTHING, Scope
from geogrid.space.tiles import TILE_STEPS, cell_of, tile_bounds_lonlat
from geogrid.store import cells, checks, desk_spans, scope
from geogrid.store import events as stored
from geogrid.store.tables.events import events
from geogrid.store.tables.matters import matters
from layers.event_pages import EventFilter, read_page
from layers.events import select_events
from layers.queue import count_queue, read_queue, sort_of
from layers.queue_filters import QueueFilter
from layers.view import View
from tests.build_district import (
    IN_A1,
    IN_A2,
    IN_B1,
    IN_B2,
    NOW,
    TOWNSHIP_A,
    TOWNSHIP_B,
    VILLAGE_A,
    VILLAGE_B,
    profile,
    publish,
    report,
)

WHOLE_BOX = (126.5, 45.8, 126.7, 46.0)
PARTIES = ("department:police", "station:9", "person:1", f"unit:{VILLAGE_A}", f"unit:{TOWNSHIP_B}", "unit:999901000000")
UNITS = (TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, VILLAGE_B)
# Who has a post in a unit is one of its parties as well (rules.scope.scope_of).
SCOPES = st.builds(
    lambda units, others: Scope(False, tuple(sorted(units)), tuple(sorted({*others, *(f"unit:{unit}" for unit in units)}))),
    st.sets(st.sampled_from(UNITS)),
    st.sets(st.sampled_from([party for party in PARTIES if party.removeprefix("unit:") not in UNITS])),
)


@pytest.fixture
def many(session):
    """Twenty-four events all over, a third of them closed, with owners, leads and assisting units of every kind."""
    publish(session)
    district, chance = district_of(profile(), session), random.Random(1)
    for i in range(24):
        place = (IN_A1, IN_A2, IN_B1, IN_B2)[i % 4]
        event = accept_report(
            session, report(place), now=NOW + timedelta(minutes=i // 3), district=district, actor="person:1"
        ).event
        told = {"owner": chance.choice(PARTIES), "lead": chance.choice([None, *PARTIES])}
        told["assisting"] = chance.sample(PARTIES, chance.randrange(3))
        session.execute(matters.update().where(matters.c.event_id == event.id).values(told))
        if i % 3 == 0:
            cells.subtract(session, [event.id])
            stored.project(session, event.id, EventState.CLOSED, closed_at=NOW + timedelta(hours=1))
            cells.add(session, [event.id])
            desk_spans.write(session, event.id, [])
        if i == 12:
            cells.fold(session)  # half of the counts are folded, half are deltas
    return session


def concerned(seen: Scope) -> set:
    """The definition: in one of the units, or with one of the parties."""
    parts = matters.c.owner, matters.c.lead
    mine = [part.in_(seen.parties) for part in parts] + [matters.c.assisting.op("&&")(scope.parties_of(seen))]
    return select(events.c.id).join(matters, matters.c.event_id == events.c.id).where(
        scope.lies_in(events, seen) | mine[0] | mine[1] | mine[2]
    )  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seen=SCOPES, secured=st.booleans(), limit=st.integers(1, 30), is_open=st.sampled_from([None, True]))
def test_pages_of_a_scope_are_the_events_of_its_units_and_parties(many, seen, secured, limit, is_open):
    conditions = [] if is_open is None else [events.c.is_open]
    due = set(many.scalars(concerned(seen).where(*conditions)))
    with many.begin_nested() as inner:
        if secured:
            scope.enter(many, seen)
        found, after = [], None
        while True:
            rows, after = read_page(many, EventFilter(is_open=is_open), limit=limit, after=after, scope=seen)
            found += rows
            if after is None:
                break
        assert {row["id"] for row in found} == due
        assert len(found) == len(due)
        assert [(r["reported_at"], r["id"]) for r in found] == sorted(((r["reported_at"], r["id"]) for r in found), reverse=True)
        inner.rollback()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seen=SCOPES, secured=st.booleans(), limit=st.integers(1, 30), is_open=st.sampled_from([None, True, False]))
def test_the_queue_of_a_scope_is_the_matters_of_its_units_and_parties(many, seen, secured, limit, is_open):
    """Open by light, closed by when that was, all by report: each once, each counted."""
    conditions, chosen = [] if is_open is None else [events.c.is_open.is_(is_open)], QueueFilter(is_open=is_open)
    due = set(many.scalars(concerned(seen).where(*conditions)))
    with many.begin_nested() as inner:
        if secured:
            scope.enter(many, seen)
        found, after = [], None
        while True:
            asked = {"now": NOW + timedelta(hours=1), "scope": seen}
            rows, after = read_queue(many, chosen, sort=sort_of(chosen, None), limit=limit, after=after, **asked)
            found += [row.event_id for row in rows]
            if after is None:
                break
        assert (set(found), len(found)) == (due, len(due))
        assert count_queue(many, chosen, **asked).total == len(due)
        inner.rollback()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seen=SCOPES, secured=st.booleans(), zoom=st.sampled_from([7, 11, 15, 16, 18, 19]))
def test_a_map_of_a_scope_counts_the_events_of_its_units_and_parties(many, seen, secured, zoom):
    counted = select(events.c.is_open, func.count()).where(events.c.id.in_(concerned(seen))).group_by(events.c.is_open)
    due = dict(many.execute(counted).all())
    with many.begin_nested() as inner:
        if secured:
            scope.enter(many, seen)
        rows = many.execute(select_events(View(WHOLE_BOX, zoom, scope=seen))).mappings().all()
        assert sum(row["open"] for row in rows) == due.get(True, 0)
        assert sum(row["closed"] for row in rows) == due.get(False, 0)
        inner.rollback()


def test_who_sees_nothing_is_shown_nothing(many):
    assert read_page(many, EventFilter(), limit=9, scope=NOTHING) == ([], None)
    assert [many.execute(select_events(View(WHOLE_BOX, zoom, scope=NOTHING))).all() for zoom in (9, 16)] == [[], []]


def test_concerns_follow_what_matters_and_events_become(many):
    """Triggers keep them: after parties, places, states and points changed they are still what ``geogrid fsck`` derives."""
    assert many.scalar(text("SELECT count(*) FROM concerns")) > 24
    for change in (
        "UPDATE matters SET owner = 'department:urban' WHERE owner LIKE 'unit:%'",
        "UPDATE matters SET lead = NULL",
        "UPDATE matters SET assisting = '{station:1,station:2}' WHERE lead IS NULL",
        f"UPDATE events SET village_code = '{VILLAGE_A}', township_code = '{TOWNSHIP_A}'",
        "UPDATE events SET reported_at = reported_at - interval '1 day', point = ST_SetSRID(ST_MakePoint(126.6, 45.9), 4490)",
        "UPDATE events SET closed_at = closed_at + interval '1 hour' WHERE NOT is_open",
        "DELETE FROM clocks; DELETE FROM matters WHERE owner = 'person:1'",
    ):
        for statement in change.split(";"):
            many.execute(text(statement))
        assert checks.broken(many, checks.PROJECTED_CONCERNS) == []


# -- crowds -------------------------------------------------------------------------------------------------------------


def test_too_many_to_be_told_apart_are_counted_and_what_is_open_stands_by_itself(many, monkeypatch):
    monkeypatch.setattr("layers.events.MOST_SINGLE", 23)
    rows = many.execute(select_events(View(WHOLE_BOX, 16, scope=EVERYTHING))).mappings().all()
    crowds = [row for row in rows if row["number"] is None]
    assert sorted(row["closed"] for row in crowds) == [2, 2, 2, 2]
    assert all(row["open"] == 0 for row in crowds)
    assert len([row for row in rows if row["open"] == 1 and row["number"]]) == 16
    closest = many.execute(select_events(View(WHOLE_BOX, 19, scope=EVERYTHING))).mappings().all()
    assert len({row["code"] for row in closest}) == 24


@pytest.mark.parametrize("most", [1, 3, 5, 100])
def test_tiles_side_by_side_show_every_event_once_crowded_or_not(many, monkeypatch, most):
    monkeypatch.setattr("layers.events.MOST_SINGLE", most)
    shown = 0
    west, north = cell_of(126.59, 45.93, 17 - TILE_STEPS)
    east, south = cell_of(126.63, 45.89, 17 - TILE_STEPS)
    for x, y in itertools.product(range(int(west), int(east) + 1), range(int(north), int(south) + 1)):
        rows = many.execute(select_events(View(tile_bounds_lonlat(17, x, y), 17))).mappings().all()
        assert len({row["code"] for row in rows}) == len(rows)
        shown += sum(row["open"] + row["closed"] for row in rows)
    assert shown == 24


def test_a_page_of_a_township_rides_the_index_in_its_order(many):
    """Walking the whole list for one township costs more with every event of the others."""
    from sqlalchemy.dialects import postgresql

    from layers.event_pages import _ids_of_some

    query = _ids_of_some(EventFilter(), None, 51, Scope(False, (TOWNSHIP_A,), (f"unit:{TOWNSHIP_A}", "person:1")))
    many.execute(text("SET LOCAL enable_seqscan = off"))
    many.execute(text("SET LOCAL enable_sort = off"))
    plan = "\n".join(many.scalars(text("EXPLAIN " + literal(query, postgresql.dialect()))))
    for index in ("ix_events_township_code_reported_at_id", "ix_events_village_code_reported_at_id", "ix_concerns_party"):
        assert index in plan


def test_the_queue_of_a_party_reads_its_open_matters_and_no_event(many):
    """A policy that asks of a span what the queue's index does not hold reads the table for every open matter of the district."""
    many.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"))
    scope.enter(many, Scope(False, (), ("department:police",)))
    plan = "\n".join(many.scalars(text("EXPLAIN SELECT urgency, count(*) FROM desk_spans WHERE is_open GROUP BY urgency")))
    assert "Index Only Scan using ix_desk_spans_queue" in plan
    assert "hashed SubPlan" in plan
    assert "Index Only Scan using ix_concerns_party_open" in plan
    assert "on events" not in plan


def literal(query, dialect) -> str:
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
