"""Many counters at once: a mediator is booked once, a version is written once, one request goes to the court."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from sqlalchemy import text

from geogrid.actions import disputes_papers as papers
from geogrid.actions import disputes_sessions as sessions
from geogrid.actions.district import district_of
from geogrid.errors import ConfirmationState, SessionClash
from geogrid.store.session import session_scope
from tests.build_disputes import BY, begun, employ_mediators, session_at, settled, under
from tests.build_district import NOW, profile

TIMES = 8
LATER = NOW + timedelta(hours=4)


def at_once(engine, deeds):
    """Do all deeds at the same time, each in a transaction of its own; return what each came to."""
    barrier = Barrier(len(deeds))

    def one(deed):
        with session_scope(engine) as session:
            place = under(district_of(profile(), session))
            barrier.wait()
            return deed(session, place)

    def told(deed):
        try:
            return one(deed)
        except (SessionClash, ConfirmationState) as error:
            return type(error)

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(told, deeds))


def made(engine, build, count=1):
    with session_scope(engine) as session:
        place = under(district_of(profile(), session))
        employ_mediators(session)
        return [build(session, place) for _ in range(count)]


def test_a_mediator_wanted_by_many_disputes_at_one_time_is_booked_once(live):
    events = made(live, begun, TIMES)
    wanted = [session_at(event, 20.0, room=f"{i} 号室") for i, event in enumerate(events)]

    def plan(one):
        return lambda session, place: sessions.plan(session, one, by=BY, now=LATER, district=place).id

    found = at_once(live, [plan(one) for one in wanted])
    assert sorted(map(str, found)).count(str(SessionClash)) == TIMES - 1
    with session_scope(live) as session:
        assert session.execute(text("SELECT count(*) FROM mediation_sessions")).scalar_one() == 1


def test_versions_of_an_agreement_are_numbered_without_a_gap_or_a_double(live):
    (event,) = made(live, begun)

    def draft(session, place):
        return papers.draft(session, event, papers.Terms("赔偿"), by=BY, now=LATER, district=place).version

    assert sorted(at_once(live, [draft] * TIMES)) == list(range(1, TIMES + 1))


def test_the_court_is_asked_once(live):
    (event,) = made(live, settled)

    def ask(session, place):
        return papers.ask_court(session, event, "法院", ("1", "2"), by=BY, now=LATER, district=place).id

    found = at_once(live, [ask] * TIMES)
    assert found.count(ConfirmationState) == TIMES - 1
