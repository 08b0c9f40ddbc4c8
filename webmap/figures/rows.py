"""Figures as rows: what stands in the tables of the page, in sheets and in print, each number with the list it opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from geogrid.domain.indicators import TOTAL, Figure, FigureGroup, Indicator, Population
from geogrid.rules.indicators_periods import moved
from webmap.figures.choropleth import Area
from webmap.figures.drawing import Bar
from webmap.figures.told import Told
from webmap.figures.words import (
    NONE,
    day_text,
    fraction_text,
    number_text,
    part_title,
    parts_of,
    time_text,
    value_text,
    whatever_the_period,
)
from webmap.language import say

MOST_PARTS = 4


@dataclass(frozen=True)
class Opens:
    """A number that opens its list: the number and what it counts in words, the address ("" where nothing can be opened)."""

    number: str
    said: str
    href: str


@dataclass(frozen=True)
class Row:
    """A figure of one group and part, in words and numbers. ``value`` opens the list that its definition names."""

    figure: str
    note: str
    group: str
    split: str
    value: Opens
    parts: tuple[Opens, ...]
    of: str
    number: Decimal | None
    numerator: int | Decimal | None
    denominator: int | None
    is_small: bool
    as_of: str
    is_current: bool = False
    href: str = ""
    made: str = ""  # what the numbers under a value are called
    whenever: str = ""  # that the figure is the same whatever period is asked for
    shares: tuple[str, ...] = ()  # of a figure with parts, each part's value, the largest parts first


def row_of(told: Told, one: Indicator, group: str | None = TOTAL, split: str | None = TOTAL) -> Row:
    """Return one figure as a row."""
    figure, asked, language = told.figures.of(one.code, group, split), told.asked, told.names.language
    parts = (
        tuple(_open(told, one, part, number, said, group, split) for part, number, said in parts_of(one, figure))
        if figure
        else ()
    )
    value = value_text(one, figure)
    opened = asked.open(one, one.opens.value, group, split) if figure and figure.value is not None and figure.denominator else ""
    group_said = told.names.group(asked.by, group)
    return Row(
        figure=one.title.text(language),
        note=one.note.text(language),
        group=group_said,
        split="" if one.split is None else told.names.split(one.split, split),
        value=Opens(value, say("opens: {part}", part=part_title(one, one.opens)), _if_opened(one, group, told, opened)),
        parts=parts,
        of=fraction_text(one, figure),
        number=figure.value if figure else None,
        numerator=figure.numerator if figure else None,
        denominator=figure.denominator if figure else None,
        is_small=bool(figure and figure.is_small and figure.value is not None),
        as_of=time_text(figure.as_of if figure else told.now, asked.timezone),
        is_current=one.code == asked.figure,
        href=f"/figures?{asked.query(figure=one.code, split=None)}",
        made=" / ".join(part.said for part in parts[:2]),
        whenever=whatever_the_period(one),
    )


def _open(told: Told, one: Indicator, part: str | None, number: str, said: str, group: str | None, split: str | None) -> Opens:
    href = told.asked.open(one, part, group, split) if part is not None and number != "0" else ""
    return Opens(number, said, _if_opened(one, group, told, href))


def _if_opened(one: Indicator, group: str | None, told: Told, href: str) -> str:
    """Return the address of a list; households have one by township alone."""
    by_grid = one.population is Population.HOUSEHOLDS and told.asked.by is not FigureGroup.TOWNSHIP and group != TOTAL
    return "" if by_grid else href


def overview(told: Told) -> list[Row]:
    """Return every figure of all that the reader sees; of a whole, which is always all of itself, the parts alone."""
    return [_summed(told, one) for one in told.book.figures]


def _summed(told: Told, one: Indicator) -> Row:
    row = row_of(told, one)
    if one.split is None:
        return row
    found = [(part, told.figure(TOTAL, part, one)) for part in told.parts(one)]
    found.sort(key=lambda pair: -(pair[1].numerator if pair[1] else 0))
    shares = tuple(f"{told.names.split(one.split, part)} {value_text(one, figure)}" for part, figure in found[:MOST_PARTS])
    more = (say("and {count} more", count=len(found) - MOST_PARTS),) if len(found) > MOST_PARTS else ()
    if one.whole:
        of = row.parts[1].number + " " + row.parts[1].said
        row = replace(row, value=Opens("", "", ""), parts=(), is_small=False, of=of, number=None, numerator=None)
    return replace(row, shares=shares + more)


def of_groups(told: Told, one: Indicator) -> list[list[Row]]:
    """Return the table of a figure: a line each group, the total first; in it all together (but of a whole), then each part."""
    parts = [*([] if one.whole and told.parts(one) else [TOTAL]), *told.parts(one)] if one.split is not None else [TOTAL]
    groups = [TOTAL, *(told.groups(one) if told.asked.by is not FigureGroup.DISTRICT else ())]
    return [[row_of(told, one, group, part) for part in parts] for group in groups]


def every_row(told: Told) -> Iterator[tuple[Indicator, Row]]:
    """Yield every figure of every group and part, as files have them."""
    for one in told.book.figures:
        for line in of_groups(told, one):
            for row in line:
                yield one, row


def bars_of(told: Told) -> list[Bar]:
    """Return the bars of the figure looked at: its groups, or its parts where nobody is told apart."""
    one = told.one
    if told.asked.by is FigureGroup.DISTRICT and one.split is not None:
        pairs = [(told.names.split(one.split, part), told.figure(TOTAL, part)) for part in told.parts(one)]
    else:
        pairs = [(told.names.group(told.asked.by, code), told.figure(code, told.split)) for code in told.groups(one)]
    return [bar_of(one, name, figure) for name, figure in pairs]


def points_of(told: Told) -> list[Bar]:
    """Return the points of the line through time; a period that is not over, or not all asked for, says so."""
    return [bar_of(told.one, _period_said(told, day), figure) for day, figure in told.through_time()]


def _period_said(told: Told, day: str) -> str:
    """Return what a period on the line is called; what is still to come in it, or lies beside own days, is not in its figure."""
    (each, asked_first, asked_last), begins = told.asked.series(), date.fromisoformat(day)
    said, ends = day_text(each, day), moved(each, begins, 1)
    if ends > told.now.astimezone(told.asked.span.start.tzinfo).date():
        return say("{period} so far", period=said)
    return say("{period} in part", period=said) if begins < asked_first or ends > asked_last + timedelta(days=1) else said


def trend(told: Told) -> list[tuple[str, Bar]]:
    """Return the line through time as rows, each with the address of the figures of its period."""
    each, days = told.asked.series()[0].value, [day for day, _ in told.through_time()]
    pages = (f"/figures?{told.asked.query(period=each, day=day, first=None, last=None)}" for day in days)
    return list(zip(pages, points_of(told), strict=True))


def bar_of(one: Indicator, name: str, figure: Figure | None) -> Bar:
    value = figure.value if figure else None
    return Bar(name, value, value_text(one, figure), fraction_text(one, figure), bool(figure and figure.is_small))


def areas_of(told: Told) -> list[Area]:
    """Return the townships of the map with the figure looked at; empty where the figures are not those of townships."""
    if told.asked.by is not FigureGroup.TOWNSHIP:
        return []
    one, found = told.one, []
    for outline in told.ground:
        figure = told.figure(outline.code, told.split)
        small = f" · {say('small number')}" if figure and figure.is_small else ""
        said = f"{value_text(one, figure)} ({fraction_text(one, figure)}){small}"
        href = told.asked.open(one, one.opens.value, outline.code, told.split) if figure and figure.denominator else ""
        found.append(Area(outline, figure, said, href))
    return found


def legend_number(one: Indicator, value: Decimal) -> str:
    """Return a bound of a class in words."""
    return number_text(value, max(0, -int(value.as_tuple().exponent))) if value is not None else NONE
