"""Classes of a map: every value in exactly one, in order, none empty, equal values together."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from layers.indicators.classes import CLASSES, class_of, classes_of

VALUES = st.lists(st.integers(0, 10_000).map(lambda number: Decimal(number).scaleb(-2)), max_size=60)


@given(VALUES)
def test_every_value_lies_in_exactly_one_class_and_the_legend_counts_all(values):
    found = classes_of(values)
    assert len(found) <= CLASSES
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert all(one.low <= one.high for one in found)
    assert all(a.high < b.low for a, b in pairwise(found))
    assert Counter(class_of(value, found).number for value in values) == {one.number: one.count for one in found}
    assert all(sum(one.low <= value <= one.high for one in found) == 1 for value in values)


@given(st.lists(st.integers(0, 10**6), min_size=5, max_size=60, unique=True))
def test_different_values_are_spread_evenly_over_five_classes(values):
    counts = [one.count for one in classes_of(map(Decimal, values))]
    assert len(counts) == CLASSES
    assert max(counts) - min(counts) <= 1


def test_few_values_make_few_classes():
    assert classes_of([]) == []
    assert [(one.low, one.high, one.count) for one in classes_of([Decimal(7)] * 4)] == [(7, 7, 4)]
    assert len(classes_of([Decimal(1), Decimal(2)])) == 2


def test_a_value_that_no_class_holds_has_none():
    assert class_of(Decimal(5), classes_of([Decimal(1), Decimal(9)])) is None
