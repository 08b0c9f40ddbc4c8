"""Every figure equals SQL written by hand beside it; the list behind a figure is as long as its number; nobody counts what he
does not see.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.actions.analysis import refresh
from geogrid.actions.district import district_of
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.domain.grids import GeographyKind
from geogrid.domain.indicators import TOTAL, Basis, FigureGroup, FigurePart, Measure, Population, Span
from geogrid.domain.readings import Period
from geogrid.rules.indicators import parse_book
from geogrid.rules.scope import EVERYTHING, NOTHING, Scope
from geogrid.settings import ROOT
from geogrid.store.scope import enter
from layers.indicators import Groups, open_list, read_figures
from layers.indicators.lists import open_grids
from tests import build_district as build
from tests.build_district import NOW, TOWNSHIP_A, TOWNSHIP_B
from tests.build_figures import PLAIN, TIMEZONE, lived, month, plain, run

BOOK = parse_book((ROOT / "data/indicators.toml").read_text("utf-8"))
JUNE = Span(*month(2025, 6))
MAY = Span(*month(2025, 5))
ELSEWHERE = {"households_covered", "load"}  # have tests of their own
ASKED = {"now": NOW, "timezone": TIMEZONE}


@pytest.fixture(scope="module")
def ground(engine):
    """A transaction with the small district, its roads, and eighty events with every kind of fact; undone at the end."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(bind=connection, join_transaction_mode="create_savepoint") as made:
            found = district_of(build.profile(), made)
            frames = {**build.geography(), GeographyKind.ROADS: build.roads()}
            load_edition(made, "first", frames, now=NOW, district=found)
            activate_edition(made, "first", now=NOW, district=found)
            lived(made, found)
            made.commit()
        yield connection
        outer.rollback()


@pytest.fixture
def session(ground):
    """A session in that transaction; what a test changes is undone."""
    with Session(bind=ground, join_transaction_mode="create_savepoint") as made:
        yield made
        made.rollback()


@pytest.fixture
def district(session):
    """The district, read through the test's session."""
    return district_of(build.profile(), session)


def test_every_figure_of_the_book_is_compared_with_plain_sql():
    assert {one.code for one in BOOK.figures} == PLAIN.keys() | ELSEWHERE


def cut(value: Decimal, decimals: int) -> Decimal:
    return Decimal(int(value * 10**decimals)).scaleb(-decimals)


def expected(one, number, whole, middle):
    """The value of a figure, worked out once more."""
    if one.measure is Measure.MEDIAN:
        return cut(Decimal(int(middle)) / 3600, one.decimals)
    if one.measure in {Measure.COUNT, Measure.SUM}:
        return cut(Decimal(number or 0), one.decimals if one.measure is Measure.SUM else 0)
    factor = 100 if one.measure is Measure.SHARE else 1
    return cut(Decimal(number) * factor / whole, one.decimals) if whole else None


def compare(session, codes, span, by):
    found = read_figures(session, BOOK, span, by=FigureGroup(by), **ASKED)
    seen = 0
    for code in codes:
        one = BOOK.figure(code)
        wanted = plain(session, code, (span.start, span.end), by=by)
        got = {(row.group, row.split): row for row in found.rows if row.code == code}
        assert {key for key in got if got[key].denominator} == wanted.keys(), code
        for (group, split), (number, count, middle) in wanted.items():
            whole = wanted[group, "*"][1] if one.whole else count
            row = got[group, split]
            assert (row.numerator, row.denominator) == (number, whole), (code, group, split)
            assert row.value == expected(one, number, whole, middle), (code, group, split)
            assert row.is_small == (one.measure not in {Measure.COUNT, Measure.SUM} and whole < one.smallest)
            seen += 1
    return seen


@pytest.mark.parametrize("by", ["district", "township", "department", "post"])
@pytest.mark.parametrize("span", [JUNE, MAY, Span(NOW - timedelta(days=90), NOW)], ids=["this month", "last month", "all"])
def test_every_figure_equals_plain_sql(session, district, span, by):
    assert compare(session, PLAIN, span, by) > (40 if by == "district" else 80)


def test_without_a_row_figures_are_zero_of_zero_and_not_a_hundred_percent(session, district):
    long_ago = Span(*month(2001, 1))
    found = read_figures(session, BOOK, long_ago, by=FigureGroup.TOWNSHIP, **ASKED)
    for one in BOOK.figures:
        if one.basis in {Basis.NOW, Basis.DRAWN}:
            continue
        row = found.of(one.code)
        assert row is not None, one.code
        assert (row.numerator, row.denominator) == (0, 0), one.code
        assert row.value == (0 if one.measure in {Measure.COUNT, Measure.SUM} else None), one.code


def by_time(session, code, each):
    return {row.group: row for row in read_figures(session, BOOK, MAY, by=Groups(each=each), codes=[code], **ASKED).rows}


@pytest.mark.parametrize("code", ["closing_rate", "in_time", "closing_time", "mediation_success", "money_recovered", "rating"])
def test_days_of_local_time_add_up_to_the_month(session, district, code):
    """A day of the series is the figure of that day: an event of 00:30 local time counts in its own day, not in that of UTC."""
    days = by_time(session, code, Period.DAY)
    whole = days.pop(TOTAL)
    assert days
    assert sum(row.numerator for row in days.values()) == whole.numerator
    assert sum(row.denominator for row in days.values()) == whole.denominator
    for day, row in days.items():
        start = datetime.fromisoformat(f"{day}T00:00:00+08:00")
        alone = read_figures(session, BOOK, Span(start, start + timedelta(days=1)), codes=[code], **ASKED).of(code)
        assert (alone.numerator, alone.denominator, alone.value) == (row.numerator, row.denominator, row.value), day


def test_what_stands_now_is_not_told_by_time(session, district):
    rows = read_figures(session, BOOK, MAY, by=Groups(each=Period.DAY), **ASKED).rows
    now = {one.code for one in BOOK.figures if one.basis in {Basis.NOW, Basis.DRAWN}}
    assert now
    assert not now & {row.code for row in rows}


# -- lists --------------------------------------------------------------------------------------------------------------------


def listed(session, one, part, span, **asked):
    rows, after = [], None
    while True:
        page, after = open_list(session, one, part, span, limit=7, after=after, **ASKED, **asked)
        rows += page
        if after is None:
            return rows


@pytest.mark.parametrize("by", ["township", "department", "post"])
@pytest.mark.parametrize("code", sorted(PLAIN))
def test_a_list_is_as_long_as_the_number_that_opens_it(session, district, code, by):
    one = BOOK.figure(code)
    span = Span(NOW - timedelta(days=90), NOW)
    found = read_figures(session, BOOK, span, by=FigureGroup(by), codes=[code], **ASKED)
    opened = 0
    for row in found.rows:
        asked = {"by": FigureGroup(by), "group": row.group, "split": row.split}
        sizes = {part: len(listed(session, one, part, span, **asked)) for part in FigurePart}
        of = sizes[FigurePart.DENOMINATOR]
        assert sizes[FigurePart.NUMERATOR] + sizes[FigurePart.REST] == of
        assert of == row.denominator, (row.group, row.split)
        if one.measure in {Measure.SHARE, Measure.COUNT}:
            assert sizes[FigurePart.NUMERATOR] == row.numerator, (row.group, row.split)
        opened += of
    assert opened > 0, "a test of empty lists proves nothing"


def test_a_list_of_payments_adds_up_to_the_sum(session, district):
    one = BOOK.figure("money_recovered")
    span = Span(NOW - timedelta(days=90), NOW)
    total = read_figures(session, BOOK, span, codes=[one.code], **ASKED).of(one.code).numerator
    rows = listed(session, one, FigurePart.NUMERATOR, span)
    assert sum(Decimal(str(row.amount_yuan)) for row in rows) == total > 0


def test_words_of_a_list_are_masked_and_cut(session, district):
    run(session, "UPDATE events SET words = :said, address = :said", said="电话13912345678" + "长" * 500)
    rows = listed(session, BOOK.figure("closing_rate"), FigurePart.DENOMINATOR, JUNE)
    assert rows
    assert all("139****5678" in row.words and len(row.words) < 130 for row in rows)
    assert all("13912345678" not in row.address for row in rows)


# -- who sees what -----------------------------------------------------------------------------------------------------------

READERS = {
    "township": (Scope(units=(TOWNSHIP_A,)), "e.township_code = '999901001000'"),
    "department": (Scope(parties=("department:urban",)), "'department:urban' IN (m.owner, m.lead) IS TRUE"),
    "nobody": (NOTHING, "false"),
}


@pytest.mark.parametrize("reader", READERS)
def test_nobody_counts_or_opens_what_he_does_not_see(session, district, reader):
    scope, mine = READERS[reader]
    session.execute(text("CREATE TEMP TABLE own ON COMMIT DROP AS SELECT e.id FROM events AS e "
                         f"LEFT JOIN matters AS m ON m.event_id = e.id WHERE {mine}"))  # fmt: skip
    span = Span(NOW - timedelta(days=90), NOW)
    size = session.scalar(text("SELECT count(*) FROM own"))
    own = set(session.scalars(text("SELECT id FROM own")))
    with session.begin_nested() as inner:
        enter(session, scope)
        found = read_figures(session, BOOK, span, by=FigureGroup.TOWNSHIP, scope=scope, **ASKED)
        assert found.of("reports_by_channel").denominator == size
        for one in BOOK.figures:
            if one.population is not Population.HOUSEHOLDS:
                for part in FigurePart:
                    rows = listed(session, one, part, span, scope=scope)
                    assert {row.id for row in rows} <= own, one.code
        inner.rollback()
    behind_the_clause = read_figures(session, BOOK, span, scope=scope, **ASKED)
    assert behind_the_clause.of("reports_by_channel").denominator == size, "the clause holds without row security"
    assert (size > 0) == (reader != "nobody")


def test_row_security_stands_behind_the_clause(session, district):
    """A query that forgot the clause counts nothing more: the reader's role alone decides."""
    span = Span(NOW - timedelta(days=90), NOW)
    mine = read_figures(session, BOOK, span, scope=Scope(units=(TOWNSHIP_A,)), **ASKED)
    with session.begin_nested() as inner:
        enter(session, Scope(units=(TOWNSHIP_A,)))
        forgot = read_figures(session, BOOK, span, scope=EVERYTHING, **ASKED)
        inner.rollback()
    for code in PLAIN:
        assert forgot.of(code).denominator == mine.of(code).denominator, code


# -- households and workers ----------------------------------------------------------------------------------------------------


def test_households_are_those_of_the_last_analysis(session, district):
    code = "households_covered"
    assert read_figures(session, BOOK, JUNE, codes=[code], **ASKED).rows == (), "nothing is said before an analysis"
    refresh(session, now=NOW, district=district)
    found = read_figures(session, BOOK, JUNE, by=FigureGroup.TOWNSHIP, codes=[code], **ASKED)
    total = found.of(code)
    # Worked out by hand in tests/actions/test_analysis.py: nine of A's ten homes and all of B's.
    assert (total.numerator, total.denominator, total.value) == (19, 20, Decimal("95.00"))
    assert (total.as_of, total.is_small) == (NOW, True)
    by_town = {group: (row.numerator, row.denominator) for group in (TOWNSHIP_A, TOWNSHIP_B) if (row := found.of(code, group))}
    assert by_town == {TOWNSHIP_A: (9, 10), TOWNSHIP_B: (10, 10)}
    assert sum(grid.without for grid in open_grids(session, FigurePart.REST)) == 1
    assert sum(grid.households for grid in open_grids(session, FigurePart.DENOMINATOR)) == 20
    other = Scope(units=(TOWNSHIP_B,))
    assert open_grids(session, FigurePart.REST, scope=other) == []
    assert read_figures(session, BOOK, JUNE, codes=[code], scope=other, **ASKED).of(code).denominator == 10


def test_grids_are_read_to_their_end_also_with_full_pages(session, district, monkeypatch):
    """A page of as many rows as a page may have says whether there are more: else a file of 1,425 grids ends at 1,000."""
    refresh(session, now=NOW, district=district)
    monkeypatch.setattr("layers.indicators.lists.MOST_PER_PAGE", 2)
    first = open_grids(session, FigurePart.DENOMINATOR, limit=2 + 1)
    assert len(first) == 3, "one more than the page holds"
    rest = open_grids(session, FigurePart.DENOMINATOR, limit=2 + 1, offset=2)
    assert first[2] == rest[0]


def test_load_is_open_events_by_workers_on_duty(session, district):
    """Two workers of the base force in A, one in B; whoever has ended or is a specialist does not carry the load."""
    ended = "UPDATE duties SET valid = tstzrange(NULL, :then) WHERE grid = '999901001001002'"
    found = read_figures(session, BOOK, JUNE, by=FigureGroup.TOWNSHIP, codes=["load", "open_now"], **ASKED)
    for group, people in ((TOTAL, 3), (TOWNSHIP_A, 2), (TOWNSHIP_B, 1)):
        row, open_now = found.of("load", group), found.of("open_now", group).numerator
        assert (row.numerator, row.denominator, row.value) == (open_now, people, cut(Decimal(open_now) / people, 2))
    run(session, ended, then=NOW - timedelta(days=1))
    run(session, "UPDATE duties SET force = 'professional' WHERE grid = '999901002001001'")
    found = read_figures(session, BOOK, JUNE, by=FigureGroup.TOWNSHIP, codes=["load"], **ASKED)
    assert (found.of("load").denominator, found.of("load", TOWNSHIP_A).denominator) == (1, 1)
    assert found.of("load", TOWNSHIP_B).value is None, "nobody on duty: nothing to divide by"


def test_a_figure_of_another_file_is_counted_as_it_is_defined(session, district):
    """Places ship their own: what is named among the conditions is counted, nothing is coded for one figure."""
    own = """
code = "own"
version = 1
title = { zh = "甲", en = "own" }
[[figures]]
code = "urged_patrols"
title = { zh = "甲", en = "x" }
note = { zh = "甲", en = "x" }
measure = "share"
unit = "percent"
of = "events"
period = "reported"
denominator = { title = { zh = "甲", en = "x" }, where = { channel = ["patrol", "hotline"], placed = true } }
numerator = { title = { zh = "甲", en = "x" }, where = { urged = true } }
rest = { zh = "甲", en = "x" }
excluding = [{ kind = ["dispute"] }, { outcome = ["withdrawn"], open = false }]
better = "less"
"""
    book = parse_book(own)
    span = Span(NOW - timedelta(days=90), NOW)
    row = read_figures(session, book, span, **ASKED).of("urged_patrols")
    by_hand = session.execute(text(
        "SELECT count(*) FILTER (WHERE m.urged > 0), count(*) FROM events e LEFT JOIN matters m ON m.event_id = e.id "
        "WHERE e.channel IN ('patrol', 'hotline') AND e.grid_code IS NOT NULL AND e.kind <> 'dispute' "
        "AND NOT coalesce(m.outcome = 'withdrawn' AND e.closed_at IS NOT NULL, false)"
    )).one()  # fmt: skip
    assert (row.numerator, row.denominator) == tuple(by_hand)
    assert row.denominator > row.numerator > 0
