"""Numbers of one name are one number: what desk, ledger and the card of a grid count is what the book says of the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from geogrid.actions.district import district_of
from geogrid.actions.merge import merge, unmerge
from geogrid.domain.clocks import Light
from geogrid.domain.indicators import FigureGroup, FigurePart, Span
from geogrid.rules.indicators import parse_book
from geogrid.rules.scope import EVERYTHING
from geogrid.settings import ROOT
from layers import ledger
from layers.cards import grid_card
from layers.indicators import open_list, read_figures
from layers.ledger import LedgerFilter
from layers.queue import QueueFilter, count_queue
from tests.build_district import A1, IN_A1, IN_B1, NOW, profile, publish
from tests.build_figures import TIMEZONE
from tests.build_life import DISPATCHER, live, reported

BOOK = parse_book((ROOT / "data/indicators.toml").read_text("utf-8"))
SPAN = Span(NOW - timedelta(days=1), NOW + timedelta(days=1))


@pytest.fixture
def busy(session):
    """Seven reports: two closed, two on their way, two untouched, and one that was merged into another."""
    publish(session)
    district = district_of(profile(), session)
    made = [reported(session, district, place, words=f"第{i}件") for i, place in enumerate([IN_A1] * 4 + [IN_B1] * 2)]
    for event_id in made[:2]:
        live(session, district, event_id, upto="close")
    live(session, district, made[2], upto="dispatch")
    child = reported(session, district, words="又一起")
    merge(session, child, made[2], actor=DISPATCHER, now=NOW + timedelta(hours=0.6), district=district)
    live(session, district, made[4], upto="handle", from_hours=1)
    return district


@pytest.mark.parametrize("hours", [3, 30, 24 * 40])
def test_the_desk_counts_what_the_book_counts(session, busy, hours):
    """Overdue is the same number; open on the desk are besides those merged into another, which the book tells with that one."""
    now = NOW + timedelta(hours=hours)
    desk = count_queue(session, QueueFilter(), now=now)
    figures = read_figures(session, BOOK, SPAN, now=now, timezone=TIMEZONE)
    assert desk.by_light[Light.RED] == figures.of("overdue_now").numerator
    assert desk.by_light[Light.RED] == {3: 2, 30: 3}.get(hours, 4), "the one that was merged stands still"
    assert desk.total == sum(desk.by_light.values()) == figures.of("open_now").numerator + 1
    closed = count_queue(session, QueueFilter(is_open=False), now=now)
    assert closed.total == figures.of("closing_rate").numerator == 2


def test_what_was_merged_when_it_was_late_already_presses_nobody(session, busy):
    """Nobody can act on it any more; taken apart again, it is as late as it was."""
    late, parent = reported(session, busy, IN_B1, words="迟了"), reported(session, busy, IN_B1, words="主件")
    now = NOW + timedelta(days=40)

    def red() -> tuple[int, int | None]:
        figures = read_figures(session, BOOK, SPAN, now=now, timezone=TIMEZONE)
        return count_queue(session, QueueFilter(), now=now).by_light[Light.RED], figures.of("overdue_now").numerator

    before = red()
    merge(session, late, parent, actor=DISPATCHER, now=now, district=busy)
    assert red() == (before[0] - 1, before[0] - 1)
    unmerge(session, late, reason="不是同一件", actor=DISPATCHER, now=now + timedelta(minutes=1), district=busy)
    assert red() == before


def test_ledger_and_card_count_every_open_event_of_a_grid(session, busy):
    now = NOW + timedelta(hours=3)
    rows = {row.code: row for row in ledger.read_rows(session, EVERYTHING, LedgerFilter(), now=now)}
    card = grid_card(session, A1).values
    mine = sum(rows[A1].open_events.values())
    assert (mine, mine + sum(rows[A1].closed_events.values())) == (card["open_events"], card["events"]) == (3, 5)
    assert mine == count_queue(session, QueueFilter(grid=A1), now=now).total
    assert sum(sum(row.open_events.values()) for row in rows.values()) == count_queue(session, QueueFilter(), now=now).total


def test_the_book_opens_what_the_desk_lists_as_overdue(session, busy):
    now = NOW + timedelta(days=40)
    asked = {"now": now, "timezone": TIMEZONE, "by": FigureGroup.DISTRICT}
    rows, _ = open_list(session, BOOK.figure("overdue_now"), FigurePart.NUMERATOR, SPAN, **asked)
    assert len(rows) == count_queue(session, QueueFilter(lights=(Light.RED,)), now=now).total
