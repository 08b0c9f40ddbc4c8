"""Tries to follow a matter: one count for all processes, that keeps neither addresses nor numbers."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from geogrid.store.follow_tries import OF_ADDRESS, OF_NUMBER, SLOTS, count
from geogrid.store.session import engine_of, session_scope

AT = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
NUMBER, SECRET = "20250618000001", b"of this installation"


def tried(session, address="203.0.113.7", number=NUMBER, *, seconds: float = 0, secret=SECRET) -> float:
    return count(session, address, number, secret=secret, now=AT + timedelta(seconds=seconds))


def test_an_address_has_ten_tries_at_once_and_then_one_in_twelve_seconds(session):
    assert [tried(session, number=str(n)) for n in range(OF_ADDRESS)] == [0] * OF_ADDRESS
    assert tried(session) == 12
    assert tried(session, "203.0.113.8") == 0
    assert [tried(session, seconds=12), tried(session, seconds=12)] == [0, 12]


def test_a_number_is_not_guessed_at_from_everywhere_nor_closed_to_its_owner_by_one_address(session):
    addresses = [f"198.51.{high}.{low}" for high in range(4) for low in range(40)]
    told = [tried(session, address) for address in addresses]
    assert told[:OF_NUMBER] == [0] * OF_NUMBER
    assert set(told[OF_NUMBER:]) == {1.0}
    assert tried(session, "192.0.2.1", number="20250618000002") == 0
    guessed = [tried(session, "192.0.2.9", seconds=600 + n) for n in range(120)]
    assert sum(wait == 0 for wait in guessed) <= OF_ADDRESS + 120 // 12 + 1
    assert tried(session, "192.0.2.50", seconds=721) == 0, "the owner is let in while one address tries all it can"


def test_one_network_of_ipv6_is_one_asker(session):
    told = [tried(session, f"2001:db8:0:1::{n:x}", number=str(n)) for n in range(1, OF_ADDRESS + 2)]
    assert told == [0] * OF_ADDRESS + [12]
    assert tried(session, "2001:db8:0:2::1") == 0
    mapped = [tried(session, "::ffff:203.0.113.99", number=str(n)) for n in range(OF_ADDRESS)]
    assert mapped == [0] * OF_ADDRESS and tried(session, "203.0.113.99") == 12
    assert tried(session, "") == 0, "a caller without an address is one asker"


def test_no_row_tells_who_asked_for_what_and_there_are_never_more_of_them_than_slots(session):
    for n in range(40):
        tried(session, f"203.0.113.{n}", number=f"2025061800{n:04}")
    rows = session.scalars(text("SELECT who FROM allowances WHERE who LIKE 'follow:%'")).all()
    assert len(rows) in range(70, 81), "an address and a number each"
    assert all(re.fullmatch(r"follow:(address|number):[0-9a-f]{4}", row) for row in rows), "sixteen bits: one of SLOTS"
    assert SLOTS == 16**4
    with_another_secret = session.begin_nested()
    session.execute(text("DELETE FROM allowances"))
    for n in range(40):
        tried(session, f"203.0.113.{n}", number=f"2025061800{n:04}", secret=b"of another installation")
    others = session.scalars(text("SELECT who FROM allowances WHERE who LIKE 'follow:%'")).all()
    with_another_secret.rollback()
    assert len(set(rows) & set(others)) < 5, "who has not the secret cannot tell whose slot is whose"


def test_many_processes_together_let_no_more_through_than_one(fresh_database):
    engine, barrier, let = engine_of(fresh_database), threading.Barrier(8), []

    def worker() -> None:
        barrier.wait()
        for _ in range(5):
            with session_scope(engine) as session:
                let.append(tried(session) == 0)

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert (len(let), sum(let)) == (40, OF_ADDRESS)
