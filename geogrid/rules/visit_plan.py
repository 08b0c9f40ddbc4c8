"""Which enterprises are due for a visit, and which of them make a day's plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
