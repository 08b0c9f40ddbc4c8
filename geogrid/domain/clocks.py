"""Clocks: how they count, when they are due, which colour they show to whom. Rules of programmes; see ``rules.deadlines``."""

from __future__ import annotations

from dataclasses import dataclass, field

from geogrid.domain.conditions import Title, When
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.people import Role


class ClockCalendar(LabelledEnum):
    """How a clock counts."""

    NATURAL = "natural", "Natural time"
    WORKING_HOURS = "working_hours", "Working hours"
    WORKING_DAYS = "working_days", "Working days"
    EMERGENCY = "emergency", "Emergency: day and night, never paused"


class Light(LabelledEnum):
    """The colours of a clock; always shown with shape and word."""

    GREEN = "green", "In time"
    AMBER = "amber", "Soon"
    RED = "red", "Overdue"
    GREY = "grey", "Paused"


class Audience(LabelledEnum):
    """Who looks at a light: its colours mean different things to different people."""

    STAFF = "staff", "Staff"
    PUBLIC = "public", "Public"


class Phase(LabelledEnum):
    """Where a clock stands. Between RUNNING and OVERDUE a programme's thresholds add phases of their own names."""

    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    OVERDUE = "overdue", "Overdue"
    DONE_IN_TIME = "done_in_time", "Done in time"
    DONE_LATE = "done_late", "Done late"


class TimeOut(LabelledEnum):
    """What happens when a clock runs out."""

    ESCALATE = "escalate", "Escalate"
    APPROVE = "approve", "Count as approved"
    NOTIFY = "notify", "Notify"
    NOTHING = "nothing", "Nothing"


class DurationUnit(LabelledEnum):
    """Units of limits. Working days and working hours need a calendar; the others are natural time.

    Legal days are natural days whose last one, where it is free, is the next working day instead (Civil Code, article 203).
    """

    MINUTE = "min", "minutes"
    HOUR = "h", "hours"
    DAY = "d", "days"
    LEGAL_DAY = "ld", "days, the last one a working day"
    WORKING_HOUR = "wh", "working hours"
    WORKING_DAY = "wd", "working days"


class DayKind(LabelledEnum):
    """Why a clock of working time counts a day, or does not."""

    COUNTED = "counted", "Counted"
    MOVED = "moved", "Counted: a weekend day worked instead"
    WEEKEND = "weekend", "Not counted: weekend"
    HOLIDAY = "holiday", "Not counted: public holiday"
    PAUSED = "paused", "Not counted: the clock stood still"


@dataclass(frozen=True)
class Duration:
    """A length of time in one unit, such as 2 working days; written ``"2wd"``, ``"15min"``, ``"12h"``, ``"4wh"``, ``"30d"``."""

    amount: int
    unit: DurationUnit

    def __str__(self) -> str:
        return f"{self.amount}{self.unit.value}"


@dataclass(frozen=True)
class Threshold:
    """A phase before the end of a clock: absolute (``left`` before due) or a share of the limit (``share`` used up)."""

    code: str
    title: Title
    left: Duration | None = None
    share: float | None = None


@dataclass(frozen=True)
class Limit:
    """A clock's limit for some matters: what was promised, and what the law allows (None: the law sets none)."""

    promised: Duration
    legal: Duration | None = None
    when: When = field(default_factory=When)


@dataclass(frozen=True)
class ExtensionRule:
    """Extensions of a clock: the most each may add, who approves the first, the second ...; as many as there are approvers."""

    most: Duration
    approvers: tuple[Role, ...]


@dataclass(frozen=True)
class ClockRule:
    """A clock: started by the steps ``starts_on`` and stopped by ``stops_on`` (codes of steps); the first fitting limit holds.

    ``pauses`` are the reasons for which it may stand still. ``lights`` maps audience to (phase or threshold code) to light.
    """

    code: str
    title: Title
    calendar: ClockCalendar
    starts_on: tuple[str, ...]
    stops_on: tuple[str, ...]
    limits: tuple[Limit, ...]
    thresholds: tuple[Threshold, ...] = ()
    pauses: tuple[str, ...] = ()
    extension: ExtensionRule | None = None
    time_out: TimeOut = TimeOut.NOTIFY
    time_out_step: str = ""
    lights: dict[Audience, dict[str, Light]] = field(default_factory=dict)


@dataclass(frozen=True)
class PauseRule:
    """A reason for which clocks stand still: third-party report, public notice, waiting for the citizen.

    ``longest``: after so long they go on by themselves (None: when somebody says so).
    """

    code: str
    title: Title
    approver: Role | None = None
    requires: tuple[str, ...] = ()
    longest: Duration | None = None


@dataclass(frozen=True)
class WorkingTime:
    """Working hours of a working day as (from, to) minutes after midnight, and when a working day ends for limits in days."""

    hours: tuple[tuple[int, int], ...]
    day_ends: int
