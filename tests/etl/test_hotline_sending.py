"""Telling a hotline that is down, slow, forgetful, failing after it accepted, refusing: nothing lost, nothing doubled by key."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from etl.carriers import outside
from etl.carriers.config import FILE, OUTSIDE, CarrierSettings, CarriersTold, read_carriers
from etl.carriers.registry import SENDERS
from etl.hotline_practice import PracticeFault, PracticeHotline, listening
from etl.hotline_told import outside_sender
from etl.sending import send_once, sender_name
from geogrid.actions.district import district_of
from geogrid.actions.hotline import resend
from geogrid.settings import read_settings
from geogrid.store import hotline as stored
from geogrid.store.session import session_scope
from tests.actions.conftest import live  # noqa: F401 a fixture
from tests.actions.test_hotline import OPERATOR, come
from tests.build_district import NOW, profile
from tests.build_life import DISPATCHER, take

HERE = PracticeFault


@pytest.fixture
def told(live):  # noqa: F811
    """An order that was returned: one message waits for the hotline."""
    with session_scope(live) as session:
        district = district_of(profile(), session)
        first = come(session, district)
        take(session, district, first.event.id, "decline", DISPATCHER, hours=1, reason="不属于本区")
    return live


def sends(engine, tmp_path, url, *, synthetic=True, time_out_s=1, secret="s3cret", **table):
    """Send what is due to the practice hotline at ``url``; return how many tries were made."""
    settings = read_settings({"GEOGRID_VAR": str(tmp_path)})
    with session_scope(engine) as session:
        channel = district_of(profile(), session).outside.of("12345")
    channel = replace(channel, send=replace(channel.send, url=url, time_out_s=time_out_s))

    def heard_by(occasion, heard):
        with session_scope(engine) as session:
            stored.answered(session, occasion, heard, now=NOW)

    values = {"allow_private": True, **table}
    environ = {"GEOGRID_SECRET_HOTLINE_12345": secret}
    carriers = CarriersTold({OUTSIDE: CarrierSettings(OUTSIDE, values, tmp_path, synthetic, environ)}, FILE)
    sender = partial(outside.send, channel_of={"12345": channel}.get, heard_by=heard_by)
    return send_once(settings, engine, carriers, by=sender_name(), senders={**SENDERS, OUTSIDE: sender})


def row(engine):
    query = """SELECT m.id, m.verdict, m.reason, d.state, d.tries, d.last_error, d.id::text AS key,
    d.next_try_at - now() AS wait FROM outside_messages m
    JOIN notices n USING (occasion) JOIN deliveries d ON d.notice_id = n.id"""
    with session_scope(engine) as session:
        return session.execute(text(query)).one()


def sooner(engine):
    with session_scope(engine) as session:
        session.execute(text("UPDATE deliveries SET next_try_at = now() - interval '1 min' WHERE state = 'waiting'"))


def due(engine, tmp_path, url, **more):
    sooner(engine)
    return sends(engine, tmp_path, url, **more)


def test_a_hotline_that_works_is_told_once_with_its_token_and_key(told, tmp_path):
    practice = PracticeHotline()
    with listening(practice) as url:
        assert due(told, tmp_path, url) == 1
        assert due(told, tmp_path, url) == 0
    (heard,) = practice.heard
    found = row(told)
    assert (heard.method, heard.path, heard.token) == ("POST", "/orders/HL202506180001/return", "s3cret")
    assert heard.key == found.key
    assert heard.body["reason"] == "不属于本区"
    assert (found.verdict, found.reason, found.state) == ("accepted", "成功", "sent")


@pytest.mark.parametrize("fault", [HERE.DOWN, HERE.SLOW, HERE.FAIL_AFTER], ids=str)
def test_what_a_hotline_in_trouble_was_told_comes_again_under_the_same_key(told, tmp_path, fault):
    practice = PracticeHotline(fault)
    with listening(practice) as url:
        due(told, tmp_path, url)
        found = row(told)
        assert (found.state, found.tries, found.verdict) == ("waiting", 1, None)
        assert found.reason
        practice.fault = HERE.NONE
        due(told, tmp_path, url)
    found = row(told)
    assert found.state == "sent"
    assert found.verdict == ("duplicate" if fault is not HERE.DOWN else "accepted")  # it had it, and says so
    assert list(practice.taken) == [found.key]
    assert {heard.key for heard in practice.heard} == {found.key}


def test_nobody_listens_and_nothing_is_lost(told, tmp_path):
    due(told, tmp_path, "http://127.0.0.1:1")
    found = row(told)
    assert (found.state, found.verdict) == ("waiting", None)
    assert "Refused" in found.reason
    practice = PracticeHotline()
    with listening(practice) as url:
        due(told, tmp_path, url)
    assert row(told).state == "sent"
    assert len(practice.taken) == 1


def test_without_its_secret_it_waits_and_says_what_is_missing(told, tmp_path):
    """An operator reads why nothing goes out before the last try; when the secret is there, it goes."""
    practice = PracticeHotline()
    with listening(practice) as url:
        due(told, tmp_path, url, secret="")
        found = row(told)
        assert (found.state, found.tries, found.reason) == ("waiting", 1, "no secret hotline_12345")
        assert practice.heard == []
        due(told, tmp_path, url)
    assert row(told).state == "sent"


def test_a_hotline_that_says_taken_twice_has_one_by_key(told, tmp_path):
    """The answer is lost on the way and the message sent again: the hotline that forgot says taken twice, and holds one."""
    practice = PracticeHotline(HERE.TWICE)
    with listening(practice) as url:
        due(told, tmp_path, url)
        with session_scope(told) as session:  # as if the sender had died before it wrote down the answer
            session.execute(text("UPDATE deliveries SET state = 'waiting', next_try_at = now(), ended_at = NULL, sent_at = NULL"))
        due(told, tmp_path, url)
    assert len(practice.heard) == 2
    assert len(practice.taken) == 1
    assert (row(told).state, row(told).verdict) == ("sent", "accepted")


def test_a_refusal_waits_for_a_person_with_their_reason_and_is_sent_again_on_request(told, tmp_path):
    practice = PracticeHotline(HERE.REFUSE)
    with listening(practice) as url:
        due(told, tmp_path, url)
        found = row(told)
        assert (found.state, found.verdict, found.reason) == ("failed", "refused", "退单理由不充分")
        assert due(told, tmp_path, url) == 0  # nobody sends it by itself
        practice.fault = HERE.NONE
        with session_scope(told) as session:
            resend(session, found.id, actor=OPERATOR, now=NOW)
        due(told, tmp_path, url)
    found = row(told)
    assert (found.state, found.verdict) == ("sent", "accepted")
    assert {heard.key for heard in practice.heard} == {found.key}


def test_waits_and_tries_are_those_of_the_channels_file(told, tmp_path):
    practice = PracticeHotline(HERE.FAIL_AFTER)
    with listening(practice) as url:
        due(told, tmp_path, url)
        assert timedelta(seconds=20) < row(told).wait < timedelta(seconds=40)  # 30 s, spread by a quarter
        for _ in range(15):
            due(told, tmp_path, url)
    assert (row(told).state, row(told).tries) == ("failed", 16)
    assert len(practice.taken) == 1


def test_what_happened_later_never_overtakes_what_they_did_not_hear_yet(told, tmp_path):
    """A return that they could not take, the order sent again and accepted: they hear of the return first."""
    later = NOW + timedelta(hours=2)
    with session_scope(told) as session:
        district = district_of(profile(), session)
        again = come(session, district, now=later, 派单时间="2025-06-18 16:30:00")
        take(session, district, again.event.id, "accept", DISPATCHER, hours=3)
        take(session, district, again.event.id, "decline", DISPATCHER, hours=4, reason="仍不属于")
    practice = PracticeHotline(HERE.FAIL_AFTER)
    with listening(practice) as url:
        assert due(told, tmp_path, url) == 1  # the first alone; the others wait for it
        practice.fault = HERE.REFUSE
        due(told, tmp_path, url)  # the first is refused: it waits for a person, and holds up nobody any more
        practice.fault = HERE.NONE
        due(told, tmp_path, url)
    heard = [(one.path.rpartition("/")[2], one.body.get("reason", "")) for one in practice.heard]
    assert [reason for _, reason in heard[:2]] == ["不属于本区", "不属于本区"]  # the return alone, until it was answered for good
    assert [path for path, _ in heard[2:]] == ["sign", "return"]


def test_a_made_up_district_tells_no_real_hotline(told, tmp_path):
    due(told, tmp_path, "https://hotline.12345.invalid/open/v1")
    found = row(told)
    assert (found.state, found.verdict) == ("refused", None)
    assert "the district is made up" in found.last_error


def test_a_private_network_is_asked_only_where_it_is_allowed(told, tmp_path):
    due(told, tmp_path, "http://127.0.0.1:9", allow_private=False)
    assert "https://" in row(told).last_error


def test_without_a_table_of_its_own_everything_goes_to_the_file(tmp_path):
    settings = read_settings({"GEOGRID_VAR": str(tmp_path)})
    assert read_carriers(settings, synthetic=True).name_for(OUTSIDE) == FILE
    assert read_carriers(settings, synthetic=False).name_for(OUTSIDE) == OUTSIDE
    (tmp_path / "carriers.toml").write_text('everything_to = "file"\n[file]\n[outside]\nallow_private = true\n', "utf-8")
    told = read_carriers(settings, synthetic=True)
    assert (told.name_for(OUTSIDE), told.name_for("message")) == (OUTSIDE, FILE)


def test_the_jobs_sender_reads_the_installations_own_channel_and_keeps_the_answer(told, tmp_path, fresh_database):
    """The jobs' whole way: the file of var/channels is read, the secret of var/secrets sent, the answer kept in the store."""
    from geogrid.settings import ROOT

    settings = read_settings({"GEOGRID_VAR": str(tmp_path)})
    practice = PracticeHotline()
    with listening(practice) as url:
        (tmp_path / "channels").mkdir()
        shipped = (ROOT / "data/channels/12345.toml").read_text("utf-8")
        (tmp_path / "channels/12345.toml").write_text(shipped.replace("https://hotline.12345.invalid/open/v1", url), "utf-8")
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets/hotline_12345").write_text("from a file\n", "utf-8")
        carriers = CarriersTold({OUTSIDE: CarrierSettings(OUTSIDE, {"allow_private": True}, tmp_path, True, {})})
        sooner(told)
        sent = send_once(settings, told, carriers, by="x", senders={**SENDERS, OUTSIDE: outside_sender(settings, told)})
    assert sent == 1
    assert practice.heard[0].token == "from a file"
    assert row(told).verdict == "accepted"
    assert json.dumps(practice.as_json(), ensure_ascii=False).count("不属于本区") == 1
