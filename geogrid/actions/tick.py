"""What happens because time passes: alarms are told, clocks that ran out have their consequence, parked matters and pauses end.

The tick may stop for days: what it looks at are instants, not the moment at which it looks. After a stop everything missed is
made good in order, each alarm once, with the time at which it was due. A consequence is a step of the platform, taken when the
tick comes to it, with the time at which the clock ran out in its details.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.notices import resumed_key, review_key, tell_alarm, tell_resumed, tell_review
from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.clocks import ClockRule, Phase, TimeOut
from geogrid.domain.matters import Mark, Matter
from geogrid.domain.notices import About
from geogrid.domain.people import SYSTEM, Role
from geogrid.domain.programmes import Programme
from geogrid.errors import GeogridError
from geogrid.errors.family import Reason
from geogrid.rules.alarms import Alarm, alarms
from geogrid.rules.deadlines import next_instant, read_clock
from geogrid.rules.notices import REVIEW, called_for, phases_told
from geogrid.rules.pauses import pause_of
from geogrid.store import events, locks, matters, outbox, ticking
from geogrid.texts import translate

MOST = 20  # events a transaction
AGAIN_AFTER = timedelta(minutes=15)  # what could not be done is tried again then
BY_STEP = frozenset({TimeOut.ESCALATE, TimeOut.APPROVE})


@dataclass
class Ticked:
    """What a tick did: events looked at, alarms found, notices made, steps taken, and what failed, by event."""

    looked: int = 0
    alarms: int = 0
    notices: int = 0
    steps: int = 0
    failures: list[str] = field(default_factory=list)


def tick(session: Session, *, now: datetime, district: District, most: int = MOST) -> Ticked:
    """Look at up to ``most`` events whose clocks, or whose day of review, have come by ``now``; the longest waiting first.

    To be called in a transaction of its own, again and again until it looked at nothing. Events that somebody works on at this
    moment are left to the next tick. What fails for one event is undone and put off; the others go on.
    """
    done = Ticked()
    locks.share_edition(session)  # before any event's row, as every writer of events does
    for event_id in ticking.due_events(session, now, most):
        _tried(session, event_id, done, now, district)
    for event_id, until in _reviews(session, done, now, district, most):
        _tried(session, event_id, done, now, district, review=until)
    return done


def _tried(
    session: Session, event_id: UUID, done: Ticked, now: datetime, district: District, review: datetime | None = None
) -> None:
    done.looked += 1
    try:
        with session.begin_nested():
            if review is None:
                _look(session, event_id, done, now, district)
            else:
                _review(session, event_id, review, done, now, district)
    except GeogridError as error:
        done.failures.append(f"{event_id}: {error}")
        if review is None:
            ticking.look_at(session, event_id, now + AGAIN_AFTER)


# -- clocks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rung:
    """An alarm of one run of a clock (from 1)."""

    run: int
    clock: str
    alarm: Alarm


def _look(session: Session, event_id: UUID, done: Ticked, now: datetime, district: District) -> None:
    about = _about(session, event_id, district)
    if _end_pauses(session, about, done, now, district):
        about = _about(session, event_id, district)
    told = ticking.told_until(session, event_id)
    runs = range(1, len(about.matter.clocks) + 1)
    rung = [one for run in runs for one in _rung(about, run, told.get(run), now, district)]
    ticking.set_told(session, event_id, now)
    for run in runs:
        _set_looked(session, about, run, now, district)
    if told.keys() - set(runs):  # fsck tells more of it; here it must not be looked at for ever
        done.failures.append(f"{event_id}: clocks are stored that its steps did not start")
        ticking.look_at(session, event_id, now + AGAIN_AFTER)
    for one in sorted(rung, key=lambda one: (one.alarm.at, one.run)):
        done.alarms += 1
        done.notices += tell_alarm(session, about, one.clock, one.run, one.alarm, now=now, district=district)
        if one.alarm.phase == Phase.OVERDUE and _ran_out(session, about, one, done, now, district):
            about = _about(session, event_id, district)


def _rung(about: About, run: int, told: datetime | None, now: datetime, district: District) -> list[_Rung]:
    clock, time = about.matter.clocks[run - 1], district.programmes.time_of(about.programme)
    rule, phases = about.programme.clock(clock.clock), phases_told(about.programme, clock.clock)
    found = alarms(rule, clock.limit, clock.marks, since=told, until=now, time=time)
    return [_Rung(run, clock.clock, alarm) for alarm in found if alarm.phase in phases]


def _set_looked(session: Session, about: About, run: int, now: datetime, district: District) -> None:
    clock, time = about.matter.clocks[run - 1], district.programmes.time_of(about.programme)
    reading = read_clock(about.programme.clock(clock.clock), clock.limit, clock.marks, now=now, time=time)
    ticking.set_looked(session, about.event_id, run, next_instant(reading, now), is_late=reading.is_late)


def _about(session: Session, event_id: UUID, district: District) -> About:
    event = events.find(session, event_id)
    matter = matters.find(session, event_id, district.programmes.of)
    if event is None or matter is None:
        raise GeogridError(reason=Reason("{event} has a clock and no matter", event=event_id))
    programme = district.programmes.of(matter.programme, matter.version)
    return About(event_id, event.number, event.report.kind, matter, programme)


# -- what follows from a time-out ------------------------------------------------------------------------------------


def _ran_out(session: Session, about: About, rung: _Rung, done: Ticked, now: datetime, district: District) -> bool:
    """Take the steps that follow from a clock that ran out; whether any was taken.

    A clock that was stopped meanwhile, late, has its alarm and no consequence: the matter went on without it.
    """
    rule, run = about.programme.clock(rung.clock), about.matter.clocks[rung.run - 1]
    time = district.programmes.time_of(about.programme)
    late = read_clock(rule, run.limit, run.marks, now=now, time=time).phase == Phase.OVERDUE
    if rule.time_out is TimeOut.NOTHING or not late:
        return False
    due = rung.alarm.due_at
    said = translate("{clock} ran out at {due}", district.profile.language).format(
        clock=rule.title.text(district.profile.language),
        due=f"{due.astimezone(ZoneInfo(about.programme.timezone)):%Y-%m-%d %H:%M}",
    )
    details = {"clock": rung.clock, "run": rung.run, "due_at": due.isoformat(), "policy": rule.time_out.value, "note": said}
    key = f"time_out:{about.event_id}:{rung.run}:{due.astimezone(UTC).isoformat()}"
    taken = take_step(session, TakeStep(about.event_id, "time_out", SYSTEM, details, key=key), now=now, district=district)
    done.steps += taken.taken
    if rule.time_out in BY_STEP:
        _take_on_time_out(session, about.event_id, rule, {**details, "reason": said}, key, done, now, district)
    return True


def _take_on_time_out(
    session: Session, event_id: UUID, rule: ClockRule, details: dict, key: str, done: Ticked, now: datetime, district: District
) -> None:
    """Take the programme's step; where the matter does not allow it the time-out stands in its history and the log says why."""
    command = TakeStep(event_id, rule.time_out_step, SYSTEM, details, key=f"{key}:step")
    try:
        with session.begin_nested():
            done.steps += take_step(session, command, now=now, district=district).taken
    except GeogridError as error:
        done.failures.append(f"{event_id}: {rule.time_out_step}: {error}")


# -- pauses that came to their longest length -------------------------------------------------------------------------


def _end_pauses(session: Session, about: About, done: Ticked, now: datetime, district: District) -> bool:
    """Take the step that ends each pause whose longest length is over, and tell of it; whether there was any.

    The clock went on at that instant whenever the tick comes to say so. Where the programme lets no step of the platform do it,
    the log says so, and the clock runs all the same.
    """
    pauses = (pause_of(run) for run in about.matter.clocks)
    over = {(pause.until, pause.at): pause for pause in pauses if pause and pause.until and pause.until <= now}
    for _, pause in sorted(over.items()):
        done.steps += _resume(session, about, pause, done, now, district)
    return bool(over)


def _resume(session: Session, about: About, pause: Mark, done: Ticked, now: datetime, district: District) -> bool:
    code = step_of_platform(about.programme, about.matter, "resume")
    if not code or pause.until is None:
        done.failures.append(f"{about.event_id}: no step of the platform ends a pause in {about.matter.state}")
        return False
    local = f"{pause.until.astimezone(ZoneInfo(about.programme.timezone)):%Y-%m-%d %H:%M}"
    said = translate("the pause came to its longest length at {due}", district.profile.language).format(due=local)
    details = {"over_at": pause.until.isoformat(), "note": said, "reason": said}
    command = TakeStep(about.event_id, code, SYSTEM, details, key=f"{resumed_key(about.event_id, pause)}:step")
    try:
        with session.begin_nested():
            after = take_step(session, command, now=now, district=district)
    except GeogridError as error:
        done.failures.append(f"{about.event_id}: {code}: {error}")
        return False
    done.notices += tell_resumed(session, replace(about, matter=after.matter), pause, now=now, district=district)
    return after.taken


# -- parked matters ---------------------------------------------------------------------------------------------------


def _reviews(session: Session, done: Ticked, now: datetime, district: District, most: int) -> list[tuple[UUID, datetime]]:
    """Return parked matters whose day of review has come and of which nobody was told, held for this transaction."""
    over = {}
    for parked in ticking.parked_over(session, now):
        try:
            over[parked] = _review_keys(parked, district)
        except GeogridError as error:
            done.failures.append(f"{parked.event_id}: {error}")
    told = outbox.known_occasions(session, [key for keys in over.values() for key in keys]) if over else set()
    chosen = [one for one, keys in over.items() if not told.issuperset(keys)][:most]
    free = ticking.free_events(session, [one.event_id for one in chosen]) if chosen else set()
    return [(one.event_id, one.until) for one in chosen if one.event_id in free]


def _review_keys(one: ticking.Parked, district: District) -> list[str]:
    programme = district.programmes.of(one.programme, one.version)
    return [f"{review_key(one.event_id, one.until)}:{rule.code}" for rule in called_for(programme, REVIEW)]


def _review(session: Session, event_id: UUID, until: datetime, done: Ticked, now: datetime, district: District) -> None:
    about = _about(session, event_id, district)
    if about.matter.parked_until != until:
        return
    done.alarms += 1
    done.notices += tell_review(session, about, until, now=now, district=district)
    code = step_of_platform(about.programme, about.matter, "unpark")
    if code:
        local = until.astimezone(ZoneInfo(about.programme.timezone))
        said = translate("the day of review, {due}, has come", district.profile.language).format(due=f"{local:%Y-%m-%d}")
        details = {"note": said, "reason": said, "until": until.isoformat()}
        command = TakeStep(event_id, code, SYSTEM, details, key=f"{review_key(event_id, until)}:step")
        done.steps += take_step(session, command, now=now, district=district).taken


def step_of_platform(programme: Programme, matter: Matter, effect: str) -> str:
    """Return the step by which the platform itself does ``effect`` now; "" where the programme leaves it to people."""
    for step in programme.steps:
        if effect in step.does and Role.SYSTEM in step.roles and matter.state in step.from_states:
            return step.code
    return ""
