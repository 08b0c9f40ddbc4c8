"""Percentages are cut off, never rounded up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.analysis import percent


@pytest.mark.parametrize(
    ("part", "whole", "decimals", "text"),
    [
        (1031, 1069, 2, "96.44"),
        (33234, 33256, 2, "99.93"),
        (99999, 100000, 2, "99.99"),
        (999999, 1000000, 2, "99.99"),
        (5, 5, 2, "100.00"),
        (0, 7, 2, "0.00"),
        (1, 3000, 2, "0.03"),
        (2, 3, 0, "66"),
        (0, 0, 2, "-"),
    ],
)
def test_percent(part, whole, decimals, text):
    assert percent(part, whole, decimals) == text


@given(st.integers(1, 10**9), st.data())
def test_less_than_all_never_reads_as_all(whole, data):
    part = data.draw(st.integers(0, whole - 1))
    shown = percent(part, whole)
    assert shown != "100.00"
    assert 0 <= Fraction(part * 100, whole) - Fraction(shown) < Fraction(1, 100)
