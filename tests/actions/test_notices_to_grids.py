"""What goes to a village is told to those on duty in the event's own grid; to all of the village where nobody is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from geogrid.actions.accounts import disable
from geogrid.actions.duties import end_duty, give_duties
from geogrid.domain.lists import Duty
from geogrid.domain.people import Force, Post, Role, WorkerRole
from geogrid.store import people
from tests.actions.test_tick import told
from tests.build_district import NOW, VILLAGE_A, VILLAGE_B
from tests.build_life import DISPATCHER, live, reported, take
from tests.build_people import EVERYBODY, employ, id_of, recipient

GRID, NEXT = VILLAGE_A + "001", VILLAGE_A + "002"
STAFF = (*EVERYBODY, *((login, Post(Role.OFFICER, VILLAGE_A)) for login in ("own", "other", "mediating", "elsewhere")))


def duty(login: str, grid: str = GRID, role: WorkerRole = WorkerRole.GRID_WORKER, **more) -> Duty:
    return Duty(id_of(login), grid, Force.PROFESSIONAL, role, **more)


@pytest.fixture
def village(session, district):
    employ(session, STAFF)
    return district


def told_of_dispatch(session, district, **values) -> set[str]:
    """Who is told that an event in grid A1 was given to its village."""
    live(session, district, reported(session, district, **values), "dispatch")
    return {login for login, _ in STAFF for row in told(session) if row.rule == "dispatched" and recipient(login) in row.who}


ALL = {"leader_a", "officer_a", "own", "other", "mediating", "elsewhere"}


def test_without_duties_all_of_the_village_are_told(session, village):
    assert told_of_dispatch(session, village) == ALL


def test_those_on_duty_in_the_own_grid_are_told_and_nobody_else(session, village):
    leads = duty("leader_a", role=WorkerRole.GRID_LEADER)
    give_duties(session, [duty("own"), duty("other", NEXT), leads, duty("mediating", role=WorkerRole.MEDIATOR)], by="test")
    assert told_of_dispatch(session, village) == {"own", "leader_a"}


@pytest.mark.parametrize("why", ["in another grid", "over", "not yet", "account closed", "of another kind"])
def test_who_is_not_on_duty_there_now_takes_nobody_s_place(session, village, why):
    later, closed = NOW + timedelta(days=9), why == "account closed"
    duties = {
        "in another grid": duty("own", NEXT),
        "over": duty("own", since=NOW - timedelta(days=9)),
        "not yet": duty("own", since=later),
        "account closed": duty("own"),
        "of another kind": duty("own", role=WorkerRole.PROFESSIONAL),
    }
    give_duties(session, [duties[why]], by="test")
    if why == "over":
        assert end_duty(session, duties[why], now=NOW - timedelta(days=1))
    if closed:
        disable(session, people.find(session, id_of("own"), now=NOW), at=NOW)
    assert told_of_dispatch(session, village) == ALL - ({"own"} if closed else set())


def test_a_village_that_is_not_the_event_s_own_is_told_as_a_whole(session, village):
    """The grid's worker knows nothing of a matter that was given to the village next door: its own people are told."""
    employ(session, (("officer_b", Post(Role.OFFICER, VILLAGE_B)),))
    give_duties(session, [duty("own")], by="test")
    event_id = reported(session, village)
    live(session, village, event_id, "open")
    take(session, village, event_id, "dispatch", DISPATCHER, hours=1, party=f"unit:{VILLAGE_B}")
    (notice,) = [row for row in told(session) if row.rule == "dispatched"]
    assert notice.who == [recipient("officer_b")]


def test_who_is_on_duty_is_found_by_an_index(session, village):
    give_duties(session, [duty("own")], by="test")
    session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = session.scalars(text("EXPLAIN SELECT 1 FROM duties WHERE grid = '1' AND valid @> now()")).all()
    assert "ex_duties" in "\n".join(plan)
