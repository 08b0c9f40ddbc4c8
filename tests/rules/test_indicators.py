"""The book of figures: what its file may say; and numbers that are cut off, never rounded up."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.indicators import Condition, FigurePart
from geogrid.domain.readings import Period
from geogrid.errors import IndicatorsInvalid
from geogrid.rules.indicators import parse_book, read
from geogrid.rules.indicators_periods import first_day, moved, span_of, starts
from geogrid.rules.indicators_values import is_small, truncated, value_of
from geogrid.settings import ROOT
from layers.indicators.conditions import WORDS

SHIPPED = (ROOT / "data/indicators.toml").read_text("utf-8")
GOOD = """code = "own"
version = 1
title = { zh = "甲", en = "x" }

[[figures]]
code = "one"
title = { zh = "甲", en = "x" }
note = { zh = "甲", en = "x" }
measure = "share"
unit = "percent"
of = "events"
period = "reported"
denominator = { title = { zh = "甲", en = "x" } }
numerator = { title = { zh = "甲", en = "x" }, where = { open = false } }
rest = { zh = "甲", en = "x" }
better = "more"
"""


def test_the_shipped_book_loads_and_says_each_figure_in_both_languages():
    book = parse_book(SHIPPED)
    assert len(book.figures) >= 15
    for one in book.figures:
        for title in (one.title, one.note, one.numerator.title, one.denominator.title, one.rest):
            assert re.search("[\u4e00-\u9fff]", title.zh), (one.code, title)
            assert not re.search("[\u4e00-\u9fff]", title.en), (one.code, title)
    assert book.figure("closing_rate").opens is FigurePart.REST, "99.93 % opens those that are still open"


def test_a_small_book_loads_with_its_defaults():
    one = parse_book(GOOD).figure("one")
    assert (one.decimals, one.smallest, one.opens, one.whole, one.excluding) == (2, 1, FigurePart.NUMERATOR, False, ())


CHANGES = {
    "no table of figures": ("[[figures]]", "[other]", "figures"),
    "sql": ('where = { open = false }', 'where = { sql = "1 = 1" }', "sql is unknown here"),
    "unknown word": ("open = false", "opened = false", "opened is unknown here; known: .*bounced"),
    "no such kind": ("open = false", 'kind = ["disputes"]', "'disputes' is none of dispute"),
    "no such outcome": ("open = false", 'outcome = ["solved"]', "'solved' is none of settled"),
    "text for truth": ("open = false", 'open = "no"', "is not true or false"),
    "no such measure": ('"share"', '"ratio"', "'ratio' is none of share"),
    "a clock of events": ("open = false", "in_time = true", "in_time is for clocks alone"),
    "an outcome of mediation of events": ("open = false", 'ended_as = ["settled"]', "ended_as is for disputes alone"),
    "a period of others": ('"reported"', '"due"', "due is none of closed, now, reported, for events"),
    "unbounded": ('"reported"', '"now"', "as of now only what is open is counted"),
    "a mean of nothing": ('"share"', '"mean"', "a mean needs a field"),
    "a share of a field": ('better = "more"', 'better = "more"\nfield = "rating"', "a share has no field"),
    "a sum of what events lack": ('"share"', '"sum"\nfield = "recovered_yuan"', "events have no recovered_yuan"),
    "a mean of times": ('"share"', '"mean"\nfield = "closed_after"', "a median is of closed_after"),
    "whole without parts": ('better = "more"', 'better = "more"\nwhole = true', "only a share with a split"),
    "a rest of a count": ('"share"', '"count"\nopens = "rest"', "only a share has a rest"),
    "by worker over time": ('"share"', '"per"', "what a worker has is counted as of now"),
    "households by kind": ('of = "events"', 'of = "households"', "households have no is_open"),
    "excluding all": ('better = "more"', 'better = "more"\nexcluding = [{}]', "an empty condition would exclude everything"),
    "too many digits": ('better = "more"', 'better = "more"\ndecimals = 9', "9 is not between 0 and 4"),
    "smallest of none": ('better = "more"', 'better = "more"\nsmallest = 0', "0 is not at least 1"),
    "a code with spaces": ('code = "one"', 'code = "One two"', "is no code such as"),
    "a title in one language": ('title = { zh = "甲", en = "x" }\nnote', 'title = { zh = "甲" }\nnote', "en is missing"),
    "nobody knows why": ('better = "more"\n', "", "better is missing"),
    "not TOML": ('better = "more"', "better = ", "Invalid value"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_fault_is_refused_with_its_line_and_reason(change):
    old, new, reason = CHANGES[change]
    assert GOOD.count(old) >= 1
    broken = GOOD.replace(old, new, 1)
    _, faults = read(broken, "own.toml")
    assert any(re.search(reason, fault.reason) for fault in faults), faults
    first = next(fault for fault in faults if re.search(reason, fault.reason))
    assert 1 <= first.line <= broken.count("\n") + 1
    with pytest.raises(IndicatorsInvalid, match=re.escape(str(first.line) + ":")):
        parse_book(broken, "own.toml")


def test_the_line_is_that_of_the_value():
    line = GOOD.split("\n").index('measure = "share"') + 1
    _, faults = read(GOOD.replace('"share"', '"ratio"'))
    assert [(fault.line, fault.path) for fault in faults] == [(line, "figures[0].measure")]


def test_the_same_code_twice_is_refused():
    _, faults = read(GOOD + GOOD[GOOD.index("[[figures]]") :])
    assert [fault.reason for fault in faults] == ["one stands twice"]


def test_every_word_of_the_vocabulary_is_compiled():
    assert set(WORDS) == set(vars(Condition()))


# -- numbers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"),
    [(1031, 1069, "96.44"), (33_234, 33_256, "99.93"), (3397, 3455, "98.32"), (999_999, 1_000_000, "99.99"), (0, 3, "0.00")],
)
def test_the_published_rates(numerator, denominator, value):
    assert truncated(numerator, denominator, 2, 100) == Decimal(value)


@given(st.integers(1, 10**9), st.integers(0, 4), st.data())
def test_a_share_is_never_told_higher_than_it_is(whole, decimals, data):
    part = data.draw(st.integers(0, whole))
    value = truncated(part, whole, decimals, 100)
    exact = Fraction(part * 100, whole)
    assert 0 <= exact - Fraction(value) < Fraction(1, 10**decimals)
    assert (value == 100) == (part == whole), "100 % is all, and all is 100 %"
    assert -value.as_tuple().exponent == decimals


@given(st.decimals(0, 10**9, places=2), st.integers(1, 10**6), st.integers(0, 4))
def test_means_of_money_are_cut_off_exactly(total, count, decimals):
    value = truncated(total, count, decimals)
    assert 0 <= Fraction(total) / count - Fraction(value) < Fraction(1, 10**decimals)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_share_of_two_groups_lies_between_theirs(part_a, part_b, whole_a, whole_b):
    part_a, part_b = min(part_a, whole_a), min(part_b, whole_b)
    shares = sorted(truncated(part, whole, 2, 100) for part, whole in ((part_a, whole_a), (part_b, whole_b)))
    assert shares[0] <= truncated(part_a + part_b, whole_a + whole_b, 2, 100) <= shares[1] + Decimal("0.01")


def test_nothing_is_divided_by_nothing_and_small_is_said():
    one = parse_book(GOOD).figure("one")
    assert truncated(0, 0, 2, 100) is None
    assert value_of(one, 0, 0) is None
    closing = parse_book(SHIPPED).figure("closing_rate")
    assert [is_small(closing, count) for count in (0, 19, 20)] == [True, True, False]
    assert not is_small(parse_book(SHIPPED).figure("open_now"), 0), "a count divides by nothing"


# -- periods ---------------------------------------------------------------------------------------------------------------


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(list(Period)), st.integers(-30, 30))
def test_periods_follow_one_another_without_gap(day, period, by):
    first = first_day(period, day)
    assert first <= day < moved(period, first, 1)
    assert first_day(period, first) == first
    assert moved(period, moved(period, first, by), -by) == first
    assert starts(period, day, moved(period, first, 3)) == [moved(period, first, n) for n in range(4)]


def test_a_month_begins_at_local_midnight():
    span = span_of(date(2025, 6, 1), date(2025, 7, 1), "Asia/Shanghai")
    assert (span.start, span.end) == (datetime(2025, 5, 31, 16, tzinfo=UTC), datetime(2025, 6, 30, 16, tzinfo=UTC))
    assert span_of(date(2025, 3, 30), date(2025, 3, 31), "Europe/Berlin").start.utcoffset() == timedelta(hours=1)
