"""What ``geogrid due`` is asked, checked: which clock, which limit, what happened to it and when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from geogrid.channels.times import checked_time
from geogrid.domain.clocks import ClockCalendar, ClockRule, Duration, Limit
from geogrid.domain.conditions import Complexity
from geogrid.domain.matters import Mark, MarkKind
from geogrid.domain.programmes import Programme
from geogrid.errors import ClockUnknown, OptionInvalid
from geogrid.errors.family import Reason
from geogrid.rules.deadlines import Facts, limit_for
from geogrid.rules.durations import duration

FAR = datetime(9000, 1, 1, tzinfo=UTC)  # a deadline may be worked out for any day to come
FIRST = {MarkKind.START: 0, MarkKind.EXTEND: 1, MarkKind.RESUME: 2, MarkKind.PAUSE: 3}


@dataclass(frozen=True)
class Request:
    """A clock with its limit and its marks in order of time."""

    rule: ClockRule
    limit: Limit
    marks: tuple[Mark, ...]

    @property
    def promised(self) -> str:
        """The promised limit with its extensions, as ``5wd + 3wd``."""
        return " + ".join(str(length) for length in (self.limit.promised, *(m.amount for m in self.marks if m.amount)))

    def reading_time(self, now: str | None, *, otherwise: datetime) -> datetime:
        """Return the time as of which to read it: the one given, else ``otherwise``, but not before the last mark."""
        if now is None:
            return max(otherwise.replace(microsecond=0), self.marks[-1].at)
        at = _time(now, "--now")
        if at < self.marks[0].at:
            raise OptionInvalid(option="--now", value=now, reason="it lies before the start")
        return at


def request_of(
    programme: Programme, clock: str, start: str, pauses: tuple[str, ...], extensions: tuple[str, ...], facts: tuple[str, ...]
) -> Request:
    """Return what is asked.

    Raises
    ------
    ClockUnknown, TimeInvalid, OptionInvalid
        each with the option and what would fit
    """
    if clock not in programme.by_code["clocks"]:
        raise ClockUnknown(clock=clock, programme=programme.code, known=", ".join(programme.by_code["clocks"]))
    rule = programme.clock(clock)
    limit = limit_for(rule, _facts(programme, facts))
    if limit is None:
        raise OptionInvalid(option="--when", value=" ".join(facts) or "-", reason="the clock does not run for such a matter")
    begun = _time(start, "--start")
    marks = [Mark(MarkKind.START, begun), *_extended(rule, extensions, begun)]
    for pause in pauses:
        marks += _paused(rule, pause, begun)
    ordered = tuple(sorted(marks, key=lambda mark: (mark.at, FIRST[mark.kind])))
    _check_apart(ordered, pauses)
    return Request(rule, limit, ordered)


def _time(value: str, option: str) -> datetime:
    return checked_time(value, option, now=FAR)


def _extended(rule: ClockRule, extensions: tuple[str, ...], start: datetime) -> list[Mark]:
    """Return the extensions as if given at the start: when one is given changes nothing, as long as it comes in time."""
    unit, allowed, found = rule.limits[0].promised.unit, rule.extension, []
    for number, text in enumerate(extensions):
        option: dict[str, Any] = {"option": "--extend", "value": text}
        if allowed is None:
            raise OptionInvalid(**option, reason="this clock cannot be extended")
        if number >= len(allowed.approvers):
            raise OptionInvalid(**option, reason=Reason("extended {most} times at most", most=len(allowed.approvers)))
        try:
            amount = duration(f"{text}{unit.value}" if text.isdecimal() else text)
        except ValueError as error:
            raise OptionInvalid(**option, reason=Reason("no length of time such as {unit}", unit=f"3{unit.value}")) from error
        if amount.unit is not unit or not 0 < amount.amount <= allowed.most.amount:
            raise OptionInvalid(**option, reason=Reason("from 1{unit} to {most} at a time", unit=unit.value, most=allowed.most))
        found.append(Mark(MarkKind.EXTEND, start, amount=Duration(amount.amount, amount.unit)))
    return found


def _paused(rule: ClockRule, text: str, start: datetime) -> list[Mark]:
    option: dict[str, Any] = {"option": "--pause", "value": text}
    if rule.calendar is ClockCalendar.EMERGENCY or not rule.pauses:
        raise OptionInvalid(**option, reason="this clock is never paused")
    first, slash, last = text.partition("/")
    if not slash:
        raise OptionInvalid(**option, reason="write FROM/TO, both with their offsets")
    begin = _time(first, "--pause")
    marks = [Mark(MarkKind.PAUSE, begin)]
    if last:
        marks.append(Mark(MarkKind.RESUME, _time(last, "--pause")))
    if begin < start or marks[-1].at < begin:
        raise OptionInvalid(**option, reason="a pause begins after the start and ends after it began")
    return marks


def _check_apart(marks: tuple[Mark, ...], pauses: tuple[str, ...]) -> None:
    kinds = [mark.kind for mark in marks if mark.kind in {MarkKind.PAUSE, MarkKind.RESUME}]
    if any(kind is not (MarkKind.RESUME if i % 2 else MarkKind.PAUSE) for i, kind in enumerate(kinds)):
        raise OptionInvalid(option="--pause", value=" ".join(pauses), reason="pauses may not overlap; only the last has no end")


def _facts(programme: Programme, given: tuple[str, ...]) -> Facts:
    known: dict[str, tuple[str, ...]] = {
        "handling": tuple(rule.code for rule in programme.handling_types),
        "category": tuple(rule.code for rule in programme.categories),
        "level": tuple(rule.code for rule in programme.levels),
        "channel": tuple(rule.code for rule in programme.channels),
        "complexity": Complexity.codes(),
    }
    found: dict[str, Any] = {}
    for text in given:
        name, _, value = text.partition("=")
        option: dict[str, Any] = {"option": "--when", "value": text}
        if name not in {field.name for field in fields(Facts)}:
            raise OptionInvalid(**option, reason=Reason("name one of {known}", known=", ".join((*known, "amount_yuan"))))
        if name in known and value not in known[name]:
            raise OptionInvalid(**option, reason=Reason("one of {known}", known=", ".join(known[name])))
        found[name] = Complexity(value) if name == "complexity" else _yuan(value, option) if name == "amount_yuan" else value
    return Facts(**found)


def _yuan(value: str, option: dict[str, Any]) -> float:
    try:
        amount = float(value)
    except ValueError as error:
        raise OptionInvalid(**option, reason="an amount in yuan is a number") from error
    if not 0 <= amount < float("inf"):
        raise OptionInvalid(**option, reason="an amount in yuan is a number")
    return amount
