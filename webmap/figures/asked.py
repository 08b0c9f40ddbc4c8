"""What a page of figures is asked for: the period, by whom, which figure, which townships; and the same again as an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from geogrid.domain.indicators import TOTAL, Book, FigureGroup, Indicator, Span
from geogrid.domain.readings import Period, Reading
from geogrid.errors import RequestInvalid
from geogrid.errors.family import Reason
from geogrid.rules.indicators_periods import first_day, moved, span_of
from webmap.language import say

OWN = "own"
PERIODS = (Period.DAY, Period.WEEK, Period.MONTH, Period.QUARTER, Period.YEAR)
READINGS = (Reading.RECORDED, Reading.RECAST)
MOST_DAYS = 3 * 366
BEFORE = {Period.DAY: 29, Period.WEEK: 11, Period.MONTH: 11, Period.QUARTER: 7, Period.YEAR: 4}
NOBODY = "-"  # in an address: rows without a group or a part
FIRST_YEAR, LAST_YEAR = 1970, 2200


@dataclass(frozen=True)
class Asked:
    """A period of local days (``first`` to ``last``, both included), by whom, which figure is looked at, by which townships."""

    period: str
    first: date
    last: date
    by: FigureGroup
    figure: str
    split: str | None
    reading: Reading
    timezone: str

    @property
    def span(self) -> Span:
        """The period as instants."""
        return span_of(self.first, self.last + timedelta(days=1), self.timezone)

    @property
    def recast(self) -> bool:
        """Whether townships are those of today's grids."""
        return self.reading is Reading.RECAST and self.by is FigureGroup.TOWNSHIP

    def series(self) -> tuple[Period, date, date]:
        """Return the periods of the line through time: which, and the first and the last day of all of them."""
        if self.period == OWN:
            days = (self.last - self.first).days + 1
            return (Period.DAY if days <= 62 else Period.WEEK if days <= 190 else Period.MONTH), self.first, self.last
        period = Period(self.period)
        return period, moved(period, self.first, -BEFORE[period]), self.last

    def beside(self, by: int) -> Asked:
        """Return the same of the period before or after; of an own stretch of days one of the same length."""
        if self.period == OWN:
            days = timedelta(days=by * ((self.last - self.first).days + 1))
            return replace(self, first=self.first + days, last=self.last + days)
        period = Period(self.period)
        first = moved(period, self.first, by)
        return replace(self, first=first, last=moved(period, first, 1) - timedelta(days=1))

    def query(self, **changed: Any) -> str:
        """Return this as the query of an address; a value of None leaves the name out."""
        days = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        told: dict[str, Any] = {"period": self.period, "by": self.by.value, "reading": self.reading.value}
        told |= days if self.period == OWN else {"day": self.first.isoformat()}
        told |= {"figure": self.figure, "split": None if self.split == TOTAL else written(self.split)} | changed
        return urlencode({name: value for name, value in told.items() if value is not None})

    def open(self, one: Indicator, part: str, group: str | None = TOTAL, split: str | None = TOTAL, **more: Any) -> str:
        """Return the address of the list behind a number."""
        where = {"group": None if group == TOTAL else written(group), "split": None if split == TOTAL else written(split)}
        return f"/figures/{one.code}/events?{self.query(figure=None, part=part, **{**where, **more})}"


def written(code: str | None) -> str:
    """Return a group or part as it stands in an address."""
    return NOBODY if code is None else code


def code_in(values: Mapping[str, str], name: str) -> str | None:
    """Return the group or part that an address names: all where it names none, None for the rows without one."""
    given = values.get(name, TOTAL)[:60]
    return None if given == NOBODY else given


def asked_for(values: Mapping[str, str], book: Book, today: date, timezone: str) -> Asked:
    """Return what the query of an address asks for, defaults where it says nothing; raises RequestInvalid."""
    period = _known(values, "period", (*(one.value for one in PERIODS), OWN), Period.MONTH.value)
    by = FigureGroup(_known(values, "by", FigureGroup.codes(), FigureGroup.TOWNSHIP.value))
    reading = Reading(_known(values, "reading", tuple(one.value for one in READINGS), Reading.RECORDED.value))
    codes = tuple(one.code for one in book.figures)
    figure = _known(values, "figure", codes, codes[0])
    if period == OWN:
        first, last = _day(values, "first", today.replace(day=1)), _day(values, "last", today)
        if last < first:
            raise RequestInvalid(name="last", reason=say("the last day lies before the first"), where={"path": "last"})
        if (last - first).days >= MOST_DAYS:
            raise RequestInvalid(name="last", reason=say("three years at most"), where={"path": "last"})
    else:
        first = first_day(Period(period), _day(values, "day", today))
        last = moved(Period(period), first, 1) - timedelta(days=1)
    return Asked(period, first, last, by, figure, code_in(values, "split"), reading, timezone)


def _known(values: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    given = values.get(name) or default
    if given not in known:
        raise RequestInvalid(name=name, reason=Reason("one of {expected}", expected=", ".join(known)), where={"path": name})
    return given


def _day(values: Mapping[str, str], name: str, default: date) -> date:
    given = values.get(name, "").strip()
    try:
        day = date.fromisoformat(given) if given else default
    except ValueError:
        raise RequestInvalid(name=name, reason="a day is written 2025-06-18", where={"path": name}) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise RequestInvalid(
            name=name, reason=Reason("from {first} to {last}", first=FIRST_YEAR, last=LAST_YEAR), where={"path": name}
        )
    return day
