"""Publishing while reports come in: no event may end under a retired edition. Without the lock this test finds some."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from threading import Event, Thread

from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District, open_district
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.domain.grids import GeographyKind
from geogrid.errors import EditionBaseChanged
from geogrid.settings import read_settings
from geogrid.store import checks, editions, locks
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, IN_A2, IN_B1, grids, households, publish, report

PUBLISHES = 12
SENDERS = 4
WORK_S = 0.01  # what lies between reading the edition in force and the commit


def breaches(engine) -> int:
    queries = (checks.OPEN_UNDER_RETIRED, checks.ASSIGNED_IN_FORCE, checks.ASSIGNED_ONCE, checks.PROJECTED_PLACE)
    with session_scope(engine) as session:
        return sum(len(checks.broken(session, query)) for query in queries)


def run(engine, tmp_path) -> int:
    """Publish a dozen editions while four senders report without pause; return how many reports were accepted."""
    real = open_district(read_settings({"GEOGRID_VAR": str(tmp_path)}), engine)
    done, accepted = Event(), []

    def slowly(edition_id):
        geography = real.geography_for(edition_id)
        time.sleep(WORK_S)
        return geography

    def send():
        district = District(real.profile, slowly)
        while not done.is_set():
            for place in (IN_A1, IN_A2, IN_B1):
                with session_scope(engine) as session:
                    now = datetime.now(UTC)
                    accepted.append(accept_report(session, report(place), now=now, district=district, actor="officer").created)

    senders = [Thread(target=send) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        for number in range(PUBLISHES):
            with session_scope(engine) as session:
                frames = {GeographyKind.BASE_GRIDS: grids(split_m=0.0001 * number)}
                publish(session, f"edition {number}", frames, now=datetime.now(UTC))
    finally:
        done.set()
        for sender in senders:
            sender.join()
    return sum(accepted)


def test_no_event_ends_under_a_retired_edition(live, tmp_path):
    accepted = run(live, tmp_path)
    assert accepted >= 10 * SENDERS
    assert breaches(live) == 0


def test_without_the_lock_the_same_run_breaks_the_promise(live, monkeypatch, tmp_path):
    """Proof that the test above sees what it looks for."""
    monkeypatch.setattr(locks, "share_edition", lambda session: None)
    run(live, tmp_path)
    assert breaches(live) > 0


def test_publishing_waits_for_ingest_and_ingest_for_publishing(live):
    for first, second in ((locks.share_edition, locks.take_edition), (locks.take_edition, locks.share_edition)):
        granted = Event()

        def other(take=second, granted=granted):
            with session_scope(live) as session:
                take(session)
            granted.set()

        thread = Thread(target=other)
        with session_scope(live) as session:
            first(session)
            thread.start()
            assert not granted.wait(0.2)
        thread.join(timeout=60)
        assert granted.is_set()


def test_ingest_does_not_wait_for_ingest(live):
    with session_scope(live) as one, session_scope(live) as another:
        another.execute(text("SET LOCAL lock_timeout = '1s'"))
        locks.share_edition(one)
        locks.share_edition(another)


def test_of_two_who_publish_at_once_one_wins_and_the_other_is_told(live, tmp_path):
    """The second compares with the edition in force, then finds another one there when the first has committed."""
    district, told = open_district(read_settings({"GEOGRID_VAR": str(tmp_path)}), live), []
    for name in ("a", "b"):
        with session_scope(live) as session:
            load_edition(session, name, {GeographyKind.HOUSEHOLDS: households()}, now=datetime.now(UTC), district=district)

    def second():
        try:
            with session_scope(live) as session:
                activate_edition(session, "b", now=datetime.now(UTC), district=district)
        except EditionBaseChanged as error:
            told.append(error)

    with session_scope(live) as session:
        activate_edition(session, "a", now=datetime.now(UTC), district=district)
        other = Thread(target=second)
        other.start()
        time.sleep(1.0)
        assert other.is_alive()
    other.join(timeout=30)
    assert len(told) == 1
    with session_scope(live) as session:
        assert editions.in_force(session).name == "a"


def test_two_who_load_the_same_new_edition_at_once_both_end_up_in_it(live, tmp_path):
    """The second waits for the first, then replaces what it brought; nobody is told of a name that is taken."""
    district, loaded = open_district(read_settings({"GEOGRID_VAR": str(tmp_path)}), live), []

    def second():
        with session_scope(live) as session:
            frames = {GeographyKind.HOUSEHOLDS: households(4)}
            loaded.append(load_edition(session, "new", frames, now=datetime.now(UTC), district=district).replaces)

    with session_scope(live) as session:
        load_edition(session, "new", {GeographyKind.BASE_GRIDS: grids()}, now=datetime.now(UTC), district=district)
        other = Thread(target=second)
        other.start()
        time.sleep(0.5)
        assert other.is_alive()
    other.join(timeout=30)
    assert loaded == [(GeographyKind.BASE_GRIDS, GeographyKind.HOUSEHOLDS)]
