"""Notices: which rule counts, who is meant by a role of party, which words are filled in, what waits until the morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from geogrid.domain.clocks import TimeOut
from geogrid.domain.conditions import Title
from geogrid.domain.matters import Proposal, Whistle
from geogrid.domain.people import Role
from geogrid.domain.programmes import NoticeRule, Party, PartyKind
from geogrid.rules.notices import (
    BOUNCES,
    PLACEHOLDERS,
    REVIEW,
    Asked,
    asked,
    called_for,
    filled,
    not_before,
    phases_told,
    quiet_hours,
    unfit,
)
from geogrid.rules.programme import read
from geogrid.settings import ROOT
from tests.rules.people import DISTRICT, TOWNSHIP, VILLAGE, at, matter, programme

POLICE = Party(PartyKind.DEPARTMENT, "police")
HULAN = (ROOT / "data" / "programmes" / "hulan.toml").read_text("utf-8")


def unit(code: str) -> Party:
    return Party(PartyKind.UNIT, code)


def rule(zh="事件 {number}", en="Event {number}", **values) -> NoticeRule:
    given = {"code": "n", "on": "step:open", "to": ("owner",), "carrier": "message", "text": Title(zh, en)}
    return NoticeRule(**{**given, **values})


def test_rules_are_found_by_occasion_and_built_in_ones_stand_in():
    hulan = programme()
    assert [found.code for found in called_for(hulan, "clock:handle:overdue")] == ["overdue"]
    assert called_for(hulan, "step:open") == ()
    assert [found.code for found in called_for(hulan, BOUNCES)] == ["bounces"]
    assert [found.code for found in called_for(hulan, REVIEW)] == ["review"]
    assert [found.code for found in called_for(hulan, "step:ask")] == ["asked"]
    assert called_for(hulan, "clock:verify:soon") == ()
    (built_in,) = called_for(hulan, "clock:verify:overdue")  # it runs out with "notify", and the programme names nobody
    assert (built_in.on, built_in.to) == ("clock:verify:overdue", ("owner", "supervisor"))
    clocks = tuple(replace(c, time_out=TimeOut.NOTHING) for c in hulan.clocks)
    assert called_for(replace(hulan, clocks=clocks), "clock:verify:overdue") == ()
    own = replace(hulan, notices=(rule(code="mine", on=BOUNCES),))
    assert [found.code for found in called_for(own, BOUNCES)] == ["mine"]


def test_a_clock_is_followed_for_its_end_and_for_what_rules_name():
    assert phases_told(programme(), "handle") == {"soon", "overdue"}
    assert phases_told(programme(), "verify") == {"overdue"}


def test_parties_are_asked_by_what_they_are():
    found = matter(programme(), "E02")
    assert found.owner == unit(VILLAGE)
    (owner,) = asked(found, "owner", district=DISTRICT)
    assert (owner.party, owner.roles) == (unit(VILLAGE), (Role.GRID_LEADER, Role.OFFICER))
    assert owner.otherwise[0] is Role.TOWNSHIP_LEADER  # a village without an account: the township is told
    assert asked(found, "supervisor", district=DISTRICT)[0].roles == (Role.TOWNSHIP_LEADER,)
    assert asked(found, "dispatcher", district=DISTRICT) == (Asked(unit(VILLAGE), (Role.DISPATCHER,)),)
    assert [one.party for one in asked(found, "units", district=DISTRICT)] == [unit(VILLAGE), unit(TOWNSHIP), unit(DISTRICT)]
    assert asked(found, "assisting", district=DISTRICT) == asked(found, "whistled", district=DISTRICT) == ()
    with_police = replace(found, owner=POLICE, assisting=(POLICE,))
    assert asked(with_police, "owner", district=DISTRICT) == (Asked(POLICE, (Role.DEPARTMENT,)),)
    assert asked(with_police, "supervisor", district=DISTRICT)[0].roles == (Role.COMMANDER,)
    assert asked(with_police, "department", district=DISTRICT)[0].party == POLICE


def test_whistles_proposals_and_reporters_are_asked_while_they_wait():
    found = matter(programme(), "E02")
    answered = Whistle(POLICE, at("2025-06-18T10:00"), at("2025-06-18T10:20"))
    waiting = replace(answered, party=Party(PartyKind.DEPARTMENT, "urban"), answered_at=None)
    whistled = asked(replace(found, whistles=(answered, waiting)), "whistled", district=DISTRICT)
    assert [one.party.code for one in whistled] == ["urban"]
    proposal = Proposal(3, "park", "person:x", at("2025-06-18T10:00"), Role.TOWNSHIP_LEADER)
    assert asked(replace(found, proposals=(proposal,)), "approver", district=DISTRICT)[0].roles == (Role.TOWNSHIP_LEADER,)
    assert asked(found, "citizen", district=DISTRICT)[0].party == Party(PartyKind.PERSON, "officer")
    nobody = replace(found, taken=(replace(found.taken[0], actor="guest"),))
    assert asked(nobody, "citizen", district=DISTRICT) == ()


def test_texts_are_filled_and_what_a_matter_has_not_is_a_dash():
    told = rule("事件 {number}：{party}", "Event {number}: {party}")
    assert filled(told, "zh", {"number": "7", "party": "公安"}) == "事件 7：公安"
    assert filled(told, "en", {"number": "7"}) == "Event 7: -"
    every = " ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
    assert list(unfit(rule(every, every))) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('zh = "事件 {number} 今日到期"', 'zh = "事件 {numer} 今日到期"', "{numer} is filled by nothing"),
        ('en = "Event {number} is due today"', 'en = "Event {number is due today"', "the en text cannot be filled"),
        ('to = ["owner", "supervisor"]', 'to = ["owner", "boss"]', "boss is no party"),
        ("[[levels]]", '[settings]\nquiet_hours = "21:00"\n\n[[levels]]', "'21:00' is no span"),
        ("[[levels]]", '[settings]\nquiet_hours = "21:00-25:00"\n\n[[levels]]', "'25:00' is no time of day"),
        ('on = "step:blow"', 'on = "matter:lost"', "matter:lost is no step:<code>"),
    ],
)
def test_a_programme_whose_notices_cannot_be_told_is_refused_with_its_line(old, new, reason):
    text = HULAN.replace(old, new, 1)
    assert text != HULAN
    _, faults = read(text, "hulan.toml")
    (fault,) = [fault for fault in faults if reason in fault.reason]
    first = next(i for i, (a, b) in enumerate(zip(text.split("\n"), HULAN.split("\n"), strict=False), start=1) if a != b)
    assert abs(fault.line - first) < 8


@pytest.mark.parametrize(
    ("now", "first_try"),
    [
        ("2025-06-18T20:59", "2025-06-18T20:59"),
        ("2025-06-18T21:00", "2025-06-19T07:30"),
        ("2025-06-18T23:59", "2025-06-19T07:30"),
        ("2025-06-19T00:00", "2025-06-19T07:30"),
        ("2025-06-19T07:29", "2025-06-19T07:30"),
        ("2025-06-19T07:30", "2025-06-19T07:30"),
        ("2025-12-31T22:00", "2026-01-01T07:30"),
    ],
)
def test_nobody_is_woken_for_what_can_wait(now, first_try):
    hulan, night = programme(), at(now).astimezone(UTC)
    assert not_before(hulan, rule(), night) == at(first_try)
    assert not_before(hulan, rule(), night).tzinfo is UTC
    assert not_before(hulan, rule(even_at_night=True), night) == night
    assert not_before(hulan, rule(carrier="webhook"), night) == night  # machines are never asleep


def test_quiet_hours_are_the_programmes_own():
    hulan = programme()
    assert quiet_hours(hulan) == (21 * 60, 7 * 60 + 30)
    noon = replace(hulan, settings={"quiet_hours": "12:00-14:00"})
    assert not_before(noon, rule(), at("2025-06-18T12:30")) == at("2025-06-18T14:00")
    assert not_before(noon, rule(), at("2025-06-18T14:00")) == at("2025-06-18T14:00")
    none = replace(hulan, settings={"quiet_hours": ""})
    now = datetime(2025, 6, 18, 16, tzinfo=UTC)
    assert quiet_hours(none) is None and not_before(none, rule(), now) == now
