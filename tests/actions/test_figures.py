"""Figures recast to today's grids: the same events as recorded, each in the township of its point; another count agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from geogrid.actions.district import district_of
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.actions.figures import moved_townships
from geogrid.actions.recast import count_events
from geogrid.domain.indicators import TOTAL, Basis, FigureGroup, FigurePart, Span
from geogrid.domain.readings import Asked, CountLevel, Reading
from geogrid.rules.indicators import parse_book
from geogrid.settings import ROOT
from geogrid.store.readings import Touched
from layers.indicators import open_list, read_figures
from tests import build_district as build
from tests.build_district import A2, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_B
from tests.build_figures import TIMEZONE, lived

BOOK = parse_book((ROOT / "data/indicators.toml").read_text("utf-8"))
SPAN = Span(NOW - timedelta(days=90), NOW)
LATER = NOW + timedelta(days=1)
ASKED = {"now": LATER, "timezone": TIMEZONE}


@pytest.fixture
def redrawn(session):
    """The small district with forty events; the next day grid A2 goes to the village of B."""
    district = district_of(build.profile(), session)
    load_edition(session, "first", build.geography(), now=NOW, district=district)
    activate_edition(session, "first", now=NOW, district=district)
    lived(session, district, 40, seed=3)
    frames = build.geography()
    grids = next(frame for kind, frame in frames.items() if kind.value == "base_grids")
    grids.loc[grids["code"] == A2, "village_code"] = VILLAGE_B
    units = next(frame for kind, frame in frames.items() if kind.value == "units")
    units.loc[units["code"].isin(["999901001000", "999901001001"]), "geometry"] = build.box(0, 0)
    both = build.box(1, 0, 1, 2).union(build.box(0, 1))
    units.loc[units["code"].isin(["999901002000", "999901002001"]), "geometry"] = both
    load_edition(session, "second", frames, now=LATER, district=district)
    activate_edition(session, "second", now=LATER, district=district)
    return district


def townships(session, moved, code="reports_by_channel"):
    found = read_figures(session, BOOK, SPAN, by=FigureGroup.TOWNSHIP, codes=[code], moved=moved, **ASKED)
    return {group: found.of(code, group).denominator for group in [*found.groups(code), TOTAL]}


def test_figures_recast_to_todays_grids_equal_the_count_that_reconciles(session, redrawn):
    moved = moved_townships(session, LATER, district=redrawn)
    assert moved, "closed events of A2 were recorded in A and lie in B now"
    assert set(moved.values()) == {TOWNSHIP_B}
    recorded, recast = townships(session, None), townships(session, moved)
    counts = count_events(
        session,
        Asked(Reading.RECAST, CountLevel.TOWNSHIP, start=SPAN.start, end=SPAN.end),
        now=LATER,
        district=redrawn,
    )
    assert {row.code: row.counted for row in counts.counts if row.counted} == {k: v for k, v in recast.items() if k != TOTAL}
    assert {row.code: row.recorded for row in counts.counts if row.recorded} == {k: v for k, v in recorded.items() if k != TOTAL}
    assert recast[TOTAL] == recorded[TOTAL] == counts.total
    assert recast[TOWNSHIP_B] - recorded[TOWNSHIP_B] == recorded[TOWNSHIP_A] - recast[TOWNSHIP_A] == len(moved)


@pytest.mark.parametrize("days", [1, 7, 31, 90])
def test_what_a_span_can_count_is_enough_for_its_figures(session, redrawn, days):
    """Only events of which something lies in the span are read anew; each figure of it is what it was with all."""
    span = Span(NOW - timedelta(days=days + 3), NOW - timedelta(days=3))
    asked = {"by": FigureGroup.TOWNSHIP, **ASKED}
    wanted = read_figures(session, BOOK, span, moved=moved_townships(session, LATER, district=redrawn), **asked).rows
    all_bases = frozenset(one.basis for one in BOOK.figures)
    moved = moved_townships(session, LATER, district=redrawn, touched=Touched(span, all_bases))
    assert set(read_figures(session, BOOK, span, moved=moved, **asked).rows) == set(wanted)
    for one in BOOK.figures:
        mine = moved_townships(session, LATER, district=redrawn, touched=Touched(span, frozenset([one.basis])))
        assert mine.items() <= moved.items()
        found = read_figures(session, BOOK, span, codes=[one.code], moved=mine, **asked).rows
        assert set(found) == {row for row in wanted if row.code == one.code}, one.code


def test_a_day_reads_less_than_all_there_is(session, redrawn):
    span = Span(NOW - timedelta(days=1), NOW)
    moved = moved_townships(session, LATER, district=redrawn, touched=Touched(span, frozenset([Basis.REPORTED])))
    assert len(moved) < len(moved_townships(session, LATER, district=redrawn))


def test_a_list_of_recast_figures_is_as_long_as_the_number(session, redrawn):
    moved = moved_townships(session, LATER, district=redrawn)
    one = BOOK.figure("closing_rate")
    found = read_figures(session, BOOK, SPAN, by=FigureGroup.TOWNSHIP, codes=[one.code], moved=moved, **ASKED)
    for group in found.groups(one.code):
        row = found.of(one.code, group)
        for part, size in ((FigurePart.NUMERATOR, row.numerator), (FigurePart.REST, row.denominator - row.numerator)):
            asked = {"by": FigureGroup.TOWNSHIP, "group": group, "moved": moved, "limit": 1000}
            rows, _ = open_list(session, one, part, SPAN, **ASKED, **asked)
            assert len(rows) == size, (group, part)


def test_under_the_edition_of_its_day_nothing_is_elsewhere(session):
    district = district_of(build.profile(), session)
    load_edition(session, "first", build.geography(), now=NOW, district=district)
    activate_edition(session, "first", now=NOW, district=district)
    lived(session, district, 12)
    assert moved_townships(session, LATER, district=district) == {}
    assert session.scalar(text("SELECT count(*) FROM events")) == 12
