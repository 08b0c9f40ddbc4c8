"""The made-up district's mediation: its sums are those that are published, in proportion; the same district, the same past."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from etl.synthesise import mediation
from etl.synthesise.mediation import fill_mediation, give_some
from geogrid.actions.accept import accept_report
from geogrid.actions.district import district_of
from geogrid.actions.fsck import fsck
from geogrid.domain.events import EventKind
from geogrid.domain.people import Post, Role
from geogrid.store import disputes_people, people
from tests.build_disputes import STATION_A
from tests.build_district import IN_A1, NOW, profile, publish, report
from tests.build_life import live
from tests.build_people import id_of


@pytest.fixture
def district(session):
    publish(session)
    return district_of(profile(), session)


def disputes(session, district, count, *, closed):
    for number in range(count):
        sent = replace(report(IN_A1, words=f"工资未按时结清 {number}"), kind=EventKind.DISPUTE)
        event = accept_report(session, sent, now=NOW, district=district, actor="officer").event
        if closed:
            live(session, district, event.id, "close")


def counted(session, statement):
    return session.execute(text(statement)).one()


def test_sums_are_the_published_ones_in_proportion_and_nothing_is_made_twice(session, district, monkeypatch):
    for name, value in (
        ("MEDIATED", 20),
        ("SETTLED", 18),
        ("PAID", 10),
        ("RECOVERED_YUAN", 1000),
        ("REFUNDED", 4),
        ("FEES_YUAN", 90),
    ):
        monkeypatch.setattr(mediation, name, value)
    disputes(session, district, 21, closed=True)
    disputes(session, district, 2, closed=False)
    made = fill_mediation(session, district.mediation, now=NOW)
    assert (made.disputes, made.settled, made.cases) == (22, 18, 30)
    assert made.mediators == 3  # a station each
    outcomes = dict(session.execute(text("SELECT outcome, count(*) FROM disputes WHERE outcome IS NOT NULL GROUP BY 1")).all())
    assert (outcomes["settled"], sum(outcomes.values())) == (18, 20)
    paid = counted(session, "SELECT sum(recovered_yuan), sum(fees_refunded_yuan), count(*) FROM performances")
    assert tuple(paid) == (1000.0, 90.0, 14)
    assert counted(session, "SELECT count(*), count(*) FILTER (WHERE kind = 'labour'), bool_and(synthetic) FROM disputes")[
        1:
    ] == (22, True)
    assert fill_mediation(session, district.mediation, now=NOW).disputes == 0
    assert counted(session, "SELECT count(*) FROM guiding_cases WHERE approved_by <> proposed_by AND synthetic")[0] == 30


def test_the_demos_own_mediator_has_disputes_in_hand_and_fsck_finds_nothing(session, district, tmp_path):
    person = id_of("mediator")
    people.add(session, {"id": person, "login": "mediator", "name": "模拟调解员", "created_at": NOW, "synthetic": True})
    people.give_posts(session, person, [Post(Role.MEDIATOR, station=STATION_A)], since=None, given_by="test")
    disputes(session, district, 7, closed=False)
    fill_mediation(session, district.mediation, now=NOW)
    assert disputes_people.mediator(session, person).station == STATION_A
    later = NOW + timedelta(minutes=5)
    assert give_some(session, "mediator", now=later, district=district) == 6
    owned = counted(session, f"SELECT count(*) FROM matters WHERE owner = 'station:{STATION_A}'")[0]
    sessions = counted(session, "SELECT count(*), min(lower(during)) FROM mediation_sessions WHERE state = 'planned'")
    assert (owned, sessions[0], sessions[1].isoformat()) == (6, 4, "2025-06-19T01:00:00+00:00")
    assert fsck(session, var_dir=tmp_path, now=later, profile=profile(), programmes=district.programmes) == []
