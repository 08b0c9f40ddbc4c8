"""fsck looks into the outbox: a lease that nobody swept up is a breach, what waits or has ended is none."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from geogrid.actions.fsck import fsck
from geogrid.domain.notices import Addressee
from geogrid.store import outbox
from geogrid.store.outbox import Result
from tests.build_district import NOW, profile

LEASE = timedelta(minutes=3)


def breaches(session, tmp_path, now):
    return {(b.invariant, b.rows[0].split(" ")[1]) for b in fsck(session, var_dir=tmp_path, now=now, profile=profile())}


def test_a_lease_that_nobody_sweeps_up_is_a_breach(session, district, tmp_path):
    people = [Addressee(f"person:{i}", "", "1") for i in range(3)]
    outbox.enqueue(session, occasion="o", rule="r", carrier="mail", recipients=people, texts={"zh": "x"}, now=NOW)
    assert breaches(session, tmp_path, NOW) == set()
    sent, given_up, _ = outbox.claim(session, NOW, 3, LEASE, by="a:1")
    outbox.settle(session, sent, Result(), NOW, by="a:1")
    outbox.settle(session, given_up, Result("no such address", retry=False), NOW, by="a:1")
    assert breaches(session, tmp_path, NOW + LEASE) == set()
    later = NOW + timedelta(hours=1)
    assert breaches(session, tmp_path, later) == {("I8", "(a:1)")}
    outbox.sweep(session, later)
    assert breaches(session, tmp_path, later) == set()


def test_a_row_that_the_checks_would_refuse_is_found_all_the_same(session, district, tmp_path):
    outbox.enqueue(
        session, occasion="o", rule="r", carrier="mail", recipients=[Addressee("p", "", "")], texts={"zh": "x"}, now=NOW
    )
    session.execute(text("ALTER TABLE deliveries DROP CONSTRAINT ck_deliveries_waiting_has_next_try"))
    session.execute(text("UPDATE deliveries SET next_try_at = NULL"))
    assert breaches(session, tmp_path, NOW) == {("I7", "(waiting)")}
