"""Codes to follow a matter by, and the way that the public is shown."""

from __future__ import annotations

import secrets

from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.clocks import Audience, Light
from geogrid.rules.follow import ALPHABET, LENGTH, make_code, public_light, public_way, read_code, written
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
