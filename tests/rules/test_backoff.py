"""Waits between tries: they grow, they end at an hour, and no two deliveries come back at the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from geogrid.rules.backoff import FIRST_S, LONGEST_S, MOST_TRIES, SPREAD, is_last, wait_after


def test_waits_double_up_to_an_hour_and_stay_within_their_spread():
    for tries in range(1, 60):
        whole = min(FIRST_S * 2 ** (tries - 1), LONGEST_S)
        waits = [wait_after(tries, f"delivery {i}").total_seconds() for i in range(200)]
        assert whole * (1 - SPREAD) <= min(waits) <= max(waits) <= whole * (1 + SPREAD)
        assert max(waits) - min(waits) > whole * SPREAD  # they are spread, not bunched


def test_the_same_delivery_waits_the_same_after_the_same_try():
    assert wait_after(3, "a") == wait_after(3, "a") != wait_after(3, "b")
    assert wait_after(3, "a") != wait_after(4, "a")


def test_a_night_is_outlived_before_a_delivery_is_given_up():
    shortest = sum((wait_after(n, "x") * (1 - SPREAD) for n in range(1, MOST_TRIES)), timedelta())
    assert shortest > timedelta(hours=6)
    assert not is_last(MOST_TRIES - 1) and is_last(MOST_TRIES)
    with pytest.raises(ValueError, match="first is 1"):
        wait_after(0, "x")
