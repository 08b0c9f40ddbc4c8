"""Unified social credit codes by GB 32100: the check character finds every single mistyping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.rules.credit_code import CHARACTERS, check_character, fault_of

# Examples as published: the one of the standard's own explanations, and large companies' of public record.
PUBLISHED = ["91350100M000100Y43", "91110000100001625L", "91440300708461136T", "9144030071526726XG"]


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_are_well_formed(code):
    assert fault_of(code) == ""


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("", "length"),
        ("91350100M000100Y4", "length"),
        ("91350100M000100Y44", "check"),
        ("91350100m000100Y43", "characters"),
        ("9135010OM000100Y43", "characters"),  # the letter O for a nought
        ("91350100M000100I43", "characters"),
        ("01350100M000100Y43", "characters"),
        ("９1350100M000100Y43", "characters"),  # a full-width digit
    ],
)
def test_what_is_wrong_is_told_apart(code, fault):
    assert fault_of(code) == fault


bodies = st.text(alphabet=CHARACTERS, min_size=9, max_size=9)
codes = st.builds(lambda county, body: f"91{county:06d}{body}", st.integers(0, 999999), bodies)


@given(codes, st.integers(0, 16), st.sampled_from(CHARACTERS))
def test_one_wrong_character_is_always_found(first, place, other):
    code = first + check_character(first)
    assert fault_of(code) == ""
    if other != code[place]:
        assert fault_of(code[:place] + other + code[place + 1 :]) != ""


@given(codes, st.integers(0, 15))
def test_two_neighbours_changed_about_are_always_found(first, place):
    code = first + check_character(first)
    a, b = code[place], code[place + 1]
    if a != b:
        assert fault_of(code[:place] + b + a + code[place + 2 :]) != ""


def test_a_code_of_another_length_has_no_check_character():
    with pytest.raises(ValueError, match="17"):
        check_character("9135")
