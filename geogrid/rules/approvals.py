"""Whose approval a step needs: an extension's next approver, a pause's own, the step's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from geogrid.domain.matters import ClockRun, Matter
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme, StepRule
from geogrid.errors import EvidenceInvalid, ExtensionSpent
from geogrid.errors.family import Reason
from geogrid.rules.deadlines import read_clock
from geogrid.rules.durations import duration
from geogrid.rules.effects import clock_to_extend
from geogrid.rules.reading import OddValue
from geogrid.rules.work_time import WorkTime


def approver_of(
    programme: Programme, rule: StepRule, matter: Matter, details: Mapping[str, Any], now: datetime, time: WorkTime
) -> Role | None:
    """Return whose approval the step needs: an extension's next approver, a pause's own, the step's."""
    if "extend" in rule.does:
        return _of_extension(programme, matter, details, now, time)
    if "pause" in rule.does:
        for pause in programme.pauses:
            if pause.code == details.get("pause"):
                return pause.approver or rule.approver
    return rule.approver


def _of_extension(programme: Programme, matter: Matter, details: Mapping[str, Any], now: datetime, time: WorkTime) -> Role:
    code = clock_to_extend(matter, programme, details)
    approver, run = next_approver(programme, matter, code)
    rule = programme.clock(code)
    try:
        amount = duration(details.get("amount"))
    except OddValue as error:
        raise EvidenceInvalid(name="amount", reason=error.reason) from error
    most = rule.extension.most if rule.extension else amount
    if amount.unit is not most.unit or not 0 < amount.amount <= most.amount:
        raise ExtensionSpent(clock=code, reason=Reason("at most {most} at a time", most=str(most)))
    if read_clock(rule, run.limit, run.marks, now=now, time=time).is_late:
        raise ExtensionSpent(clock=code, reason="it has run out")
    return approver


def next_approver(programme: Programme, matter: Matter, code: str) -> tuple[Role, ClockRun]:
    """Return who approves the next extension of a running clock: a second one needs a higher level."""
    run = next(run for run in matter.clocks if run.clock == code and run.is_running)
    extension = programme.clock(code).extension
    if extension is None or run.extensions >= len(extension.approvers):
        raise ExtensionSpent(clock=code, reason=Reason("it was extended {times} times", times=run.extensions))
    return extension.approvers[run.extensions], run
