"""Which enterprises are due for a visit, and which of them make a day's plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from geogrid.domain.enterprises import DueVisit, EnterpriseRules


def due_on(rules: EnterpriseRules, class_code: str, last_on: date | None) -> date | None:
    """Return the day from which an enterprise is due: its class's days after it was seen last; None: at once, or never.

    Who was never visited is due at once; a class that the file has not (any more) is due never.
    """
    found = rules.of(class_code)
    return None if found is None or last_on is None else last_on + timedelta(days=found.visit_days)


def days_over(rules: EnterpriseRules, class_code: str, last_on: date | None, today: date) -> int | None:
    """Return for how many days an enterprise has been due (negative: until it is); None where it was never visited."""
    due = due_on(rules, class_code, last_on)
    return None if due is None else (today - due).days


def is_due(rules: EnterpriseRules, one: DueVisit) -> bool:
    """Whether somebody should go there: never visited, or the class's days are over."""
    if rules.of(one.class_code) is None:
        return False
    return one.last_on is None or (one.days_over or 0) >= 0


def most_pressing(rules: EnterpriseRules, found: Iterable[DueVisit]) -> list[DueVisit]:
    """Return those due, the most pressing first: by class in the file's order, never visited before long ago, then by grid."""
    order = {one.code: place for place, one in enumerate(rules.classes)}

    def key(one: DueVisit) -> tuple[int, int, int, str, str]:
        never = one.last_on is None
        return (order.get(one.class_code, len(order)), 0 if never else 1, -(one.days_over or 0), one.grid_code or "", one.name)

    return sorted((one for one in found if is_due(rules, one)), key=key)


def day_plan(rules: EnterpriseRules, pressing: Sequence[DueVisit]) -> list[DueVisit]:
    """Return the visits of one day: the most pressing, and around it those of its township, the most pressing first."""
    if not pressing:
        return []
    here = pressing[0].township_code
    near = [one for one in pressing if one.township_code == here]
    return near[: rules.visits_a_day]


@dataclass(frozen=True)
class DayOfVisits:
    """What one day holds: who is due then and not planned for a day before, the most pressing first; the visits of the day."""

    day: date
    pressing: tuple[DueVisit, ...]
    stops: tuple[DueVisit, ...]


def days_ahead(
    rules: EnterpriseRules, found: Sequence[DueVisit], *, today: date, most: int, is_working: Callable[[date], bool]
) -> list[DayOfVisits]:
    """Return today and the working days after it, ``most`` in all, each as if the rounds of the days before it were made.

    On a day off nobody is visited: today holds a plan all the same where it is one, for who is on duty.
    """
    days: list[DayOfVisits] = []
    planned: set[str] = set()
    day = today
    while len(days) < most:
        if day == today or is_working(day):
            then = [_as_of(one, (day - today).days) for one in found if str(one.enterprise_id) not in planned]
            pressing = most_pressing(rules, then)
            stops = day_plan(rules, pressing)
            planned |= {str(one.enterprise_id) for one in stops}
            days.append(DayOfVisits(day, tuple(pressing), tuple(stops)))
        day += timedelta(days=1)
    return days


def _as_of(one: DueVisit, days: int) -> DueVisit:
    return one if one.days_over is None else replace(one, days_over=one.days_over + days)
