"""A report and the code to follow it by: one transaction, one code, however many send it at the same moment."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from geogrid.actions.district import district_of
from geogrid.actions.follow import look, report_to_follow
from geogrid.channels.follow import FollowWish
from geogrid.domain.people import Role
from geogrid.errors import FollowRefused, ReportIdConflict
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, NOW, profile, report
from tests.rules.people import person

CODE, OFFICER = "K7Q2M4XH9T", person(Role.OFFICER)


def count(session, what: str) -> int:
    return session.scalar(text(f"SELECT count(*) FROM {what}"))


@pytest.mark.parametrize("wish", [FollowWish(CODE), FollowWish(make=True)], ids=["own", "made here"])
def test_a_report_sent_thirty_times_at_once_has_one_code_that_opens_it(live, wish):
    sent, barrier, told, faults = report(IN_A1), Barrier(30), [], []

    def once() -> None:
        barrier.wait()
        try:
            with session_scope(live) as session:
                told.append(
                    report_to_follow(session, sent, wish, actor=OFFICER, now=NOW, district=district_of(profile(), session))
                )
        except Exception as error:  # told by the test, in the thread that fails
            faults.append(error)

    threads = [Thread(target=once) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert (len(told), sum(one.created for one in told), len({one.event.id for one in told})) == (30, 1, 1)
    assert all(one.holds for one in told)
    with session_scope(live) as session:
        assert (count(session, "events"), count(session, "follow_codes")) == (1, 1)
        codes = [CODE] if wish.code else [one.code for one in told]
        district, opened = district_of(profile(), session), 0
        for code in codes:
            try:
                look(session, told[0].event.number, code, now=NOW, district=district)
                opened += 1
            except FollowRefused:
                pass
        assert opened == 1, "of the codes that were made the last one is valid"


def test_another_report_under_its_id_brings_no_code(session, district):
    sent = report(IN_A1)
    report_to_follow(session, sent, FollowWish(), actor=OFFICER, now=NOW, district=district)
    with pytest.raises(ReportIdConflict):
        report_to_follow(session, replace(sent, body_hash=b"x" * 32), FollowWish(CODE), actor=OFFICER, now=NOW, district=district)
    assert count(session, "follow_codes") == 0


def test_what_is_not_wished_costs_nothing_and_says_nothing(session, district):
    told = report_to_follow(session, report(IN_A1), FollowWish(), actor=OFFICER, now=NOW, district=district)
    assert (told.created, told.holds, told.code) == (True, None, "")
    assert (count(session, "follow_codes"), count(session, "audit")) == (0, 0)


def test_event_and_code_are_stored_together_or_not_at_all(live, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the disk is full")

    def reports() -> None:
        with session_scope(live) as session:
            district = district_of(profile(), session)
            report_to_follow(session, report(IN_A1), FollowWish(CODE), actor=OFFICER, now=NOW, district=district)

    monkeypatch.setattr("geogrid.actions.follow.follow_codes.keep_first", fail)
    with pytest.raises(RuntimeError):
        reports()
    with session_scope(live) as session:
        assert count(session, "events") == 0
