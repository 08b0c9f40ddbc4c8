"""Codes to follow a matter by, and the way that the public is shown."""

from __future__ import annotations

import secrets
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geogrid.domain.clocks import Audience, Light
from geogrid.domain.events import StepKind
from geogrid.domain.matters import Taken
from geogrid.domain.people import Role
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import FollowCodeInvalid
from geogrid.rules.follow import (
    ALPHABET,
    BY_CODE,
    LEAST_DIFFERENT,
    LENGTH,
    WORK,
    checked_code,
    citizens_steps,
    handles,
    make_code,
    public_light,
    public_way,
    read_code,
    read_number,
    written,
)
from tests.rules.lives import CODES as PROGRAMMES
from tests.rules.lives import begun, shipped

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


@given(CODES)
def test_a_code_is_read_back_however_it_was_typed(code):
    full_width = "".join(chr(ord(char) + 0xFEE0) for char in code)
    for typed in (code, written(code), written(code).lower(), f" {code[:3]} {code[3:]} ", full_width):
        assert read_code(typed) == code
    assert read_code(code.replace("0", "O").replace("1", "l")) == code


@given(CODES, st.text(ALPHABET, min_size=1, max_size=5))
def test_a_code_with_more_behind_it_is_another_one(code, more):
    assert read_code(code + more) != code


def test_codes_have_fifty_bits_and_do_not_repeat():
    assert len(ALPHABET) ** LENGTH == 2**50
    made = {make_code(secrets.choice) for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(len(code) == LENGTH and set(code) <= set(ALPHABET) for code in made)


def test_the_way_names_each_stage_once_and_ends_where_the_matter_stands():
    for code in PROGRAMMES:
        programme = shipped(code)
        way = public_way(programme, begun(code, programme.categories[0].code))
        assert [stage.is_here for stage in way].count(True) == 1
        assert len({stage.stage for stage in way}) == len(way)
        here = next(at for at, stage in enumerate(way) if stage.is_here)
        assert all(stage.reached_at is None for stage in way[here + 1 :]), "nothing that is still to come has a day"
        assert way[here].reached_at is not None


def test_the_most_alarming_running_clock_gives_the_publics_colour():
    def told(light):
        return {Audience.PUBLIC: light, Audience.STAFF: Light.GREEN}

    assert public_light([(False, told(Light.RED)), (True, told(Light.AMBER)), (True, told(Light.GREEN))]) is Light.AMBER
    assert public_light([(False, told(Light.RED)), (False, told(Light.GREEN))]) is Light.GREEN
    assert public_light([]) is Light.GREY


# -- codes that a sender made -----------------------------------------------------------------------------------------


@given(CODES)
def test_a_code_that_is_kept_is_the_code_that_will_be_read(code):
    assume(len(set(code)) >= LEAST_DIFFERENT)
    for sent in (code, written(code), f" {written(code).lower()} ", code.replace("0", "o").replace("1", "I")):
        try:
            assert checked_code(sent) == code == read_code(sent)
        except FollowCodeInvalid:
            places = [ALPHABET.index(char) for char in code]
            assert len({(b - a) % 32 for a, b in pairwise(places)}) == 1, "refused for no reason"


@given(st.text(max_size=14))
def test_whatever_is_sent_is_refused_or_read_back_alike(sent):
    try:
        kept = checked_code(sent)
    except FollowCodeInvalid:
        return
    assert read_code(sent) == kept == read_code(written(kept))


@pytest.mark.parametrize("sent", ["", "K7Q2M4XH9", "K7Q2M4XH9TT", "K7Q2M4XH9U", "K7Q2M4XH9!"])
def test_what_has_another_form_is_no_code(sent):
    with pytest.raises(FollowCodeInvalid):
        checked_code(sent)


@pytest.mark.parametrize("sent", ["0000000000", "ABABABABAB", "0123456789", "ZYXWVTSRQP", "QRSTVWXYZ0"])
def test_what_nobody_drew_is_no_code(sent):
    with pytest.raises(FollowCodeInvalid):
        checked_code(sent)


def test_what_is_drawn_here_would_be_taken_from_a_sender():
    assert all(checked_code(code) == code for code in (make_code(secrets.choice) for _ in range(2_000)))


@pytest.mark.parametrize("typed", ["20250618000001", " 2025 0618 000001 ", "２０２５０６１８０００００１", "20250618-000001"])
def test_a_number_is_read_however_it_was_typed(typed):
    assert read_number(typed) == "20250618000001"


# -- who handles ------------------------------------------------------------------------------------------------------


def taken_by(matter, actor: str, step: str):
    return matter.but(taken=(*matter.taken, Taken(2, step, actor, matter.taken[0].at, matter.state)))


def test_with_a_code_of_who_handles_the_matter_a_citizen_urges_and_neither_rates_nor_withdraws():
    """Else an officer who reported for a citizen would rate, or end, what was then given to himself."""
    kept_back = set()
    for code in PROGRAMMES:
        programme = shipped(code)
        matter = begun(code, programme.categories[0].code)
        work = [step.code for step in programme.steps if step.kind in WORK]
        assert work, f"{code}: nobody would ever be known to handle a matter"
        for state in programme.states:
            for step in (*work, *(f"ask:{one}" for one in work)):
                here = taken_by(matter, "person:a", step).but(state=state.code)
                every = {one.code: set(one.does) & BY_CODE for one in citizens_steps(programme, here, given_by="person:b")}
                left = {one.code for one in citizens_steps(programme, here, given_by="person:a")}
                assert left == {one for one, does in every.items() if "urge" in does}
                kept_back |= {does for one in every.keys() - left for does in every[one]}
    assert kept_back == {"rate", "withdraw"}


def test_who_reported_opened_or_noted_handles_nothing_and_who_was_given_it_does():
    programme = shipped("hulan")
    matter = begun("hulan", programme.categories[0].code)
    other = next(step.code for step in programme.steps if step.kind is StepKind.OPEN)
    assert not handles(programme, taken_by(taken_by(matter, "person:a", other), "person:a", "note"), "person:a")
    assert handles(programme, matter.but(lead=Party(PartyKind.PERSON, "a")), "person:a")
    assert not handles(programme, taken_by(matter, "", "handle"), ""), "nobody is not somebody"
    assert Role.CITIZEN in next(step for step in programme.steps if "rate" in step.does).roles
