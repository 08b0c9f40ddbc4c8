"""Judicial confirmation of an agreement: a joint request of both sides within 30 days after it took effect.

Civil Procedure Law of China (2023), article 205; People's Mediation Law, article 33. The day of signing is not counted, the
thirtieth counts to midnight, and where it is free the next working day is the last (Civil Code, articles 201 and 203), as every
limit of the law is counted here. After it the agreement still binds both sides as a contract: what is left is said with the
refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from geogrid.domain.clocks import Duration, DurationUnit, Light
from geogrid.domain.disputes import CONFIRMED_WITHIN_DAYS
from geogrid.rules.work_time import WorkTime

SOON_DAYS = 7
# What remains when the thirty days are over, or the court refused: in the order in which it is shown.
REMAINS = (
    "The agreement binds both sides as a contract: ask the other side to perform it.",
    "Mediate again: a new agreement starts thirty days of its own.",
    "Sue for performance of the agreement, or in the dispute itself, at the competent court.",
    "A notary can give an agreement on money the force of an enforceable deed.",
)


@dataclass(frozen=True)
class Window:
    """The time in which confirmation may be asked for: the last day, the instant at which it ends, the days that are left.

    ``days_left`` counts natural days to the last one: 0 on that day itself, negative afterwards.
    """

    last_day: date
    until: datetime
    days_left: int
    light: Light

    @property
    def is_open(self) -> bool:
        """Whether both sides may still ask."""
        return self.light is not Light.RED


def window(signed_at: datetime, *, now: datetime, time: WorkTime) -> Window:
    """Return how the thirty days of an agreement signed at ``signed_at`` (aware) stand at ``now`` (aware)."""
    until = time.count(signed_at, Duration(CONFIRMED_WITHIN_DAYS, DurationUnit.LEGAL_DAY), ()).end
    last = (until.astimezone(time.timezone) - timedelta(microseconds=1)).date()
    left = (last - now.astimezone(time.timezone).date()).days
    light = Light.RED if now >= until else Light.AMBER if left <= SOON_DAYS else Light.GREEN
    return Window(last, until, left, light)
