"""Clock rules and calendars for the tests, every field defaulted."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from geogrid.domain.clocks import ClockCalendar, ClockRule, Duration, DurationUnit, Limit, Threshold, WorkingTime
from geogrid.domain.conditions import Title
from geogrid.rules.calendar import parse_calendar
from geogrid.rules.work_time import WorkTime
from geogrid.settings import ROOT

TITLE = Title("钟", "Clock")
HOURS = ((510, 720), (810, 1020))
SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = parse_calendar((ROOT / "data" / "calendars" / "cn.toml").read_text("utf-8"), "cn.toml")
TIME = WorkTime(WorkingTime(HOURS, 1020), CHINA, SHANGHAI)
CALENDARS = {
    DurationUnit.WORKING_DAY: ClockCalendar.WORKING_DAYS,
    DurationUnit.WORKING_HOUR: ClockCalendar.WORKING_HOURS,
}


def duration(text: str) -> Duration:
    digits = "".join(c for c in text if c.isdigit())
    return Duration(int(digits), DurationUnit(text[len(digits) :]))


def clock(promised: str, legal: str | None = None, thresholds: tuple[Threshold, ...] = (), **values) -> tuple[ClockRule, Limit]:
    limit = Limit(duration(promised), duration(legal) if legal else None)
    calendar = CALENDARS.get(limit.promised.unit, ClockCalendar.NATURAL)
    rule = ClockRule("handle", TITLE, calendar, ("dispatch",), ("handle",), (limit,), thresholds, **values)
    return rule, limit


def left(text: str, code: str = "soon") -> Threshold:
    return Threshold(code, TITLE, left=duration(text))
