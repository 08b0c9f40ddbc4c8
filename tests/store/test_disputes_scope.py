"""Row security of mediation: who sees the event sees what is kept of its dispute, and nobody else sees a row of it."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, text

from geogrid.actions import disputes_papers as papers
from geogrid.actions.district import district_of
from geogrid.domain.disputes import Body, Direction
from geogrid.rules.scope import EVERYTHING, NOTHING, Scope
from geogrid.store import disputes
from geogrid.store.scope import enter
from geogrid.store.tables import disputes as tables
from tests.build_disputes import BY, STATION_A, employ_mediators, planned, settled, under
from tests.build_district import NOW, TOWNSHIP_A, TOWNSHIP_B, profile, publish
from tests.build_people import id_of

OF_AN_EVENT = sorted(table.name for table in vars(tables).values() if isinstance(table, Table) and "event_id" in table.c)


@pytest.fixture
def filled(session):
    publish(session)
    place = under(district_of(profile(), session))
    employ_mediators(session)
    event_id = settled(session, place)
    told = {"by": BY, "now": NOW.replace(hour=11), "district": place}
    papers.ask_court(session, event_id, "法院", ("1", "2"), **told)
    papers.pay(session, event_id, NOW.date(), recovered=1.0, **told)
    papers.refer(session, event_id, Direction.FROM, Body.COURT, {}, **told)
    disputes.recuse(session, event_id, id_of("lan"), by="test", now=NOW, reason="亲属")
    disputes.change(session, event_id, outcome=None, outcome_at=None)
    planned(session, place, event_id, 30.0)
    return session


def counts(session, scope):
    with session.begin_nested() as savepoint:
        enter(session, scope)
        found = {name: session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in OF_AN_EVENT}
        savepoint.rollback()
    return found


def test_every_table_of_an_event_is_guarded(filled):
    guarded = filled.execute(text("SELECT relname FROM pg_class WHERE relrowsecurity")).scalars().all()
    assert len(OF_AN_EVENT) == 9 and set(OF_AN_EVENT) <= set(guarded)


def test_who_sees_the_event_sees_its_dispute_and_nobody_else(filled):
    whole = counts(filled, EVERYTHING)
    assert all(whole.values()), whole
    assert counts(filled, Scope(units=(TOWNSHIP_A,))) == whole
    assert counts(filled, Scope(parties=(f"station:{STATION_A}",))) == whole
    for scope in (NOTHING, Scope(units=(TOWNSHIP_B,)), Scope(units=("%",)), Scope(parties=("station:99990100200101",))):
        assert not any(counts(filled, scope).values())
