"""Counting time: from a start, a length and the spans in which a clock stood still, to the instant at which it is used up.

Days: the day of the start is not counted; the last day counts to its end (Civil Code of China, articles 201 and 203: for
working days to the end of business, which the programme states). A day is counted at its end, if the clock did not stand still
in it before. Legal days are natural ones, but where the last one is free, the next working day is the last, to midnight (article
203). Hours and minutes run from the instant itself; working hours run within the programme's hours on working days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from geogrid.domain.clocks import Duration, DurationUnit, WorkingTime
from geogrid.errors import ClockEndless
from geogrid.rules.calendar import ONE_DAY, WorkCalendar

Span = tuple[datetime, datetime]
IN_SECONDS = {DurationUnit.MINUTE: 60, DurationUnit.HOUR: 3600, DurationUnit.WORKING_HOUR: 3600}
BY_DAY = frozenset({DurationUnit.DAY, DurationUnit.LEGAL_DAY, DurationUnit.WORKING_DAY})
OF_WORK = frozenset({DurationUnit.LEGAL_DAY, DurationUnit.WORKING_DAY, DurationUnit.WORKING_HOUR})
MOST_DAYS = 366 * 60
MIDNIGHT = 24 * 60


class Counted(NamedTuple):
    """What a clock has counted: the days (none for natural hours), and the instant at which it is used up."""

    days: tuple[date, ...]
    end: datetime


@dataclass(frozen=True)
class WorkTime:
    """Working hours and calendar of one programme, in its time zone."""

    working_time: WorkingTime
    calendar: WorkCalendar
    timezone: ZoneInfo

    def count(self, start: datetime, amount: Duration, still: Sequence[Span]) -> Counted:
        """Return when ``amount`` is used up from ``start`` (aware), without the spans ``still`` (disjoint, in order, in UTC).

        Raises
        ------
        ClockEndless
            where sixty years do not hold enough working time
        """
        if amount.unit in BY_DAY:
            first = start.astimezone(self.timezone).date()
            return self._count_days(first, amount, still) if still else self._whole_days(first, amount)
        seconds = amount.amount * IN_SECONDS[amount.unit]
        return self.after(start, seconds, still, working=amount.unit is DurationUnit.WORKING_HOUR)

    def after(self, start: datetime, seconds: float, still: Sequence[Span], *, working: bool) -> Counted:
        """Return the instant, in UTC, at which ``seconds`` of natural or working time have passed since ``start`` (aware).

        Seconds pass in UTC: in a zone with summer time the wall clock skips an hour, or shows one twice, and a clock does not.
        """
        start, left, days = start.astimezone(UTC), timedelta(seconds=seconds), list[date]()
        if not still:
            return self._after_work(start, left) if working else Counted((), start + left)
        for begin, end in self._running(start, still, working=working):
            if working and end > begin:
                day = begin.astimezone(self.timezone).date()
                days += [] if days and days[-1] == day else [day]
            if end - begin >= left:
                return Counted(tuple(days), begin + left)
            left -= end - begin
        raise ClockEndless(start=start.isoformat())

    def _after_work(self, start: datetime, left: timedelta) -> Counted:
        """Return when so much working time has passed since ``start`` (in UTC) for a clock that never stands still."""
        day, days = start.astimezone(self.timezone).date(), list[date]()
        for _ in range(MOST_DAYS):
            for begin, end in self.hours_of(day):
                if end > start:
                    days += [] if days and days[-1] == day else [day]
                    since = max(begin, start)
                    if end - since >= left:
                        return Counted(tuple(days), since + left)
                    left -= end - since
            day += ONE_DAY
        raise ClockEndless(start=start.isoformat())

    def _running(self, start: datetime, still: Sequence[Span], *, working: bool) -> Iterator[Span]:
        """Give the spans, in order from ``start``, in which the clock runs."""
        for begin, end in self._worked(start) if working else iter([(start, datetime.max.replace(tzinfo=UTC))]):
            at = max(begin, start)
            for pause_begin, pause_end in still:
                if pause_end <= at:
                    continue
                if pause_begin >= end:
                    break
                if pause_begin > at:
                    yield at, pause_begin
                at = max(at, pause_end)
            if at < end:
                yield at, end

    def _worked(self, start: datetime) -> Iterator[Span]:
        first = start.astimezone(self.timezone).date()
        for number in range(MOST_DAYS):
            yield from self.hours_of(first + number * ONE_DAY)

    def hours_of(self, day: date) -> tuple[Span, ...]:
        """Return the working hours of ``day``, none on a free one."""
        found = self._hours.get(day)
        if found is None:
            spans = self.working_time.hours if self.calendar.is_working(day) else ()
            found = self._hours[day] = tuple((self.at(day, begin), self.at(day, end)) for begin, end in spans)
        return found

    @cached_property
    def _hours(self) -> dict[date, tuple[Span, ...]]:
        return {}

    def _whole_days(self, first: date, amount: Duration) -> Counted:
        """Return what a clock counts that never stands still: the same for all that start on a day, so it is kept."""
        key = (first, amount.amount, amount.unit)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._count_days(first, amount, ())
        return found

    @cached_property
    def _kept(self) -> dict[tuple[date, int, DurationUnit], Counted]:
        return {}

    def _count_days(self, first: date, amount: Duration, still: Sequence[Span]) -> Counted:
        work, days = amount.unit is DurationUnit.WORKING_DAY, list[date]()
        ends_at_work = amount.unit is DurationUnit.LEGAL_DAY
        if amount.amount == 0:
            return Counted((), self.end_of(first, work=work))
        for number in range(1, MOST_DAYS):
            day = first + number * ONE_DAY
            if (not work or self.calendar.is_working(day)) and not self._touched(day, still, work=work):
                days.append(day)
                if len(days) >= amount.amount and (not ends_at_work or self.calendar.is_working(day)):
                    return Counted((*days[: amount.amount - 1], day), self.end_of(day, work=work))
        raise ClockEndless(start=first.isoformat())

    def _touched(self, day: date, still: Sequence[Span], *, work: bool) -> bool:
        if not still:
            return False
        begin, end = self.at(day, 0), self.end_of(day, work=work)
        return any(pause_begin < end and pause_end > begin for pause_begin, pause_end in still)

    def end_of(self, day: date, *, work: bool) -> datetime:
        """Return when ``day`` ends: a working day at the programme's ``day_ends``, any other at midnight."""
        return self.at(day, self.working_time.day_ends if work else MIDNIGHT)

    def at(self, day: date, minutes: int) -> datetime:
        """Return the instant ``minutes`` after the midnight that begins ``day``, as the wall clock says it, in UTC."""
        return _at(self.timezone, day, minutes)


@lru_cache(maxsize=256)
def work_time_of(working_time: WorkingTime, calendar: WorkCalendar, timezone: str) -> WorkTime:
    """Return the work time of a programme: the same for all that count alike, since it keeps what it counted."""
    return WorkTime(working_time, calendar, ZoneInfo(timezone))


@lru_cache(maxsize=1 << 16)
def _at(timezone: ZoneInfo, day: date, minutes: int) -> datetime:
    days, rest = divmod(minutes, MIDNIGHT)
    local = datetime.combine(day + days * ONE_DAY, time(rest // 60, rest % 60), tzinfo=timezone)
    return local.astimezone(UTC)
