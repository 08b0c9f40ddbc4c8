"""The outbox: an occasion once, a delivery a recipient, leases and tries that end, nobody who sends what another holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from geogrid.domain.notices import Addressee, DeliveryState
from geogrid.rules.backoff import MOST_TRIES, SPREAD
from geogrid.store import outbox
from geogrid.store.outbox import Result
from geogrid.store.session import engine_of, session_scope
from tests.build_district import NOW

LEASE = timedelta(minutes=3)
TEXTS = {"zh": "到期", "en": "due"}
FAILED = Result("it answered 500")


def people(count: int) -> list[Addressee]:
    return [Addressee(f"person:{i}", f"P{i}", f"138{i:08d}") for i in range(count)]


def put(session, occasion="o1", count=1, **values) -> int | None:
    given = {"rule": "soon", "carrier": "message", "recipients": people(count), "texts": TEXTS, "now": NOW}
    return outbox.enqueue(session, occasion=occasion, **{**given, **values})


def claim(session, now=NOW, most=10, by="a"):
    return outbox.claim(session, now, most, LEASE, by=by)


def states(session) -> list[str]:
    return list(session.scalars(text("SELECT state FROM deliveries ORDER BY recipient")))


def one(session):
    return session.execute(text("SELECT * FROM deliveries")).one()


def test_an_occasion_is_told_once_and_every_recipient_has_his_own_delivery(session):
    twice = [*people(2), people(1)[0]]
    assert put(session, recipients=twice) is not None
    assert put(session, recipients=people(5)) is None
    assert states(session) == ["waiting", "waiting"]
    assert outbox.known_occasions(session, ["o1", "o2"]) == {"o1"}


def test_a_delivery_is_claimed_once_sent_and_kept(session):
    put(session, count=2, payload={"number": "7"})
    first = claim(session)
    assert [found.to.name for found in sorted(first, key=lambda d: d.to.name)] == ["P0", "P1"]
    assert (first[0].tries, first[0].notice.texts, first[0].notice.payload) == (1, TEXTS, {"number": "7"})
    assert claim(session, by="b") == []
    assert outbox.settle(session, first[0], Result(), NOW, by="a") is DeliveryState.SENT
    assert sorted(states(session)) == ["sending", "sent"]
    kept = session.scalars(text("SELECT address FROM deliveries WHERE state = 'sent'"))
    assert list(kept) == [""]  # a number is personal: it goes when it was used, the recipient's id stays
    assert outbox.settle(session, first[0], Result(), NOW, by="a") is None  # settled once


def test_nothing_is_sent_before_its_time(session):
    put(session, not_before=NOW + timedelta(hours=3))
    assert claim(session, NOW + timedelta(hours=2, minutes=59)) == []
    assert len(claim(session, NOW + timedelta(hours=3))) == 1


def test_a_failure_waits_longer_each_time_and_ends_with_a_reason(session):
    put(session)
    now, waits = NOW, []
    for tries in range(1, MOST_TRIES + 1):
        (found,) = claim(session, now)
        assert found.tries == tries
        state = outbox.settle(session, found, FAILED, now, by="a")
        if tries < MOST_TRIES:
            assert state is DeliveryState.WAITING
            waits.append(one(session).next_try_at - now)
            assert claim(session, now + waits[-1] - timedelta(seconds=1)) == []
            now += waits[-1]
    assert state is DeliveryState.FAILED
    assert one(session).last_error == "it answered 500"
    assert waits[6] > waits[0] * 20 and waits[-1] <= timedelta(hours=1) * (1 + SPREAD)
    found = outbox.health(session, now, late_after=timedelta(minutes=10), since=timedelta(days=7))
    assert (found.failed, found.waiting, found.late) == (1, 0, 0)
    assert outbox.try_again(session, now) == 1
    (again,) = claim(session, now)
    assert (again.id, again.tries) == (found_id(session), 1)


def found_id(session):
    return one(session).id


def test_what_must_not_be_sent_is_refused_and_what_is_hopeless_given_up_at_once(session):
    put(session, count=2)
    refused, hopeless = claim(session)
    assert outbox.settle(session, refused, Result("made up", refused=True), NOW, by="a") is DeliveryState.REFUSED
    assert outbox.settle(session, hopeless, Result("no such number", retry=False), NOW, by="a") is DeliveryState.FAILED
    rows = outbox.listed(session, [DeliveryState.REFUSED, DeliveryState.FAILED], 10)
    assert {row.last_error for row in rows} == {"made up", "no such number"}
    assert outbox.try_again(session, NOW, [refused.id]) == 1
    assert sorted(states(session)) == ["failed", "waiting"]


def test_a_lease_that_ended_gives_its_delivery_back_and_its_late_sender_changes_nothing(session):
    put(session)
    (slow,) = claim(session, by="slow")
    assert outbox.sweep(session, NOW + LEASE) == 0
    later = NOW + LEASE + timedelta(seconds=1)
    assert outbox.sweep(session, later) == 1
    (again,) = claim(session, later, by="quick")
    assert (again.id, again.tries) == (slow.id, 2)  # the same key: whoever got it the first time can tell
    assert outbox.settle(session, slow, FAILED, later, by="slow") is None
    assert states(session) == ["sending"]
    assert outbox.settle(session, again, Result(), later, by="quick") is DeliveryState.SENT


def test_a_sender_that_dies_at_every_try_does_not_try_for_ever(session):
    put(session)
    session.execute(text("UPDATE deliveries SET tries = :most - 1"), {"most": MOST_TRIES})
    claim(session)
    assert outbox.sweep(session, NOW + 2 * LEASE) == 1
    assert states(session) == ["failed"]


def test_late_deliveries_and_those_for_nobody_are_counted(session):
    put(session)
    put(session, "nobody", recipients=[])
    options = {"late_after": timedelta(minutes=10), "since": timedelta(days=7)}
    assert outbox.health(session, NOW, **options).late == 0
    found = outbox.health(session, NOW + timedelta(minutes=11), **options)
    assert (found.waiting, found.late, found.unaddressed) == (1, 1, 1)
    claim(session)
    assert outbox.health(session, NOW + LEASE + timedelta(minutes=11), **options).late == 1


@pytest.mark.parametrize(
    "change",
    [
        "state = 'waiting', next_try_at = NULL",
        "state = 'sending', next_try_at = NULL",
        "state = 'sent', next_try_at = NULL",
        "state = 'failed', next_try_at = NULL, ended_at = now()",
        "state = 'lost'",
        "lease_until = now(), lease_by = 'x'",
        "recipient = ''",
    ],
)
def test_the_database_keeps_every_delivery_on_its_way_or_ended(session, change):
    put(session)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(f"UPDATE deliveries SET {change}"))


def test_two_senders_at_once_share_the_queue_and_nothing_is_claimed_twice(fresh_database):
    engine = engine_of(fresh_database)
    with session_scope(engine) as session:
        for i in range(5):
            put(session, f"o{i}", count=4)
    with session_scope(engine) as first, session_scope(engine) as second:
        mine = claim(first, most=12, by="a")
        theirs = claim(second, most=12, by="b")  # does not wait for the first, and takes none of his
        assert (len(mine), len(theirs)) == (12, 8)
        assert not {d.id for d in mine} & {d.id for d in theirs}
    with session_scope(engine) as first, session_scope(engine) as second:
        assert outbox.settle(first, replace(mine[0]), Result(), NOW, by="b") is None
        assert outbox.sweep(first, NOW + 2 * LEASE) == 20
        assert outbox.sweep(second, NOW + 2 * LEASE) == 0  # rows that another sweep holds are left to it
    engine.dispose()


def test_a_reader_of_less_than_the_district_sees_no_deliveries_and_puts_in_no_notice_of_what_he_does_not_see(session):
    assert put(session, count=2) is not None
    session.execute(text("SET LOCAL ROLE geogrid_app"))
    session.execute(text("SELECT set_config('geogrid.units', '999901001000', true), set_config('geogrid.reach', '', true)"))
    assert states(session) == []  # phone numbers of others are none of his business
    with pytest.raises(ProgrammingError, match="row-level security"), session.begin_nested():
        put(session, occasion="another", count=2)
    session.execute(text("SELECT set_config('geogrid.reach', 'district', true)"))
    assert states(session) == ["waiting", "waiting"]
