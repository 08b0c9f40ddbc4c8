"""Allowances: a bucket of a minute's worth for all processes together, as one instant; checked by hand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count as numbers

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from geogrid.domain.doors import Allowance
from geogrid.store.allowances import take
from geogrid.store.session import engine_of, session_scope

AT = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
ASK = Allowance.ASK
NUMBERS = numbers()  # nobody asks twice: the examples of one test share a database


def ask(session, seconds: float = 0, *, who: str = "person:a", count: int = 1, a_minute: int = 6, of: Allowance = ASK) -> float:
    return take(session, who, of, count=count, a_minute=a_minute, now=AT + timedelta(seconds=seconds))


def test_a_minute_s_worth_is_there_at_once_and_comes_back_evenly(session):
    assert [ask(session) for _ in range(6)] == [0] * 6
    assert ask(session) == 10
    assert ask(session, 4) == 6
    assert ask(session, 10) == 0
    assert ask(session, 10) == 10
    assert [ask(session, 500) for _ in range(7)] == [0] * 6 + [10]


def test_a_refusal_costs_nothing_and_all_of_a_portion_or_none_is_taken(session):
    assert ask(session, count=4) == 0
    assert [ask(session, count=4) for _ in range(5)] == [20] * 5
    assert [ask(session) for _ in range(3)] == [0, 0, 10]


def test_more_than_a_minute_s_worth_is_never_there(session):
    with pytest.raises(ValueError, match="7 of 6"):
        ask(session, count=7)


def test_callers_and_allowances_are_counted_apart(session):
    assert ask(session, count=6) == 0 and ask(session)
    assert ask(session, who="person:b") == 0
    assert ask(session, of=Allowance.EXPORT) == 0
    assert ask(session)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    a_minute=st.integers(1, 12),
    asked=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), min_size=1, max_size=25),
)
def test_it_is_the_bucket_counted_by_hand(session, a_minute, asked):
    who = f"key:{next(NUMBERS)}"
    level, at = Fraction(a_minute), 0
    for wait, wanted in asked:
        count = min(wanted, a_minute)
        at += wait
        level = min(Fraction(a_minute), level + Fraction(wait * a_minute, 60))
        refused = ask(session, at, who=who, count=count, a_minute=a_minute)
        # an instant has microseconds: at the very brim either answer is right
        if abs(level - count) > Fraction(1, 1000):
            assert bool(refused) is (level < count)
        if not refused:
            level -= count
        else:
            assert refused == pytest.approx(float((count - level) * 60 / a_minute), abs=0.01)


def test_many_processes_together_take_what_there_is_and_no_more(fresh_database):
    engine, barrier, granted = engine_of(fresh_database), threading.Barrier(8), []

    def worker() -> None:
        barrier.wait()
        for _ in range(20):
            with session_scope(engine) as session:
                granted.append(ask(session, who="key:many", a_minute=50) == 0)

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with session_scope(engine) as session:
        assert session.scalar(text("SELECT relpersistence FROM pg_class WHERE relname = 'allowances'")) == "u"
        assert session.scalar(text("SELECT count(*) FROM allowances")) == 1
    engine.dispose()
    assert (len(granted), sum(granted)) == (160, 50)
