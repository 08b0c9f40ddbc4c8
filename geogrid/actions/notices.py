"""Put into the outbox what a step or a clock calls for: to whom, in which words, not before when. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.hotline_back import tell_back
from geogrid.actions.webhooks import tell_of_alarm, tell_of_step
from geogrid.domain.clocks import Phase
from geogrid.domain.conditions import Title
from geogrid.domain.events import Step, StepKind
from geogrid.domain.grids import Department
from geogrid.domain.lists import Tier
from geogrid.domain.matters import Mark, MarkKind, Matter
from geogrid.domain.notices import About, Addressee
from geogrid.domain.people import Recipient, Role
from geogrid.domain.programmes import NoticeRule, Party, PartyKind, Programme
from geogrid.rules import notices as rules
from geogrid.rules.alarms import Alarm, alarms
from geogrid.rules.deadlines import read_clock
from geogrid.store import lists, outbox, people, ticking, unit_names
from geogrid.texts import SOURCE_LANGUAGE, translate

LATE_AFTER = timedelta(minutes=10)  # told later than this after its time, a notice says so
DISTRICT_ZEROS = "000000"
BY_MARKS = {Phase.RUNNING.value, Phase.PAUSED.value, Phase.DONE_IN_TIME.value, Phase.DONE_LATE.value}
NOBODY_ELSE = frozenset({"citizen", "assisting"})  # whom nobody stands in for
LATE = "late, was due to be told at {at}: {text}"


# -- what calls for a notice ------------------------------------------------------------------------------------------


def tell_step(session: Session, about: About, step: Step, *, before: Matter | None, now: datetime, district: District) -> int:
    """Tell those whom the programme names for a step just taken; return how many notices were made.

    ``about.matter`` is the matter after the step, ``before`` the one it was taken on (None: it was just opened). Phases that
    clocks entered by the step itself are left to the tick, which is made to look at once.
    """
    bounced = before is not None and about.matter.bounces > before.bounces >= about.programme.responsibility.bounces_alarm - 1
    told, occasions = 0, [on for on in _occasions(step) if rules.called_for(about.programme, on)]
    if occasions or bounced:
        about = _with(about, _of_step(session, about, step))
    for on in occasions:
        told += tell(session, about, on, f"{on}:{about.event_id}:{step.seq}", at=step.at, now=now, district=district)
    if bounced:
        key = f"{rules.BOUNCES}:{about.event_id}:{about.matter.bounces}"
        told += tell(session, about, rules.BOUNCES, key, at=step.at, now=now, district=district)
    tell_of_step(session, about, step, now=now)
    tell_back(session, about, step, before=before, now=now, district=district, named=named)
    _look_at_marks(session, about, before, step.at, district)
    return told


def tell_opening(session: Session, about: About, steps: Sequence[Step], *, now: datetime, district: District) -> int:
    """Tell those whom the programme names for the steps that a matter begins with; return how many notices were made."""
    first, *later = steps
    told = tell_step(session, about, first, before=None, now=now, district=district)
    return told + sum(tell_step(session, about, step, before=about.matter, now=now, district=district) for step in later)


def _occasions(step: Step) -> tuple[str, ...]:
    if step.kind is StepKind.ASK:
        return ("step:ask",)
    if step.kind is StepKind.REFUSE:
        return ("step:refuse",)
    return ("step:approve", f"step:{step.step}") if step.kind is StepKind.APPROVE else (f"step:{step.step}",)


def tell_alarm(session: Session, about: About, clock: str, run: int, alarm: Alarm, *, now: datetime, district: District) -> int:
    """Tell those whom the programme names for a phase that a clock entered, however long ago; return how many notices."""
    rule, on = about.programme.clock(clock), f"clock:{clock}:{alarm.phase}"
    due = _local(alarm.due_at, about.programme)
    phase = next((t.title for t in rule.thresholds if t.code == alarm.phase), None)
    known = Phase(alarm.phase).label if phase is None else ""
    phases = (phase.zh, phase.en) if phase else (translate(known, "zh", "Phase"), known)
    about = _with(about, {"clock": (rule.title.zh, rule.title.en), "due": (due, due), "phase": phases})
    key = f"{on}:{about.event_id}:{run}:{alarm.at.astimezone(UTC).isoformat()}"
    tell_of_alarm(session, about, clock, run, alarm, now=now)
    return tell(session, about, on, key, at=alarm.at, now=now, district=district)


def tell_review(session: Session, about: About, until: datetime, *, now: datetime, district: District) -> int:
    """Tell that the day of review of a parked matter has come; return how many notices were made."""
    due = _local(until, about.programme)
    about = _with(about, {"due": (due, due)})
    return tell(session, about, rules.REVIEW, review_key(about.event_id, until), at=until, now=now, district=district)


def tell_resumed(session: Session, about: About, pause: Mark, *, now: datetime, district: District) -> int:
    """Tell that a pause came to its longest length and the clocks go on; return how many notices were made.

    ``about.matter`` is the matter after it: its clocks run, and are due when they will be.
    """
    programme, at = about.programme, pause.until or now
    time = district.programmes.time_of(programme)
    ran = [run for run in about.matter.clocks if run.is_running and pause in run.marks]
    ends = [read_clock(programme.clock(run.clock), run.limit, run.marks, now=now, time=time).due_at for run in ran]
    titles = [programme.clock(run.clock).title for run in ran]
    due = _local(min(ends, default=at), programme)
    reason = next((one.title for one in programme.pauses if one.code == pause.reason), Title(pause.reason, pause.reason))
    clock = ("、".join(title.zh for title in titles), ", ".join(title.en for title in titles))
    about = _with(about, {"clock": clock, "due": (due, due), "reason": (reason.zh, reason.en)})
    return tell(session, about, rules.RESUMED, resumed_key(about.event_id, pause), at=at, now=now, district=district)


def resumed_key(event_id: UUID, pause: Mark) -> str:
    """Return the key of the occasion that a pause of a matter came to its longest length."""
    return f"{rules.RESUMED}:{event_id}:{pause.at.astimezone(UTC).isoformat()}:{pause.reason}"


def review_key(event_id: UUID, until: datetime) -> str:
    """Return the key of the occasion that a parked matter's day of review has come."""
    return f"{rules.REVIEW}:{event_id}:{until.astimezone(UTC).isoformat()}"


def _look_at_marks(session: Session, about: About, before: Matter | None, at: datetime, district: District) -> None:
    """Have the tick look at once at clocks that entered, by this very step, a phase of which somebody is to be told."""
    time = district.programmes.time_of(about.programme)
    old = before.clocks if before else ()
    for position, run in enumerate(about.matter.clocks):
        if position < len(old) and old[position] == run:
            continue
        rule, phases = about.programme.clock(run.clock), rules.phases_told(about.programme, run.clock)
        if not phases & BY_MARKS and run.marks[-1].kind is not MarkKind.RESUME:
            continue  # others are entered as time passes
        entered = alarms(rule, run.limit, run.marks, since=None, until=at, time=time)
        if any(alarm.at == at and alarm.phase in phases for alarm in entered):
            ticking.look_now(session, about.event_id, position + 1, at)


# -- telling ----------------------------------------------------------------------------------------------------------


def tell(session: Session, about: About, on: str, key: str, *, at: datetime, now: datetime, district: District) -> int:
    """Put the notices of an occasion into the outbox, each once by its ``key``; return how many were new.

    ``at`` is when it happened or became due: a notice that is made much later says so.
    """
    made = 0
    for rule in rules.called_for(about.programme, on):
        recipients = _recipients(session, about, rule, on, now, district)
        if recipients is None:
            continue
        number = outbox.enqueue(
            session, occasion=f"{key}:{rule.code}", rule=rule.code, carrier=rule.carrier,
            recipients=[_addressee(one, rule.carrier) for one in recipients],
            texts=_texts(session, about, rule, at, now), now=now, at=at,
            not_before=rules.not_before(about.programme, rule, now), event_id=about.event_id,
            payload={"on": on, "number": about.number, "state": about.matter.state},
        )  # fmt: skip
        made += number is not None
    return made


def _recipients(
    session: Session, about: About, rule: NoticeRule, on: str, now: datetime, district: District
) -> list[Recipient] | None:
    """Return who is told; None where a step means nobody: no whistle waits, the citizen has no account.

    Where somebody is meant and nobody found, whoever dispatches, or commands, stands in.
    """
    unit = district.profile.code + DISTRICT_ZEROS
    found: dict[UUID, Recipient] = {}
    meant = not on.startswith("step:")
    for to in rule.to:
        named = _named_over(session, about.matter, now) if to == "supervisor" else []
        for asked in rules.asked(about.matter, to, district=unit):
            holding = named or _on_duty(session, about.event_id, asked, now) or _holding(session, asked, now)
            found |= {one.person_id: one for one in holding}
            meant |= to not in NOBODY_ELSE
    if not found and not meant:
        return None
    if not found:
        here = rules.lowest_unit(about.matter, unit)
        found = {one.person_id: one for one in _holding(session, rules.Asked(here, (Role.DISPATCHER,), (Role.COMMANDER,)), now)}
    return list(found.values())


def _named_over(session: Session, matter: Matter, now: datetime) -> list[Recipient]:
    """Return who is named over the owner's side: its deputy in charge, else its head; nobody where none is named."""
    if matter.owner.kind not in {PartyKind.UNIT, PartyKind.DEPARTMENT}:
        return []
    return lists.named_for(session, matter.owner, (Tier.DEPUTY, Tier.HEAD), now=now)[:1]


def _on_duty(session: Session, event_id: UUID, asked: rules.Asked, now: datetime) -> list[Recipient]:
    """Return who is on duty in the event's own grid, where a village's people are asked for; else nobody."""
    roles = rules.on_duty(asked)
    return lists.on_duty_at(session, event_id, asked.party.code, roles, now=now) if roles and asked.party else []


def _holding(session: Session, asked: rules.Asked, now: datetime) -> list[Recipient]:
    found = [one for role in asked.roles for one in people.holders(session, role, asked.party, now=now)]
    for role in asked.otherwise:
        found = found or people.holders(session, role, asked.party, now=now)
    return found


def _addressee(one: Recipient, carrier: str) -> Addressee:
    addresses = {"message": one.phone, "mail": one.email, "file": str(one.person_id)}
    return Addressee(f"person:{one.person_id}", one.name, addresses.get(carrier, ""), one.synthetic)


# -- words ------------------------------------------------------------------------------------------------------------


def _texts(session: Session, about: About, rule: NoticeRule, at: datetime, now: datetime) -> dict[str, str]:
    values = _values(session, about, at)
    texts = {language: rules.filled(rule, language, _in(language, values)) for language in ("zh", SOURCE_LANGUAGE)}
    if now - at <= LATE_AFTER:
        return texts
    local = _local(at, about.programme)
    return {language: translate(LATE, language).format(at=local, text=text) for language, text in texts.items()}


def _in(language: str, values: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {name: pair[language != "zh"] for name, pair in values.items()}


def _values(session: Session, about: About, at: datetime) -> dict[str, tuple[str, str]]:
    """Return the values of placeholders in zh and en."""
    matter, programme = about.matter, about.programme
    category = next((c.title for c in programme.categories if c.code == matter.category), None)
    level = next((level.title for level in programme.levels if level.code == matter.level), None)
    state = programme.state(matter.state).title
    kind = about.kind.label
    known = {
        "number": (about.number, about.number),
        "kind": (translate(kind, "zh", "EventKind"), kind),
        "category": (category.zh, category.en) if category else ("", ""),
        "state": (state.zh, state.en),
        "level": (level.zh, level.en) if level else ("", ""),
        "owner": named(session, matter.owner),
        "unit": named(session, Party(PartyKind.UNIT, matter.units[0][1])) if matter.units else ("", ""),
        "bounces": (str(matter.bounces), str(matter.bounces)),
        "at": (_local(at, programme),) * 2,
    }
    return known | dict(about.values)


def _of_step(session: Session, about: About, step: Step) -> dict[str, tuple[str, str]]:
    details = step.details
    rule = next((r for r in about.programme.steps if r.code == step.step), None)
    title = (rule.title.zh, rule.title.en) if rule else (step.step, step.step)
    reason = str(details.get("reason") or step.note or "")
    values = {"step": title, "reason": (reason, reason)}
    party = next(_named_parties(details), None)
    if party:
        values["party"] = named(session, party)
    post = details.get("post") or {}
    if post.get("unit"):
        values["unit"] = named(session, Party(PartyKind.UNIT, post["unit"]))
    elif post.get("department"):
        values["unit"] = named(session, Party(PartyKind.DEPARTMENT, post["department"]))
    return values


def _named_parties(details: Mapping[str, Any]) -> Iterator[Party]:
    told = details.get("party")
    for one in told if isinstance(told, list | tuple) else [told]:
        kind, colon, code = str(one or "").partition(":")
        if colon and kind in PartyKind.codes():
            yield Party(PartyKind(kind), code)


def named(session: Session, party: Party) -> tuple[str, str]:
    """Return the name of a party in zh and en: a unit's own, a department's where it is known; else its code.

    A person is not named in a text that others read.
    """
    if party.kind is PartyKind.UNIT:
        name = unit_names.names_of(session, [party.code]).get(party.code, party.code)
        return name, name
    if party.kind is PartyKind.DEPARTMENT and party.code in Department.codes():
        label = Department(party.code).label
        return translate(label, "zh", "Department"), label
    if party.kind is PartyKind.PERSON:
        return "", ""
    return party.code, party.code


def _with(about: About, values: Mapping[str, tuple[str, str]]) -> About:
    return About(about.event_id, about.number, about.kind, about.matter, about.programme, {**about.values, **values})


def _local(at: datetime, programme: Programme) -> str:
    return f"{at.astimezone(ZoneInfo(programme.timezone)):%Y-%m-%d %H:%M}"
