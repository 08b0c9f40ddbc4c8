"""Conditions of the book compiled to SQL: each word of the closed vocabulary has its one expression here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, true

from geogrid.domain.indicators import Condition, Indicator
from geogrid.store.tables.events import events
from layers.indicators.sources import c, d, m, overdue, p

Bool = ColumnElement[bool]


def _among(column: ColumnElement) -> Callable[[Sequence[Any], datetime], Bool]:
    return lambda values, now: column.in_([one.value if isinstance(one, Enum) else one for one in values])


def _is(expression: Bool | Callable[[datetime], Bool]) -> Callable[[bool, datetime], Bool]:
    """Return the expression, or that it does not hold; what is not known (an event without a matter) does not hold."""

    def compiled(wanted: bool, now: datetime) -> Bool:
        holds: Bool = func.coalesce(expression(now) if callable(expression) else expression, False)
        return holds if wanted else not_(holds)

    return compiled


WORDS: dict[str, Callable[[Any, datetime], Bool]] = {
    "is_open": lambda wanted, now: events.c.is_open if wanted else not_(events.c.is_open),
    "state": _among(events.c.state),
    "kind": _among(events.c.kind),
    "channel": _among(events.c.channel),
    "programme": _among(m.c.programme),
    "category": _among(m.c.category),
    "handling": _among(m.c.handling),
    "level": _among(m.c.level),
    "complexity": _among(m.c.complexity),
    "outcome": _among(m.c.outcome),
    "placed": _is(events.c.grid_code.is_not(None)),
    "supervised": _is(m.c.supervised),
    "key_listed": _is(m.c.key_listed),
    "urged": _is(m.c.urged > 0),
    "bounced": _is(m.c.bounces > 0),
    "rated": _is(m.c.rating.is_not(None)),
    "overdue": _is(overdue),
    "merged": _is(m.c.parent_id.is_not(None)),
    "clock": _among(c.c.clock),
    "in_time": _is(c.c.stopped_at <= c.c.due_at),
    "stopped": _is(c.c.stopped_at.is_not(None)),
    "ended_as": _among(d.c.outcome),
    "recovered": _is(p.c.recovered_yuan > 0),
    "refunded": _is(p.c.fees_refunded_yuan > 0),
}


def compiled(condition: Condition, now: datetime) -> Bool:
    """Return one condition as SQL: all that it names holds."""
    named = {name: value for name, value in vars(condition).items() if value not in (None, ())}
    return and_(true(), *(WORDS[name](value, now) for name, value in named.items()))


def of_denominator(indicator: Indicator, now: datetime) -> Bool:
    """Return which rows a figure is of: those of its denominator that nothing excludes."""
    out = [func.coalesce(compiled(condition, now), False) for condition in indicator.excluding]
    return and_(compiled(indicator.denominator.where, now), *(not_(one) for one in out))


def of_numerator(indicator: Indicator, now: datetime) -> Bool:
    """Return which rows of the denominator a figure counts."""
    return and_(of_denominator(indicator, now), compiled(indicator.numerator.where, now))


def of_rest(indicator: Indicator, now: datetime) -> Bool:
    """Return which rows of the denominator a figure does not count; what is not known is not counted either."""
    return and_(of_denominator(indicator, now), not_(func.coalesce(compiled(indicator.numerator.where, now), False)))


def any_of(conditions: Sequence[Bool]) -> Bool:
    """Return whether one of several holds."""
    return or_(*conditions)
